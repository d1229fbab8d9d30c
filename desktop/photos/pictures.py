"""Thumbnails for the window: made on threads of their own, newest wish first, held in memory."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QSize, QThread, QTimer, Signal, Slot
from PySide6.QtGui import QImage

from core.library.photo import FileFacts
from desktop.backend import Backend
from desktop.photos.making import LateSource, Made, PictureThread, ThumbnailSource, Wish, Wishes
from desktop.photos.memory import PictureMemory

if TYPE_CHECKING:
    from core.services import Services

MEMORY_BYTES = 96 << 20
_NOTE_MILLISECONDS = 500


def open_thumbnails(folder: Path, megabytes: int = 2000) -> ThumbnailSource:
    """Return the thumbnails that are kept in a folder of so many megabytes."""
    # Imported on the thread that needs it: the window is painted meanwhile.
    from core.thumbnails import Thumbnails

    return Thumbnails(folder, limit=megabytes * 1_000_000)


class PictureLoader(QObject):
    """Small pictures of files for grid, viewer and queue; made and asked on the main thread.

    What a file's size turned out to be, or that it is gone, is told to the library by the way.

    Args:
        backend: where facts about files go; None keeps them here (`found` still tells them).
        open_source: makes the source of thumbnails; called once, on the first thread that needs it.
        memory: how many bytes of pictures are held.
        threads: how many pictures are made at once.
    """

    ready = Signal(object)
    """A Path whose picture has arrived, or of which it is now known that there is none."""
    found = Signal(object)
    """FileFacts of a file that was looked at."""
    noted = Signal(object)
    """A list of Paths whose FileFacts the library has now: what was read of them before is old."""

    def __init__(
        self,
        backend: Backend | None,
        open_source: Callable[[], ThumbnailSource],
        parent: QObject | None = None,
        *,
        memory: int = MEMORY_BYTES,
        threads: int = 2,
    ) -> None:
        super().__init__(parent)
        self._backend = backend
        self._source = LateSource(open_source)
        self._memory = PictureMemory(memory)
        self._troubles: dict[Path, str] = {}
        self._wishes = Wishes()
        self._threads = [PictureThread(self._wishes, self._source) for _ in range(threads)]
        self._facts: dict[Path, FileFacts] = {}
        self._noting = QTimer(self, singleShot=True, interval=_NOTE_MILLISECONDS)
        self._noting.timeout.connect(self._note)

    def picture(self, path: Path, box: QSize) -> QImage | None:
        """Return the file's picture to fit into `box` device pixels, or what is held of it.

        None while there is nothing; `ready` tells when to ask again. See `trouble`.
        """
        exact = self._memory.exact(path, box)
        if exact is not None:
            return exact
        if path not in self._troubles:
            self._wish(path, box, urgent=True)
        return self._memory.nearest(path, box)

    def prefetch(self, paths: Iterable[Path], box: QSize) -> None:
        """Make pictures that will be wanted soon, after those that are wanted now."""
        for path in paths:
            if path not in self._troubles and self._memory.exact(path, box) is None:
                self._wish(path, box, urgent=False)

    def trouble(self, path: Path) -> str:
        """Return why there is no picture ("missing" when the file is not there), or nothing."""
        return self._troubles.get(path, "")

    def forget(self, path: Path) -> None:
        """The file was written anew: what is held of it is wrong."""
        self._memory.forget(path)
        self._troubles.pop(path, None)

    @Slot(object)
    def forget_all(self, paths: Iterable[Path]) -> None:
        """Do so for several files."""
        for path in paths:
            self.forget(path)

    def forget_troubles(self) -> None:
        """Try again what could not be read; after a drive came back."""
        self._troubles.clear()

    def drop_wishes(self) -> None:
        """What was wanted and is not yet begun is not wanted any more."""
        self._wishes.clear()

    def close(self, milliseconds: int = 5000) -> bool:
        """End the threads; return whether they ended in time."""
        self._wishes.close()
        waits = [thread.wait(milliseconds) for thread in self._threads]
        ended = all(waits)
        self._source.close()
        return ended

    def _wish(self, path: Path, box: QSize, *, urgent: bool) -> None:
        for thread in self._threads:
            if not thread.isRunning() and not thread.isFinished():
                thread.made.connect(self._take)
                thread.start(QThread.Priority.LowPriority)
        self._wishes.add(Wish(path, box.width(), box.height()), urgent=urgent)

    @Slot(object)
    def _take(self, made: Made) -> None:
        wish = made.wish
        self._wishes.done(wish)
        if made.image is None:
            self._troubles[wish.path] = made.message
        else:
            self._memory.keep(wish.path, QSize(wish.width, wish.height), made.image)
        if made.facts.missing or made.facts.width:
            self._facts[wish.path] = made.facts
            self.found.emit(made.facts)
            if not self._noting.isActive():
                self._noting.start()
        self.ready.emit(wish.path)

    @Slot()
    def _note(self) -> None:
        facts, self._facts = tuple(self._facts.values()), {}
        if self._backend is None or not facts:
            return

        def note(services: Services) -> list[Path]:
            services.photos.note_files(facts)
            return [fact.path for fact in facts]

        self._backend.ask(self, note, self.noted.emit)
