"""A new library's tables, made at once: one that differs would break at the next upgrade."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from sqlalchemy import create_engine

from core.library import migrate
from core.library.tables import metadata
from tests.core.library.bench import header, on_one_line, schema


def whole(connection: sqlite3.Connection) -> dict[str, object]:
    """Return all that a library without content holds, columns in their order."""
    rows = connection.execute("SELECT type, name, tbl_name, sql FROM sqlite_master").fetchall()
    return {
        "made": {(kind, name): (of, on_one_line(sql or "")) for kind, name, of, sql in rows},
        "revision": connection.execute("SELECT * FROM alembic_version").fetchall(),
        "numbered": connection.execute("SELECT * FROM sqlite_sequence").fetchall(),
    }


def test_a_new_library_is_what_the_migrations_make(folder: Path, tmp_path: Path) -> None:
    """Or the next migration would find tables that it does not expect: update tables.sql."""
    engine = create_engine(f"sqlite:///{tmp_path / 'migrated.db'}")
    with engine.begin() as connection:
        migrate.upgrade(connection)
    engine.dispose()
    with (
        closing(sqlite3.connect(tmp_path / "migrated.db")) as migrated,
        closing(sqlite3.connect(folder / "library.db")) as new,
    ):
        assert whole(new) == whole(migrated)
    assert header(folder / "library.db") == header(tmp_path / "migrated.db")


def test_a_new_library_has_exactly_the_tables_that_the_program_uses(
    folder: Path, tmp_path: Path
) -> None:
    engine = create_engine(f"sqlite:///{tmp_path / 'direct.db'}")
    metadata.create_all(engine)
    engine.dispose()
    with (
        closing(sqlite3.connect(folder / "library.db")) as new,
        closing(sqlite3.connect(tmp_path / "direct.db")) as direct,
    ):
        made = schema(new)
        made.pop("alembic_version")
        made.pop("item_arrow")
        assert made == schema(direct)
