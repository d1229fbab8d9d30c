"""The library's SQLite file: opened with care, written by one thread in order, read apart."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from sqlalchemy import Connection

T = TypeVar("T")


class Database:
    """An open library. Any thread may call it; several processes may have it open.

    Outside core.library only `path`, `library_id`, `backup` and `close` are of use.
    """

    path: Path
    library_id: str
    """Random, of this library alone; part of every temporary file's name."""

    def __init__(self, path: Path) -> None:
        """Open the library, or make it; a folder that is missing is made.

        Raises:
            LibraryTooNewError: a newer Regrain wrote it; the file is left untouched.
            LibraryError: no library of Regrain's (left untouched), damaged, or not readable.
        """
        raise NotImplementedError

    def write(self, work: Callable[[Connection], T]) -> T:
        """Run `work` on the writer thread in one transaction; return what it returns.

        Raises whatever `work` raises, after rolling back; LibraryError for SQLite's own errors.
        """
        raise NotImplementedError

    def submit(self, work: Callable[[Connection], T]) -> Future[T]:
        """Like `write`, without waiting."""
        raise NotImplementedError

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """Lend a connection that sees one state of the library and cannot write; keep it short."""
        raise NotImplementedError

    def backup(self, target: Path) -> None:
        """Copy the library into `target` by SQLite's backup; checked before it takes the name."""
        raise NotImplementedError

    def close(self) -> None:
        """Finish the writes that were asked for and close; a second call does nothing."""
        raise NotImplementedError
