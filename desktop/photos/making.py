"""How small pictures are made: threads that serve wishes, the newest first."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from PySide6.QtCore import QSize, Qt, QThread, Signal
from PySide6.QtGui import QImage

from core.errors import CoreError
from core.library.photo import FileFacts

if TYPE_CHECKING:
    from core.thumbnails import Thumbnail

_MOST_WISHES = 400


class ThumbnailSource(Protocol):
    """What `core.thumbnails.Thumbnails` offers; called from several threads."""

    def get(self, path: Path, side: int, modified_ns: int = 0, bytes: int = 0) -> Thumbnail:
        """Return the file's picture, at least `side` pixels long. Raises CoreError."""
        ...

    def close(self) -> None:
        """Let go of the processes behind it."""
        ...


@dataclass(frozen=True, slots=True)
class Wish:
    """A picture that is wanted, to fit into so many device pixels."""

    path: Path
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Made:
    """What came of a wish: `image`, or `message` where there is none."""

    wish: Wish
    image: QImage | None
    facts: FileFacts
    message: str = ""


class Wishes:
    """What is still to be made; the newest wish is served first, prefetched ones last."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._queue: deque[Wish] = deque()
        self._waiting: set[Wish] = set()
        self._closed = False

    def add(self, wish: Wish, *, urgent: bool) -> None:
        """Want a picture; an urgent one that waits already goes to the front again."""
        with self._changed:
            if wish in self._waiting:
                if not urgent or wish not in self._queue:
                    return
                self._queue.remove(wish)
            self._waiting.add(wish)
            (self._queue.append if urgent else self._queue.appendleft)(wish)
            if len(self._queue) > _MOST_WISHES:
                self._waiting.discard(self._queue.popleft())
            self._changed.notify()

    def take(self) -> Wish | None:
        """Wait for a wish; None when there will be no more."""
        with self._changed:
            while not self._queue and not self._closed:
                self._changed.wait()
            return None if self._closed else self._queue.pop()

    def done(self, wish: Wish) -> None:
        """It was served; it may be wanted again."""
        with self._changed:
            self._waiting.discard(wish)

    def clear(self) -> None:
        """Nothing of what waits is wanted any more."""
        with self._changed:
            self._waiting.difference_update(self._queue)
            self._queue.clear()

    def close(self) -> None:
        """End all that wait in `take`."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()


class LateSource:
    """A source of thumbnails that is opened by the first thread that needs it.

    No QObject, and knows none: what threads and window share must not be one that Python could
    clear away in a thread.
    """

    def __init__(self, open_source: Callable[[], ThumbnailSource]) -> None:
        self._open = open_source
        self._opened: ThumbnailSource | None = None
        self._opening = threading.Lock()

    def get(self, path: Path, side: int, modified_ns: int, bytes: int) -> Thumbnail:
        """Ask the source."""
        with self._opening:
            if self._opened is None:
                self._opened = self._open()
        return self._opened.get(path, side, modified_ns, bytes)

    def close(self) -> None:
        """Close the source, if it was opened."""
        with self._opening:
            if self._opened is not None:
                self._opened.close()
            self._opened = None


class PictureThread(QThread):
    """Makes pictures until the wishes are closed."""

    made = Signal(object)

    def __init__(self, wishes: Wishes, source: LateSource) -> None:
        super().__init__()
        self.setObjectName("thumbnails")
        self._wishes = wishes
        self._source = source

    def run(self) -> None:
        """Serve one wish after the other."""
        while (wish := self._wishes.take()) is not None:
            self.made.emit(_make(wish, self._source))


def _make(wish: Wish, source: LateSource) -> Made:
    missing = FileFacts(wish.path, missing=True)
    try:
        status = wish.path.stat()
    except OSError:
        return Made(wish, None, missing, "missing")
    facts = FileFacts(
        wish.path, missing=False, bytes=status.st_size, modified_ns=status.st_mtime_ns
    )
    try:
        longest = max(wish.width, wish.height)
        small = source.get(wish.path, longest, status.st_mtime_ns, status.st_size)
    except CoreError as error:
        return Made(wish, None, facts, error.message)
    facts = FileFacts(
        wish.path,
        False,
        small.width,
        small.height,
        status.st_size,
        status.st_mtime_ns,
    )
    image = fitted(QImage.fromData(small.jpeg), QSize(wish.width, wish.height))
    return Made(wish, image, facts, "" if image else "The thumbnail is damaged.")


def fitted(image: QImage, box: QSize) -> QImage | None:
    """Return a picture that fits into `box` device pixels, never enlarged; None for a null one."""
    if image.isNull():
        return None
    if image.width() > box.width() or image.height() > box.height():
        image = image.scaled(
            box, Qt.AspectRatioMode.KeepAspectRatio, Qt.TransformationMode.SmoothTransformation
        )
    return image.convertToFormat(QImage.Format.Format_RGB32)
