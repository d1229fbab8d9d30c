"""A library put back from a backup, and brought up to what is on the disk by now."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from core.library.database import Database
from core.library.lock import RenderLock
from core.library.rebuild import Rebuilt, TextReader, known_folders, outermost, rebuild
from core.library.restoring import Restored, restore, set_aside
from core.outputs.fsops import FsOps
from core.outputs.temporary import sweep


@dataclass(frozen=True, slots=True)
class PutBack:
    """What took the library's place, and the results that were made after the backup."""

    restored: Restored
    rebuilt: Rebuilt


def put_back(
    library: Path,
    backup: Path | None,
    reader: TextReader,
    tell: Callable[[int], None] = lambda _: None,
) -> PutBack:
    """Restore a backup (None: the newest good one) and find the results that came after it.

    Raises:
        LibraryError: as `restore`.
    """
    return _caught_up(library, restore(library, backup), reader, tell)


def start_anew(
    library: Path, reader: TextReader, tell: Callable[[int], None] = lambda _: None
) -> PutBack:
    """Set a damaged library aside, make a new one, find the results that the old one still names.

    Raises:
        LibraryError: as `set_aside`.
    """
    return _caught_up(library, set_aside(library), reader, tell)


def _caught_up(
    library: Path, restored: Restored, reader: TextReader, tell: Callable[[int], None]
) -> PutBack:
    with closing(Database(library)) as database:
        return PutBack(restored, reconcile(database, restored.folders, reader, tell))


def reconcile(
    database: Database,
    folders: Iterable[Path],
    reader: TextReader,
    tell: Callable[[int], None] = lambda _: None,
) -> Rebuilt:
    """Look for results in the folders that the library names, and in `folders`."""
    own = known_folders(database)
    _sweep(database, [*own, *folders])
    return rebuild(database, outermost([*own, *folders]), reader, tell)


def _sweep(database: Database, folders: Iterable[Path]) -> None:
    """Delete what was being written when the library was damaged.

    The numbers in those names are given anew from the backup on, perhaps to other photographs.
    """
    path = database.path.resolve()
    lock = RenderLock(path.with_name(f"{path.name}.render-lock"))
    if not lock.acquire():
        return
    try:
        for folder in sorted(set(folders)):
            _sweep_one(folder, database.library_id)
    finally:
        lock.release()


def _sweep_one(folder: Path, library_id: str) -> None:
    try:
        sweep(folder, library_id, FsOps())
    except OSError:
        return
