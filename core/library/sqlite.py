"""SQLite by the rules of the library: how a file is told, connected, checked and copied."""

from __future__ import annotations

import os
import sqlite3
import struct
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from core.errors import LibraryError, LibraryTooNewError
from core.library.tables import APPLICATION_ID, SCHEMA_VERSION

BUSY_SECONDS = 20.0
FIRST_SAFE_WAL = (3, 51, 3)
"""Earlier releases can corrupt a write-ahead log with two writers (sqlite.org/wal.html)."""

_MAGIC = b"SQLite format 3\0"
_CHECK_LIMIT = 256 << 20


@dataclass(frozen=True, slots=True)
class Header:
    """The two numbers of a SQLite file's first page that say whose it is."""

    application_id: int
    user_version: int


def read_header(path: Path) -> Header | None:
    """Read the header without SQLite, so that a file of others stays untouched.

    None when there is no file. Layout: sqlite.org/fileformat.html, 1.3.

    Raises:
        LibraryError: not readable, or no SQLite file.
    """
    try:
        with path.open("rb") as file:
            head = file.read(100)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise LibraryError(
            f"The library {path} cannot be read: {error.strerror}.",
            hint="Check its permissions, or choose another with --library.",
        ) from error
    if len(head) < 100 or not head.startswith(_MAGIC):
        raise foreign(path)
    user_version, application_id = struct.unpack(">60xI4xI28x", head)
    return Header(application_id, user_version)


def refuse_others(path: Path, header: Header) -> None:
    """Raise unless the file is a library that this version can open.

    Raises:
        LibraryTooNewError: a newer Regrain wrote it.
        LibraryError: another program's SQLite file.
    """
    if header.application_id != APPLICATION_ID:
        raise foreign(path)
    if header.user_version > SCHEMA_VERSION:
        raise LibraryTooNewError(
            f"The library {path} was written by a newer Regrain "
            f"(version {header.user_version}; this one reads up to {SCHEMA_VERSION}).",
            hint="Update Regrain, or choose another library with --library.",
        )


def foreign(path: Path) -> LibraryError:
    """Return the error for a file that is not a library."""
    return LibraryError(
        f"{path} is not a Regrain library; it was left as it is.",
        hint="Choose another file with --library.",
    )


def connect(path: Path, *, create: bool = False, read_only: bool = False) -> sqlite3.Connection:
    """Open a connection in autocommit mode with the library's settings; any thread may use it.

    It changes nothing in the file; whoever is going to write calls `set_journal`.
    """
    mode = "rwc" if create else "rw"
    connection = sqlite3.connect(
        f"{path.absolute().as_uri()}?mode={mode}",
        uri=True,
        timeout=BUSY_SECONDS,
        isolation_level=None,
        check_same_thread=False,
    )
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute("PRAGMA synchronous = FULL")  # a committed row survives a power cut
    if read_only:
        connection.execute("PRAGMA query_only = ON")
    return connection


def header_of(connection: sqlite3.Connection) -> Header:
    """Read the header through SQLite, which also sees what is still in a journal."""
    (application_id,) = connection.execute("PRAGMA application_id").fetchone()
    (user_version,) = connection.execute("PRAGMA user_version").fetchone()
    return Header(application_id, user_version)


def set_journal(connection: sqlite3.Connection) -> str:
    """Choose the journal: write-ahead log where SQLite is safe with it; return what is in use."""
    wanted = "wal" if sqlite3.sqlite_version_info >= FIRST_SAFE_WAL else "truncate"
    try:
        (mode,) = connection.execute(f"PRAGMA journal_mode = {wanted}").fetchone()
    except sqlite3.OperationalError:
        # Another process has the library open in the other mode; it stays in that one.
        (mode,) = connection.execute("PRAGMA journal_mode").fetchone()
    return str(mode)


def stopped_uncleanly(path: Path) -> bool:
    """Return whether a journal with content lies beside the file: its last writer was cut off.

    A writer of another process at work just now looks the same; the check is then superfluous.
    """
    journals = (path.with_name(path.name + suffix) for suffix in ("-journal", "-wal"))
    return any(_size(journal) > 0 for journal in journals)


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0


def quick_check(connection: sqlite3.Connection, path: Path) -> None:
    """Let SQLite look for damage; skipped for libraries so large that it would take long.

    Raises:
        LibraryError: the library is damaged.
    """
    if _size(path) > _CHECK_LIMIT:
        return
    try:
        (verdict,) = connection.execute("PRAGMA quick_check(1)").fetchone()
    except sqlite3.DatabaseError as error:
        raise damaged(path, str(error)) from error
    if verdict != "ok":
        raise damaged(path, str(verdict))


def damaged(path: Path, what: str) -> LibraryError:
    """Return the error for a library that SQLite finds fault with."""
    return LibraryError(
        f"The library {path} is damaged ({what}).",
        hint="Photographs and results are not concerned. Put a backup in its place, "
        "or move it away and Regrain makes a new one.",
    )


def backup(source: sqlite3.Connection, target: Path) -> None:
    """Copy a library by SQLite's backup into `target`, whole and checked or not at all.

    Raises:
        LibraryError: the copy cannot be written, or does not pass the check.
    """
    part = target.with_name(f".{target.name}.part-{os.getpid()}")
    try:
        part.unlink(missing_ok=True)
        part.touch(mode=0o600)
        with closing(sqlite3.connect(part)) as copy:
            source.backup(copy)
            quick_check(copy, part)
        sync_file(part)
        part.replace(target)
        sync_folder(target.parent)
    except (OSError, sqlite3.Error) as error:
        raise LibraryError(
            f"The library could not be copied to {target}: {error}.",
            hint="Free space on that disk.",
        ) from error
    finally:
        part.unlink(missing_ok=True)


def sync_file(path: Path) -> None:
    """Make a file's bytes durable."""
    with path.open("rb") as file:
        os.fsync(file.fileno())


def sync_folder(folder: Path) -> None:
    """Make a folder's names durable; where folders cannot be synced, nothing happens."""
    try:
        descriptor = os.open(folder, os.O_RDONLY)
    except OSError:
        return
    try:
        os.fsync(descriptor)
    except OSError:
        pass
    finally:
        os.close(descriptor)
