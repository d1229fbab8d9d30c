"""The queue in the database: batches are stored, claimed, reported; every step is guarded.

Each report names the claim's `attempt`. One that comes too late (the item was claimed anew, or is
settled) raises StaleClaim and changes nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path

from sqlalchemy import select, update

from core.engine.messages import Numerics
from core.errors import Reason, StopReason
from core.events import Totals
from core.library import claims, enqueue, steering, transitions, views
from core.library.database import Database
from core.library.drives import Drives
from core.library.ids import ItemId, JobId, ProjectId
from core.library.records import (
    Claim,
    Enqueued,
    FileStat,
    ItemRequest,
    ItemStatus,
    Job,
    JobItem,
    JobRequest,
    Rendered,
)
from core.library.states import StaleClaim
from core.library.tables import job as job_table
from core.outputs.folders import make_root
from core.outputs.fsops import FsOps

__all__ = ["JobQueue", "StaleClaim"]


class JobQueue:
    """Batches and their items."""

    def __init__(self, database: Database, fs: FsOps | None = None) -> None:
        self.database = database
        self._fs = fs or FsOps()

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
        for root in enqueue.roots(request):
            make_root(root, self._fs)
        Drives(self.database).learn(enqueue.folders(request))
        self.database.catch_up()
        with self.database.read() as connection:
            checked = enqueue.check(connection, request)
        return self.database.write(lambda connection: enqueue.store(connection, checked))

    def uncertain(self, request: JobRequest) -> list[ItemRequest]:
        """Return the items of a batch not stored yet whose results do not stand for certain."""
        self.database.catch_up()
        with self.database.read() as connection:
            checked = enqueue.check(connection, request)
        pairs = zip(checked.request.items, checked.standing, strict=True)
        return [one for one, path in pairs if path is None or request.again]

    # claiming

    def claim(self, run: str, limit: int, job: JobId | None = None) -> list[Claim]:
        """Take up to `limit` waiting items of one batch, the queue's first, for this run.

        Batches that are paused, stopped or canceled are passed over. Items to be rendered alone
        come last and one a call.
        """
        return self.database.write(lambda connection: claims.claim(connection, run, limit, job))

    def set_numerics(self, job: JobId, numerics: Numerics) -> Numerics:
        """Store a batch's numerics unless it has some; return those that it has now."""
        return self.database.write(lambda c: claims.set_numerics(c, job, numerics))

    # reporting (each raises StaleClaim)

    def announce(self, item: ItemId, attempt: int) -> None:
        """The render process is about to touch the item."""
        with self.database.read() as connection:
            transitions.require_running(connection, item, attempt)
        # After a kill nobody asks whether it had been touched: not worth a transaction of its own.
        self.database.note(lambda c: transitions.announce(c, item, attempt))

    def stage(self, claim: Claim, rendered: Rendered, final: Path, replaces: str | None) -> None:
        """Record that the temporary file is whole and is to become `final`.

        Called again for a staged item when that name turned out to be taken.
        """
        self.database.write(lambda c: transitions.stage(c, claim, rendered, final, replaces))

    def finish(self, item: ItemId, attempt: int, stat: FileStat) -> None:
        """The staged item's file stands under its final name with this stat; record the result."""
        self.database.write(lambda c: transitions.finish(c, item, attempt, stat))

    def already_done(self, item: ItemId, attempt: int, output: Path) -> None:
        """The item's result stands at `output` from before."""
        self.database.write(lambda c: transitions.already_done(c, item, attempt, output))

    def fail(
        self, item: ItemId, attempt: int, reason: Reason, message: str, hint: str = ""
    ) -> ItemStatus:
        """The item has no result; left_out or failed, as the reason says, is returned."""
        return self.database.write(
            lambda c: transitions.fail(c, item, attempt, reason, message, hint)
        )

    def release(self, claims: Iterable[Claim], *, refund: bool = True) -> None:
        """Put claimed items back to waiting (canceled, if their batch is); stale ones stay.

        `refund`: the attempt does not count, nothing was wrong with the photograph.
        """
        held = list(claims)
        self.database.write(lambda c: transitions.release(c, held, refund=refund))

    def crashed(self, item: ItemId, attempt: int, message: str = "") -> ItemStatus:
        """The render process died in this item by its own fault.

        It waits again, to be rendered alone; when that happened alone for the third time, it is
        quarantined. Returns which.
        """
        return self.database.write(lambda c: transitions.crashed(c, item, attempt, message))

    # steering

    def cancel(self, job: JobId) -> None:
        """Cancel a batch: waiting items now, claimed ones when released; survives a crash."""
        self.database.write(lambda c: transitions.cancel(c, job))

    def block(self, job: JobId, reason: StopReason, message: str, hint: str = "") -> None:
        """Stop a batch for a reason outside its photographs."""
        self._set(job, stop_reason=reason, stop_message=message, stop_hint=hint)

    def unblock(self, job: JobId) -> None:
        """Lift a stop (Resume)."""
        self.database.write(lambda c: transitions.lift(c, job))

    def pause(self, job: JobId) -> None:
        """Let nothing more of the batch be claimed until `resume`."""
        self._set(job, paused=True)

    def resume(self, job: JobId) -> None:
        """Lift a pause and a stop."""
        self.database.write(lambda c: transitions.lift(c, job, paused=False))

    def retry(self, job: JobId, *, quarantined: bool = False) -> int:
        """Let failed items (and quarantined ones) wait again; return how many. Lifts a cancel."""
        return self.database.write(lambda c: transitions.retry(c, job, quarantined=quarantined))

    def retry_item(self, item: ItemId) -> bool:
        """Let one photograph that failed, was left out or canceled wait again, and its batch go on.

        Returns whether it waits now.
        """
        return self.database.write(lambda c: steering.retry_item(c, item))

    def cancel_items(self, items: Iterable[ItemId]) -> int:
        """Cancel those photographs that wait; return how many. Those in work are finished."""
        which = list(items)
        return self.database.write(lambda c: steering.cancel_items(c, which))

    def reorder(self, jobs: Sequence[JobId]) -> None:
        """Put batches into this order, in the places that they have in the queue."""
        self.database.write(lambda c: steering.reorder(c, jobs))

    def run_next(self, job: JobId) -> None:
        """Put a batch before all others; a runner ends the one that it is at first."""
        self.database.write(lambda c: steering.run_next(c, job))

    def forget(self, job: JobId) -> None:
        """Take a finished batch off the list; results and what they are of stay known.

        Raises:
            CoreError: it is unfinished.
        """
        self.database.write(lambda c: steering.forget(c, job))

    def _set(self, job: JobId, **values: object) -> None:
        statement = update(job_table).where(job_table.c.id == job).values(**values)
        self.database.write(lambda connection: connection.execute(statement))

    # looking

    def totals(self, job: JobId) -> Totals:
        """Return the batch's counts; they always add up."""
        with self.database.read() as connection:
            return views.read_totals(connection, job)

    def job(self, job: JobId) -> Job:
        """Return one batch. Raises LibraryError when there is none with this number."""
        with self.database.read() as connection:
            return views.read_job(connection, job)

    def all_totals(self, jobs: Iterable[JobId]) -> Mapping[JobId, Totals]:
        """Return the counts of many batches at once; those that are gone are absent."""
        with self.database.read() as connection:
            return views.read_all_totals(connection, jobs)

    def jobs(self, *, project: ProjectId | None = None, unfinished: bool = False) -> list[Job]:
        """Return the batches on the list, the queue's last one first: the newest, unless moved."""
        with self.database.read() as connection:
            return views.read_jobs(connection, unfinished=unfinished, project=project)

    def items(self, job: JobId, *statuses: ItemStatus) -> list[JobItem]:
        """Return a batch's items in order; only those with one of `statuses`, if any are given."""
        with self.database.read() as connection:
            return views.read_items(connection, job, statuses)

    def item_ids(self, job: JobId, statuses: Collection[ItemStatus] = ()) -> list[ItemId]:
        """Return the ids of a batch's items in order; of those with one of `statuses`, if any."""
        with self.database.read() as connection:
            return views.read_item_ids(connection, job, statuses)

    def items_by_id(self, ids: Sequence[ItemId]) -> list[JobItem]:
        """Return items in the order of `ids`; those that are gone are absent."""
        with self.database.read() as connection:
            return views.read_items_by_id(connection, ids)

    def output_folders(self, job: JobId) -> set[Path]:
        """Return the folders in which the batch's results stand."""
        with self.database.read() as connection:
            return views.read_output_folders(connection, job)

    def item(self, item: ItemId) -> JobItem:
        """Return one item."""
        with self.database.read() as connection:
            return views.read_item(connection, item)

    def is_canceled(self, job: JobId) -> bool:
        """Return whether the batch was canceled; a runner looks between photographs."""
        with self.database.read() as connection:
            query = select(job_table.c.canceled).where(job_table.c.id == job)
            return bool(connection.scalar(query))
