"""Files that have settled: what each one is, and the new ones put into batches."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePath

from core.errors import CoreError, ImageReadError, LibraryError, Reason, WatchError
from core.events import JobQueued
from core.library.catalog import Catalog
from core.library.intake import job_request
from core.library.inventory import Inventory
from core.library.narrow import MOST, NarrowCatalog
from core.library.records import FileStat, JobRequest, Origin
from core.library.watch import signature_of
from core.library.watched import FileKind, Mark, Recursion, WatchRule
from core.outputs.folders import missing
from core.recipe import Recipe
from core.scan import ScannedFile, ScanResult, ScanTrouble
from core.watch.parts import WatchParts
from core.watch.reading import ReadFile, read_file
from core.watch.recipes import FolderRecipes

_FINE = 1_000_000_000
_MOST_PREPARED = 20_000
_NOT_FINISHED = frozenset({Reason.EMPTY, Reason.CHANGED_WHILE_READING, Reason.UNREADABLE})


@dataclass(frozen=True, slots=True)
class Settled:
    """A file that is quiet: its path, and whether to wait on if it looks unfinished."""

    path: str
    fresh: bool


@dataclass(slots=True)
class TakenFiles:
    """What became of settled files; those that are in no list are dealt with.

    `later` look unfinished. `held` wait for something that only the user can put right: `why`.
    `own` counts Regrain's own results that something else put there, `photographs` those that
    joined a batch.
    """

    later: list[str] = field(default_factory=list)
    held: list[str] = field(default_factory=list)
    why: CoreError | None = None
    own: int = 0
    photographs: int = 0

    def hold(self, paths: Iterable[str], why: CoreError) -> None:
        """Let photographs wait for the user."""
        self.held.extend(paths)
        self.why = why


class Taker:
    """Takes photographs of one watched folder."""

    def __init__(self, rule: WatchRule, parts: WatchParts) -> None:
        self._rule = rule
        self._parts = parts
        self._settings = rule.settings
        self.inventory = Inventory(parts.rules.database, rule.id)
        self._catalog = Catalog(parts.rules.database)
        self._recipes = FolderRecipes(rule.settings, parts.registry)
        self._prepared: dict[str, ReadFile] = {}

    def prepare(self, path: str, found: FileStat) -> None:
        """Read a file that will be ready soon, so that it is queued at once when it is.

        One that changes after all is read again.
        """
        before = self._prepared.get(path)
        if before is not None and before.stat == found:
            return
        if len(self._prepared) >= _MOST_PREPARED:
            self._prepared.clear()
        if self._parts.is_open(path):
            return
        with suppress(ImageReadError):
            self._prepared[path] = read_file(path)

    def take(self, files: Iterable[Settled]) -> TakenFiles:
        """Look what each file is; new photographs, and changed ones, join a batch.

        Raises:
            LibraryError: the library cannot be read or written.
        """
        settled = list(files)
        marks = self.inventory.some(file.path for file in settled)
        outcome = TakenFiles()
        read: dict[str, ReadFile | None] = {}
        same: dict[str, Mark] = {}
        for file in settled:
            self._look(file, marks.get(file.path), read, same, outcome)
        moved = self._renamed(read, marks)
        own, here = self._own(read)
        for path in {*moved, *own}:
            del read[path]
        same |= {path: mark for path, (_, mark) in moved.items()} | own
        self.inventory.note(same, [old for old, _ in moved.values()])
        outcome.own = len(own.keys() - here)
        self._enqueue(read, marks, outcome)
        return outcome

    def leave_out(self, troubles: Iterable[ScanTrouble]) -> None:
        """Put down what a scan left out by rule: it is in a batch, with its reason."""
        found: dict[str, tuple[ScanTrouble, Mark]] = {}
        for trouble in troubles:
            stat = _stat(str(trouble.path))
            if stat is not None:
                found[str(trouble.path)] = (trouble, Mark(stat, FileKind.LEFT_OUT))
        if found:
            parts = tuple(trouble for trouble, _ in found.values())
            request = self._request([], self._settings.recipe, left_out=parts)
            self.inventory.take(request, {path: mark for path, (_, mark) in found.items()})

    def _look(
        self,
        file: Settled,
        mark: Mark | None,
        read: dict[str, ReadFile | None],
        same: dict[str, Mark],
        outcome: TakenFiles,
    ) -> None:
        """Sort one file into what was read, what is the same as before, what is to wait."""
        stat = _stat(file.path)
        if stat is None or (mark is not None and mark.stat == stat and mark.kind.settled):
            return
        if mark is not None and mark.kind is FileKind.KNOWN and mark.same_file(stat, inodes=False):
            same[file.path] = mark.as_found(stat)
            return
        try:
            found = self._read(file, stat)
        except ImageReadError as error:
            if error.reason in _NOT_FINISHED and file.fresh:
                outcome.later.append(file.path)
            elif error.reason not in (Reason.VANISHED, Reason.NOT_A_FILE):
                read[file.path] = None  # the runner says what is wrong with it
            return
        if not found.sha256:
            outcome.later.append(file.path)
        elif mark is not None and mark.sha256 == found.sha256 and mark.kind.settled:
            same[file.path] = mark.as_found(found.stat)
        else:
            read[file.path] = found

    def _read(self, file: Settled, stat: FileStat) -> ReadFile:
        prepared = self._prepared.pop(file.path, None)
        if prepared is not None and prepared.stat == stat and prepared.whole:
            return prepared
        return read_file(file.path, insist=not file.fresh)

    def _renamed(
        self, read: Mapping[str, ReadFile | None], marks: Mapping[str, Mark]
    ) -> dict[str, tuple[str, Mark]]:
        """Return which new names are of files that are known: new path -> (old path, mark)."""
        new = {p: f for p, f in read.items() if f is not None and p not in marks}
        known: dict[int, list[tuple[str, Mark]]] = {}
        for path, mark in self.inventory.with_inodes(f.stat.inode for f in new.values()):
            known.setdefault(mark.stat.inode, []).append((path, mark))
        found = {}
        for path, file in new.items():
            for old, mark in known.get(file.stat.inode, ()):
                if _was(mark, file) and not os.path.lexists(old):
                    found[path] = (old, mark.as_found(file.stat))
        return found

    def _own(self, read: Mapping[str, ReadFile | None]) -> tuple[dict[str, Mark], set[str]]:
        """Return which files Regrain made: by where they lie, by their bytes, by their note.

        The second of the two are those that it put there itself.
        """
        files = {path: file for path, file in read.items() if file is not None}
        known = self.inventory.own_bytes(file.sha256 for file in files.values())
        recorded = self._catalog.own_outputs(Path(path) for path in files)
        here = {str(path) for path, source in recorded.items() if path != source}
        own = {
            path: Mark(file.stat, FileKind.OWN_OUTPUT, file.sha256)
            for path, file in files.items()
            if file.ours or file.sha256 in known or path in here
        }
        return own, here

    def _enqueue(
        self,
        read: Mapping[str, ReadFile | None],
        marks: Mapping[str, Mark],
        outcome: TakenFiles,
    ) -> None:
        """Put what is new into batches, one for each recipe."""
        groups: dict[tuple[str, bool], tuple[Recipe, dict[str, Mark]]] = {}
        for path, file in read.items():
            mark, before = _mark_of(path, file), marks.get(path)
            try:
                recipe = self._recipes.recipe_for(path)
            except CoreError as error:
                outcome.hold([path], error)
                continue
            if mark is not None:
                again = before is not None and before.kind is FileKind.AGAIN
                groups.setdefault((recipe.to_json(), again), (recipe, {}))[1][path] = mark
        for (_, again), (recipe, new) in groups.items():
            try:
                outcome.photographs += self._join(recipe, new, again)
            except LibraryError:
                raise
            except CoreError as error:
                outcome.hold(new, error)

    def _join(self, recipe: Recipe, marks: Mapping[str, Mark], again: bool) -> int:
        """Put photographs of one recipe into a batch; return how many joined.

        Raises:
            CoreError: the output folder is gone, or the model cannot use the recipe.
        """
        if not self._settings.output.is_dir():
            stopped = missing(self._settings.output)
            raise WatchError(stopped.message, hint="Connect its drive, or make the folder again.")
        request = self._request([self._scanned(path) for path in marks], recipe, again=again)
        taken = self.inventory.take(request, marks)
        if taken is None or not taken.photographs:
            return 0
        self._parts.sink(JobQueued(taken.job, taken.photographs))
        self._parts.wake()
        return taken.photographs

    def _request(
        self,
        files: list[ScannedFile],
        recipe: Recipe,
        *,
        again: bool = False,
        left_out: tuple[ScanTrouble, ...] = (),
    ) -> JobRequest:
        request = job_request(
            ScanResult(tuple(files), left_out, (), 0),
            recipe,
            self._parts.registry.get(recipe.edit.model),
            self._names(files, recipe),
            inputs=[self._rule.folder],
            strengths=self._settings.strengths,
            project=self._settings.project_name,
            name=f"{recipe.name or recipe.id or 'Recipe'}: {self._rule.folder.name}",
            origin=Origin.WATCH,
            again=again,
            pictures=self._parts.pictures,
            personal=self._parts.personal,
        )
        return replace(request, signature=signature_of(self._rule.id, request.signature))

    def _names(self, files: list[ScannedFile], recipe: Recipe) -> Catalog:
        """Return what planning needs to know of names that are taken; all of them, or few."""
        last = recipe.output.name_template.rsplit("/", 1)[-1]
        if len(files) > MOST or not last.startswith("{stem}"):
            return self._catalog
        return NarrowCatalog(self._parts.rules.database, [file.path for file in files])

    def _scanned(self, path: str) -> ScannedFile:
        found, base = Path(path), self._rule.folder
        flat = self._settings.recursion is not Recursion.MIRROR
        relative = PurePath(found.name) if flat else found.relative_to(base)
        return ScannedFile(found, relative, base)


def _was(mark: Mark, file: ReadFile) -> bool:
    """Whether a file of this inode is the one that had the mark, under another name now."""
    if mark.sha256 is not None:
        return mark.sha256 == file.sha256
    # Never read: a time in whole seconds could be another file's with an inode used again.
    same = (mark.stat.size, mark.stat.mtime_ns) == (file.stat.size, file.stat.mtime_ns)
    return same and mark.stat.device == file.stat.device and file.stat.mtime_ns % _FINE != 0


def _mark_of(path: str, file: ReadFile | None) -> Mark | None:
    if file is not None:
        return Mark(file.stat, FileKind.TAKEN, file.sha256)
    stat = _stat(path)
    return None if stat is None else Mark(stat, FileKind.TAKEN)


def _stat(path: str) -> FileStat | None:
    """Return a file's stat as reading sees it; None when there is none."""
    try:
        return FileStat.of(os.stat(path))  # noqa: PTH116
    except OSError:
        return None
