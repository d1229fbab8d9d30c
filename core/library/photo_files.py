"""What became of photographs' files: looked at, missing, moved to another folder."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Row, insert, select, update

from core.library.chunks import chunks
from core.library.ids import PhotoId, ProjectId
from core.library.path_text import name_order, searched
from core.library.photo import FileFacts
from core.library.photo_query import below
from core.library.tables import asset, photo, result, version

_NOTE_MISSING = """
    UPDATE photo SET missing = 1, looked = ?
    WHERE asset_id = (SELECT id FROM asset WHERE path = ?)
"""
_NOTE_FOUND = """
    UPDATE photo SET
        width = CASE WHEN :width > 0 THEN :width
                     WHEN bytes = :bytes AND modified_ns = :modified_ns THEN width ELSE 0 END,
        height = CASE WHEN :height > 0 THEN :height
                      WHEN bytes = :bytes AND modified_ns = :modified_ns THEN height ELSE 0 END,
        bytes = :bytes, modified_ns = :modified_ns, missing = 0, looked = :looked
    WHERE asset_id = (SELECT id FROM asset WHERE path = :path)
"""
"""Pixel sizes that are not given stay while the file is the same one."""


def note(connection: Connection, facts: Sequence[FileFacts]) -> None:
    """Remember what was found of files with their photographs in every project."""
    now = time.time()
    gone = [(now, os.fsencode(fact.path)) for fact in facts if fact.missing]
    found = [_found(fact, now) for fact in facts if not fact.missing]
    if gone:
        connection.exec_driver_sql(_NOTE_MISSING, gone)
    if found:
        connection.exec_driver_sql(_NOTE_FOUND, found)


def _found(fact: FileFacts, now: float) -> dict[str, object]:
    return {
        "path": os.fsencode(fact.path),
        "width": fact.width,
        "height": fact.height,
        "bytes": fact.bytes,
        "modified_ns": fact.modified_ns,
        "looked": now,
    }


def read_unchecked(
    connection: Connection, project: ProjectId, limit: int
) -> list[tuple[PhotoId, Path, int, int]]:
    """Read the photographs whose files were looked at longest ago."""
    query = select(photo.c.id, asset.c.path, photo.c.modified_ns, photo.c.bytes)
    query = query.join_from(photo, asset)
    query = query.where(photo.c.project_id == project, photo.c.removed.is_(False))
    rows = connection.execute(query.order_by(photo.c.looked, photo.c.id).limit(limit))
    return [(PhotoId(row[0]), row[1], row[2], row[3]) for row in rows]


def read_by_paths(
    connection: Connection, project: ProjectId, paths: Iterable[Path]
) -> dict[Path, PhotoId]:
    """Find the photographs of a project that lie under these paths."""
    query = select(asset.c.path, photo.c.id).join_from(photo, asset)
    query = query.where(photo.c.project_id == project, photo.c.removed.is_(False))
    found: dict[Path, PhotoId] = {}
    for part in chunks(list(dict.fromkeys(paths))):
        for row in connection.execute(query.where(asset.c.path.in_(part))):
            found[row.path] = PhotoId(row.id)
    return found


@dataclass(frozen=True, slots=True)
class Move:
    """A photograph whose file is to be looked for under another path."""

    photo: PhotoId
    asset: int
    old: Path
    new: Path
    base: Path | None
    old_stands: bool


def planned_moves(
    connection: Connection, project: ProjectId, old: Path, new: Path
) -> list[tuple[Row[Any], Path]]:
    """Read the photographs in `old` or below, each with the path it would have in `new`."""
    query = select(photo.c.id, photo.c.asset_id, photo.c.base, asset.c.path)
    query = query.join_from(photo, asset).where(photo.c.project_id == project, below(old))
    rows: list[Row[Any]] = list(connection.execute(query.order_by(photo.c.id)))
    return [(row, new / Path(row.path).relative_to(old)) for row in rows]


def moved_base(base: Path | None, old: Path, new: Path) -> Path | None:
    """Return the added folder's new place: below the moved one it moves, above it it stays."""
    if base is not None and base.is_relative_to(old):
        return new / base.relative_to(old)
    return base


def apply_move(connection: Connection, project: ProjectId, move: Move) -> None:
    """Point a photograph to its file's new place, and what was made of the file with it.

    While the old file stands, other projects keep it. Where the project holds a photograph of the
    new place already, that one stays and this one is removed.
    """
    taken = connection.scalar(select(asset.c.id).where(asset.c.path == move.new))
    if taken is None and not move.old_stands:
        moved = update(asset).where(asset.c.id == move.asset).values(path=move.new)
        connection.execute(moved)
        of_asset = photo.c.asset_id == move.asset
        connection.execute(update(photo).where(of_asset).values(_place(move)))
        return
    if taken is None:
        made = insert(asset).values(path=move.new).returning(asset.c.id)
        taken = connection.scalars(made).one()
    elif not move.old_stands:
        _hand_over(connection, move.asset, taken)
    _point_to(connection, project, move, taken)


def _point_to(connection: Connection, project: ProjectId, move: Move, taken: int) -> None:
    there = (photo.c.project_id == project) & (photo.c.asset_id == taken)
    ours = update(photo).where(photo.c.id == move.photo)
    if connection.scalar(select(photo.c.id).where(there)) is None:
        connection.execute(ours.values(asset_id=taken, **_place(move)))
    else:
        connection.execute(ours.values(removed=True))
        connection.execute(update(photo).where(there).values(removed=False, **_place(move)))


def _hand_over(connection: Connection, old: int, new: int) -> None:
    """Let results and earlier versions belong to the file in its new place."""
    for table in (result, version):
        owned = update(table).where(table.c.asset_id == old)
        connection.execute(owned.values(asset_id=new))


def _place(move: Move) -> Mapping[str, Any]:
    return {
        "base": move.base,
        "name_order": name_order(move.new),
        "searched": searched(move.new, move.base),
        "missing": False,
        "looked": 0.0,
    }
