"""What the library knows about projects, files' hashes and results."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from core.library.database import Database
from core.library.records import HashedFile, Project, Result


class Catalog:
    """Projects, hashes and results of one library."""

    def __init__(self, database: Database) -> None:
        raise NotImplementedError

    def project(self, name: str) -> Project:
        """Return the project called `name`, made if it is new."""
        raise NotImplementedError

    def projects(self) -> list[Project]:
        """Return all projects by name."""
        raise NotImplementedError

    def hash_file(self, path: Path) -> HashedFile:
        """Return the file's sha256 from the cache (same stat), else by reading it, and remember it.

        Raises:
            ImageReadError: vanished, not_a_file, unreadable, or changed_while_reading.
        """
        raise NotImplementedError

    def known_hashes(self, paths: Iterable[Path]) -> Mapping[Path, str]:
        """Return the cached sha256 of those files whose stat is still the remembered one."""
        raise NotImplementedError

    def result_at(self, path: Path) -> Result | None:
        """Return the result that Regrain recorded under this path; the file may differ by now."""
        raise NotImplementedError

    def results_by_key(self, key: str) -> list[Result]:
        """Return all recorded results with this idempotency key; files may be gone by now."""
        raise NotImplementedError

    def standing(self, result: Result) -> bool:
        """Return whether the result's file is there with its recorded bytes.

        Equal stat answers at once; otherwise the file is read, and its new stat remembered.
        """
        raise NotImplementedError

    def find_standing(self, key: str, source: Path, planned: Path) -> Result | None:
        """Return the result that makes this item already done, if its file stands.

        That is one with this key in the planned folder, of this source or under the planned name.
        """
        raise NotImplementedError

    def find_copy(self, key: str) -> Result | None:
        """Return a standing result with this key anywhere, to be copied instead of rendered."""
        raise NotImplementedError

    def names_in(self, folder: Path) -> Mapping[str, Path]:
        """Return whose names are taken in an output folder: `name_key` -> the source it belongs to.

        Results and the planned outputs of unfinished items count.
        """
        raise NotImplementedError

    def own_outputs(self, paths: Iterable[Path]) -> Mapping[Path, Path]:
        """Return those of `paths` that are recorded results, each with its source."""
        raise NotImplementedError
