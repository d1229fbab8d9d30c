"""Kept results copied to where they are wanted, under their own names; nothing is replaced."""

from __future__ import annotations

import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from core.errors import BatchStopped, CoreError
from core.library.export_rows import KeptResult, read_kept, record_exported
from core.library.ids import PhotoId
from core.library.publisher import Publisher
from core.library.records import FileStat, HashedFile
from core.outputs.folders import make_root, stopped
from core.outputs.fsops import FsOps
from core.outputs.names import numbered
from core.outputs.sidecars import copy_sidecars
from core.outputs.temporary import temporary_name

_AGAIN = "Free space or choose another folder, then export again. Nothing is lost."
_NO_ITEM = 0
"""No photograph of a batch has this number: a file of ours is never taken for a render's."""


@dataclass(frozen=True, slots=True)
class ExportProblem:
    """A result that was not copied: `path` is the result (the photograph, where there is none)."""

    photo: PhotoId
    path: Path
    message: str
    hint: str = ""


@dataclass(frozen=True, slots=True)
class ExportReport:
    """What went where; `already` are those whose very bytes were there from before."""

    copied: tuple[Path, ...]
    already: tuple[Path, ...]
    problems: tuple[ExportProblem, ...]
    folder: Path | None = None

    @property
    def sentence(self) -> str:
        """The report in one line."""
        where = f" to {self.folder}" if self.folder and self.copied else ""
        parts = [f"{_results(len(self.copied))} exported{where}"]
        if self.already:
            parts.append(f"{len(self.already)} there already")
        if self.problems:
            parts.append(f"{len(self.problems)} could not be exported")
        return ", ".join(parts) + "."


class Exports:
    """Copies results of one library."""

    def __init__(self, publisher: Publisher) -> None:
        self._database = publisher.queue.database
        self._fs = publisher.fs

    def kept(self, photos: Sequence[PhotoId], folder: Path | None = None) -> ExportReport:
        """Copy the standing results of those photographs that are marked as kept.

        Args:
            photos: which, in this order; those that are not kept are passed over.
            folder: where to, with the subfolders that the output folder has; None: where the
                recipe would have put what is held for review. What is not held is there already.

        What has the name already stays: the same bytes count as exported, anything else makes
        ours `-2`. One file's trouble is in the report, and the others go on.
        """
        with self._database.read() as connection:
            kept = read_kept(connection, photos)
        target = None if folder is None else folder.expanduser().resolve()
        run = _Export(self._fs, self._database.library_id, target)
        for one in kept:
            run.add(one)
        run.sync()
        if folder is None:
            self._record(run)
        return ExportReport(tuple(run.copied), tuple(run.already), tuple(run.problems), target)

    def _record(self, run: _Export) -> None:
        """Know the files where the recipe wanted them as our results, as if made there."""
        placed = run.placed
        self._database.write(lambda connection: record_exported(connection, placed))


@dataclass
class _Export:
    """One export on its way."""

    fs: FsOps
    library: str
    folder: Path | None
    copied: list[Path] = field(default_factory=list)
    already: list[Path] = field(default_factory=list)
    problems: list[ExportProblem] = field(default_factory=list)
    placed: list[tuple[KeptResult, Path, HashedFile]] = field(default_factory=list)
    _given: set[Path] = field(default_factory=set)
    _refused: dict[Path, CoreError] = field(default_factory=dict)
    _touched: dict[Path, None] = field(default_factory=dict)

    def add(self, one: KeptResult) -> None:
        """Copy one result, or note why not."""
        if one.output is None:
            self._note(one, one.source, _no_result(one))
            return
        wanted = self._wanted(one, one.output)
        root = self.folder or wanted.parent
        try:
            if root in self._refused:
                raise self._refused[root]
            self._copy(one, one.output, wanted)
        except BatchStopped as error:
            self._refused[root] = error
            self._note(one, one.output, error)
        except CoreError as error:
            self._note(one, one.output, error)

    def _note(self, one: KeptResult, path: Path, error: CoreError) -> None:
        hint = _AGAIN if isinstance(error, BatchStopped) else error.hint
        self.problems.append(ExportProblem(one.photo, path, error.message, hint))

    def _wanted(self, one: KeptResult, output: Path) -> Path:
        """Return the name that the result is to have, before others' names are looked at."""
        own = one.held_for or output
        if self.folder is None:
            return own
        below = output.parent
        inside = below.is_relative_to(one.root) if one.root else False
        between = below.relative_to(one.root) if one.root and inside else Path()
        return self.folder / between / own.name

    def _copy(self, one: KeptResult, output: Path, wanted: Path) -> None:
        """Put the result under the first name that is free, or holds the very same bytes.

        Raises:
            BatchStopped: the folder cannot be written.
            CoreError: the result is not there or cannot be read.
        """
        if not self.fs.is_readable_file(output):
            raise CoreError(
                f"The result {output} is gone or cannot be read.",
                hint="Connect its drive, or run the photograph again.",
            )
        make_root(wanted.parent, self.fs)
        temp = wanted.with_name(temporary_name(self.library, _NO_ITEM, one.item))
        try:
            self._put(one, output, wanted, temp)
        except OSError as error:
            raise stopped(wanted.parent, error) from error
        finally:
            self._clear(temp)

    def _put(self, one: KeptResult, output: Path, wanted: Path, temp: Path) -> None:
        for final in self._names(wanted):
            if self._is_there(one, output, final):
                return
            if self.fs.stat(final) is None and self._take(one, output, temp, final):
                self._sidecars(one, output, final)
                return

    def _names(self, wanted: Path) -> Iterator[Path]:
        """Yield the variants of a name that no other result of this export was given."""
        return (path for path in numbered(wanted) if path not in self._given)

    def _is_there(self, one: KeptResult, output: Path, final: Path) -> bool:
        """Count a file with the result's very bytes as exported."""
        ours, there = self.fs.stat(output), self.fs.stat(final)
        if ours is None or there is None or not stat.S_ISREG(there.st_mode):
            return False
        if ours.st_size != there.st_size:
            return False
        hashed = self.fs.hash(final)
        if final != output and hashed.sha256 != self.fs.hash(output).sha256:
            return False
        self._given.add(final)
        self.already.append(final)
        self.placed.append((one, final, hashed))
        return True

    def _take(self, one: KeptResult, output: Path, temp: Path, final: Path) -> bool:
        """Copy, synced, and take the name; False when somebody was faster."""
        self.fs.unlink(temp)
        copied = self.fs.copy(output, temp)
        try:
            self.fs.rename_noreplace(temp, final)
        except FileExistsError:
            return False
        self._given.add(final)
        self._touched[final.parent] = None
        self.copied.append(final)
        placed = self.fs.stat(final)
        if placed is not None:
            self.placed.append((one, final, HashedFile(copied.sha256, FileStat.of(placed))))
        return True

    def _sidecars(self, one: KeptResult, output: Path, final: Path) -> None:
        name = temporary_name(self.library, _NO_ITEM, one.item, sidecar=True)
        copy_sidecars(output, final, final.with_name(name), self.fs)

    def _clear(self, temp: Path) -> None:
        try:
            self.fs.unlink(temp)
        except OSError:
            return

    def sync(self) -> None:
        """Make the new names durable."""
        for folder in self._touched:
            try:
                self.fs.sync_folder(folder)
            except OSError:
                continue


def _no_result(one: KeptResult) -> CoreError:
    return CoreError(
        f"{one.source.name} has no finished result.", hint="Run it, then export again."
    )


def _results(number: int) -> str:
    return "1 result" if number == 1 else f"{number} results"
