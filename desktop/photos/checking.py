"""Looks at a project's files while nobody waits: sizes that are not known, files that are gone."""

from __future__ import annotations

import queue
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from PySide6.QtCore import QObject, QThread, QTimer, Signal, Slot

from core.errors import CoreError
from core.library.ids import PhotoId, ProjectId
from core.library.photo import FileFacts, Photo
from desktop.backend import Backend

if TYPE_CHECKING:
    from core.errors import ImageReadError
    from core.images.photo import PhotoInfo
    from core.services import Services

AT_ONCE = 100
"""How many files are looked at between two questions to the library."""
_BEFORE_MILLISECONDS = 2000
_BETWEEN_MILLISECONDS = 60


class Prober(Protocol):
    """What is needed of core.images.codec.Codec."""

    def probe(self, paths: Sequence[Path]) -> list[PhotoInfo | ImageReadError]:
        """Return what each file's header says."""
        ...

    def close(self) -> None:
        """End its process."""
        ...


def open_prober() -> Prober:
    """Return a codec whose process leaves the processors to others."""
    from core.images.codec import QUIET_COMMAND, Codec

    return Codec(QUIET_COMMAND)


@dataclass(frozen=True, slots=True)
class _Part:
    project: ProjectId
    photos: tuple[Photo, ...]


@dataclass(frozen=True, slots=True)
class _Checked:
    """What was found of a part, and which photographs are shown otherwise now."""

    part: _Part
    facts: tuple[FileFacts, ...]
    changed: tuple[PhotoId, ...]


class _CheckThread(QThread):
    """Asks the disk and the codec process."""

    checked = Signal(object)

    def __init__(self, open_prober: Callable[[], Prober]) -> None:
        super().__init__()
        self.setObjectName("checking")
        self.parts: queue.SimpleQueue[_Part | None] = queue.SimpleQueue()
        self._open_prober = open_prober

    def run(self) -> None:
        """Look at part after part until None."""
        prober = self._open_prober()
        while (part := self.parts.get()) is not None:
            self.checked.emit(_check(part, prober))
        prober.close()


class PhotoChecker(QObject):
    """Goes once through a project, those looked at longest ago first, and again when asked.

    Args:
        backend: the library.
        open_prober: reads headers; called on the checker's own thread.
    """

    checked = Signal(object)
    """PhotoIds whose size or presence is another than was known, a list."""
    finished = Signal()
    """All of the project's files were looked at."""

    def __init__(
        self,
        backend: Backend,
        open_prober: Callable[[], Prober] = open_prober,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._backend = backend
        self._project: ProjectId | None = None
        self._seen: set[PhotoId] = set()
        self._busy = False
        self._thread = _CheckThread(open_prober)
        self._thread.checked.connect(self._take)
        self._next = QTimer(self, singleShot=True)
        self._next.timeout.connect(self._ask)

    @Slot(object)
    def open_project(self, project: ProjectId) -> None:
        """Look at this project's files, in a moment."""
        self._project = project
        self.look_again()

    @Slot()
    def look_again(self) -> None:
        """Look at all files once more, as after photographs were added or a drive came back."""
        self._seen.clear()
        self._next.start(_BEFORE_MILLISECONDS)

    def close(self, milliseconds: int = 5000) -> bool:
        """End the thread; return whether it ended in time."""
        self._next.stop()
        self._thread.parts.put(None)
        return not self._thread.isRunning() or self._thread.wait(milliseconds)

    @Slot()
    def _ask(self) -> None:
        project, seen = self._project, frozenset(self._seen)
        if project is None or self._busy:
            return
        self._busy = True

        def work(services: Services) -> _Part:
            oldest = services.photos.unchecked(project, AT_ONCE)
            ids = [photo for photo, *_ in oldest if photo not in seen]
            return _Part(project, tuple(services.photos.rows(ids)))

        self._backend.ask(self, work, self._look, self._give_up)

    def _look(self, part: _Part) -> None:
        if not part.photos or part.project != self._project:
            self._busy = False
            if part.project == self._project:
                self.finished.emit()
            else:
                self._next.start(_BETWEEN_MILLISECONDS)
            return
        self._seen.update(photo.id for photo in part.photos)
        if not self._thread.isRunning():
            self._thread.start(QThread.Priority.LowPriority)
        self._thread.parts.put(part)

    @Slot(object)
    def _take(self, found: _Checked) -> None:
        def note(services: Services) -> tuple[PhotoId, ...]:
            services.photos.note_files(found.facts)
            return found.changed

        self._backend.ask(self, note, self._tell, self._give_up)

    def _tell(self, changed: tuple[PhotoId, ...]) -> None:
        self._busy = False
        if changed:
            self.checked.emit(list(changed))
        self._next.start(_BETWEEN_MILLISECONDS)

    def _give_up(self, error: CoreError) -> None:
        """A library that cannot be written now is said by whoever needs it; here it is no use."""
        self._busy = False


def _check(part: _Part, prober: Prober) -> _Checked:
    facts, changed, unknown = [], [], []
    for photo in part.photos:
        fact = _stat(photo.path)
        if fact.missing != photo.missing:
            changed.append(photo.id)
        same = (fact.bytes, fact.modified_ns) == (photo.bytes, photo.modified_ns)
        if not fact.missing and not (photo.width and same):
            unknown.append((photo, fact))
        else:
            facts.append(fact)
    infos = _probe(prober, [photo.path for photo, _ in unknown])
    for (photo, fact), info in zip(unknown, infos, strict=True):
        facts.append(_with_size(fact, info))
        changed.append(photo.id)
    return _Checked(part, tuple(facts), tuple(dict.fromkeys(changed)))


def _stat(path: Path) -> FileFacts:
    try:
        status = path.stat()
    except OSError:
        return FileFacts(path, missing=True)
    return FileFacts(path, missing=False, bytes=status.st_size, modified_ns=status.st_mtime_ns)


def _probe(prober: Prober, paths: Sequence[Path]) -> Sequence[PhotoInfo | CoreError]:
    """Return what headers say; where no process can be started, that for each."""
    try:
        return prober.probe(paths) if paths else ()
    except CoreError as error:
        return [error] * len(paths)


def _with_size(fact: FileFacts, info: PhotoInfo | CoreError) -> FileFacts:
    if isinstance(info, CoreError):
        return fact
    return FileFacts(fact.path, False, info.width, info.height, fact.bytes, fact.modified_ns)
