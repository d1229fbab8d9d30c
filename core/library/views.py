"""Rows read into records."""

from __future__ import annotations

import json
import os
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, LargeBinary, Row, exists, func, select, type_coerce

from core.engine.messages import Numerics
from core.errors import LibraryError, Reason, StopReason
from core.events import Totals
from core.library.chunks import among
from core.library.ids import ItemId, JobId, PhotoId, ProjectId
from core.library.records import (
    OPEN_STATUSES,
    FileStat,
    ItemStatus,
    Job,
    JobItem,
    JobState,
    Origin,
    Result,
)
from core.library.tables import asset, item, job, photo, result
from core.recipe import Recipe

_WITH_RESULT = (ItemStatus.DONE, ItemStatus.ALREADY_DONE)

RESULT = select(result, asset.c.path.label("source")).join_from(result, asset)
# Only what a JobItem is made of: of the many columns with paths each costs as much as all numbers.
_ITEM = select(
    item.c.id,
    item.c.job_id,
    item.c.strength,
    item.c.status,
    item.c.attempts,
    *(type_coerce(item.c[name], LargeBinary).label(name) for name in ("folder", "name", "output")),
    item.c.reason,
    item.c.message,
    item.c.hint,
    item.c.note,
    item.c.unchanged,
    item.c.seconds,
    asset.c.path.label("source"),
).join_from(item, asset)


def recipe_text(recipe: Recipe) -> str:
    """Return a recipe as JSON; paths in no encoding are escaped, which pydantic's own cannot."""
    return json.dumps(recipe.model_dump(mode="json"))


def recipe_of(text: str) -> Recipe:
    """Read `recipe_text` back."""
    return Recipe.model_validate(json.loads(text))


def read_totals(connection: Connection, which: JobId) -> Totals:
    """Count a batch's items by status."""
    found = read_all_totals(connection, [which])
    if which not in found:
        raise _no_job(which)
    return found[which]


def read_all_totals(connection: Connection, jobs: Iterable[JobId]) -> dict[JobId, Totals]:
    """Count the items of many batches by status; those that are not there are absent."""
    asked = list(jobs)
    counts: defaultdict[int, dict[str, int]] = defaultdict(dict)
    query = select(item.c.job_id, item.c.status, func.count()).where(among(item.c.job_id, asked))
    for which, status, count in connection.execute(query.group_by(item.c.job_id, item.c.status)):
        counts[which][status] = count
    ignored = select(job.c.id, job.c.ignored).where(among(job.c.id, asked))
    return {
        JobId(row.id): _totals(counts[row.id], row.ignored) for row in connection.execute(ignored)
    }


def _totals(counts: Mapping[str, int], ignored: int) -> Totals:
    settled = {status: counts.get(status, 0) for status in ItemStatus}
    waiting = sum(settled.pop(status) for status in OPEN_STATUSES)
    named = {status.value: count for status, count in settled.items()}
    return Totals(found=sum(counts.values()), pending=waiting, ignored=ignored, **named)


def read_job(connection: Connection, which: JobId) -> Job:
    """Read one batch."""
    row = connection.execute(select(job, *_STANDING).where(job.c.id == which)).one_or_none()
    if row is None:
        raise _no_job(which)
    return _job(row)


def read_jobs(
    connection: Connection, *, unfinished: bool, project: ProjectId | None = None
) -> list[Job]:
    """Read the batches on the list, the last one of the queue first."""
    query = select(job, *_STANDING).where(job.c.hidden.is_(False))
    query = query.order_by(job.c.position.desc(), job.c.id.desc())
    if project is not None:
        query = query.where(job.c.project_id == project)
    if unfinished:
        query = query.where(has_items(OPEN_STATUSES))
    return [_job(row) for row in connection.execute(query)]


def has_items(statuses: Collection[ItemStatus]) -> Any:
    """Return the condition that a job of the query has an item in one of `statuses`."""
    return exists().where(item.c.job_id == job.c.id, item.c.status.in_(sorted(statuses)))


_STANDING = (
    has_items(OPEN_STATUSES).label("open"),
    has_items({ItemStatus.RUNNING, ItemStatus.STAGED}).label("claimed"),
)


