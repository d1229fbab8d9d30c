"""Making the tables of a new library at once, not by each change that they have been through."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Connection

from core.library.tables import APPLICATION_ID, SCHEMA_VERSION

_STATEMENTS = Path(__file__).with_name("tables.sql")


def create_tables(connection: Connection) -> None:
    """Make in an empty file what the migrations would, in the transaction that is open.

    Without loading alembic, which alone takes longer than all the rest of a first start.
    """
    for statement in _STATEMENTS.read_text(encoding="utf-8").split("\n\n"):
        connection.exec_driver_sql(statement)
    mark(connection)


def mark(connection: Connection) -> None:
    """Write into the file's header that it is a library, and of which version."""
    connection.exec_driver_sql(f"PRAGMA application_id = {APPLICATION_ID}")
    connection.exec_driver_sql(f"PRAGMA user_version = {SCHEMA_VERSION}")
