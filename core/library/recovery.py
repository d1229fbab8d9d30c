"""After a killed run: staged and running items are settled from what is on disk."""

from __future__ import annotations

import stat
from collections import Counter
from enum import StrEnum
from pathlib import Path

from core.errors import OutputWriteError
from core.library import claims, transitions
from core.library.claims import DeadClaim
from core.library.lock import RenderLock
from core.library.publisher import Publisher
from core.library.records import ItemStatus, Recovered, Rendered, StagedFile
from core.library.versions import Versions, versions_folder
from core.outputs.temporary import sweep


class _Outcome(StrEnum):
    DONE = "done"
    PUBLISHED = "published"
    REQUEUED = "requeued"
    CANCELED = "canceled"


_SETTLED = (_Outcome.DONE, _Outcome.PUBLISHED)


def recover(publisher: Publisher, lock: RenderLock) -> Recovered:
    """Settle every staged and running item of dead runs; call it before the first claim.

    staged: the final file has the recorded hash -> done; else the temporary file has it ->
    published again; else waiting. running -> waiting, temporary file deleted. Items of canceled
    batches -> canceled, unless their result stands. Earlier results whose way back was cut off are
    recorded where they stand. `lock` must be held: whoever holds it knows
    that every other run is dead. Each item is settled in a transaction of its own, so that a kill
    in the middle leaves the rest to the next call.
    """
    if not lock.held:
        raise RuntimeError("only the holder of the render lock may recover")
    database = publisher.queue.database
    Versions(database, versions_folder(database.path), publisher.fs).settle()
    with database.read() as connection:
        dead = claims.dead_claims(connection)
        folders = set(claims.tried_folders(connection))
    outcomes = {entry.claim.item: _settle(publisher, entry) for entry in dead}
    counts = Counter(outcomes.values())
    folders.update(entry.claim.planned.parent for entry in dead)
    swept = sum(_sweep(publisher, folder) for folder in sorted(folders))
    return Recovered(
        done=counts[_Outcome.DONE],
        published=counts[_Outcome.PUBLISHED],
        requeued=counts[_Outcome.REQUEUED],
        canceled=counts[_Outcome.CANCELED],
        swept=swept,
        items=tuple(item for item, end in outcomes.items() if end in _SETTLED),
    )


def _sweep(publisher: Publisher, folder: Path) -> int:
    """Sweep one folder, in which nothing of this library is in work now."""
    try:
        return sweep(folder, publisher.library_id, publisher.fs)
    except OSError:
        return 0


def _settle(publisher: Publisher, dead: DeadClaim) -> _Outcome:
    if dead.staged is not None and dead.rendered is not None:
        try:
            outcome = _settle_staged(publisher, dead, dead.staged, dead.rendered)
        except OSError:
            outcome = None  # a disk that is away or broken: rendered again when it is back
        if outcome is not None:
            return outcome
    return _requeue(publisher, dead)


def _settle_staged(
    publisher: Publisher, dead: DeadClaim, staged: StagedFile, rendered: Rendered
) -> _Outcome | None:
    """Finish what was promised if its bytes are there; None when it must be made again."""
    if _holds(publisher, staged.final, staged):
        if not _displaced_is_foreign(publisher, staged):
            publisher.fs.unlink(staged.temp)
            publisher.settle(dead.claim, staged.final)
            return _Outcome.DONE
        # Somebody changed the old result between our look and the exchange: theirs goes back.
        publisher.fs.exchange(staged.temp, staged.final)
        publisher.fs.sync_folder(staged.final.parent)
    if dead.canceled or not _holds(publisher, staged.temp, staged):
        return None
    reserved = staged.final if staged.replaces is None else None
    try:
        publisher.place(dead.claim, rendered, reserved=reserved)
    except OutputWriteError as error:
        _refuse(publisher, dead, error)
    return _Outcome.PUBLISHED


def _refuse(publisher: Publisher, dead: DeadClaim, error: OutputWriteError) -> None:
    publisher.discard(dead.claim)
    claim = dead.claim
    publisher.queue.fail(claim.item, claim.attempt, error.reason, error.message, error.hint)


def _holds(publisher: Publisher, path: Path, staged: StagedFile) -> bool:
    """Return whether `path` is a regular file with the staged bytes."""
    found = publisher.fs.stat(path)
    if found is None or not stat.S_ISREG(found.st_mode) or found.st_size != staged.size:
        return False
    return publisher.fs.hash(path).sha256 == staged.sha256


def _displaced_is_foreign(publisher: Publisher, staged: StagedFile) -> bool:
    """Return whether the temporary name holds bytes that were never ours to delete."""
    found = publisher.fs.stat(staged.temp)
    if found is None:
        return False
    if not stat.S_ISREG(found.st_mode):
        return True
    return publisher.fs.hash(staged.temp).sha256 not in (staged.sha256, staged.replaces)


def _requeue(publisher: Publisher, dead: DeadClaim) -> _Outcome:
    publisher.discard(dead.claim)
    claim = dead.claim
    end = publisher.queue.database.write(
        lambda connection: transitions.release_one(
            connection, claim.item, claim.attempt, claim.job, refund=True
        )
    )
    return _Outcome.CANCELED if end is ItemStatus.CANCELED else _Outcome.REQUEUED
