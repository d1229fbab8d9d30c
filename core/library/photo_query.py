"""Which photographs, in which order: a PhotoQuery as SQL, made for 100,000 of them."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    LargeBinary,
    Select,
    and_,
    case,
    func,
    or_,
    select,
    type_coerce,
)

from core.library.ids import PhotoId, ProjectId
from core.library.path_text import search_words
from core.library.photo import Decision, PhotoQuery, Shown, SortBy
from core.library.records import OPEN_STATUSES, ItemStatus
from core.library.tables import asset, item, photo

_DONE = item.c.status.in_([ItemStatus.DONE, ItemStatus.ALREADY_DONE])
_FAILED = item.c.status.in_([ItemStatus.FAILED, ItemStatus.QUARANTINED])

_SHOWN: Mapping[Shown, ColumnElement[bool]] = {
    Shown.NEW: or_(photo.c.last_item.is_(None), item.c.status == ItemStatus.CANCELED),
    Shown.WAITING: item.c.status.in_(sorted(OPEN_STATUSES)),
    Shown.DONE: _DONE,
    Shown.FAILED: _FAILED,
    Shown.LEFT_OUT: item.c.status == ItemStatus.LEFT_OUT,
    Shown.KEPT: photo.c.decision == Decision.KEEP,
    Shown.REJECTED: photo.c.decision == Decision.REJECT,
    Shown.UNDECIDED: and_(_DONE, photo.c.decision == Decision.UNDECIDED),
    Shown.MISSING: photo.c.missing.is_(True),
}
_NEED_ITEM = frozenset(Shown) - {Shown.ALL, Shown.KEPT, Shown.REJECTED, Shown.MISSING}

_STATUS_RANK = case(
    (item.c.status.in_([ItemStatus.RUNNING, ItemStatus.STAGED]), 0),
    (item.c.status == ItemStatus.PENDING, 1),
    (_FAILED, 2),
    (item.c.status == ItemStatus.LEFT_OUT, 3),
    (_DONE, 4),
    else_=5,
)
_SORTS: Mapping[SortBy, ColumnElement[Any]] = {
    SortBy.ADDED: photo.c.added,
    SortBy.SIZE: photo.c.bytes,
    SortBy.CHANGED: photo.c.modified_ns,
    SortBy.RATING: photo.c.rating,
    SortBy.STATUS: _STATUS_RANK,
}


def read_order(connection: Connection, query: PhotoQuery) -> list[PhotoId]:
    """Read the ids of the photographs in the order asked for; equal ones by name."""
    statement = _narrowed(select(photo.c.id), query).order_by(*_order(query))
    cursor = connection.execute(statement).cursor
    # The driver's own rows: SQLAlchemy's take as long again as the query.
    return [] if cursor is None else [row[0] for row in cursor.fetchall()]


def read_count(connection: Connection, query: PhotoQuery) -> int:
    """Count the photographs of a query."""
    return connection.scalar(_narrowed(select(func.count()), query)) or 0


def read_status_counts(connection: Connection, project: ProjectId) -> dict[Shown, int]:
    """Count a project's photographs under every heading that the grid can be narrowed to."""
    sums = [func.sum(case((_SHOWN[shown], 1), else_=0)) for shown in _SHOWN]
    statement = select(func.count(), *sums).select_from(_with_items())
    counts = connection.execute(statement.where(_present(project))).one()
    return dict(zip((Shown.ALL, *_SHOWN), (count or 0 for count in counts), strict=True))


def below(folder: Path) -> ColumnElement[bool]:
    """Return the condition that an asset's file lies in a folder or below it."""
    separator = os.fsencode(os.sep)
    start = os.fsencode(folder).rstrip(separator) + separator
    end = start[:-1] + bytes([start[-1] + 1])
    path = type_coerce(asset.c.path, LargeBinary)
    return and_(path >= start, path < end)


def _narrowed(statement: Select[Any], query: PhotoQuery) -> Select[Any]:
    needs_item = query.shown in _NEED_ITEM or query.sort is SortBy.STATUS
    statement = statement.select_from(_with_items() if needs_item else photo)
    statement = statement.where(_present(query.project))
    for word in search_words(query.text):
        statement = statement.where(func.instr(photo.c.searched, word) > 0)
    if query.folder is not None:
        statement = statement.join(asset, asset.c.id == photo.c.asset_id).where(below(query.folder))
    if query.job is not None:
        held = select(item.c.asset_id).where(item.c.job_id == query.job)
        statement = statement.where(photo.c.asset_id.in_(held))
    if query.shown is not Shown.ALL:
        statement = statement.where(_SHOWN[query.shown])
    if query.min_rating:
        statement = statement.where(photo.c.rating >= query.min_rating)
    return statement


def _order(query: PhotoQuery) -> list[ColumnElement[Any]]:
    if query.sort is SortBy.NAME:
        columns: list[ColumnElement[Any]] = [photo.c.name_order, photo.c.id]
        return [column.desc() for column in columns] if query.descending else columns
    column = _SORTS[query.sort]
    return [column.desc() if query.descending else column, photo.c.name_order, photo.c.id]


def _present(project: ProjectId) -> ColumnElement[bool]:
    return and_(photo.c.project_id == project, photo.c.removed.is_(False))


def _with_items() -> Any:
    return photo.outerjoin(item, item.c.id == photo.c.last_item)
