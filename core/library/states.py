"""The guard of every change of an item's status: only from where it stands, only by its claim."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from sqlalchemy import Connection, update

from core.library.ids import ItemId
from core.library.records import ItemStatus
from core.library.tables import item

ARROWS: dict[ItemStatus, frozenset[ItemStatus]] = {
    ItemStatus.PENDING: frozenset(
        {
            ItemStatus.RUNNING,
            ItemStatus.ALREADY_DONE,
            ItemStatus.LEFT_OUT,
            ItemStatus.FAILED,
            ItemStatus.CANCELED,
        }
    ),
    ItemStatus.RUNNING: frozenset(
        {
            ItemStatus.STAGED,
            ItemStatus.ALREADY_DONE,
            ItemStatus.LEFT_OUT,
            ItemStatus.FAILED,
            ItemStatus.QUARANTINED,
            ItemStatus.CANCELED,
            ItemStatus.PENDING,
        }
    ),
    ItemStatus.STAGED: frozenset(
        {
            ItemStatus.DONE,
            ItemStatus.LEFT_OUT,
            ItemStatus.FAILED,
            ItemStatus.CANCELED,
            ItemStatus.PENDING,
        }
    ),
    ItemStatus.DONE: frozenset({ItemStatus.PENDING}),
    ItemStatus.ALREADY_DONE: frozenset({ItemStatus.PENDING}),
    ItemStatus.LEFT_OUT: frozenset({ItemStatus.PENDING}),
    ItemStatus.FAILED: frozenset({ItemStatus.PENDING}),
    ItemStatus.QUARANTINED: frozenset({ItemStatus.PENDING}),
    ItemStatus.CANCELED: frozenset({ItemStatus.PENDING}),
}
"""Which status may follow which; a trigger in the database refuses every other change too."""

CLEARED: dict[str, Any] = {
    "announced": False,
    "run": None,
    "temp": None,
    "final": None,
    "staged_sha256": None,
    "staged_size": None,
    "replaces": None,
    "result_key": None,
    "source_sha256": None,
    "facts": None,
}
"""What a claim and a staging leave in a row, taken away when it waits again."""

WAITING: dict[str, Any] = CLEARED | {
    "status": ItemStatus.PENDING,
    "output": None,
    "reason": None,
    "message": "",
    "hint": "",
    "note": "",
    "unchanged": False,
    "seconds": 0.0,
}
"""A row that waits, as if nothing had been tried; attempt and crashes are kept."""


class StaleClaim(Exception):
    """The report is about an attempt that is over; drop the work, it is another's now."""


def move(
    connection: Connection,
    which: ItemId,
    attempt: int,
    start: Collection[ItemStatus],
    end: ItemStatus,
    **values: object,
) -> None:
    """Change one item's status, if it stands in `start` under this attempt.

    Raises:
        StaleClaim: it does not; nothing is changed.
        ValueError: there is no such arrow, which is a bug.
    """
    wrong = [status for status in start if end not in ARROWS[status] and end != status]
    if wrong:
        raise ValueError(f"an item never goes from {', '.join(wrong)} to {end}")
    statement = (
        update(item)
        .where(item.c.id == which, item.c.attempt == attempt, item.c.status.in_(sorted(start)))
        .values(status=end, **values)
    )
    if connection.execute(statement).rowcount != 1:
        raise StaleClaim(f"item {which} is no longer in attempt {attempt}")
