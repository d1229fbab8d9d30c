"""What is said to SQLite, and how SQLite is going to answer it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Engine, event

from core.library.database import Database

Said = list[tuple[str, Any]]

_READS = ("SELECT", "UPDATE", "DELETE")
_PARTIAL = re.compile(r"SCAN item USING (COVERING )?INDEX item_(waiting|claimed)")
"""Indices of the few rows that wait or are in work; the library's size does not matter to them."""

_WHOLE = re.compile(r"SCAN (item|result|asset|photo|file_hash|watch_file)\b")


@contextmanager
def statements() -> Iterator[Said]:
    """Collect what is said to SQLite meanwhile."""
    seen: Said = []

    def note(conn: object, cursor: object, statement: str, values: Any, *rest: object) -> None:
        seen.append((statement, values))

    event.listen(Engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(Engine, "before_cursor_execute", note)


def scans(database: Database, said: Iterable[tuple[str, Any]]) -> list[tuple[str, str]]:
    """Return those statements that would look through a whole large table, each with its plan.

    SQLite plans without statistics, so the plan is that of a library of any size.
    """
    found = []
    with database.read() as connection:
        tables = connection.exec_driver_sql("SELECT name FROM sqlite_master").scalars().all()
        assert not [name for name in tables if name.startswith("sqlite_stat")]
        for statement, values in said:
            if not statement.lstrip().startswith(_READS):
                continue
            first = values[0] if isinstance(values, list) else values
            rows = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", first).all()
            plan = "; ".join(str(row[3]) for row in rows)
            if _WHOLE.search(_PARTIAL.sub("", plan)):
                found.append((statement, plan))
    return found
