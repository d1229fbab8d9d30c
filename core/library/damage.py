"""What a damaged library says: that it is damaged, which backup there is, how to put it back."""

from __future__ import annotations

from pathlib import Path

from core.errors import LibraryDamagedError
from core.library.backups import Backups
from core.preferences import user_paths


def damaged(path: Path, what: str) -> LibraryDamagedError:
    """Return the error for a library that SQLite finds fault with."""
    what = " ".join(what.split())
    return LibraryDamagedError(f"The library {path} is damaged ({what}).", hint=_way_out(path))


def was_a_library(path: Path) -> bool:
    """Return whether there are signs that Regrain once used the file at `path`."""
    backups = Backups(path)
    lock = backups.library.with_name(f"{backups.library.name}.open-lock")
    return lock.exists() or bool(backups.all())


def _way_out(path: Path) -> str:
    newest = Backups(path).newest_good()
    which = "" if path == user_paths().library else f" --library {path}"
    if newest is None:
        return (
            "Photographs and results are not concerned. There is no backup: move the file away, "
            f"then have a new one made from the results: regrain library rebuild FOLDER{which}"
        )
    return (
        "Photographs and results are not concerned. Put back the backup of "
        f"{newest.when}: regrain library restore{which}"
    )
