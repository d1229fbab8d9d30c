"""The viewer's keys, for when no action of the window has taken them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QKeyEvent

from core.library.photo import Decision
from desktop.controllers.batches import Redo
from desktop.viewer.comparison import Compare

if TYPE_CHECKING:
    from desktop.viewer.viewer import Viewer

Work = Callable[[], object]
_HOLD = Qt.Key.Key_Backslash
_SHIFT = Qt.KeyboardModifier.ShiftModifier
_IGNORED = Qt.KeyboardModifier.KeypadModifier | _SHIFT
_SIGNS = frozenset({Qt.Key.Key_Plus, Qt.Key.Key_Minus, Qt.Key.Key_Underscore})
"""Some keyboards need Shift for these."""


def is_hold(event: QEvent) -> bool:
    """Return whether the event is about the key that shows the original while it is held."""
    if not isinstance(event, QKeyEvent):
        return False
    return event.key() == _HOLD and not event.modifiers() & ~_IGNORED


class Keys:
    """What each key does to a viewer."""

    def __init__(self, viewer: Viewer) -> None:
        self._viewer = viewer
        self._plain = self._looking() | self._deciding()
        self._shifted = self._moving()

    def work_of(self, event: QKeyEvent) -> Work | None:
        """Return what a key is to do; keys with Ctrl or Alt are not the viewer's."""
        modifiers = event.modifiers()
        if modifiers & ~_IGNORED:
            return None
        if modifiers & _SHIFT and event.key() not in _SIGNS:
            return self._shifted.get(event.key())
        return self._plain.get(event.key())

    def _looking(self) -> dict[int, Work]:
        viewer, key = self._viewer, Qt.Key
        return {
            key.Key_Left: lambda: viewer.step_wanted.emit(-1),
            key.Key_Right: lambda: viewer.step_wanted.emit(1),
            key.Key_Y: viewer.toggle_side,
            key.Key_D: lambda: viewer.set_mode(Compare.SLIDER),
            key.Key_Z: viewer.toggle_zoom,
            key.Key_Space: viewer.toggle_zoom,
            key.Key_F: viewer.fit,
            key.Key_L: viewer.toggle_loupe,
            key.Key_I: viewer.toggle_facts,
            key.Key_Plus: viewer.zoom_in,
            key.Key_Minus: viewer.zoom_out,
            key.Key_Escape: viewer.closed.emit,
            key.Key_G: viewer.closed.emit,
        }

    def _deciding(self) -> dict[int, Work]:
        viewer, key = self._viewer, Qt.Key
        stars: dict[int, Work] = {key.Key_0 + number: self._rate(number) for number in range(6)}
        return stars | {
            key.Key_P: lambda: viewer.decided.emit(Decision.KEEP),
            key.Key_X: lambda: viewer.decided.emit(Decision.REJECT),
            key.Key_U: lambda: viewer.decided.emit(Decision.UNDECIDED),
            key.Key_R: lambda: viewer.redo_wanted.emit(Redo.SEED),
        }

    def _moving(self) -> dict[int, Work]:
        viewer, key = self._viewer, Qt.Key
        return {
            key.Key_Left: lambda: viewer.canvas.nudge(-1, 0),
            key.Key_Right: lambda: viewer.canvas.nudge(1, 0),
            key.Key_Up: lambda: viewer.canvas.nudge(0, -1),
            key.Key_Down: lambda: viewer.canvas.nudge(0, 1),
            key.Key_R: lambda: viewer.redo_wanted.emit(Redo.STRONGER),
        }

    def _rate(self, stars: int) -> Work:
        return lambda: self._viewer.rated.emit(stars)
