"""What the user says of photographs: stars, decisions, recipes; each change tells what was."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import Column, Connection, bindparam, select, update

from core.library.chunks import among
from core.library.ids import PhotoId
from core.library.tables import photo


def read_marks(
    connection: Connection, column: Column[Any], ids: Iterable[PhotoId]
) -> dict[PhotoId, Any]:
    """Read one column of those photographs that are there."""
    query = select(photo.c.id, column).where(among(photo.c.id, ids))
    return {PhotoId(row[0]): row[1] for row in connection.execute(query)}


def set_mark(
    connection: Connection, column: Column[Any], ids: Iterable[PhotoId], value: object
) -> dict[PhotoId, Any]:
    """Set one column of many photographs to one value; return what it was."""
    before = read_marks(connection, column, ids)
    changed = update(photo).where(among(photo.c.id, before)).values({column: value})
    connection.execute(changed)
    return before


def set_marks(
    connection: Connection, column: Column[Any], values: Mapping[PhotoId, Any]
) -> dict[PhotoId, Any]:
    """Set one column of each photograph to its own value; return what it was."""
    before = read_marks(connection, column, values)
    if before:
        statement = update(photo).where(photo.c.id == bindparam("which"))
        statement = statement.values({column: bindparam("new")})
        connection.execute(statement, [{"which": which, "new": values[which]} for which in before])
    return before
