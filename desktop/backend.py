"""What widgets ask of the library: done on a thread of its own, answered on the main thread."""

from __future__ import annotations

import logging
import queue
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from PySide6.QtCore import QObject, QThread, Signal, Slot
from shiboken6 import isValid

from core.errors import CoreError

if TYPE_CHECKING:
    # SQLAlchemy and all that comes with it take most of a second: the library's thread waits for
    # them, the window does not.
    from core.services import Services

T = TypeVar("T")
Failed = Callable[[CoreError], None]

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class _Question:
    owner: QObject
    work: Callable[[Services], Any]
    then: Callable[[Any], None] | None
    failed: Failed | None


@dataclass(frozen=True)
class _Answer:
    question: _Question
    value: Any = None
    error: BaseException | None = None


class _Asker(QThread):
    """Opens the library and answers questions in their order."""

    answered = Signal(object)

    def __init__(self, open_services: Callable[[], Services]) -> None:
        super().__init__()
        self.setObjectName("library")
        self.questions: queue.SimpleQueue[_Question | None] = queue.SimpleQueue()
        self._open_services = open_services

    def run(self) -> None:
        """Answer until None is asked."""
        services: Services | None = None
        while (question := self.questions.get()) is not None:
            try:
                if services is None:
                    services = self._open_services()
                self.answered.emit(_Answer(question, question.work(services)))
            except BaseException as error:
                self.answered.emit(_Answer(question, error=error))
        if services is not None:
            services.close()


class Backend(QObject):
    """The library, from the main thread's side; made and used there.

    `ask` returns at once. `then` (or `failed`, for a known error) is called later on the main
    thread, unless `owner` was deleted meanwhile. An error that nobody takes goes to `troubled`.

    Args:
        open_services: opens the library; called on the library's thread, again after a failure.
        begun: False: what is asked waits for `begin`.
    """

    troubled = Signal(object)
    """A CoreError that the asker did not take up."""

    def __init__(
        self,
        open_services: Callable[[], Services],
        parent: QObject | None = None,
        *,
        begun: bool = True,
    ) -> None:
        super().__init__(parent)
        self._waiting = 0
        self._asker = _Asker(open_services)
        self._asker.answered.connect(self._take)
        if begun:
            self.begin()

    def begin(self) -> None:
        """Start to answer; opening the library takes processor time that a first paint needs."""
        self._asker.start()

    @property
    def waiting(self) -> int:
        """How many questions have no answer yet."""
        return self._waiting

    def ask(
        self,
        owner: QObject,
        work: Callable[[Services], T],
        then: Callable[[T], None] | None = None,
        failed: Failed | None = None,
    ) -> None:
        """Have `work` done on the library's thread; it must not touch a widget."""
        self._waiting += 1
        self._asker.questions.put(_Question(owner, work, then, failed))

    def close(self, milliseconds: int = 5000) -> bool:
        """Finish what was asked for and close the library; return whether it ended in time."""
        self._asker.questions.put(None)
        return self._asker.wait(milliseconds)

    @Slot(object)
    def _take(self, answer: _Answer) -> None:
        self._waiting -= 1
        question, error = answer.question, answer.error
        alive = isValid(question.owner)
        if error is None:
            if alive and question.then is not None:
                question.then(answer.value)
        elif not isinstance(error, CoreError):
            raise error
        elif alive and question.failed is not None:
            question.failed(error)
        else:
            _log.warning("%s %s", error.message, error.hint)
            self.troubled.emit(error)
