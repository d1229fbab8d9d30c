"""The library's SQLite file: opened with care, written by one thread in order, read apart."""

from __future__ import annotations

import secrets
import sqlite3
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TypeVar

from sqlalchemy import Connection, Engine, create_engine, event, exc, insert, select
from sqlalchemy.pool import NullPool, QueuePool

from core.errors import LibraryError
from core.library import sqlite
from core.library.backups import copy_checked
from core.library.create import create_tables
from core.library.damage import damaged, was_a_library
from core.library.open_lock import OpenLock
from core.library.restoring import refuse_half_restored, set_aside_journals
from core.library.tables import SCHEMA_VERSION, meta
from core.library.writer import Writer
from core.outputs.fsops import FsOps

T = TypeVar("T")

_LIBRARY_ID = "library_id"
_DAMAGE = ("malformed", "not a database", "Could not decode to UTF-8", "no such table")
"""What SQLite says of a file whose content is not what it was."""


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
            LibraryDamagedError: it is damaged; the hint names the newest good backup.
            LibraryError: no library of Regrain's (left untouched), or not readable.
        """
        self.path = path.absolute()
        self._reading = threading.local()
        self._lock = OpenLock(self.path)
        try:
            with _translated(self.path):
                _make_or_upgrade(self.path, self._lock)
                self._readers = _engine(self.path, read_only=True)
                self.library_id = self._read_id()
        except BaseException as error:
            self._lock.release()
            if isinstance(error, OSError):
                raise _cannot_open(self.path, error) from error
            raise
        self._writer = Writer(lambda: _engine(self.path, read_only=False))

    def _read_id(self) -> str:
        query = select(meta.c.value).where(meta.c.name == _LIBRARY_ID)
        with self.read() as connection:
            library_id = connection.scalar(query)
        if library_id is None:
            self._readers.dispose()
            raise damaged(self.path, "it has no identity")
        return str(library_id)

    def write(self, work: Callable[[Connection], T]) -> T:
        """Run `work` on the writer thread in one transaction; return what it returns.

        Raises whatever `work` raises, after rolling back; LibraryError for SQLite's own errors.
        """
        if getattr(self._reading, "depth", 0):
            raise RuntimeError("a write inside a read would wait for itself")
        with _translated(self.path):
            return self._writer.submit(work).result()

    def submit(self, work: Callable[[Connection], T]) -> Future[T]:
        """Like `write`, without waiting."""
        return self._writer.submit(work)

    def note(self, work: Callable[[Connection], object]) -> None:
        """Write something small that may be lost, along with the next write; see `Writer.ride`.

        Until then nobody reads it: `catch_up` before a read that needs it.
        """
        self._writer.ride(work)

    def catch_up(self) -> None:
        """Write what was noted, now."""
        if self._writer.has_riders:
            self.write(lambda _connection: None)

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """Lend a connection that sees one state of the library and cannot write; keep it short."""
        self._reading.depth = getattr(self._reading, "depth", 0) + 1
        try:
            with _translated(self.path), self._readers.connect() as connection:
                yield connection
        finally:
            self._reading.depth -= 1

    def backup(self, target: Path) -> None:
        """Copy the library into `target` by SQLite's backup; checked before it takes the name."""
        with closing(sqlite.connect(self.path, read_only=True)) as connection:
            copy_checked(connection, self.path, target)

    def examine(self) -> None:
        """Look for damage now.

        Raises:
            LibraryDamagedError: there is some.
        """
        with closing(sqlite.connect(self.path, read_only=True)) as connection:
            fault = sqlite.fault_at_opening(connection, self.path, unclean=True)
        if fault:
            raise damaged(self.path, fault)

    def close(self) -> None:
        """Finish the writes that were asked for and close; a second call does nothing."""
        self._writer.close()
        self._readers.dispose()
        self._lock.release()


def _make_or_upgrade(path: Path, lock: OpenLock) -> None:
    """Leave a library of this version at `path`, or raise and leave what is there untouched.

    `lock` is shared from then on.
    """
    if _header(path) is None:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        _make_alone(path, lock)
    lock.share()
    refuse_half_restored(path)
    if _header(path) is None:
        _make(path)
    _check_and_upgrade(path)


