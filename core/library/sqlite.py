"""SQLite by the rules of the library: how a file is told, connected, checked and copied."""

from __future__ import annotations

import os
import sqlite3
import time
from contextlib import closing
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from core.errors import LibraryError, LibraryTooNewError
from core.library.tables import APPLICATION_ID, SCHEMA_VERSION

BUSY_SECONDS = 20.0
FIRST_SAFE_WAL = (3, 51, 3)
"""Earlier releases can corrupt a write-ahead log with two writers (sqlite.org/wal.html)."""

_CHECK_LIMIT = 256 << 20
_SMALL = 8 << 20
_STEP_PAGES = 1024
_PAUSE_SECONDS = 0.002
_BEGINNINGS = 4


class NotALibraryError(LibraryError):
    """A file that is no SQLite file, or another program's; a damaged first page looks the same."""


class _OutOfTimeError(Exception):
    """A copy takes longer than it may."""


class _RestlessError(Exception):
    """Others write so often that a copy in steps never ends."""


@dataclass(frozen=True, slots=True)
class Header:
    """The two numbers of a SQLite file's first page that say whose it is."""

    application_id: int
    user_version: int


def read_header(path: Path) -> Header | None:
    """Read the header without locks and journals, so that a file of others stays untouched.

    None when there is no file. Never by opening the file outside SQLite: closing it would drop
    the locks that this process' own connections hold (sqlite.org/howtocorrupt.html, 2.2).

    Raises:
        NotALibraryError: no SQLite file.
        LibraryError: not readable.
    """
    if not path.exists():
        return None
    try:
        with closing(connect_frozen(path)) as connection:
            return header_of(connection)
    except sqlite3.OperationalError as error:
        if not path.is_file() or not os.access(path, os.R_OK):
            raise LibraryError(
                f"The library {path} cannot be read: {error}.",
                hint="Check its permissions, or choose another with --library.",
            ) from error
        raise foreign(path) from error
    except sqlite3.DatabaseError as error:
        raise foreign(path) from error


def refuse_others(path: Path, header: Header) -> None:
    """Raise unless the file is a library that this version can open.

    Raises:
        LibraryTooNewError: a newer Regrain wrote it.
        NotALibraryError: another program's SQLite file.
    """
    if header.application_id != APPLICATION_ID:
        raise foreign(path)
    if header.user_version > SCHEMA_VERSION:
        raise LibraryTooNewError(
            f"The library {path} was written by a newer Regrain "
            f"(version {header.user_version}; this one reads up to {SCHEMA_VERSION}).",
            hint="Update Regrain, or choose another library with --library.",
        )


def foreign(path: Path) -> NotALibraryError:
    """Return the error for a file that is not a library."""
    return NotALibraryError(
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


def connect_frozen(path: Path) -> sqlite3.Connection:
    """Open a file that nobody writes, such as a backup: it is not locked and no journal is read."""
    uri = f"{path.absolute().as_uri()}?mode=ro&immutable=1"
    return sqlite3.connect(uri, uri=True, isolation_level=None)


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


def first_fault(connection: sqlite3.Connection, *, full: bool = True) -> str:
    """Let SQLite look for damage; return what it finds first, empty for nothing.

    `full`: indices are compared with their tables too, which takes about twice as long.
    """
    check = "integrity_check" if full else "quick_check"
    try:
        (verdict,) = connection.execute(f"PRAGMA {check}(1)").fetchone()
        if verdict != "ok":
            return str(verdict).splitlines()[-1]
        loose = connection.execute("PRAGMA foreign_key_check").fetchone() if full else None
    except sqlite3.DatabaseError as error:
        return str(error)
    return "" if loose is None else f"a row of {loose[0]} belongs to none of {loose[2]}"


def fault_at_opening(connection: sqlite3.Connection, path: Path, *, unclean: bool) -> str:
    """Look for damage as thoroughly as an opening has time for; return what was found.

    Small libraries always: who deletes a journal after a cut leaves no other trace of it. Large
    ones after an unclean stop, very large ones not at all.
    """
    size = _size(path)
    if size > (_CHECK_LIMIT if unclean else _SMALL):
        return ""
    return first_fault(connection, full=size <= _SMALL)


def copy(source: sqlite3.Connection, target: Path, *, seconds: float | None = None) -> str:
    """Copy a library by SQLite's backup into `target`, whole and checked or not at all.

    In steps, between which others write; where they write so often that it would never end, in
    one go. Returns the fault of the source because of which the copy was not kept, else nothing.

    Args:
        seconds: give up when copying takes longer.

    Raises:
        LibraryError: the copy cannot be written, or not in time.
    """
    part = target.with_name(f".{target.name}.part-{os.getpid()}")
    try:
        part.unlink(missing_ok=True)
        part.touch(mode=0o600)
        with closing(sqlite3.connect(part)) as made:
            _copy_pages(source, made, seconds)
            made.execute("PRAGMA journal_mode = DELETE")  # a copy of its own, without a log
            fault = first_fault(made)
        if not fault:
            sync_file(part)
            part.replace(target)
            sync_folder(target.parent)
    except (OSError, sqlite3.OperationalError, _OutOfTimeError) as error:
        raise LibraryError(
            f"The library could not be copied to {target}: {error}.",
            hint="Free space on that disk, or choose another folder.",
        ) from error
    except sqlite3.DatabaseError as error:
        fault = str(error)
    finally:
        for suffix in ("", "-journal"):
            part.with_name(part.name + suffix).unlink(missing_ok=True)
    return fault


def _copy_pages(
    source: sqlite3.Connection, target: sqlite3.Connection, seconds: float | None
) -> None:
    """Copy; a write of another connection makes SQLite begin anew, a few times."""
    end = None if seconds is None else time.monotonic() + seconds
    seen: list[int] = []

    def step(_status: int, remaining: int, _total: int) -> None:
        if end is not None and time.monotonic() > end:
            raise _OutOfTimeError("it takes too long")
        seen.append(remaining)
        if sum(later >= earlier for earlier, later in pairwise(seen)) >= _BEGINNINGS:
            raise _RestlessError
        time.sleep(_PAUSE_SECONDS if remaining else 0)

    try:
        source.backup(target, pages=_STEP_PAGES, progress=step)
    except _RestlessError:
        source.backup(target)


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
