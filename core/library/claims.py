"""Handing out waiting items, one batch at a time, to the run that holds the render lock."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Row, exists, select, update

from core.engine.messages import Numerics
from core.library.enqueue import edit_of
from core.library.ids import ItemId, JobId
from core.library.records import Claim, ItemStatus, Rendered, StagedFile
from core.library.tables import CLAIMED_ROWS, WAITING_ROWS, asset, item, job
from core.library.views import recipe_of
from core.recipe import Recipe

_OF_A_CLAIM = (
    *("id", "job_id", "attempt", "strength", "seed"),
    *("folder", "name", "root", "alone"),
)


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
    return [claim_of(entry, entry.attempt + 1, recipe, again=row.again) for entry in rows]


def claim_of(row: Row[Any], attempt: int, recipe: Recipe, *, again: bool) -> Claim:
    """Turn an item's row, with its asset's path as `source`, into a claim."""
    return Claim(
        item=ItemId(row.id),
        job=JobId(row.job_id),
        attempt=attempt,
        source=row.source,
        edit=edit_of(recipe.edit, row.strength, row.seed),
        output=recipe.output,
        planned=row.folder / row.name,
        root=row.root,
        alone=row.alone,
        again=again,
    )


@dataclass(frozen=True, slots=True)
class DeadClaim:
    """A claim of a run that is over, and what it had staged, if anything."""

    claim: Claim
    canceled: bool
    staged: StagedFile | None
    rendered: Rendered | None


def dead_claims(connection: Connection) -> list[DeadClaim]:
    """Read every item that is running or staged; their runs are dead when we hold the lock."""
    query = select(item, asset.c.path.label("source"), job.c.recipe, job.c.again, job.c.canceled)
    query = query.join_from(item, asset).join(job).where(CLAIMED_ROWS)
    recipes: dict[int, Recipe] = {}
    found = []
    for row in connection.execute(query):
        if row.job_id not in recipes:
            recipes[row.job_id] = recipe_of(row.recipe)
        claim = claim_of(row, row.attempt, recipes[row.job_id], again=row.again)
        staged = row.status == ItemStatus.STAGED
        found.append(
            DeadClaim(
                claim,
                row.canceled,
                _staged(row) if staged else None,
                _rendered(row) if staged else None,
            )
        )
    return found


def _staged(row: Row[Any]) -> StagedFile:
    return StagedFile(row.temp, row.final, row.staged_sha256, row.staged_size, row.replaces)


def _rendered(row: Row[Any]) -> Rendered:
    return Rendered(
        temp=row.temp,
        sha256=row.staged_sha256,
        size=row.staged_size,
        key=row.result_key,
        source_sha256=row.source_sha256,
        seconds=row.seconds,
        note=row.note,
        unchanged=row.unchanged,
        facts=json.loads(row.facts),
    )


def tried_folders(connection: Connection) -> list[Path]:
    """Return the output folders in which waiting items were tried before."""
    query = select(item.c.folder).distinct().where(WAITING_ROWS, item.c.attempt > 0)
    return list(connection.scalars(query))


def _next_job(connection: Connection, which: JobId | None) -> Any:
    query = select(job.c.id, job.c.recipe, job.c.again).where(
        job.c.paused.is_(False),
        job.c.canceled.is_(False),
        job.c.stop_reason.is_(None),
        exists().where(item.c.job_id == job.c.id, WAITING_ROWS),
    )
    if which is not None:
        query = query.where(job.c.id == which)
    return connection.execute(query.order_by(job.c.position, job.c.id).limit(1)).one_or_none()


def _waiting(connection: Connection, which: JobId, limit: int) -> list[Row[Any]]:
    """Read the next items: those that may share a pass, or the next one that must be alone."""
    columns: list[Any] = [item.c[name] for name in _OF_A_CLAIM]
    query = select(*columns, asset.c.path.label("source")).join_from(item, asset)
    query = query.where(item.c.job_id == which, WAITING_ROWS)
    query = query.order_by(item.c.alone, item.c.position).limit(limit)
    rows: list[Row[Any]] = list(connection.execute(query))
    together = [row for row in rows if not row.alone]
    return together or rows[:1]


def set_numerics(connection: Connection, which: JobId, numerics: Numerics) -> Numerics:
    """Store a batch's numerics unless it has some; return those that it has."""
    empty = (job.c.id == which) & job.c.numerics.is_(None)
    connection.execute(update(job).where(empty).values(numerics=numerics.model_dump_json()))
    text = connection.scalars(select(job.c.numerics).where(job.c.id == which)).one()
    return Numerics.model_validate_json(text or "{}")
