"""What widgets ask of the library: done on a thread of its own, answered on the main thread."""

from __future__ import annotations

import logging
import queue
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from PySide6.QtCore import QObject, QThread, Signal, Slot
from shiboken6 import isValid

from core.errors import CoreError, LibraryDamagedError

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
    work: Callable[[Services], Any] | None
    then: Callable[[Any], None] | None
    failed: Failed | None
    closed: Callable[[], Any] | None = None
    """Done instead of `work`, while the library is closed."""
    heals: bool = False
    """After it the library is whole again."""


@dataclass(frozen=True)
class _Answer:
    question: _Question
    value: Any = None
    error: BaseException | None = None


class _Asker(QThread):
    """Opens the library and answers questions in their order.

    Those of a damaged library wait until it is whole again.

    What a question holds (widgets, through its closures) must never end on this thread: Qt would
    wait for Python here while Python waits for Qt on the main thread, and the window would stand
    still for good. So the main thread keeps every answer until `let_go` says that nothing of it is
    left here.
    """

    answered = Signal(object)
    let_go = Signal()
    damaged = Signal(object)

    def __init__(self, open_services: Callable[[], Services]) -> None:
        super().__init__()
        self.setObjectName("library")
        self.questions: queue.SimpleQueue[_Question | None] = queue.SimpleQueue()
        self._open_services = open_services
        self._services: Services | None = None
        self._is_damaged = False
        self._held: list[_Question] = []

    def run(self) -> None:
        """Answer until None is asked."""
        while self._take_next():
            self.let_go.emit()
        self._close()

    def _take_next(self) -> bool:
        """Take the next question; what it holds is let go of with this frame."""
        question = self.questions.get()
        if question is not None:
            self._take(question)
        return question is not None

    def _take(self, question: _Question) -> None:
        if self._is_damaged and question.closed is None:
            self._held.append(question)
            return
        # No name for the answer: an error's traceback holds this frame, and both would wait for the
        # garbage collector, which may run on any thread.
        self._settle(self._try(question))

    def _settle(self, answer: _Answer) -> None:
        question, error = answer.question, answer.error
        if question.closed is None and isinstance(error, LibraryDamagedError):
            self._hold(question, error)
            return
        self.answered.emit(answer)
        if question.heals and error is None:
            self._is_damaged = False
            held, self._held = self._held, []
            for waiting in held:
                self._take(waiting)

    def _try(self, question: _Question) -> _Answer:
        try:
            return _Answer(question, self._answer(question))
        except BaseException as error:
            return _Answer(question, error=error)

    def _answer(self, question: _Question) -> Any:
        if question.closed is not None:
            self._close()
            return question.closed()
        assert question.work is not None
        if self._services is None:
            self._services = self._open_services()
        return question.work(self._services)

    def _hold(self, question: _Question, error: LibraryDamagedError) -> None:
        self._is_damaged = True
        self._held.append(question)
        self._close()
        self.damaged.emit(error)

    def _close(self) -> None:
        services, self._services = self._services, None
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
    damaged = Signal(object)
    """The library is damaged: a LibraryDamagedError. What is asked waits until it is whole."""

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
        self._kept: list[_Answer] = []
        self._asker.answered.connect(self._take)
        self._asker.let_go.connect(self._forget)
        self._asker.damaged.connect(self.damaged)
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

    def ask_closed(
        self,
        owner: QObject,
        work: Callable[[], T],
        then: Callable[[T], None] | None = None,
        failed: Failed | None = None,
        *,
        heals: bool = False,
    ) -> None:
        """Have `work` done on the library's thread while the library is closed.

        `heals`: after it the library is whole again, and what waited for that is answered.
        """
        self._waiting += 1
        question = _Question(owner, None, then, failed, closed=work, heals=heals)
        self._asker.questions.put(question)

    def close(self, milliseconds: int = 5000) -> bool:
        """Finish what was asked for and close the library; return whether it ended in time."""
        self._asker.questions.put(None)
        return self._asker.wait(milliseconds)

    @Slot(object)
    def _take(self, answer: _Answer) -> None:
        self._waiting -= 1
        self._kept.append(answer)
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

    @Slot()
    def _forget(self) -> None:
        """Let go of what was answered: nothing of it is left on the library's thread."""
        self._kept.clear()
