"""What the main thread does, measured from within: frames of the grid, and how long it is away."""

from __future__ import annotations

import sys
import threading
import time
import traceback
from collections.abc import Callable

from PySide6.QtCore import QObject, Qt, QTimer
from PySide6.QtGui import QPaintEvent

from desktop.photos.view import GridView

_BEAT_MS = 2


class Painting:
    """Calls `around` with what paints a grid, each time; made before the window is.

    Qt remembers which function paints a widget from the first time on.
    """

    def __init__(self) -> None:
        self.around: Callable[[Callable[[], None]], None] = lambda paint: paint()
        painted = GridView.paintEvent

        def paint(view: GridView, event: QPaintEvent) -> None:
            self.around(lambda: painted(view, event))

        GridView.paintEvent = paint  # type: ignore[method-assign]


class Frames:
    """Scrolls a grid 60 times a second; a frame is moving the content, fetching and painting."""

    def __init__(self, painting: Painting, view: GridView, pixels: int) -> None:
        self.walls: list[float] = []
        self.processors: list[float] = []
        self._view, self._pixels = view, pixels
        self._wall = self._processor = 0.0
        painting.around = self._count
        self._timer = QTimer(view, interval=16)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._tick)

    def start(self) -> None:
        self._timer.start()

    def stop(self) -> None:
        self._timer.stop()

    def _tick(self) -> None:
        if self._wall:
            self.walls.append(self._wall)
            self.processors.append(self._processor)
        self._wall = self._processor = 0.0
        bar = self._view.verticalScrollBar()
        if not bar.minimum() <= bar.value() + self._pixels <= bar.maximum():
            self._pixels = -self._pixels
        self._count(lambda: bar.setValue(bar.value() + self._pixels))

    def _count(self, act: Callable[[], object]) -> None:
        wall, processor = time.perf_counter(), time.thread_time()
        act()
        self._wall += time.perf_counter() - wall
        self._processor += time.thread_time() - processor


class Heartbeat(QObject):
    """A timer of the main thread; where it is late, the thread was away.

    `gaps` are by the clock, `busy` is the thread's own processor time in the same turns: where
    that is little, the thread was not let run. `stacks` has where it was meanwhile, sampled by
    another thread.
    """

    def __init__(self, late: float) -> None:
        super().__init__()
        self.gaps: list[float] = []
        self.busy: list[float] = []
        self.stacks: list[tuple[float, str]] = []
        self._late = late
        self._last, self._processor = time.perf_counter(), time.thread_time()
        self._main = threading.get_ident()
        self._ended = threading.Event()
        self._timer = QTimer(self, interval=_BEAT_MS)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._beat)
        self._timer.start()
        self._sampler = threading.Thread(target=self._sample, daemon=True)
        self._sampler.start()

    def stop(self) -> None:
        self._timer.stop()
        self._ended.set()
        self._sampler.join()

    def _beat(self) -> None:
        now, processor = time.perf_counter(), time.thread_time()
        self.gaps.append(max(0.0, now - self._last - _BEAT_MS / 1000))
        self.busy.append(processor - self._processor)
        self._last, self._processor = now, processor

    def _sample(self) -> None:
        seen = 0.0
        while not self._ended.wait(self._late / 4):
            last, now = self._last, time.perf_counter()
            if now - last > self._late and last != seen:
                seen = last
                frame = sys._current_frames().get(self._main)
                where = traceback.extract_stack(frame)[-6:] if frame else []
                names = " < ".join(f"{f.name}:{f.lineno}" for f in reversed(where))
                self.stacks.append((now - last, names))
