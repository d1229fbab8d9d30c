"""The thread that reads models through and downloads them; the window and the library go on."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, QThread, Signal

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
    """Does tasks one after the other. The signals are emitted on this thread."""

    began = Signal(object)
    """A Task."""
    progressed = Signal(object, object)
    """Bytes done and bytes of all; larger than any int of Qt's."""
    ended = Signal(object)
    """An Outcome."""

    def __init__(self, open_shelf: Callable[[], ModelShelf], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("models")
        self._open = open_shelf
        self._tasks: queue.SimpleQueue[Task | None] = queue.SimpleQueue()
        self._stop = threading.Event()
        self._closing = False
        self._told = 0.0

    def do(self, task: Task) -> None:
        """Do a task after those that wait."""
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
        shelf: ModelShelf | None = None
        while (task := self._tasks.get()) is not None and not self._closing:
            self._stop.clear()
            self.began.emit(task)
            try:
                shelf = shelf or self._open()
                outcome = Outcome(task, task.work(shelf, self._tell))
            except Canceled:
                outcome = Outcome(task, canceled=True)
            except BaseException as error:
                outcome = Outcome(task, error=error)
            self.ended.emit(outcome)

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
