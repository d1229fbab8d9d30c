"""What is dropped, pasted or opened: looked through on a thread of its own, then added."""

from __future__ import annotations

import queue
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QMimeData, QObject, QThread, QTimer, Signal, Slot
from PySide6.QtGui import QImage

from core.errors import CoreError, Reason
from core.library.ids import PhotoId, ProjectId
from core.library.photo import Added
from desktop.backend import Backend
from desktop.photos.mime import carried
from desktop.photos.pasted import save_picture
from desktop.photos.words import many, tr
from desktop.words import count

if TYPE_CHECKING:
    from core.scan import ScannedFile, ScanResult, ScanTrouble
    from core.services import Services

ADDED_AT_ONCE = 2000
"""Photographs are added in parts, so that the grid can read its rows in between."""
_SLOW_MILLISECONDS = 400


@dataclass(frozen=True, slots=True)
class DropReport:
    """What became of what was dropped.

    Attributes:
        found: photographs; `new` of them were not in the project, `already` were.
        raw: camera raw files that were left out; `left_out` has them and others, each with why.
        ignored: other files.
        problems: what could not be read, each with why.
        seen: how many files of each kind were left out or ignored, by extension in capitals.
        photos: the new photographs.
        single: the photograph's path when there is only one, new or not.
        nothing: what to say when no photograph was found, empty otherwise.
    """

    found: int = 0
    new: int = 0
    already: int = 0
    raw: int = 0
    ignored: int = 0
    left_out: tuple[ScanTrouble, ...] = ()
    problems: tuple[ScanTrouble, ...] = ()
    seen: dict[str, int] = field(default_factory=dict)
    photos: tuple[PhotoId, ...] = ()
    nothing: str = ""
    single: Path | None = None

    @property
    def all_taken(self) -> bool:
        """Whether every file was a new photograph, so that there is nothing to tell."""
        return self.new == self.found and not (self.left_out or self.problems or self.ignored)

    def sentence(self) -> str:
        """Return `240 pictures, 240 raw left out, 242 other files ignored`."""
        if self.nothing:
            return self.nothing
        other = len(self.left_out) - self.raw
        parts = [many(self.found, tr("1 picture"), tr("{} pictures"))]
        for number, words in (
            (self.already, tr("{} of them already here")),
            (self.raw, tr("{} raw left out")),
            (other, tr("{} left out")),
            (len(self.problems), tr("{} could not be read")),
        ):
            if number:
                parts.append(words.format(count(number)))
        if self.ignored:
            one, more = tr("1 other file ignored"), tr("{} other files ignored")
            parts.append(many(self.ignored, one, more))
        return ", ".join(parts)


@dataclass(frozen=True, slots=True)
class _Task:
    """Paths to look through, or a picture to be saved first."""

    project: ProjectId
    paths: tuple[Path, ...] = ()
    image: QImage | None = None
    folder: Path | None = None


@dataclass(frozen=True, slots=True)
class _Looked:
    """What looking through found, or why it could not."""

    task: _Task
    inputs: tuple[Path, ...] = ()
    result: ScanResult | None = None
    error: CoreError | None = None


class _LookThread(QThread):
    """Looks through folders; a slow network drive holds up nothing else."""

    looked = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("drops")
        self.tasks: queue.SimpleQueue[_Task | None] = queue.SimpleQueue()

    def run(self) -> None:
        """Serve tasks until None."""
        while (task := self.tasks.get()) is not None:
            try:
                self.looked.emit(_look(task))
            except CoreError as error:
                self.looked.emit(_Looked(task, error=error))


def _look(task: _Task) -> _Looked:
    from core.scan import scan

    inputs = task.paths
    if task.image is not None and task.folder is not None:
        inputs = (save_picture(task.image, task.folder),)
    return _Looked(task, inputs, scan(inputs))


