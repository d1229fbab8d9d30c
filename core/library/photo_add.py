"""Adding files to a project: looked at on the disk first, then stored in one transaction."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, func, select, update

from core.library.chunks import among, chunks
from core.library.ids import PhotoId, ProjectId
from core.library.path_text import name_order, searched
from core.library.photo import Added, Decision
from core.library.tables import asset, item, job, photo
from core.scan import ScannedFile

_PIECE = 5000
_INSERT_ASSET = "INSERT INTO asset (path) VALUES (?) ON CONFLICT DO NOTHING"
_INSERT_PHOTO = """
    INSERT INTO photo (
        project_id, base, added, removed, name_order, searched, rating, decision,
        width, height, bytes, modified_ns, missing, looked, asset_id
    )
    SELECT ?, ?, ?, 0, ?, ?, 0, ?, 0, 0, ?, ?, ?, 0, asset.id
    FROM asset WHERE asset.path = ? ON CONFLICT DO NOTHING
"""
"""In SQL itself, as in core.library.enqueue; what the project holds already stays as it is."""

_ARRIVED = "WHERE project_id = ? AND asset_id = (SELECT id FROM asset WHERE path = ?)"
_LINK_ARRIVED = f"""
    UPDATE photo SET last_item = (
        SELECT max(item.id) FROM item JOIN job ON job.id = item.job_id
        WHERE item.asset_id = photo.asset_id AND job.project_id = photo.project_id
    ) {_ARRIVED}
"""
_LOOK_ARRIVED = f"""
    UPDATE photo SET bytes = ?, modified_ns = ?, missing = 0, width = 0, height = 0, looked = 0
    {_ARRIVED} AND modified_ns != ?
"""

_Row = tuple[str | bytes | float | None, ...]


@dataclass(frozen=True, slots=True)
class NewPhoto:
    """A file to be added, as it was found on the disk."""

    path: Path
    base: Path | None
    bytes: int = 0
    modified_ns: int = 0
    missing: bool = False


def look_at(file: ScannedFile | Path) -> NewPhoto:
    """Return a file with its size and time; a missing one may be added too."""
    if isinstance(file, ScannedFile):
        path, base = file.path, file.base
    else:
        path, base = file.expanduser().absolute(), None
    try:
        found = path.stat()
    except OSError:
        return NewPhoto(path, base, missing=True)
    return NewPhoto(path, base, found.st_size, found.st_mtime_ns)


def store(connection: Connection, project: ProjectId, files: Iterable[NewPhoto]) -> Added:
    """Add files to a project in their order; a removed one comes back as it was."""
    unique = {file.path: file for file in files}
    last = connection.scalar(select(func.max(photo.c.id))) or 0
    back = _bring_back(connection, project, unique)
    now = time.time()
    for part in chunks(list(unique.values()), _PIECE):
        connection.exec_driver_sql(_INSERT_ASSET, [(os.fsencode(new.path),) for new in part])
        connection.exec_driver_sql(_INSERT_PHOTO, [_row(project, new, now) for new in part])
    new = photo.c.id > last
    _link_to_items(connection, new)
    query = select(photo.c.id).where(photo.c.project_id == project, new).order_by(photo.c.id)
    added = (*connection.scalars(query), *back)
    return Added(added, len(unique) - len(added))


def arrive(connection: Connection, project: ProjectId, files: Iterable[NewPhoto]) -> None:
    """Add files as `store` does; those that the project holds show their latest edit and look."""
    found = {file.path: file for file in files}
    store(connection, project, found.values())
    for new in found.values():
        which = (project, os.fsencode(new.path))
        connection.exec_driver_sql(_LINK_ARRIVED, which)
        look = (new.bytes, new.modified_ns, *which, new.modified_ns)
        connection.exec_driver_sql(_LOOK_ARRIVED, look)


def _row(project: ProjectId, new: NewPhoto, now: float) -> _Row:
    return (
        project,
        None if new.base is None else os.fsencode(new.base),
        now,
        name_order(new.path),
        searched(new.path, new.base),
        Decision.UNDECIDED,
        new.bytes,
        new.modified_ns,
        new.missing,
        os.fsencode(new.path),
    )


def _bring_back(
    connection: Connection, project: ProjectId, files: dict[Path, NewPhoto]
) -> list[PhotoId]:
    """Let photographs that were removed be there again, with their ratings and results."""
    query = select(photo.c.id, asset.c.path).join_from(photo, asset)
    query = query.where(photo.c.project_id == project, photo.c.removed.is_(True))
    back = [PhotoId(row.id) for row in connection.execute(query) if row.path in files]
    connection.execute(update(photo).where(among(photo.c.id, back)).values(removed=False))
    return back


def _link_to_items(connection: Connection, which: Any) -> None:
    """Show what an earlier batch of the project made of these photographs."""
    latest = select(func.max(item.c.id)).join_from(item, job)
    latest = latest.where(
        item.c.asset_id == photo.c.asset_id, job.c.project_id == photo.c.project_id
    )
    latest = latest.correlate(photo)
    connection.execute(update(photo).where(which).values(last_item=latest.scalar_subquery()))
