"""Changes to the library that can be taken back."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeAlias

from PySide6.QtCore import QObject
from PySide6.QtGui import QUndoCommand

from desktop.backend import Backend

if TYPE_CHECKING:
    # SQLAlchemy and all that comes with it take most of a second: the library's thread waits for
    # them, the window does not.
    from core.services import Services

Work: TypeAlias = "Callable[[Services], Any]"
WorkBack: TypeAlias = "Callable[[Services, Any], Any]"


class LibraryChange(QUndoCommand):
    """A change that the library's thread makes, and takes back.

    Args:
        backend: does both.
        owner: outlives the window's wish to hear of it.
        text: what the Edit menu calls it.
        forward: makes the change; returns what `back` needs to know, such as earlier values.
        back: takes it back, given that.
        after: called on the main thread after either.
    """

    def __init__(
        self,
        backend: Backend,
        owner: QObject,
        text: str,
        forward: Work,
        back: WorkBack,
        after: Callable[[], None],
    ) -> None:
        super().__init__(text)
        self._backend = backend
        self._owner = owner
        self._forward = forward
        self._back = back
        self._after = after
        self._before: Any = None

    def redo(self) -> None:
        """Make the change."""

        def work(services: Services) -> None:
            self._before = self._forward(services)

        self._backend.ask(self._owner, work, lambda _none: self._after())

    def undo(self) -> None:
        """Take the change back."""

        def work(services: Services) -> None:
            self._back(services, self._before)

        self._backend.ask(self._owner, work, lambda _none: self._after())
