"""Which results stand: found in bulk by hash, key and stat, without reading a photograph."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection, Row, select

from core.library.chunks import chunks
from core.library.keys import result_key
from core.library.records import FileStat, Result
from core.library.tables import file_hash
from core.library.tables import result as result_table
from core.library.views import RESULT, read_result
from core.outputs.template import name_key


@dataclass(frozen=True, slots=True)
class Wanted:
    """An item as the search for standing results needs it."""

    source: Path
    planned: Path
    digest: str


def stat_of(path: Path) -> FileStat | None:
    """Return a file's stat, following links as reading does; None when there is none."""
    try:
        return FileStat.of(path.stat())
    except OSError:
        return None


def known_hashes(connection: Connection, paths: Iterable[Path]) -> dict[Path, str]:
    """Return the remembered sha256 of those files whose stat is still the remembered one."""
    stats = {path: stat for path in paths if (stat := stat_of(path)) is not None}
    remembered: dict[tuple[int, int], tuple[FileStat, str]] = {}
    for inodes in chunks(sorted({stat.inode for stat in stats.values()})):
        for row in connection.execute(select(file_hash).where(file_hash.c.inode.in_(inodes))):
            remembered[row.device, row.inode] = (_stat_in(row), row.sha256)
    found = {}
    for path, stat in stats.items():
        known = remembered.get((stat.device, stat.inode))
        if known is not None and known[0] == stat:
            found[path] = known[1]
    return found


def _stat_in(row: Row[tuple[int, ...]]) -> FileStat:
    return FileStat(row.device, row.inode, row.size, row.mtime_ns, row.ctime_ns)


def stand_already(connection: Connection, items: Sequence[Wanted]) -> list[Path | None]:
    """Return, an item each, the path of its result that stands; None where that is not certain.

    That is one with the item's key in the planned folder: of the same source, or under the very
    name that is planned, as `Catalog.find_standing` has it. Certain by stat alone: the source is
    unchanged since it was hashed, the result since it was made.
    """
    hashes = known_hashes(connection, {entry.source for entry in items})
    keys = [
        result_key(hashes[entry.source], entry.digest) if entry.source in hashes else None
        for entry in items
    ]
    recorded = _Recorded(connection, (key for key in keys if key is not None))
    return [
        None if key is None else _first_unchanged(recorded.matching(entry, key))
        for entry, key in zip(items, keys, strict=True)
    ]


class _Recorded:
    """The recorded results with some keys, found by folder and source, or folder and name."""

    def __init__(self, connection: Connection, keys: Iterable[str]) -> None:
        self._by_source: dict[tuple[str, Path, Path], list[Result]] = defaultdict(list)
        self._by_name: dict[tuple[str, Path, str], Result] = {}
        for chunk in chunks(sorted(set(keys))):
            query = RESULT.where(result_table.c.result_key.in_(chunk))
            for row in connection.execute(query):
                found = read_result(row)
                self._by_source[found.key, row.folder, found.source].append(found)
                self._by_name[found.key, row.folder, row.name_key] = found

    def matching(self, entry: Wanted, key: str) -> Iterator[Result]:
        folder = entry.planned.parent
        yield from self._by_source.get((key, folder, entry.source), ())
        named = self._by_name.get((key, folder, name_key(entry.planned.name)))
        if named is not None:
            yield named


def _first_unchanged(results: Iterable[Result]) -> Path | None:
    return next((result.path for result in results if _unchanged(result)), None)


def _unchanged(result: Result) -> bool:
    try:
        return FileStat.of(result.path.lstat()) == result.stat
    except OSError:
        return False