class Drops(QObject):
    """Adds what is dropped to a project, one drop after the other.

    Args:
        backend: the library.
    """

    started = Signal(object)
    """Looking takes a while: the paths that are being looked through."""
    taken = Signal(object, object)
    """The ProjectId and the DropReport: all is added."""
    failed = Signal(object)
    """A CoreError; nothing was added."""

    def __init__(self, backend: Backend, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._backend = backend
        self._thread = _LookThread()
        self._thread.looked.connect(self._take_looked)
        self._working: list[_Task] = []
        self._slow = QTimer(self, singleShot=True, interval=_SLOW_MILLISECONDS)
        self._slow.timeout.connect(self._say_slow)

    @property
    def busy(self) -> bool:
        """Whether something is being looked through or added."""
        return bool(self._working)

    def take(self, paths: Sequence[Path], project: ProjectId) -> None:
        """Add the photographs in files and folders."""
        if paths:
            self._begin(_Task(project, tuple(paths)))

    def take_image(self, image: QImage, folder: Path, project: ProjectId) -> None:
        """Save a picture that is no file in `folder` and add it."""
        self._begin(_Task(project, image=image.copy(), folder=folder))

    def take_data(self, data: QMimeData, pictures: Path, project: ProjectId) -> bool:
        """Add what was pasted or dropped; a picture that is no file is saved in `pictures` first.

        Returns whether there was anything to take; else `failed` says why, if it can.
        """
        what = carried(data)
        if what.paths:
            self.take(what.paths, project)
        elif what.image is not None:
            self.take_image(what.image, pictures, project)
        elif what.foreign:
            message = tr("This is an address on the network, not a file on this computer.")
            self.failed.emit(CoreError(message, hint=tr("Save the picture, then add the file.")))
        return what.useful

    def close(self, milliseconds: int = 5000) -> bool:
        """End the thread when it has done its work; return whether it ended in time."""
        self._thread.tasks.put(None)
        return not self._thread.isRunning() or self._thread.wait(milliseconds)

    def _begin(self, task: _Task) -> None:
        if not self._thread.isRunning():
            self._thread.start()
        self._working.append(task)
        self._thread.tasks.put(task)
        if not self._slow.isActive():
            self._slow.start()

    @Slot()
    def _say_slow(self) -> None:
        if self._working:
            self.started.emit(list(self._working[0].paths))

    @Slot(object)
    def _take_looked(self, looked: _Looked) -> None:
        if looked.error is not None or looked.result is None:
            self._end(looked.task)
            self.failed.emit(looked.error)
            return
        self._add(looked, looked.result.photographs, [], 0)

    def _add(
        self, looked: _Looked, rest: Sequence[ScannedFile], new: list[PhotoId], already: int
    ) -> None:
        """Add the next part, or report when all parts are added."""
        if not rest:
            self._report(looked, tuple(new), already)
            return
        part, project = rest[:ADDED_AT_ONCE], looked.task.project

        def work(services: Services) -> Added:
            return services.photos.add(project, part)

        def go_on(added: Added) -> None:
            new.extend(added.photos)
            self._add(looked, rest[ADDED_AT_ONCE:], new, already + added.already)

        def give_up(error: CoreError) -> None:
            self._end(looked.task)
            self.failed.emit(error)

        self._backend.ask(self, work, go_on, give_up)

    def _report(self, looked: _Looked, new: tuple[PhotoId, ...], already: int) -> None:
        self._end(looked.task)
        assert looked.result is not None
        report = report_of(looked.result, looked.inputs, Added(new, already))
        self.taken.emit(looked.task.project, report)

    def _end(self, task: _Task) -> None:
        self._working.remove(task)
        if not self._working:
            self._slow.stop()


def report_of(result: ScanResult, inputs: Sequence[Path], added: Added) -> DropReport:
    """Put what a scan found and what the library made of it into one report."""
    from core.scan import nothing_found

    reasons = Counter(trouble.reason for trouble in result.left_out)
    return DropReport(
        found=len(result.photographs),
        new=len(added.photos),
        already=added.already,
        raw=reasons[Reason.RAW],
        ignored=result.ignored,
        left_out=result.left_out,
        problems=result.problems,
        seen=dict(result.seen),
        photos=added.photos,
        nothing="" if result.photographs else nothing_found(result, inputs),
        single=result.photographs[0].path if len(result.photographs) == 1 else None,
    )
