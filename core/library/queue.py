"""The queue in the database: batches are stored, claimed, reported; every step is guarded.

Each report names the claim's `attempt`. One that comes too late (the item was claimed anew, or is
settled) raises StaleClaim and changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from core.engine.messages import Numerics
from core.errors import Reason, StopReason
from core.events import Totals
from core.library.database import Database
from core.library.ids import ItemId, JobId
from core.library.records import (
    Claim,
    Enqueued,
    FileStat,
    ItemStatus,
    Job,
    JobItem,
    JobRequest,
    Rendered,
)


class StaleClaim(Exception):  # noqa: N818 - what happened is no error of the user's
    """The report is about an attempt that is over; drop the work, it is another's now."""


class JobQueue:
    """Batches and their items."""

    def __init__(self, database: Database) -> None:
        raise NotImplementedError

    # storing

    def enqueue(self, request: JobRequest) -> Enqueued:
        """Store a batch, or take up the unfinished one with the same signature.

        Items whose result already stands (source hash known and unchanged, same key, the result's
        stat unchanged) are stored as already_done at once, unless `again`. Taking up: new files are
        added, failed ones and those whose result is gone wait again, a stop or pause is lifted;
        quarantined ones stay (`retry`). The items' output roots are made.

        Raises:
            BatchStopped: an output root cannot be made.
        """
        raise NotImplementedError

    # claiming

    def claim(self, run: str, limit: int, job: JobId | None = None) -> list[Claim]:
        """Take up to `limit` waiting items of one batch, oldest batch first, for this run.

        Batches that are paused, stopped or canceled are passed over. Items to be rendered alone
        come last and one a call.
        """
        raise NotImplementedError

    def set_numerics(self, job: JobId, numerics: Numerics) -> Numerics:
        """Store a batch's numerics unless it has some; return those that it has now."""
        raise NotImplementedError

    # reporting (each raises StaleClaim)

    def announce(self, item: ItemId, attempt: int) -> None:
        """The render process is about to touch the item."""
        raise NotImplementedError

    def stage(self, claim: Claim, rendered: Rendered, final: Path, replaces: str | None) -> None:
        """Record that the temporary file is whole and is to become `final`.

        Called again for a staged item when that name turned out to be taken.
        """
        raise NotImplementedError

    def finish(self, item: ItemId, attempt: int, stat: FileStat) -> None:
        """The staged item's file stands under its final name with this stat; record the result."""
        raise NotImplementedError

    def already_done(self, item: ItemId, attempt: int, output: Path) -> None:
        """The item's result stands at `output` from before."""
        raise NotImplementedError

    def fail(
        self, item: ItemId, attempt: int, reason: Reason, message: str, hint: str = ""
    ) -> ItemStatus:
        """The item has no result; left_out or failed, as the reason says, is returned."""
        raise NotImplementedError

    def release(self, claims: Iterable[Claim], *, refund: bool = True) -> None:
        """Put claimed items back to waiting (canceled, if their batch is); stale ones are passed over.

        `refund`: the attempt does not count, nothing was wrong with the photograph.
        """
        raise NotImplementedError

    def crashed(self, item: ItemId, attempt: int, message: str = "") -> ItemStatus:
        """The render process died in this item by its own fault.

        It waits again, to be rendered alone; when that happened alone for the third time, it is
        quarantined. Returns which.
        """
        raise NotImplementedError

    # steering

    def cancel(self, job: JobId) -> None:
        """Cancel a batch: waiting items now, claimed ones when they are released; survives a crash."""
        raise NotImplementedError

    def block(self, job: JobId, reason: StopReason, message: str, hint: str = "") -> None:
        """Stop a batch for a reason outside its photographs."""
        raise NotImplementedError

    def unblock(self, job: JobId) -> None:
        """Lift a stop (Resume)."""
        raise NotImplementedError

    def pause(self, job: JobId) -> None:
        """Let nothing more of the batch be claimed until `resume`."""
        raise NotImplementedError

    def resume(self, job: JobId) -> None:
        """Lift a pause and a stop."""
        raise NotImplementedError

    def retry(self, job: JobId, *, quarantined: bool = False) -> int:
        """Let failed items (and quarantined ones) wait again; return how many."""
        raise NotImplementedError

    # looking

    def totals(self, job: JobId) -> Totals:
        """Return the batch's counts; they always add up."""
        raise NotImplementedError

    def job(self, job: JobId) -> Job:
        """Return one batch. Raises LibraryError when there is none with this number."""
        raise NotImplementedError

    def jobs(self, *, unfinished: bool = False) -> list[Job]:
        """Return the batches, newest first."""
        raise NotImplementedError

    def items(self, job: JobId, *statuses: ItemStatus) -> list[JobItem]:
        """Return a batch's items in order; only those with one of `statuses`, if any are given."""
        raise NotImplementedError

    def item(self, item: ItemId) -> JobItem:
        """Return one item."""
        raise NotImplementedError

    def is_canceled(self, job: JobId) -> bool:
        """Return whether the batch was canceled; a runner looks between photographs."""
        raise NotImplementedError