def _header(path: Path) -> sqlite.Header | None:
    """Read the header and refuse what is no library; one whose beginning is gone is damaged."""
    try:
        header = sqlite.read_header(path)
        if header is not None:
            sqlite.refuse_others(path, header)
    except sqlite.NotALibraryError as error:
        if was_a_library(path):
            raise damaged(path, "its beginning is no library's") from error
        raise
    return header


def _make_alone(path: Path, lock: OpenLock) -> None:
    """Make a library where nobody else is at it, and no journal of an earlier file can spoil it."""
    refuse_half_restored(path)
    if not lock.take():
        return
    if _header(path) is None:
        set_aside_journals(path)
        _make(path)


def _check_and_upgrade(path: Path) -> None:
    unclean = sqlite.stopped_uncleanly(path)
    with closing(sqlite.connect(path)) as connection:
        header = sqlite.header_of(connection)
        sqlite.refuse_others(path, header)
        fault = sqlite.fault_at_opening(connection, path, unclean=unclean)
        if fault:
            raise damaged(path, fault)
        if header.user_version < SCHEMA_VERSION:
            name = f"{path.name}.version-{header.user_version}.backup"
            copy_checked(connection, path, path.with_name(name))
    if header.user_version < SCHEMA_VERSION:
        _upgrade(path)


def _make(path: Path) -> None:
    """Make a library beside its place and move it there whole; another process's is as good."""
    part = path.with_name(f".{path.name}.new-{secrets.token_hex(8)}")
    try:
        with closing(sqlite.connect(part, create=True)) as connection:
            connection.execute("PRAGMA application_id")  # makes the file
            part.chmod(0o600)
        _fill(part)
        sqlite.sync_file(part)
        FsOps().rename_noreplace(part, path)
        sqlite.sync_folder(path.parent)
    except FileExistsError:
        pass
    finally:
        for suffix in ("", "-journal", "-wal", "-shm"):
            part.with_name(part.name + suffix).unlink(missing_ok=True)


def _fill(path: Path) -> None:
    with _changing(path) as connection:
        create_tables(connection)
        connection.execute(insert(meta).values(name=_LIBRARY_ID, value=secrets.token_hex(6)))


def _upgrade(path: Path) -> None:
    # Alembic takes long to import and is needed once a version at most.
    from core.library.migrate import upgrade

    with _changing(path) as connection:
        upgrade(connection)


@contextmanager
def _changing(path: Path) -> Iterator[Connection]:
    """Lend a connection in a transaction of its own."""
    engine = _engine(path, read_only=False)
    with engine.begin() as connection:
        yield connection
    engine.dispose()


def _engine(path: Path, *, read_only: bool) -> Engine:
    """Return an engine whose transactions begin as written here, not as the driver guesses."""

    def connect() -> sqlite3.Connection:
        connection = sqlite.connect(path, read_only=read_only)
        if not read_only:
            sqlite.set_journal(connection)
        return connection

    engine = create_engine(
        "sqlite+pysqlite://",
        creator=connect,
        poolclass=QueuePool if read_only else NullPool,
    )
    begin = "BEGIN" if read_only else "BEGIN IMMEDIATE"
    event.listen(engine, "begin", lambda connection: connection.exec_driver_sql(begin))
    return engine


@contextmanager
def _translated(path: Path) -> Iterator[None]:
    """Say SQLite's own errors as LibraryError; broken rules of ours stay what they are, bugs."""
    try:
        yield
    except exc.IntegrityError:
        raise
    except (exc.DatabaseError, exc.TimeoutError, sqlite3.Error) as error:
        raise _library_error(path, error) from error
    except PermissionError as error:
        raise LibraryError(
            f"The library {path} cannot be written: {error.strerror}.",
            hint="Choose a folder where you may write, with --library.",
        ) from error


def _cannot_open(path: Path, error: OSError) -> LibraryError:
    return LibraryError(
        f"The library {path} cannot be opened: {error.strerror or error}.",
        hint="Check the disk that it lies on, or choose another with --library.",
    )


def _library_error(path: Path, error: Exception) -> LibraryError:
    text = str(getattr(error, "orig", None) or error)
    if any(sign in text for sign in _DAMAGE):
        return damaged(path, text)
    if "locked" in text or "busy" in text:
        hint = "Another program holds it. Close that one, then run it again; nothing is lost."
    elif "full" in text:
        hint = "Free space on its disk, then run it again; nothing is lost."
    else:
        hint = "Check the disk that it lies on; nothing that was stored is lost."
    return LibraryError(f"The library {path} cannot be used: {text}.", hint=hint)
