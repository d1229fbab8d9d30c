"""Backups of a library beside it: made, listed, judged, and the oldest let go."""

from __future__ import annotations

import logging
import re
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from core.errors import LibraryError
from core.library import sqlite
from core.library.lock import RenderLock
from core.library.open_lock import OpenLock
from core.library.tables import SCHEMA_VERSION

KEPT = 10
"""So many backups are kept; the oldest goes when there are more."""

DUE_SECONDS = 20 * 3600.0
"""One a day, also when yesterday's was made a little later in the day."""

CLOSING_SECONDS = 2.0
"""What the copy at the end of a program may take: nobody waits longer for a window to close."""

CLOSING_BYTES = 64 << 20
"""Larger libraries are copied while a program is idle, not at its end."""

_log = logging.getLogger(__name__)

_DATE = "%Y-%m-%d-%H%M%S"
_MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
_COUNTS = {"batches": "job", "photographs": "item", "results": "result", "projects": "project"}


@dataclass(frozen=True, slots=True)
class Backup:
    """A backup's file; `made` in seconds of the epoch, by its name, `size` in bytes."""

    path: Path
    made: float
    size: int

    @property
    def when(self) -> str:
        """The local date in words: `20 November 2026, 18:03`."""
        return date_words(self.made)


@dataclass(frozen=True, slots=True)
class Contents:
    """What was found in a backup; `fault` is why it is no good, empty when it is."""

    fault: str = ""
    batches: int = 0
    photographs: int = 0
    results: int = 0
    projects: int = 0


class _BusyError(LibraryError):
    """Another process makes a backup of the same library."""


