"""What the user does to the queue: the order of batches, single photographs, the list."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sqlalchemy import Connection, bindparam, func, select, update

from core.errors import CoreError
from core.library.chunks import among
from core.library.ids import ItemId, JobId
from core.library.records import ItemStatus
from core.library.states import WAITING
from core.library.tables import item, job
from core.library.transitions import is_open, lift

_RETRIED = frozenset(
    {ItemStatus.FAILED, ItemStatus.QUARANTINED, ItemStatus.LEFT_OUT, ItemStatus.CANCELED}
)


def reorder(connection: Connection, jobs: Sequence[JobId]) -> None:
    """Let these batches share out the places that they have, in this order."""
    rows = connection.execute(select(job.c.id, job.c.position).where(among(job.c.id, jobs)))
    places = {row.id: row.position for row in rows}
    wanted = [which for which in dict.fromkeys(jobs) if which in places]
    if not wanted:
        return
    statement = update(job).where(job.c.id == bindparam("which"))
    connection.execute(
        statement.values(position=bindparam("place")),
        [
            {"which": which, "place": place}
            for which, place in zip(wanted, sorted(places.values()), strict=True)
        ],
    )


def run_next(connection: Connection, which: JobId) -> None:
    """Put a batch before all others."""
    first = connection.scalar(select(func.min(job.c.position))) or 0
    connection.execute(update(job).where(job.c.id == which).values(position=first - 1))


def retry_item(connection: Connection, which: ItemId) -> bool:
    """Let one photograph without a result wait again; return whether it does.

    A stop, a pause or a cancel of its batch is lifted; what else was canceled with it stays so.
    """
    ours = (item.c.id == which) & item.c.status.in_(sorted(_RETRIED)) & item.c.folder.is_not(None)
    values = WAITING | {"crashes": 0}
    if connection.execute(update(item).where(ours).values(values)).rowcount == 0:
        return False
    of = connection.scalars(select(item.c.job_id).where(item.c.id == which)).one()
    lift(connection, JobId(of), paused=False, canceled=False)
    return True


def cancel_items(connection: Connection, items: Iterable[ItemId]) -> int:
    """Cancel those photographs that wait; return how many. What is in work is not stopped."""
    waiting = among(item.c.id, items) & (item.c.status == ItemStatus.PENDING)
    canceled = update(item).where(waiting).values(status=ItemStatus.CANCELED)
    return connection.execute(canceled).rowcount


def forget(connection: Connection, which: JobId) -> None:
    """Take a finished batch off the list; its photographs keep what it made.

    Raises:
        CoreError: it is unfinished.
    """
    if is_open(connection, which):
        raise CoreError(
            "This batch is not finished.", hint="Let it finish or cancel it, then remove it."
        )
    connection.execute(update(job).where(job.c.id == which).values(hidden=True))
