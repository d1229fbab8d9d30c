"""What a runner reports about its claims, each one guarded update in the caller's transaction."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

from sqlalchemy import ColumnElement, Connection, and_, select, update

from core.errors import LEFT_OUT_REASONS, Reason
from core.library.ids import ItemId, JobId
from core.library.photo import Decision
from core.library.records import OPEN_STATUSES, Claim, FileStat, ItemStatus, Rendered
from core.library.results import record_result
from core.library.states import CLEARED, WAITING, StaleClaim, move
from core.library.tables import item, job, photo

CRASHES_TO_QUARANTINE = 3
"""This many deaths of the render process in one photograph rendered alone set it aside."""

_RUNNING = frozenset({ItemStatus.RUNNING})
_STAGED = frozenset({ItemStatus.STAGED})
_CLAIMED = _RUNNING | _STAGED


def require_running(connection: Connection, which: ItemId, attempt: int) -> None:
    """Raise StaleClaim unless the item is in work under this attempt."""
    if connection.scalar(select(item.c.id).where(_in_work(which, attempt))) is None:
        raise StaleClaim(f"item {which} is no longer in attempt {attempt}")


def announce(connection: Connection, which: ItemId, attempt: int) -> None:
    """Mark the item as touched by the render process, if it is still in work."""
    statement = update(item).where(_in_work(which, attempt)).values(announced=True)
    connection.execute(statement)


def _in_work(which: ItemId, attempt: int) -> ColumnElement[bool]:
    running = item.c.status == ItemStatus.RUNNING
    return and_(item.c.id == which, item.c.attempt == attempt, running)


def stage(
    connection: Connection, claim: Claim, rendered: Rendered, final: Path, replaces: str | None
) -> None:
    """Record what the temporary file holds and what it is to become."""
    move(
        connection,
        claim.item,
        claim.attempt,
        _CLAIMED,
        ItemStatus.STAGED,
        temp=rendered.temp,
        final=final,
        staged_sha256=rendered.sha256,
        staged_size=rendered.size,
        replaces=replaces,
        result_key=rendered.key,
        source_sha256=rendered.source_sha256,
        note=rendered.note,
        unchanged=rendered.unchanged,
        facts=json.dumps(dict(rendered.facts)),
        seconds=rendered.seconds,
    )


def finish(connection: Connection, which: ItemId, attempt: int, stat: FileStat) -> None:
    """Settle a staged item as done and record its result, which takes the name's former place."""
    move(
        connection,
        which,
        attempt,
        _STAGED,
        ItemStatus.DONE,
        output=item.c.final,
        reason=None,
        message="",
        hint="",
        run=None,
    )
    made = ("asset_id", "result_key", "source_sha256", "unchanged", "facts")
    columns = (item.c[name] for name in (*made, "final", "staged_sha256"))
    row = connection.execute(select(*columns).where(item.c.id == which)).one()
    values = {name: getattr(row, name) for name in made} | {"sha256": row.staged_sha256}
    record_result(connection, row.final, stat, values)
    # What was kept or rejected was the former result: nobody has looked at this one yet.
    new = update(photo).where(photo.c.last_item == which)
    connection.execute(new.values(decision=Decision.UNDECIDED))


def already_done(connection: Connection, which: ItemId, attempt: int, output: Path) -> None:
    """Settle a claimed item whose result stands from before."""
    end = ItemStatus.ALREADY_DONE
    move(connection, which, attempt, _RUNNING, end, output=output, run=None)


def fail(
    connection: Connection, which: ItemId, attempt: int, reason: Reason, message: str, hint: str
) -> ItemStatus:
    """Settle an item that has no result; left_out where the reason is a rule."""
    end = ItemStatus.LEFT_OUT if reason in LEFT_OUT_REASONS else ItemStatus.FAILED
    values = CLEARED | {"reason": reason, "message": message, "hint": hint}
    move(connection, which, attempt, _CLAIMED, end, **values)
    return end


def release(connection: Connection, claims: Iterable[Claim], *, refund: bool) -> None:
    """Let claimed items wait again, or be canceled with their batch; stale ones stay."""
    for claim in claims:
        try:
            release_one(connection, claim.item, claim.attempt, claim.job, refund=refund)
        except StaleClaim:
            continue


def release_one(
    connection: Connection, which: ItemId, attempt: int, of: JobId, *, refund: bool
) -> ItemStatus:
    """Let one claimed item wait again, or be canceled with its batch; return which."""
    if connection.scalar(select(job.c.canceled).where(job.c.id == of)):
        move(connection, which, attempt, _CLAIMED, ItemStatus.CANCELED, **CLEARED)
        return ItemStatus.CANCELED
    counted = item.c.attempts - 1 if refund else item.c.attempts
    values = {name: value for name, value in WAITING.items() if name != "status"}
    move(connection, which, attempt, _CLAIMED, ItemStatus.PENDING, **values, attempts=counted)
    return ItemStatus.PENDING


def crashed(connection: Connection, which: ItemId, attempt: int, message: str) -> ItemStatus:
    """Count a death of the render process; deaths beside others only lead to rendering alone."""
    row = connection.execute(
        select(item.c.alone, item.c.crashes, item.c.job_id).where(item.c.id == which)
    ).one()
    crashes = row.crashes + bool(row.alone)
    if crashes >= CRASHES_TO_QUARANTINE:
        values = CLEARED | {"reason": Reason.CRASHED_3X, "message": message, "crashes": crashes}
        move(connection, which, attempt, _RUNNING, ItemStatus.QUARANTINED, **values)
        return ItemStatus.QUARANTINED
    end = release_one(connection, which, attempt, row.job_id, refund=False)
    counted = update(item).where(item.c.id == which).values(alone=True, crashes=crashes)
    connection.execute(counted)
    return end


def cancel(connection: Connection, which: JobId) -> None:
    """Cancel a batch: what waits now, what is claimed when it is released or recovered."""
    if not is_open(connection, which):
        return
    connection.execute(update(job).where(job.c.id == which).values(canceled=True))
    waiting = (item.c.job_id == which) & (item.c.status == ItemStatus.PENDING)
    connection.execute(update(item).where(waiting).values(status=ItemStatus.CANCELED))


def retry(connection: Connection, which: JobId, *, quarantined: bool) -> int:
    """Let failed items wait again, and quarantined ones with their deaths forgotten.

    A stop, a pause or a cancel is lifted; items that were canceled stay so.
    """
    statuses = [ItemStatus.FAILED, *([ItemStatus.QUARANTINED] if quarantined else [])]
    ours = (item.c.job_id == which) & item.c.status.in_(statuses) & item.c.folder.is_not(None)
    values = WAITING | {"crashes": 0}
    lift(connection, which, paused=False, canceled=False)
    return connection.execute(update(item).where(ours).values(values)).rowcount


def lift(connection: Connection, which: JobId, **more: object) -> None:
    """Lift a batch's stop; it is on the list again."""
    values = {"stop_reason": None, "stop_message": "", "stop_hint": "", "hidden": False} | more
    connection.execute(update(job).where(job.c.id == which).values(values))


def is_open(connection: Connection, which: JobId) -> bool:
    """Return whether something of the batch is not settled yet."""
    query = select(item.c.id).where(
        item.c.job_id == which, item.c.status.in_(sorted(OPEN_STATUSES))
    )
    return connection.execute(query.limit(1)).first() is not None
