"""What the library knows about projects, files' hashes and results."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from sqlalchemy import Select, select, update
from sqlalchemy.dialects.sqlite import insert

from core.errors import ImageReadError
from core.library import standing
from core.library.database import Database
from core.library.hashing import may_be_remembered, read_hash
from core.library.ids import ProjectId
from core.library.projects import ensure_project
from core.library.records import FileStat, HashedFile, Project, Result
from core.library.results import OF_A_PHOTOGRAPH, stat_values
from core.library.tables import OPEN_ROWS, asset, file_hash, item, project, result
from core.library.views import RESULT, read_result
from core.outputs.template import name_key

_CHUNK = 500
_COPIES_TRIED = 20
_NOTED = 1000


class Catalog:
    """Projects, hashes and results of one library."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._noted: dict[FileStat, str] = {}

    @property
    def library(self) -> Path:
        """The library's file."""
        return self._database.path

    def project(self, name: str) -> Project:
        """Return the project called `name`, made if it is new."""

        return Project(self._database.write(lambda c: ensure_project(c, name)), name)

    def projects(self) -> list[Project]:
        """Return all projects by name."""
        with self._database.read() as connection:
            rows = connection.execute(select(project).order_by(project.c.name))
            return [Project(ProjectId(row.id), row.name) for row in rows]

    # hashes

    def hash_file(self, path: Path) -> HashedFile:
        """Return the file's sha256 from the cache (same stat), else by reading it, and remember it.

        Raises:
            ImageReadError: vanished, not_a_file, empty, unreadable, or changed_while_reading.
        """
        stat = standing.stat_of(path)
        if stat is not None:
            known = self._noted.get(stat) or self._remembered(path)
            if known is not None:
                return HashedFile(known, stat)
        hashed = read_hash(path)
        if may_be_remembered(hashed.stat):
            self._remember(hashed)
        return hashed

    def _remembered(self, path: Path) -> str | None:
        with self._database.read() as connection:
            return standing.known_hashes(connection, [path]).get(path)

    def _remember(self, hashed: HashedFile) -> None:
        """Note a hash along with the next write, and keep it until that is long past.

        One that is lost is computed again; a transaction of its own would cost more than that.
        """
        values = stat_values(hashed.stat) | {"sha256": hashed.sha256}
        statement = insert(file_hash).values(values)
        statement = statement.on_conflict_do_update(index_elements=["inode", "device"], set_=values)
        self._database.note(lambda connection: connection.execute(statement))
        if len(self._noted) >= _NOTED:
            self._noted.clear()
        self._noted[hashed.stat] = hashed.sha256

    def known_hashes(self, paths: Iterable[Path]) -> Mapping[Path, str]:
        """Return the cached sha256 of those files whose stat is still the remembered one."""
        self._database.catch_up()
        with self._database.read() as connection:
            return standing.known_hashes(connection, paths)

    # results

    def result_at(self, path: Path) -> Result | None:
        """Return the result that Regrain recorded under this path; the file may differ by now."""
        found = self._results(
            RESULT.where(result.c.folder == path.parent, result.c.name_key == name_key(path.name))
        )
        return next((entry for entry in found if entry.path == path), None)

    def results_by_key(self, key: str) -> list[Result]:
        """Return all recorded results with this idempotency key; files may be gone by now."""
        return self._results(RESULT.where(result.c.result_key == key))

    def standing(self, entry: Result) -> bool:
        """Return whether the result's file is there with its recorded bytes.

        Equal stat answers at once; otherwise the file is read, and its new stat remembered.
        """
        stat = standing.stat_of(entry.path)
        if stat is None or stat.size != entry.stat.size:
            return False
        if stat == entry.stat:
            return True
        try:
            hashed = read_hash(entry.path)
        except ImageReadError:
            return False
        if hashed.sha256 != entry.sha256:
            return False
        values = stat_values(hashed.stat)
        statement = update(result).where(result.c.id == entry.id).values(values)
        self._database.write(lambda connection: connection.execute(statement))
        return True

    def find_standing(self, key: str, source: Path, planned: Path) -> Result | None:
        """Return the result that makes this item already done, if its file stands.

        That is one with this key in the planned folder, of this source or under the planned name.
        """
        query = RESULT.where(
            result.c.result_key == key,
            result.c.folder == planned.parent,
            (asset.c.path == source) | (result.c.name_key == name_key(planned.name)),
        )
        return next((entry for entry in self._results(query) if self.standing(entry)), None)

    def find_copy(self, key: str) -> Result | None:
        """Return a standing result with this key anywhere, to be copied instead of rendered."""
        query = RESULT.where(result.c.result_key == key).order_by(result.c.id.desc())
        found = self._results(query.limit(_COPIES_TRIED))
        return next((entry for entry in found if self.standing(entry)), None)

    # names

    def names_in(self, folder: Path) -> Mapping[str, Path]:
        """Return whose names are taken in an output folder: `name_key` -> the source it belongs to.

        Results and the planned outputs of unfinished items count.
        """
        planned = select(item.c.name_key, asset.c.path).join_from(item, asset)
        made = select(result.c.name_key, asset.c.path).join_from(result, asset)
        made = made.where(result.c.folder == folder, OF_A_PHOTOGRAPH)
        with self._database.read() as connection:
            open_rows = connection.execute(planned.where(item.c.folder == folder, OPEN_ROWS))
            made_rows = connection.execute(made)
            return {row.name_key: row.path for rows in (open_rows, made_rows) for row in rows}

    def owner_of(self, path: Path) -> Path | None:
        """Return the source to which an output path belongs by a result or an unfinished item."""
        own = name_key(path.name)
        made = select(asset.c.path).join_from(result, asset)
        named = (result.c.folder == path.parent) & (result.c.name_key == own)
        made = made.where(named, OF_A_PHOTOGRAPH)
        planned = select(asset.c.path).join_from(item, asset)
        planned = planned.where(item.c.folder == path.parent, item.c.name_key == own, OPEN_ROWS)
        with self._database.read() as connection:
            return connection.scalar(made) or connection.scalar(planned.limit(1))

    def is_source(self, path: Path) -> bool:
        """Return whether a photograph at this path was ever given to be edited."""
        with self._database.read() as connection:
            query = select(asset.c.id).where(asset.c.path == path)
            return connection.scalar(query) is not None

    def own_outputs(self, paths: Iterable[Path]) -> Mapping[Path, Path]:
        """Return those of `paths` that are recorded results, each with its source."""
        asked = set(paths)
        folders = sorted({path.parent for path in asked})
        found: dict[Path, Path] = {}
        for start in range(0, len(folders), _CHUNK):
            chunk = folders[start : start + _CHUNK]
            for entry in self._results(RESULT.where(result.c.folder.in_(chunk))):
                if entry.path in asked:
                    found[entry.path] = entry.source
        return found

    def _results(self, query: Select[tuple[object, ...]]) -> list[Result]:
        with self._database.read() as connection:
            return [read_result(row) for row in connection.execute(query)]
