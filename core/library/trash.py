"""Results moved to the system's trash: only what Regrain made and what is as Regrain made it."""

from __future__ import annotations

import stat
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from core.library.catalog import Catalog
from core.library.ids import PhotoId
from core.library.publisher import Publisher
from core.library.trash_rows import Standing, forget_result, is_photograph, read_standing, unlink
from core.outputs.fsops import FsOps

Send = Callable[[Path], None]
"""Moves one file to the trash; raises OSError."""


def send_to_trash(path: Path) -> None:
    """Move a file to the system's trash. Raises OSError when there is none for its disk."""
    # Only who throws something away pays for the import.
    from send2trash import send2trash  # type: ignore[import-untyped]

    send2trash(str(path))


@dataclass(frozen=True, slots=True)
class TrashProblem:
    """A result that was left where it is (`path`: the photograph, where there is no result)."""

    photo: PhotoId
    path: Path
    message: str
    hint: str = ""


@dataclass(frozen=True, slots=True)
class TrashReport:
    """What was moved to the trash, and what was not."""

    moved: tuple[Path, ...]
    problems: tuple[TrashProblem, ...]

    @property
    def sentence(self) -> str:
        """The report in one line."""
        number = len(self.moved)
        text = f"{'1 result' if number == 1 else f'{number} results'} moved to the trash"
        if not self.problems:
            return f"{text}."
        return f"{text}, {len(self.problems)} not: {self.problems[0].message}"


class Trash:
    """Throws results of one library away, never an original."""

    def __init__(self, publisher: Publisher, send: Send = send_to_trash) -> None:
        self._database = publisher.queue.database
        self._catalog: Catalog = publisher.catalog
        self._fs: FsOps = publisher.fs
        self._send = send

    def results(self, photos: Sequence[PhotoId]) -> TrashReport:
        """Move every result that the photographs' project made of them to the trash.

        Afterwards such a photograph has no result, so that a run makes it anew. A file stays where
        it is when it is not a recorded result, when its bytes are not the recorded ones, or when
        it is a photograph of some project itself; so does all of a photograph that is being edited.
        """
        with self._database.read() as connection:
            standing = read_standing(connection, photos)
        moved: list[Path] = []
        problems: list[TrashProblem] = []
        for one in standing:
            gone, left = self._throw_all(one)
            moved += gone
            problems += left
        return TrashReport(tuple(moved), tuple(problems))

    def _throw_all(self, one: Standing) -> tuple[list[Path], list[TrashProblem]]:
        """Move the results of one photograph; return which, and what was left."""
        troubles = {path: self._throw(one, path) for path in one.outputs}
        moved = [path for path, trouble in troubles.items() if trouble is None]
        left = [trouble for trouble in troubles.values() if trouble is not None]
        if moved:
            self._database.write(
                lambda connection: unlink(connection, moved, [trouble.path for trouble in left])
            )
        return moved, left

    def _throw(self, one: Standing, path: Path) -> TrashProblem | None:
        """Move one file; return why not."""
        try:
            reason = self._reason(one, path)
            if reason is None:
                self._send(path)
        except OSError as error:
            hint = "Check its drive, or delete it in the file manager."
            text = f"{path.name} cannot be moved to the trash: {error.strerror or error}."
            return TrashProblem(one.photo, path, text, hint)
        if reason is None:
            self._database.write(lambda connection: forget_result(connection, path))
            return None
        return TrashProblem(one.photo, path, *reason)

    def _reason(self, one: Standing, path: Path) -> tuple[str, str] | None:
        """Return message and hint when a file must stay."""
        if one.busy:
            return f"{path.name} is being made anew.", "Wait until it is done, or cancel it."
        entry = self._catalog.result_at(path)
        if entry is None or entry.source != one.source or path == one.source:
            return f"{path.name} is not known as a result.", "Delete it in the file manager."
        with self._database.read() as connection:
            if is_photograph(connection, path):
                hint = "Remove it from its project first."
                return f"{path.name} is itself a photograph of a project.", hint
        found = self._fs.stat(path)
        if found is None or not stat.S_ISREG(found.st_mode):
            return f"{path.name} is not there any more.", ""
        if self._fs.hash(path).sha256 != entry.sha256:
            hint = "Delete it in the file manager if it is not needed."
            return f"{path.name} was changed by another program, so it was kept.", hint
        return None
