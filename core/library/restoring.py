"""A backup put in the place of a damaged library, so that a cut in the middle is seen and undone.

A mark beside the library is made first and taken away last: while it is there nobody opens the
library, for a file without its journal, or a journal with another file, would be damaged anew.
"""

from __future__ import annotations

import secrets
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from core.errors import LibraryError
from core.library import sqlite
from core.library.backups import Backup, Backups, inspect
from core.library.open_lock import OpenLock
from core.outputs.fsops import FsOps

JOURNALS = ("-journal", "-wal", "-shm")

_FOLDERS = (
    "SELECT DISTINCT folder FROM result",
    "SELECT DISTINCT folder FROM item WHERE folder IS NOT NULL",
)


@dataclass(frozen=True, slots=True)
class Restored:
    """Which backup took the library's place (None: none did), and where the former file is now.

    `folders`: output folders that the former file still named.
    """

    backup: Backup | None
    set_aside: Path | None
    folders: tuple[Path, ...]


def restore(library: Path, backup: Path | None = None) -> Restored:
    """Put a backup (the newest good one, unless given) in the library's place.

    The file that is there is never deleted: it is set aside with its journals.

    Raises:
        LibraryTooNewError: a newer Regrain wrote the backup.
        LibraryError: somebody has the library open, or there is no good backup; nothing changed.
    """
    library = library.resolve()
    with _alone(library):
        for left in library.parent.glob(f".{library.name}.restored-*"):
            left.unlink(missing_ok=True)
        return _replaced(library, _choose(library, backup))


def set_aside(library: Path) -> Restored:
    """Move a damaged library away, with nothing in its place; opening it makes a new one.

    Raises:
        LibraryError: somebody has the library open, or its folder cannot be written.
    """
    library = library.resolve()
    with _alone(library):
        return _replaced(library, None)


def refuse_half_restored(library: Path) -> None:
    """Raise LibraryError while putting a backup in the library's place is not finished."""
    if _mark(library.resolve()).exists():
        raise LibraryError(
            f"A backup was being put in the place of {library} and was interrupted.",
            hint="Do it again: regrain library restore. Nothing is lost.",
        )


def set_aside_journals(library: Path) -> None:
    """Move away the journals of a file that is gone; a new file with them would be damaged."""
    library = library.resolve()
    names = [library.with_name(library.name + end) for end in JOURNALS]
    if any(name.exists() for name in names):
        _move(library, library.with_name(_aside_name(library, "left-over")), FsOps())


@contextmanager
def _alone(library: Path) -> Iterator[None]:
    lock = OpenLock(library)
    try:
        taken = lock.take()
    except OSError as error:
        raise LibraryError(
            f"The folder {library.parent} cannot be written: {error.strerror}.",
            hint="Choose a library in a folder where you may write, with --library.",
        ) from error
    if not taken:
        raise LibraryError(
            f"Another Regrain has {library} open.",
            hint="Close the window, end the service (systemctl --user stop regrain) and other "
            "commands of Regrain, then run it again.",
        )
    try:
        yield
    finally:
        lock.release()


def _choose(library: Path, asked: Path | None) -> Backup:
    if asked is None:
        newest = Backups(library).newest_good()
        if newest is None:
            raise LibraryError(
                f"There is no good backup of {library}.",
                hint="Move the file away, then: regrain library rebuild FOLDER, with the folders "
                "that hold your results.",
            )
        return newest
    header = sqlite.read_header(asked)
    if header is None:
        raise LibraryError(f"There is no file {asked}.", hint="See: regrain library restore --list")
    sqlite.refuse_others(asked, header)
    fault = inspect(asked).fault
    if fault:
        raise LibraryError(
            f"The backup {asked} is damaged itself ({fault}); nothing was changed.",
            hint="Choose another: regrain library restore --list",
        )
    known = {one.path: one for one in Backups(library).all()}
    stat = asked.stat()
    return known.get(asked.resolve()) or Backup(asked, stat.st_mtime, stat.st_size)


def _replaced(library: Path, backup: Backup | None) -> Restored:
    part = library.with_name(f".{library.name}.restored-{secrets.token_hex(8)}")
    try:
        if backup is not None:
            _copy(backup, part)
        return _replace(library, backup, part)
    except OSError as error:
        raise LibraryError(
            f"The backup cannot be put into {library.parent}: {error.strerror or error}.",
            hint="Free space on that disk, then run it again; nothing is lost.",
        ) from error
    finally:
        with suppress(OSError):
            part.unlink(missing_ok=True)


def _copy(backup: Backup, part: Path) -> None:
    with closing(sqlite.connect_frozen(backup.path)) as connection:
        fault = sqlite.copy(connection, part)
    if fault:
        raise LibraryError(f"The backup {backup.path} is damaged itself ({fault}).")


def _replace(library: Path, backup: Backup | None, part: Path) -> Restored:
    """Set the library aside under the mark, and move the backup's copy there."""
    fs, folder = FsOps(), library.parent
    folders = tuple(_named_folders(library))
    mark = _mark(library)
    mark.touch(mode=0o600)
    sqlite.sync_folder(folder)
    aside = library.with_name(_aside_name(library, "damaged"))
    moved = _move(library, aside, fs)
    sqlite.sync_folder(folder)
    if backup is not None:
        fs.rename_noreplace(part, library)
        sqlite.sync_folder(folder)
    mark.unlink()
    sqlite.sync_folder(folder)
    return Restored(backup, aside if moved else None, folders)


def _move(library: Path, aside: Path, fs: FsOps) -> bool:
    """Move a library and its journals under another name; return whether the file was there."""
    moved = False
    for end in ("", *JOURNALS):
        source = library.with_name(library.name + end)
        if fs.stat(source) is not None:
            fs.rename_noreplace(source, aside.with_name(aside.name + end))
            moved = moved or not end
    return moved


def _aside_name(library: Path, what: str) -> str:
    date = time.strftime("%Y-%m-%d-%H%M%S")
    stem = f"{library.name}.{what}-{date}"
    names = (f"{stem}{'' if n == 1 else f'-{n}'}" for n in range(1, 1000))
    taken = {path.name for path in library.parent.iterdir()}
    return next(name for name in names if taken.isdisjoint(name + end for end in ("", *JOURNALS)))


def _named_folders(library: Path) -> Iterator[Path]:
    """Yield the output folders that can still be read in a damaged library."""
    found: dict[bytes, None] = {}
    for query in _FOLDERS:
        with suppress(sqlite3.Error, OSError), closing(sqlite.connect_frozen(library)) as reading:
            for (folder,) in reading.execute(query):
                if isinstance(folder, bytes):
                    found[folder] = None
    yield from (path for path in map(_path, found) if path is not None)


def _path(folder: bytes) -> Path | None:
    path = Path(folder.decode("utf-8", "surrogateescape"))
    return path if path.is_absolute() and b"\0" not in folder else None


def _mark(library: Path) -> Path:
    return library.with_name(f"{library.name}.restoring")
