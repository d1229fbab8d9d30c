"""Faults put into the program on purpose: a fault test that lets one pass tests nothing."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path

from core import child
from core.library import recovery
from core.library.records import Recovered
from core.outputs.fsops import FsOps
from core.runner import batch


def kills_count_as_crashes() -> None:
    """A kill from outside is taken for the photograph's fault."""
    child.Death.native = property(lambda self: not self.asked)  # type: ignore[method-assign,assignment]


def nothing_is_recovered() -> None:
    """What a dead run had in hand is never looked at again."""
    assert batch.recover is recovery.recover
    batch.recover = lambda *_: Recovered()  # type: ignore[attr-defined]


def results_are_written_in_place() -> None:
    """The final name exists before the bytes are whole; the power goes in between."""

    real = FsOps.rename_noreplace

    def rename(self: FsOps, source: Path, target: Path) -> None:
        if target.suffix != ".png":
            real(self, source, target)
            return
        data = source.read_bytes()
        target.write_bytes(data[: len(data) // 2])
        os.kill(os.getpid(), signal.SIGKILL)

    FsOps.rename_noreplace = rename  # type: ignore[method-assign]


MUTANTS: dict[str, Callable[[], None]] = {
    function.__name__: function
    for function in (
        kills_count_as_crashes,
        nothing_is_recovered,
        results_are_written_in_place,
    )
}