class Backups:
    """The backups of one library, in `<library>.backups` beside it.

    Needs no open library, so that a damaged one's can be found. Methods may be called from any
    thread.
    """

    def __init__(self, library: Path, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self.library = library.resolve()
        self.folder = self.library.with_name(f"{self.library.name}.backups")

    def name(self, more: str = "") -> str:
        """Return a file name for a backup that is made now."""
        moment = time.localtime(self._clock())
        return f"{self.library.stem}-{time.strftime(_DATE, moment)}{more}{self.library.suffix}"

    def all(self) -> list[Backup]:
        """Return all backups, those made before an upgrade too, newest first."""
        found = [*self._dated(), *self._before_upgrades()]
        return sorted(found, key=lambda backup: backup.made, reverse=True)

    def newest_good(self) -> Backup | None:
        """Return the newest backup that passes the check; reads it whole."""
        return next((one for one in self.all() if not inspect(one.path).fault), None)

    def make(self, *, seconds: float | None = None) -> Backup:
        """Copy the library as it is now, check the copy, keep the newest ten.

        Raises:
            LibraryDamagedError: the library is damaged; no backup was touched.
            LibraryError: it cannot be written, or not within `seconds`.
        """
        with self._alone():
            return self._make(seconds)

    def make_if_due(
        self, *, seconds: float | None = None, size: int | None = None
    ) -> Backup | None:
        """Make the backup of the day, if there is something new to be kept; never raises.

        Args:
            seconds: give up when copying takes longer.
            size: leave libraries of more bytes for another time.
        """
        try:
            if not self.due(size):
                return None
            with self._alone():
                return self._make(seconds) if self.due(size) else None
        except _BusyError:
            return None
        except LibraryError as error:
            _log.warning("No backup was made: %s %s", error.message, error.hint)
        except (OSError, sqlite3.Error) as error:
            _log.warning("No backup was made: %s", error)
        return None

    def due(self, size: int | None = None) -> bool:
        """Return whether the newest backup is old and the library has changed since."""
        try:
            stat = self.library.stat()
        except OSError:
            return False
        if size is not None and stat.st_size > size:
            return False
        newest = max((one.made for one in self._dated()), default=None)
        if newest is None:
            return self._holds_something()
        # A date in the future: the clock was wrong, then or now.
        fresh = abs(self._clock() - newest) < DUE_SECONDS
        return not fresh and self._changed() > newest and self._holds_something()

    def _changed(self) -> float:
        names = (self.library, self.library.with_name(f"{self.library.name}-wal"))
        return max(path.stat().st_mtime for path in names if path.exists())

    def _holds_something(self) -> bool:
        """Return whether there is anything in the library that a user could miss."""
        query = "SELECT EXISTS (SELECT 1 FROM item) OR EXISTS (SELECT 1 FROM asset)"
        with self._reading() as connection:
            version = sqlite.header_of(connection).user_version
            return version == SCHEMA_VERSION and bool(connection.execute(query).fetchone()[0])

    @contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection]:
        """Lend a connection to the library, whose file nobody replaces meanwhile."""
        lock = OpenLock(self.library)
        lock.share()
        try:
            with closing(sqlite.connect(self.library, read_only=True)) as connection:
                yield connection
        finally:
            lock.release()

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Keep other processes from making the same backup.

        Raises:
            _BusyError: one is at it.
            LibraryError: the folder cannot be made.
        """
        try:
            self.folder.mkdir(mode=0o700, exist_ok=True)
        except OSError as error:
            raise LibraryError(
                f"The folder {self.folder} cannot be made: {error.strerror}.",
                hint="Choose another place: regrain library backup FILE.",
            ) from error
        lock = RenderLock(self.folder / ".lock")
        if not lock.acquire():
            raise _BusyError("Another Regrain is making a backup just now.")
        try:
            yield
        finally:
            lock.release()

    def _make(self, seconds: float | None) -> Backup:
        for part in self.folder.glob(".*.part-*"):
            part.unlink(missing_ok=True)
        target = self._free_name()
        with self._reading() as connection:
            copy_checked(connection, self.library, target, seconds=seconds)
        self._let_old_ones_go()
        return next(one for one in self._dated() if one.path == target)

    def _free_name(self) -> Path:
        names = (self.name("" if number == 1 else f"-{number}") for number in range(1, 1000))
        return next(path for name in names if not (path := self.folder / name).exists())

    def _let_old_ones_go(self) -> None:
        dated = sorted(self._dated(), key=lambda one: (one.made, one.path.name), reverse=True)
        for backup in dated[KEPT:]:
            with suppress(OSError):
                backup.path.unlink()

    def _dated(self) -> Iterator[Backup]:
        stem, suffix = re.escape(self.library.stem), re.escape(self.library.suffix)
        name = re.compile(rf"{stem}-(\d{{4}}-\d\d-\d\d-\d{{6}})(?:-\d+)?{suffix}")
        for path in _files(self.folder):
            match = name.fullmatch(path.name)
            with suppress(OSError, ValueError, OverflowError):
                if match is not None:
                    made = time.mktime(time.strptime(match[1], _DATE))
                    yield Backup(path, made, path.stat().st_size)

    def _before_upgrades(self) -> Iterator[Backup]:
        name = re.compile(rf"{re.escape(self.library.name)}\.version-\d+\.backup")
        for path in _files(self.library.parent):
            if name.fullmatch(path.name):
                with suppress(OSError):
                    stat = path.stat()
                    yield Backup(path, stat.st_mtime, stat.st_size)


def copy_checked(
    connection: sqlite3.Connection, library: Path, target: Path, *, seconds: float | None = None
) -> None:
    """Copy an open library into `target`, whole and checked or not at all.

    Raises:
        LibraryDamagedError: the library is damaged; what stood at `target` stands.
        LibraryError: the copy cannot be written, or not within `seconds`.
    """
    # Imported late: what damage says names the backups.
    from core.library.damage import damaged

    fault = sqlite.copy(connection, target, seconds=seconds)
    if fault:
        raise damaged(library, fault)


def inspect(path: Path) -> Contents:
    """Read a backup whole and judge it; it is not changed by that."""
    try:
        header = sqlite.read_header(path)
        if header is None:
            return Contents("it is not there")
        sqlite.refuse_others(path, header)
        with closing(sqlite.connect_frozen(path)) as connection:
            fault = sqlite.first_fault(connection)
            return Contents(fault) if fault else _counted(connection)
    except LibraryError as error:
        return Contents(error.message)
    except (sqlite3.Error, OSError) as error:
        return Contents(str(error))


def date_words(seconds: float) -> str:
    """Return a local date in words, in English whatever the system speaks."""
    then = time.localtime(seconds)
    month = _MONTHS[then.tm_mon - 1]
    return f"{then.tm_mday} {month} {then.tm_year}, {then.tm_hour:02}:{then.tm_min:02}"


def _counted(connection: sqlite3.Connection) -> Contents:
    if connection.execute("SELECT value FROM meta WHERE name = 'library_id'").fetchone() is None:
        return Contents("it has no identity")
    counts = {
        name: connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0]
        for name, table in _COUNTS.items()
    }
    return Contents(**counts)


def _files(folder: Path) -> list[Path]:
    try:
        return sorted(path for path in folder.iterdir() if path.is_file())
    except OSError:
        return []
