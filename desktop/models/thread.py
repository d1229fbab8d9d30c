"""The thread that reads models through and downloads them; the window and the library go on."""

from __future__ import annotations

import queue
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, QThread, Signal, Slot

from core.errors import CoreError

if TYPE_CHECKING:
    from core.models.shelf import ModelShelf

_TELL_SECONDS = 0.1
"""How often progress is told."""

OnBytes = Callable[[int, int], None]
Work = Callable[["ModelShelf", OnBytes], Any]
"""Done on the thread, with the shelf and what to tell its progress; both numbers are bytes."""


class Canceled(Exception):
    """The user ended it."""


@dataclass(frozen=True)
class Task:
    """What is to be done, and what the window says meanwhile."""

    title: str
    work: Work
    then: Callable[[Any], None]
    """Called on the main thread with what came of it."""


@dataclass(frozen=True)
class Outcome:
    """What came of a task. Neither value nor error: it was ended."""

    task: Task
    value: Any = None
    error: BaseException | None = None
    canceled: bool = False


class ShelfThread(QThread):
    """Does tasks one after the other. The signals are emitted on this thread.

    What a task holds must not end on it (see desktop.backend), so it is kept until `let_go`.
    """

    began = Signal(object)
    """A Task."""
    progressed = Signal(object, object)
    """Bytes done and bytes of all; larger than any int of Qt's."""
    ended = Signal(object)
    """An Outcome."""
    let_go = Signal()
    """Nothing of the oldest task is left on the thread."""

    def __init__(self, open_shelf: Callable[[], ModelShelf], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("models")
        self._open = open_shelf
        self._tasks: queue.SimpleQueue[Task | None] = queue.SimpleQueue()
        self._kept: deque[Task] = deque()
        self._shelf: ModelShelf | None = None
        self._stop = threading.Event()
        self._closing = False
        self._told = 0.0
        self.let_go.connect(self._forget)

    def do(self, task: Task) -> None:
        """Do a task after those that wait."""
        self._kept.append(task)
        self._tasks.put(task)
        if not self.isRunning():
            self.start()

    def cancel(self) -> None:
        """End what is done now, at its next progress."""
        self._stop.set()

    def end(self, milliseconds: int = 5000) -> bool:
        """End the thread; return whether it ended in time."""
        self._closing = True
        self._stop.set()
        self._tasks.put(None)
        return self.wait(milliseconds)

    def run(self) -> None:
        """Work until told to end."""
        while self._do_next():
            self.let_go.emit()

    def _do_next(self) -> bool:
        task = self._tasks.get()
        if task is None or self._closing:
            return False
        self._stop.clear()
        self.began.emit(task)
        self.ended.emit(self._outcome(task))
        return True

    def _outcome(self, task: Task) -> Outcome:
        try:
            self._shelf = self._shelf or self._open()
            return Outcome(task, task.work(self._shelf, self._tell))
        except Canceled:
            return Outcome(task, canceled=True)
        except BaseException as error:
            return Outcome(task, error=error)

    @Slot()
    def _forget(self) -> None:
        self._kept.popleft()

    def _tell(self, done: int, total: int) -> None:
        if self._stop.is_set():
            raise Canceled
        now = time.monotonic()
        if now - self._told >= _TELL_SECONDS or done >= total:
            self._told = now
            self.progressed.emit(done, total)


def known(error: BaseException) -> CoreError:
    """Return a CoreError as it is; any other is a bug, and goes on as one."""
    if isinstance(error, CoreError):
        return error
    raise error
