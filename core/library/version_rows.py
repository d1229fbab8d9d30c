"""Rows of the stacks of earlier results, read and written in the caller's transaction."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    LargeBinary,
    Row,
    delete,
    exists,
    insert,
    select,
    text,
    type_coerce,
    update,
)

from core.errors import LibraryError
from core.library.enqueue import edit_of
from core.library.ids import PhotoId
from core.library.photo import Decision
from core.library.records import FileStat, Result
from core.library.results import record_result
from core.library.tables import OPEN_ROWS, asset, item, job, photo, result, version
from core.library.views import recipe_of, recipe_text


def read_one(connection: Connection, which: int) -> Row[Any]:
    """Read one version. Raises LibraryError when it is gone, as after it was brought back."""
    row = connection.execute(select(version).where(version.c.id == which)).one_or_none()
    if row is None:
        raise LibraryError(
            "This earlier result is not kept any more.", hint="It may be the standing one now."
        )
    return row


def is_standing() -> ColumnElement[bool]:
    """Return the condition that a version of the query is what its photograph shows now.

    It was kept for a redo that is not done yet. One that still stands, but whose redo went to
    another place, is an earlier one.
    """
    recorded = exists().where(
        result.c.sha256 == version.c.sha256,
        result.c.folder == version.c.folder,
        result.c.name == version.c.name,
    )
    shown = item.alias("shown")
    place = text(f"CAST(version.folder || '{os.sep}' || version.name AS BLOB)")
    elsewhere = select(shown.c.id).where(
        shown.c.id == photo.c.last_item, type_coerce(shown.c.output, LargeBinary) != place
    )
    return recorded & ~elsewhere.correlate(photo, version).exists()


def read_stack(connection: Connection, which: PhotoId) -> list[Row[Any]]:
    """Read a photograph's versions, newest first; `standing` tells of `is_standing`."""
    query = select(version, is_standing().label("standing"))
    query = query.join(photo, photo.c.asset_id == version.c.asset_id)
    query = query.where(photo.c.id == which).order_by(version.c.id.desc())
    return list(connection.execute(query))


def read_same(connection: Connection, entry: Result) -> list[Row[Any]]:
    """Read the versions that hold a result's very bytes, kept from the same place."""
    query = (
        select(version)
        .join(asset)
        .where(
            asset.c.path == entry.source,
            version.c.sha256 == entry.sha256,
            version.c.folder == entry.path.parent,
            version.c.name == Path(entry.path.name),
        )
    )
    return list(connection.execute(query))


def is_kept(connection: Connection, of: int, sha256: str) -> bool:
    """Return whether these very bytes are on the stack of a photograph."""
    query = select(version.c.id).where(version.c.asset_id == of, version.c.sha256 == sha256)
    return connection.execute(query.limit(1)).first() is not None


def insert_kept(connection: Connection, entry: Result, file: str) -> Row[Any]:
    """Record a result as kept in `file`, with the recipe and the note of the edit that made it."""
    row = connection.execute(select(result).where(result.c.id == entry.id)).one()
    made = ("asset_id", "folder", "name", "unchanged", "facts")
    values = {name: getattr(row, name) for name in made} | {
        "file": file,
        "result_key": entry.key,
        "sha256": entry.sha256,
        "source_sha256": entry.source_sha256,
        **_words(connection, row.asset_id, entry.path),
        "created": row.created,
        "coming_back": False,
    }
    statement = insert(version).values(values).returning(version)
    return connection.execute(statement).one()


def _words(connection: Connection, of: int, path: Path) -> dict[str, str]:
    """Return note and recipe of the latest edit with its result at `path`."""
    query = select(item.c.strength, item.c.seed, item.c.note, job.c.recipe).join_from(item, job)
    query = query.where(item.c.asset_id == of, item.c.output == path)
    rows: list[Row[Any]] = list(connection.execute(query.order_by(item.c.id.desc()).limit(1)))
    if not rows:
        return {"note": "", "recipe": ""}
    return {"note": rows[0].note, "recipe": _recipe_text(rows[0])}


def is_open(connection: Connection, of: int, place: Path) -> bool:
    """Return whether an edit of the photograph with its result at `place` is not finished."""
    query = select(item.c.id).where(
        item.c.asset_id == of,
        OPEN_ROWS,
        item.c.folder == place.parent,
        item.c.name == Path(place.name),
    )
    return connection.execute(query.limit(1)).first() is not None


def mark_coming_back(connection: Connection, which: int) -> None:
    """Note what is about to happen, for a start after it was cut off."""
    connection.execute(update(version).where(version.c.id == which).values(coming_back=True))


def record_standing(
    connection: Connection, row: Row[Any], stat: FileStat, which: PhotoId | None
) -> None:
    """Let the version be the recorded result of its place, off the stack, and shown again.

    `which` is the photograph that shows it; None: every one whose project made it.
    """
    gone = connection.execute(delete(version).where(version.c.id == row.id)).rowcount == 0
    if gone:
        return  # another process has just settled it
    made = ("asset_id", "result_key", "sha256", "source_sha256", "unchanged", "facts")
    place = row.folder / row.name
    record_result(connection, place, stat, {name: getattr(row, name) for name in made})
    query = select(photo.c.id, photo.c.project_id).where(photo.c.asset_id == row.asset_id)
    if which is not None:
        query = query.where(photo.c.id == which)
    photographs: list[Row[Any]] = list(connection.execute(query))
    for shows in photographs:
        _show(connection, row, shows)


def _show(connection: Connection, row: Row[Any], shows: Row[Any]) -> None:
    """Let a photograph show the edit that made the version, unless an edit of it is not done."""
    edit = _edit_of(connection, row, shows.project_id)
    if edit is None:
        return
    words = {"note": row.note, "unchanged": row.unchanged}
    connection.execute(update(item).where(item.c.id == edit).values(words))
    waits = select(item.c.id).where(item.c.id == photo.c.last_item, OPEN_ROWS)
    settled = ~waits.correlate(photo).exists()
    values = {"last_item": edit, "decision": Decision.UNDECIDED}
    connection.execute(update(photo).where(photo.c.id == shows.id, settled).values(values))


def _edit_of(connection: Connection, row: Row[Any], project: int) -> int | None:
    """Return the project's edit that made a version: by its recipe, else the last at its place."""
    query = select(item.c.id, item.c.strength, item.c.seed, job.c.recipe).join_from(item, job)
    query = query.where(
        item.c.asset_id == row.asset_id,
        item.c.output == row.folder / row.name,
        job.c.project_id == project,
    )
    rows: list[Row[Any]] = list(connection.execute(query.order_by(item.c.id.desc())))
    made = (edit.id for edit in rows if _recipe_text(edit) == row.recipe)
    return next(made, rows[0].id if rows else None)


def _recipe_text(edit: Row[Any]) -> str:
    """Return the recipe of an edit with its own strength and seed."""
    recipe = recipe_of(edit.recipe)
    own = edit_of(recipe.edit, edit.strength, edit.seed)
    return recipe_text(recipe.model_copy(update={"edit": own}))


def read_shown(connection: Connection, which: PhotoId) -> Path | None:
    """Read where the result lies that a photograph shows."""
    query = select(item.c.output).join(photo, photo.c.last_item == item.c.id)
    return connection.scalar(query.where(photo.c.id == which))


def read_coming_back(connection: Connection) -> list[Row[Any]]:
    """Read the versions whose way back was begun."""
    return list(connection.execute(select(version).where(version.c.coming_back.is_(True))))


def forget(connection: Connection, which: int) -> None:
    """Take a version off its stack."""
    connection.execute(delete(version).where(version.c.id == which))
