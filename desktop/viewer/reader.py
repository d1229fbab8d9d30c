"""What the viewer shows, read by two lanes and kept: the photograph's and its result's pictures."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from enum import Enum

from PySide6.QtCore import QObject, Signal, Slot
from PySide6.QtGui import QImage

from core.errors import CoreError
from desktop.viewer.cache import CACHE_BYTES, ImageCache
from desktop.viewer.geometry import Size
from desktop.viewer.lane import About, Answer, Ask, Lane, PictureCodec, open_codec
from desktop.viewer.tiles import Part, PictureFile

_KEPT_ERRORS = 256


class Side(Enum):
    """Which of the two pictures: the photograph or what came of it. A lane for each."""

    BEFORE = 0
    AFTER = 1


class PictureReader(QObject):
    """Reads parts of photographs on threads of its own; lives on the main thread.

    Signals: `arrived(Part)`: `image` has it now. `refused(PictureFile, CoreError)`: it cannot be
    read. `described(PictureFile, facts)` and `measured(PictureFile, NoiseFound)` answer
    `describe` and `measure`.

    Args:
        codec: makes the codec of a lane, on its thread, when it is first needed.
        limit: bytes of pictures that are kept.
    """

    arrived = Signal(object)
    refused = Signal(object, object)
    described = Signal(object, object)
    measured = Signal(object, object)

    def __init__(
        self,
        codec: Callable[[], PictureCodec] = open_codec,
        parent: QObject | None = None,
        *,
        limit: int = CACHE_BYTES,
    ) -> None:
        super().__init__(parent)
        self._cache = ImageCache(limit)
        self._sizes: dict[PictureFile, Size] = {}
        self._errors: dict[PictureFile, CoreError] = {}
        self._lanes = {side: Lane(codec, f"viewer {side.name.lower()}", self) for side in Side}
        for lane in self._lanes.values():
            lane.answered.connect(self._take)

    def image(self, part: Part) -> QImage | None:
        """Return a part's picture if it was read."""
        return self._cache.get(part)

    def size(self, file: PictureFile) -> Size | None:
        """Return the picture's size once any part of it was read."""
        return self._sizes.get(file)

    def error(self, file: PictureFile) -> CoreError | None:
        """Return why the file cannot be read, if that was found out."""
        return self._errors.get(file)

    def warm_up(self) -> None:
        """Start the process that reads photographs before one is to be shown."""
        lane = self._lanes[Side.BEFORE]
        if not lane.isRunning():
            lane.warm_up()

    def want(self, side: Side, parts: Sequence[Part]) -> None:
        """Read these parts next, in this order, and no others; those that are there are left."""
        missing = [p for p in parts if p not in self._cache and p.file not in self._errors]
        self._started(side).want(missing)

    def describe(self, side: Side, file: PictureFile) -> None:
        """Ask what the file says about its photograph."""
        self._started(side).ask(About(file, Ask.FACTS))

    def measure(self, side: Side, file: PictureFile) -> None:
        """Ask how much noise the photograph has."""
        self._started(side).ask(About(file, Ask.NOISE))

    def forget(self, file: PictureFile) -> None:
        """Read the file anew when it is wanted again; it changed, or it may be there by now."""
        self._cache.forget(file)
        self._sizes.pop(file, None)
        self._errors.pop(file, None)

    def drop_questions(self) -> None:
        """Forget what was asked about files and not begun."""
        for lane in self._lanes.values():
            lane.drop_questions()

    def clear(self) -> None:
        """Let go of all pictures, and of what is wanted and not begun."""
        self._cache.clear()
        self._errors.clear()
        for lane in self._lanes.values():
            lane.want(())
        self.drop_questions()

    def rest(self) -> None:
        """Let go of pictures and processes until something is wanted again."""
        self.clear()
        for lane in self._lanes.values():
            if lane.isRunning():
                lane.rest()

    def close(self) -> None:
        """End threads and processes."""
        for lane in self._lanes.values():
            lane.end()

    def _started(self, side: Side) -> Lane:
        lane = self._lanes[side]
        if not lane.isRunning():
            lane.start()
        return lane

    @Slot(object)
    def _take(self, answer: Answer) -> None:
        question = answer.question
        for lane in self._lanes.values():
            lane.delivered(question)
        if answer.size is not None:
            self._sizes[question.file] = answer.size
        if isinstance(question, About):
            self._tell(question, answer)
        elif answer.image is not None:
            self._cache.put(question, answer.image)
            self.arrived.emit(question)
        elif answer.error is not None:
            self._refuse(question.file, answer.error)

    def _tell(self, about: About, answer: Answer) -> None:
        if answer.error is not None:
            return
        signal = self.measured if about.ask is Ask.NOISE else self.described
        signal.emit(about.file, answer.value)

    def _refuse(self, file: PictureFile, error: CoreError) -> None:
        if len(self._errors) >= _KEPT_ERRORS:
            self._errors.clear()
        self._errors[file] = error
        self.refused.emit(file, error)
