"""Which mounted drives a library's photographs and results are on, so that an absent one is told.

A pulled drive leaves its mount point behind, an empty folder of the system's disk: results written
there would be hidden and fill it, and photographs looked for there would seem deleted.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from urllib.parse import quote_from_bytes, unquote_to_bytes

from sqlalchemy import Connection, delete, insert, select

from core.library.database import Database
from core.library.tables import meta

_PREFIX = "drive "


class Drives:
    """The mount points that batches used; kept in the library, for a Resume after a restart."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def learn(self, folders: Iterable[Path], *, asked: bool = True) -> None:
        """Note on which mounted drives these folders are.

        `asked`: the user named them just now, as they are; a drive that was there in former times
        and is not mounted now is then forgotten.
        """
        known, above = self._known(), _above(folders)
        new = {m for m in above - known if m != m.parent and _is_mount(m)}
        old = {m for m in known if not _is_mount(m) and m in above} if asked else set()
        if new or old:
            self._database.write(lambda connection: _change(connection, new, old))

    def away(self, path: Path) -> Path | None:
        """Return the mount point of the drive that `path` belongs to and that is not there now."""
        known = self._known()
        return next((m for m in known & _above([path]) if not _is_mount(m)), None)

    def _known(self) -> set[Path]:
        query = select(meta.c.name).where(meta.c.name.startswith(_PREFIX))
        with self._database.read() as connection:
            return {_path(name) for name in connection.scalars(query)}


def _change(connection: Connection, new: Iterable[Path], old: Iterable[Path]) -> None:
    gone = [_name(mount) for mount in (*new, *old)]
    connection.execute(delete(meta).where(meta.c.name.in_(gone)))
    for mount in new:
        connection.execute(insert(meta).values(name=_name(mount), value=""))


def _name(mount: Path) -> str:
    return _PREFIX + quote_from_bytes(os.fsencode(mount))


def _path(name: str) -> Path:
    return Path(os.fsdecode(unquote_to_bytes(name.removeprefix(_PREFIX))))


def _above(folders: Iterable[Path]) -> set[Path]:
    """Return the folders and all above them, by their names and by where these lead."""
    found: set[Path] = set()
    for folder in folders:
        for way in (folder, Path(os.path.realpath(folder))):
            for place in (way, *way.parents):
                if place in found:
                    break
                found.add(place)
    return found


def _is_mount(folder: Path) -> bool:
    return os.path.ismount(folder)
