"""Photographs that change their place: to another project, to another folder; and back to them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from sqlalchemy import Connection, SelectBase, delete, or_, select, update

from core.errors import ImageReadError
from core.library import photo_files
from core.library.chunks import among
from core.library.database import Database
from core.library.hashing import read_hash
from core.library.ids import PhotoId, ProjectId
from core.library.photo import Photo, Relocated
from core.library.photo_files import Move
from core.library.photo_rows import read_where
from core.library.tables import asset, photo, result, version
from core.outputs.template import name_key

_SHA256 = re.compile("[0-9a-f]{64}")


def move(
    connection: Connection, ids: Sequence[PhotoId], project: ProjectId
) -> dict[PhotoId, ProjectId]:
    """Move photographs that the other project does not hold; return where they were."""
    there = select(photo.c.asset_id).where(photo.c.project_id == project)
    query = select(photo.c.id, photo.c.project_id, photo.c.asset_id)
    query = query.where(among(photo.c.id, ids), photo.c.project_id != project)
    query = query.where(photo.c.asset_id.not_in(there.where(photo.c.removed.is_(False))))
    # Of two projects' photographs of one file only one can move.
    rows = {row.asset_id: row for row in connection.execute(query)}.values()
    removed_before = (photo.c.project_id == project) & among(
        photo.c.asset_id, [row.asset_id for row in rows]
    )
    connection.execute(delete(photo).where(removed_before))
    moved = among(photo.c.id, [row.id for row in rows])
    connection.execute(update(photo).where(moved).values(project_id=project))
    return {PhotoId(row.id): ProjectId(row.project_id) for row in rows}


def relocate(database: Database, project: ProjectId, old: Path, new: Path) -> Relocated:
    """Look in `new` for the photographs of `old`; the disk is asked outside any transaction."""
    with database.read() as connection:
        planned = photo_files.planned_moves(connection, project, old, new)
    moves = [
        Move(
            PhotoId(row.id),
            row.asset_id,
            row.path,
            path,
            photo_files.moved_base(row.base, old, new),
            _stands(row.path),
        )
        for row, path in planned
        if _stands(path)
    ]

    def work(connection: Connection) -> None:
        for one in moves:
            photo_files.apply_move(connection, project, one)

    database.write(work)
    return Relocated(len(moves), len(planned) - len(moves))


def _stands(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:
        return False


def find_source_of(database: Database, output: Path | str) -> Photo | None:
    """Find the photograph of a result by its path, else by its bytes; or of an original's hash."""
    if isinstance(output, str) and _SHA256.fullmatch(output):
        return _by_sha256(database, output)
    path = Path(output).expanduser().absolute()
    made = (result.c.folder == path.parent, result.c.name_key == name_key(path.name))
    found = _first(database, select(result.c.asset_id).where(*made))
    if found is not None:
        return found
    try:
        return _by_sha256(database, read_hash(path).sha256)
    except ImageReadError:
        return None


def _by_sha256(database: Database, sha256: str) -> Photo | None:
    made = select(result.c.asset_id)
    made = made.where(or_(result.c.sha256 == sha256, result.c.source_sha256 == sha256))
    kept = select(version.c.asset_id).where(version.c.sha256 == sha256)
    return _first(database, made.union(kept))


def _first(database: Database, assets: SelectBase) -> Photo | None:
    with database.read() as connection:
        found = read_where(connection, asset.c.id.in_(assets))
    return found[0] if found else None
