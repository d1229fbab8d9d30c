"""Faults put into the program on purpose: a fault test that lets one pass tests nothing.

Each replaces something real by its name, and fails where that name is gone; what `swap` is given
puts it in place, `setattr` in a process of its own or a test's monkeypatch.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeAlias

from sqlalchemy import Connection, update

from core import child
from core.library import claims, transitions
from core.library.ids import ItemId, JobId
from core.library.publisher import Publisher
from core.library.queue import JobQueue
from core.library.records import Claim, FileStat, Recovered, Rendered
from core.library.tables import item
from core.outputs.fsops import FsOps
from core.runner import batch

Swap: TypeAlias = Callable[[Any, str, Any], None]


def kills_count_as_crashes(swap: Swap = setattr) -> None:
    """A kill from outside is taken for the photograph's fault."""
    assert isinstance(child.Death.native, property)
    swap(child.Death, "native", property(lambda self: not self.asked))


def nothing_is_recovered(swap: Swap = setattr) -> None:
    """What a dead run had in hand is never looked at again."""
    assert callable(batch.recover)  # type: ignore[attr-defined]
    swap(batch, "recover", lambda *_: Recovered())


def results_are_written_in_place(swap: Swap = setattr) -> None:
    """The final name exists before the bytes are whole; the power goes in between."""
    real = FsOps.rename_noreplace

    def rename(self: FsOps, source: Path, target: Path) -> None:
        if target.suffix != ".png":
            real(self, source, target)
            return
        data = source.read_bytes()
        target.write_bytes(data[: len(data) // 2])
        os.kill(os.getpid(), signal.SIGKILL)

    swap(FsOps, "rename_noreplace", rename)


def folders_are_not_synced(swap: Swap = setattr) -> None:
    """Names are not made durable."""
    assert callable(FsOps.sync_folder)
    swap(FsOps, "sync_folder", lambda *_: None)


def names_before_promises(swap: Swap = setattr) -> None:
    """Two steps of the protocol are swapped: the name is taken before it is recorded."""
    stage, take = JobQueue.stage, Publisher._take
    promised: list[Callable[[], None]] = []

    def stage_later(
        self: JobQueue, claim: Claim, rendered: Rendered, final: Path, replaces: str | None
    ) -> None:
        promised[:] = [lambda: stage(self, claim, rendered, final, replaces)]

    def take_first(self: Publisher, temp: Path, final: Path, replaces: str | None) -> bool:
        taken = take(self, temp, final, replaces)
        promised.pop()()
        return taken

    swap(JobQueue, "stage", stage_later)
    swap(Publisher, "_take", take_first)


def names_are_replaced(swap: Swap = setattr) -> None:
    """An ordinary rename, which replaces whatever stands there."""
    assert callable(FsOps.rename_noreplace)
    swap(FsOps, "rename_noreplace", lambda _self, source, target: source.replace(target))


def displaced_files_are_not_looked_at(swap: Swap = setattr) -> None:
    """Whatever came out of an exchange of names is deleted without a look."""
    assert callable(Publisher.drop_replaced)

    def drop(self: Publisher, temp: Path, final: Path, replaces: str) -> bool:
        self.fs.unlink(temp)
        return True

    swap(Publisher, "drop_replaced", drop)


def attempts_count_late(swap: Swap = setattr) -> None:
    """An attempt counts when it has a result, not when it begins."""
    claim, finish = claims.claim, transitions.finish
    counts = {"attempt": item.c.attempt, "attempts": item.c.attempts}

    def count(connection: Connection, which: Sequence[ItemId], by: int) -> None:
        values = {name: column + by for name, column in counts.items()}
        connection.execute(update(item).where(item.c.id.in_(which)).values(values))

    def claim_uncounted(
        connection: Connection, run: str, limit: int, which: JobId | None
    ) -> list[Claim]:
        found = claim(connection, run, limit, which)
        count(connection, [one.item for one in found], -1)
        return [replace(one, attempt=one.attempt - 1) for one in found]

    def finish_and_count(
        connection: Connection, which: ItemId, attempt: int, stat: FileStat
    ) -> None:
        finish(connection, which, attempt, stat)
        count(connection, [which], 1)

    swap(claims, "claim", claim_uncounted)
    swap(transitions, "finish", finish_and_count)


MUTANTS: dict[str, Callable[[], None]] = {
    function.__name__: function
    for function in (
        kills_count_as_crashes,
        nothing_is_recovered,
        results_are_written_in_place,
        folders_are_not_synced,
        names_before_promises,
        names_are_replaced,
        displaced_files_are_not_looked_at,
        attempts_count_late,
    )
}