def _job(row: Row[Any]) -> Job:
    return Job(
        id=JobId(row.id),
        project=row.project_id,
        name=row.name,
        recipe=recipe_of(row.recipe),
        strengths=tuple(json.loads(row.strengths)),
        origin=Origin(row.origin),
        signature=row.signature,
        numerics=None if row.numerics is None else Numerics.model_validate_json(row.numerics),
        state=_state(row),
        again=row.again,
        created=row.created,
        position=row.position,
        review=row.review,
        stop_reason=None if row.stop_reason is None else StopReason(row.stop_reason),
        stop_message=row.stop_message,
        stop_hint=row.stop_hint,
    )


def _state(row: Row[Any]) -> JobState:
    if row.canceled:
        return JobState.CANCELED
    if not row.open:
        return JobState.FINISHED
    if row.stop_reason is not None:
        return JobState.STOPPED
    if row.paused:
        return JobState.PAUSED
    return JobState.RUNNING if row.claimed else JobState.WAITING


def read_items(
    connection: Connection, which: JobId, statuses: Collection[ItemStatus]
) -> list[JobItem]:
    """Read a batch's items in order."""
    query = _ITEM.where(item.c.job_id == which).order_by(item.c.position)
    if statuses:
        query = query.where(item.c.status.in_(sorted(statuses)))
    return [_item(row) for row in connection.execute(query)]


def read_item(connection: Connection, which: ItemId) -> JobItem:
    """Read one item."""
    row = connection.execute(_ITEM.where(item.c.id == which)).one_or_none()
    if row is None:
        raise LibraryError(f"There is no photograph number {which} in the library.")
    return _item(row)


def read_item_ids(
    connection: Connection, which: JobId, statuses: Collection[ItemStatus]
) -> list[ItemId]:
    """Read the ids of a batch's items in order."""
    query = select(item.c.id).where(item.c.job_id == which).order_by(item.c.position)
    if statuses:
        query = query.where(item.c.status.in_(sorted(statuses)))
    return list(connection.scalars(query))


def read_items_by_id(connection: Connection, ids: Sequence[ItemId]) -> list[JobItem]:
    """Read items in the order of `ids`; those that are gone are absent."""
    rows = connection.execute(_ITEM.where(among(item.c.id, ids)))
    found = {row.id: _item(row) for row in rows}
    return [found[which] for which in ids if which in found]


def read_items_of(connection: Connection, which: PhotoId) -> list[JobItem]:
    """Read what a project's batches made of one of its photographs, newest first."""
    ours = (photo.c.asset_id == item.c.asset_id) & (photo.c.project_id == job.c.project_id)
    query = _ITEM.join(job, job.c.id == item.c.job_id).join(photo, ours)
    query = query.where(photo.c.id == which).order_by(item.c.id.desc())
    return [_item(row) for row in connection.execute(query)]


def _item(row: Row[Any]) -> JobItem:
    return JobItem(
        id=ItemId(row.id),
        job=JobId(row.job_id),
        source=row.source,
        strength=row.strength,
        status=ItemStatus(row.status),
        attempts=row.attempts,
        output=_path(row.output or _planned(row)),
        reason=None if row.reason is None else Reason(row.reason),
        message=row.message,
        hint=row.hint,
        note=row.note,
        unchanged=row.unchanged,
        seconds=row.seconds,
    )


def _planned(row: Row[Any]) -> bytes | None:
    """Return where an item's result is planned, None for what was settled before."""
    return None if row.folder is None else os.path.join(row.folder, row.name)  # noqa: PTH118


def _path(value: bytes | None) -> Path | None:
    return None if value is None else Path(os.fsdecode(value))


def read_output_folders(connection: Connection, which: JobId) -> set[Path]:
    """Read the folders in which a batch's results stand."""
    query = select(type_coerce(item.c.output, LargeBinary)).where(
        item.c.job_id == which, item.c.status.in_(_WITH_RESULT), item.c.output.is_not(None)
    )
    folders = {os.path.dirname(output) for output in connection.scalars(query)}  # noqa: PTH120
    return {Path(os.fsdecode(folder)) for folder in folders}


def read_result(row: Row[Any]) -> Result:
    """Turn a row of `RESULT` into a record."""
    return Result(
        id=row.id,
        source=row.source,
        path=row.folder / row.name,
        key=row.result_key,
        sha256=row.sha256,
        source_sha256=row.source_sha256,
        stat=FileStat(row.device, row.inode, row.size, row.mtime_ns, row.ctime_ns),
        unchanged=row.unchanged,
    )


def _no_job(which: JobId) -> LibraryError:
    return LibraryError(
        f"There is no batch number {which} in this library.",
        hint="`regrain batches list` shows them.",
    )
