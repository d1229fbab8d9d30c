"""Rows of photographs read into records."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path, PurePath
from typing import Any

from sqlalchemy import Connection, Row, Select, func, select

from core.errors import Reason
from core.library.chunks import among
from core.library.ids import PhotoId
from core.library.photo import Decision, Photo
from core.library.records import ItemStatus
from core.library.tables import asset, item, photo, result, version
from core.library.version_rows import is_standing
from core.scan import ScannedFile

_VERSIONS = (
    select(func.count())
    .where(version.c.asset_id == photo.c.asset_id, ~is_standing())
    .correlate(photo)
    .scalar_subquery()
)
_LATEST = (
    select(func.max(result.c.id))
    .where(result.c.asset_id == photo.c.asset_id)
    .correlate(photo)
    .scalar_subquery()
)
"""The result that stands while the photograph's latest edit has none of its own."""

_ITEM = (
    item.c.job_id,
    item.c.status,
    item.c.output,
    item.c.strength,
    item.c.reason,
    item.c.message,
    item.c.hint,
    item.c.note,
    item.c.unchanged,
    item.c.seconds,
)
_PHOTO: Select[Any] = select(
    photo,
    asset.c.path,
    _VERSIONS.label("versions"),
    photo.c.recipe.is_not(None).label("own"),
    *_ITEM,
    result.c.folder,
    result.c.name,
).select_from(
    photo.join(asset)
    .outerjoin(item, item.c.id == photo.c.last_item)
    .outerjoin(result, result.c.id == _LATEST)
)


def read_rows(connection: Connection, ids: Sequence[PhotoId]) -> list[Photo]:
    """Read photographs in the order of `ids`; those that are gone or removed are absent."""
    query = _PHOTO.where(among(photo.c.id, ids), photo.c.removed.is_(False))
    found = {row.id: row for row in connection.execute(query)}
    return [_photo(found[which]) for which in ids if which in found]


def read_where(connection: Connection, *conditions: Any) -> list[Photo]:
    """Read the photographs that meet conditions on `photo` and `asset`."""
    query = _PHOTO.where(*conditions, photo.c.removed.is_(False)).order_by(photo.c.id)
    return [_photo(row) for row in connection.execute(query)]


def _photo(row: Row[Any]) -> Photo:
    return Photo(
        id=PhotoId(row.id),
        project=row.project_id,
        path=row.path,
        added=row.added,
        base=row.base,
        rating=row.rating,
        width=row.width,
        height=row.height,
        bytes=row.bytes,
        modified_ns=row.modified_ns,
        missing=row.missing,
        own_recipe=row.own,
        decision=Decision(row.decision),
        versions=row.versions,
        **({} if row.status is None else _edit(row)),
    )


def _edit(row: Row[Any]) -> dict[str, Any]:
    return {
        "item": row.last_item,
        "job": row.job_id,
        "status": ItemStatus(row.status),
        "output": row.output if row.output is not None else _standing(row),
        "strength": row.strength,
        "reason": None if row.reason is None else Reason(row.reason),
        "message": row.message,
        "hint": row.hint,
        "note": row.note,
        "unchanged": row.unchanged,
        "seconds": row.seconds,
    }


def _standing(row: Row[Any]) -> Path | None:
    """Return an earlier edit's result: it stands until a new one takes its place."""
    return None if row.folder is None else Path(row.folder / row.name)


def read_files(connection: Connection, ids: Sequence[PhotoId]) -> list[ScannedFile]:
    """Read photographs as a scan would have found them, in the order of `ids`."""
    query = select(photo.c.id, asset.c.path, photo.c.base).join_from(photo, asset)
    query = query.where(among(photo.c.id, ids), photo.c.removed.is_(False))
    rows = connection.execute(query).all()
    bases = {base: _Base(base) for base in {row.base for row in rows}}
    found = {row.id: bases[row.base].scanned(row.path) for row in rows}
    return [found[which] for which in ids if which in found]


class _Base:
    """A folder that was added, which may go through a symbolic link; `None` for loose pictures."""

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder
        given = [] if folder is None else [os.fspath(folder), os.path.realpath(folder)]
        # Compared as text: pathlib takes a second for some ten thousand photographs.
        self._starts = [name.rstrip(os.sep) + os.sep for name in dict.fromkeys(given)]

    def scanned(self, path: Path) -> ScannedFile:
        """Return a file as found in the folder; a loose picture when it is not below it now."""
        text = os.fspath(path)
        for start in self._starts:
            if text.startswith(start):
                return ScannedFile(path, PurePath(text[len(start) :]), self._folder)
        return ScannedFile(path, PurePath(path.name), None)
