"""A thread with a codec process of its own, which reads what the viewer wants to show next."""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

from PySide6.QtCore import QObject, QThread, Signal
from PySide6.QtGui import QImage

from core.errors import CoreError, ImageReadError, Reason
from desktop.viewer.geometry import Box, Size
from desktop.viewer.tiles import Part, PictureFile, Tile, Whole

if TYPE_CHECKING:
    # Their imports take a third of a second: the lane waits for them, the window does not.
    from core.images.codec import Preview
    from core.images.facts import PhotoFacts
    from core.images.noise_found import NoiseFound
    from core.images.photo import PhotoInfo

_PATIENCE_MS = 1500
_REMEMBERED_SIZES = 64

_log = logging.getLogger(__name__)


class PictureCodec(Protocol):
    """What the viewer needs of core.images.codec.Codec."""

    @property
    def pid(self) -> int | None:
        """The process id, None while there is no process."""

    def start(self) -> None:
        """Start the process before the first question."""

    def probe(self, paths: Sequence[Path]) -> list[PhotoInfo | ImageReadError]:
        """Return what each file's header says."""

    def preview(self, path: Path, max_side: int) -> Preview:
        """Return the whole picture, small."""

    def crop(self, path: Path, box: Box, max_side: int) -> Preview:
        """Return a part of the picture."""

    def facts(self, path: Path) -> PhotoFacts:
        """Return what the file says about the photograph."""

    def noise(self, path: Path) -> NoiseFound:
        """Return the photograph's noise."""

    def close(self) -> None:
        """End the process."""


def open_codec() -> PictureCodec:
    """Return a codec of the real kind; its process starts at the first question."""
    from core.images.codec import Codec

    return Codec()


class Ask(Enum):
    """What is asked about a file besides its pixels."""

    FACTS = auto()
    NOISE = auto()


@dataclass(frozen=True, slots=True)
class About:
    """A question about a file; answered when no picture is wanted."""

    file: PictureFile
    ask: Ask


Question: TypeAlias = Part | About


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of a question; `size` is the whole picture's. `value` of an About, else None."""

    question: Question
    image: QImage | None = None
    size: Size | None = None
    value: Any = None
    error: CoreError | None = None


class Lane(QThread):
    """Answers questions one after the other, always the first of what is wanted now.

    Args:
        open_codec: called once, on this thread.
    """

    answered = Signal(object)

    def __init__(
        self, open_codec: Callable[[], PictureCodec], name: str, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self.setObjectName(name)
        self._open_codec = open_codec
        self._codec: PictureCodec | None = None
        self._changed = threading.Condition()
        self._wanted: list[Part] = []
        self._abouts: list[About] = []
        self._given: set[Question] = set()
        self._warming = self._resting = self._ending = False
        self._sizes: dict[PictureFile, Size] = {}

    def warm_up(self) -> None:
        """Start thread and codec process, which takes half a second, before anything is wanted."""
        self._warming = True
        self.start()

    def want(self, parts: Sequence[Part]) -> None:
        """Show these next, in this order, and nothing that was wanted before."""
        with self._changed:
            self._wanted = [part for part in parts if part not in self._given]
            self._changed.notify()

    def ask(self, about: About) -> None:
        """Answer this once no picture is wanted."""
        with self._changed:
            if about not in self._given and about not in self._abouts:
                self._abouts.append(about)
                self._changed.notify()

    def drop_questions(self) -> None:
        """Forget the questions about files that were not begun."""
        with self._changed:
            self._abouts.clear()

    def delivered(self, question: Question) -> None:
        """The answer arrived on the main thread; from now on it may be asked for again."""
        with self._changed:
            self._given.discard(question)

    def rest(self) -> None:
        """Drop what is wanted and end the codec process until there is more to do."""
        with self._changed:
            self._wanted.clear()
            self._abouts.clear()
            self._resting = True
            self._changed.notify()

    def end(self) -> None:
        """End the thread and its process; a photograph that takes long is given up."""
        with self._changed:
            self._ending = True
            self._changed.notify()
        while not self.wait(_PATIENCE_MS):
            pid = self._codec.pid if self._codec else None
            if pid is not None:
                with contextlib.suppress(OSError):
                    os.kill(pid, signal.SIGTERM)

    def run(self) -> None:
        """Answer until the end is asked for."""
        # Once: a question after the end starts the thread again, which then has nothing to begin.
        if self._warming and not self._ending:
            self._warming = False
            self._begin_process()
        while (question := self._next()) is not None:
            self.answered.emit(self._answer(question))
        self._end_process()

    def _next(self) -> Question | None:
        with self._changed:
            while not (self._wanted or self._abouts or self._ending):
                if self._resting:
                    self._resting = False
                    self._end_process()
                self._changed.wait()
            if self._ending:
                return None
            self._resting = False
            question = self._wanted.pop(0) if self._wanted else self._abouts.pop(0)
            self._given.add(question)
            return question

    def _answer(self, question: Question) -> Answer:
        try:
            if isinstance(question, About):
                return Answer(question, value=self._said(question))
            return self._picture(question)
        except CoreError as error:
            return Answer(question, error=error)
        except Exception as error:
            # Whatever else goes wrong must not end the thread: the next photograph may be fine.
            _log.exception("%s cannot be shown", question.file.path)
            return Answer(question, error=_unexpected(question.file.path, error))

    def _opened(self) -> PictureCodec:
        if self._codec is None:
            self._codec = self._open_codec()
        return self._codec

    def _begin_process(self) -> None:
        # Why it does not start is said where something is to be shown.
        with contextlib.suppress(CoreError):
            self._opened().start()

    def _end_process(self) -> None:
        if self._codec is not None:
            self._codec.close()

    def _said(self, about: About) -> object:
        if about.ask is Ask.NOISE:
            return self._opened().noise(about.file.path)
        return self._opened().facts(about.file.path)

    def _picture(self, part: Part) -> Answer:
        made = self._preview(part) if isinstance(part, Whole) else self._crop(part)
        image = QImage.fromData(made.jpeg)
        if image.isNull():
            raise _unexpected(part.file.path, ValueError("no picture came"))
        size = Size(made.photo_width, made.photo_height)
        return Answer(part, image.convertToFormat(QImage.Format.Format_RGB32), size)

    def _preview(self, whole: Whole) -> Preview:
        made = self._opened().preview(whole.file.path, whole.side)
        if len(self._sizes) >= _REMEMBERED_SIZES:
            self._sizes.clear()
        self._sizes[whole.file] = Size(made.photo_width, made.photo_height)
        return made

    def _crop(self, tile: Tile) -> Preview:
        box = tile.box(self._size(tile.file))
        longest = -(-max(box[2], box[3]) // (1 << tile.level))
        return self._opened().crop(tile.file.path, box, max(16, longest))

    def _size(self, file: PictureFile) -> Size:
        """Return the size that the whole picture had, which nearly always was read before."""
        if file not in self._sizes:
            (found,) = self._opened().probe([file.path])
            if isinstance(found, ImageReadError):
                raise found
            self._sizes[file] = Size(found.width, found.height)
        return self._sizes[file]


def _unexpected(path: Path, error: Exception) -> ImageReadError:
    message = f"{path.name} cannot be shown ({type(error).__name__}: {error})."
    return ImageReadError(Reason.DECODE_ERROR, message, hint="The log tells more.")
