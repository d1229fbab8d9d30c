"""Results found again by what is written in them, so that a lost library loses no finished work."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from sqlalchemy import Connection, select
from sqlalchemy.dialects.sqlite import insert

from core.errors import ImageReadError
from core.images.texts import PictureTexts
from core.library.database import Database
from core.library.records import FileStat, Result
from core.library.results import UNKNOWN_SOURCE, record_result
from core.library.standing import stat_of
from core.library.tables import asset, item, result
from core.library.views import RESULT, read_result
from core.outputs.template import name_key
from core.scan_kinds import PHOTO_EXTENSIONS

_KEY = re.compile("[0-9a-f]{64}")
_AT_ONCE = 200


class TextReader(Protocol):
    """Reads what is written in a picture, as `core.images.codec.Codec` does."""

    def texts(self, path: Path) -> PictureTexts:
        """Return it; raises ImageReadError."""
        ...


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """What was found in folders of results.

    Attributes:
        found: results that the library did not know, and knows now.
        known: those that it knew.
        changed: known ones whose bytes are others now; they stay what they are: another's.
        plain: pictures that say nothing of Regrain.
        unreadable: pictures that cannot be read, and why.
        away: folders that are not there.
    """

    found: int = 0
    known: int = 0
    changed: int = 0
    plain: int = 0
    unreadable: tuple[tuple[Path, str], ...] = ()
    away: tuple[Path, ...] = ()


@dataclass(frozen=True, slots=True)
class _Seen:
    """A picture as it was read: its stat, its hash, the key that it carries (empty: none)."""

    path: Path
    stat: FileStat
    sha256: str
    key: str
    source_sha256: str


class Rebuild:
    """Looks through folders, once each.

    Args:
        database: the library that is to know the results.
        reader: reads what is written in pictures.
        tell: called with the number of pictures looked at so far.
    """

    def __init__(
        self, database: Database, reader: TextReader, tell: Callable[[int], None] = lambda _: None
    ) -> None:
        self._database = database
        self._reader = reader
        self._tell = tell
        self._counts = dict.fromkeys(("found", "known", "changed", "plain"), 0)
        self._unreadable: list[tuple[Path, str]] = []

    def run(self, folders: Iterable[Path]) -> Rebuilt:
        """Record every result below `folders` that carries its key; no file is changed."""
        roots = [folder.absolute() for folder in folders]
        away = tuple(folder for folder in roots if not folder.is_dir())
        waiting: list[Path] = []
        looked = 0
        for path in pictures(roots):
            waiting.append(path)
            looked += 1
            if len(waiting) >= _AT_ONCE:
                self._take(waiting)
                self._tell(looked)
                waiting = []
        self._take(waiting)
        self._tell(looked)
        return Rebuilt(**self._counts, unreadable=tuple(self._unreadable), away=away)

    def _take(self, paths: Sequence[Path]) -> None:
        """Look at some pictures and record what is new, in one transaction."""
        with self._database.read() as connection:
            known = _recorded(connection, paths)
        seen = [one for path in paths if (one := self._look(path, known.get(path))) is not None]
        new = [one for one in seen if self._judge(one, known.get(one.path))]
        if new:
            self._database.write(lambda connection: _record(connection, new))
        self._counts["found"] += len(new)

    def _look(self, path: Path, known: Result | None) -> _Seen | None:
        """Read a picture, unless it is surely what the library knows."""
        stat = stat_of(path)
        if stat is None:
            return None
        if known is not None and known.stat == stat:
            self._counts["known"] += 1
            return None
        try:
            texts = self._reader.texts(path)
        except ImageReadError as error:
            self._unreadable.append((path, error.message))
            return None
        if stat_of(path) != stat:
            self._unreadable.append((path, f"{path.name} changed while it was read."))
            return None
        key = texts.regrain.get("key", "")
        source = texts.regrain.get("source_sha256", "")
        return _Seen(path, stat, texts.file_sha256, key if _KEY.fullmatch(key) else "", source)

    def _judge(self, seen: _Seen, known: Result | None) -> bool:
        """Return whether a picture is a result to be recorded; count it otherwise."""
        if known is not None and known.sha256 == seen.sha256:
            self._counts["known"] += 1
        elif known is not None and seen.key in ("", known.key):
            self._counts["changed"] += 1
        elif not seen.key:
            self._counts["plain"] += 1
        else:
            return True
        return False


def rebuild(
    database: Database,
    folders: Iterable[Path],
    reader: TextReader,
    tell: Callable[[int], None] = lambda _: None,
) -> Rebuilt:
    """Record the results below `folders` by the keys that they carry.

    A photograph whose key stands there is then already done, as if the library had never been
    lost. Which photograph it was is not written in a result, nor whether another program has
    changed it since: such a result is never replaced or deleted.
    """
    return Rebuild(database, reader, tell).run(folders)


def known_folders(database: Database) -> list[Path]:
    """Return the folders in which this library's results are, or were to be."""
    folders = select(result.c.folder).union(select(item.c.folder).where(item.c.folder.is_not(None)))
    with database.read() as connection:
        return outermost(connection.scalars(folders))


def outermost(folders: Iterable[Path]) -> list[Path]:
    """Return the folders that lie in none of the others."""
    every = set(folders)
    return sorted(folder for folder in every if every.isdisjoint(folder.parents))


def pictures(folders: Iterable[Path]) -> Iterator[Path]:
    """Yield the pictures below some folders in order; links to folders are not followed."""
    for root in outermost(folders):
        for folder, below, names in os.walk(root):
            below[:] = sorted(name for name in below if not name.startswith("."))
            for name in sorted(names):
                ending = name.rpartition(".")[2].lower()
                if ending in PHOTO_EXTENSIONS and not name.startswith("."):
                    yield Path(folder, name)


def _recorded(connection: Connection, paths: Sequence[Path]) -> dict[Path, Result]:
    folders = sorted({path.parent for path in paths})
    wanted = {(path.parent, name_key(path.name)): path for path in paths}
    found = {}
    rows = connection.execute(RESULT.where(result.c.folder.in_(folders)))
    for row in rows:
        path = wanted.get((row.folder, row.name_key))
        if path is not None:
            found[path] = read_result(row)
    return found


def _record(connection: Connection, seen: Sequence[_Seen]) -> None:
    statement = insert(asset).values(path=UNKNOWN_SOURCE).on_conflict_do_nothing()
    connection.execute(statement)
    unknown = connection.scalars(select(asset.c.id).where(asset.c.path == UNKNOWN_SOURCE)).one()
    for one in seen:
        made = {
            "asset_id": unknown,
            "result_key": one.key,
            "sha256": one.sha256,
            "source_sha256": one.source_sha256,
            "unchanged": False,
            "facts": None,
        }
        record_result(connection, one.path, one.stat, made)
