"""Handing out waiting items, one batch at a time, to the run that holds the render lock."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Row, exists, select, update

from core.engine.messages import Numerics
from core.library.enqueue import edit_of
from core.library.ids import ItemId, JobId
from core.library.records import Claim, ItemStatus
from core.library.tables import WAITING_ROWS, asset, item, job
from core.library.views import recipe_of


def claim(connection: Connection, run: str, limit: int, which: JobId | None) -> list[Claim]:
    """Claim up to `limit` items of one batch; the attempt counts from here on."""
    row = _next_job(connection, which)
    if row is None:
        return []
    rows = _waiting(connection, JobId(row.id), limit)
    connection.execute(
        update(item)
        .where(item.c.id.in_([entry.id for entry in rows]))
        .values(
            status=ItemStatus.RUNNING,
            attempt=item.c.attempt + 1,
            attempts=item.c.attempts + 1,
            run=run,
            announced=False,
        )
    )
    recipe = recipe_of(row.recipe)
    return [
        Claim(
            item=ItemId(entry.id),
            job=JobId(row.id),
            attempt=entry.attempt + 1,
            source=entry.source,
            edit=edit_of(recipe.edit, entry.strength, entry.seed),
            output=recipe.output,
            planned=entry.folder / entry.name,
            root=entry.root,
            alone=entry.alone,
            again=row.again,
        )
        for entry in rows
    ]


def _next_job(connection: Connection, which: JobId | None) -> Row[Any] | None:
    query = select(job.c.id, job.c.recipe, job.c.again).where(
        job.c.paused.is_(False),
        job.c.canceled.is_(False),
        job.c.stop_reason.is_(None),
        exists().where(item.c.job_id == job.c.id, WAITING_ROWS),
    )
    if which is not None:
        query = query.where(job.c.id == which)
    return connection.execute(query.order_by(job.c.id).limit(1)).one_or_none()


def _waiting(connection: Connection, which: JobId, limit: int) -> list[Row[Any]]:
    """Read the next items: those that may share a pass, or the next one that must be alone."""
    query = select(item, asset.c.path.label("source")).join_from(item, asset)
    query = query.where(item.c.job_id == which, WAITING_ROWS)
    rows = connection.execute(query.order_by(item.c.alone, item.c.position).limit(limit)).all()
    together = [row for row in rows if not row.alone]
    return together or list(rows[:1])


def set_numerics(connection: Connection, which: JobId, numerics: Numerics) -> Numerics:
    """Store a batch's numerics unless it has some; return those that it has."""
    empty = (job.c.id == which) & job.c.numerics.is_(None)
    connection.execute(update(job).where(empty).values(numerics=numerics.model_dump_json()))
    text = connection.scalars(select(job.c.numerics).where(job.c.id == which)).one()
    return Numerics.model_validate_json(text or "{}")
