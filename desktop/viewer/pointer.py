"""Mouse, wheel and touch pad on the canvas: divider, loupe, pan, zoom."""

from __future__ import annotations

from enum import Enum, auto

from PySide6.QtCore import QEvent, QObject, QPointF, Qt
from PySide6.QtGui import QMouseEvent, QNativeGestureEvent, QWheelEvent

from desktop.viewer.canvas import Canvas
from desktop.viewer.geometry import WHEEL_FACTOR, Point

GRIP = 14
"""So near, in logical pixels, the divider is taken hold of."""

CLICK = 4
"""A press that moved no further than this is a click."""

_NOTCH = 120


class _Held(Enum):
    NOTHING = auto()
    DIVIDER = auto()
    BOX = auto()
    PICTURE = auto()


class Pointer(QObject):
    """Turns what the pointer does on a canvas into moves of its view.

    A drag at the divider moves it, one in the loupe's frame moves the loupe, any other one pans;
    where there is nothing to pan it moves the divider. A click goes to 1:1 at its place and back.
    """

    def __init__(self, canvas: Canvas) -> None:
        super().__init__(canvas)
        self._canvas = canvas
        self._held = _Held.NOTHING
        self._pressed: Point = (0.0, 0.0)
        self._last: Point = (0.0, 0.0)
        self._moved = False
        canvas.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Take what concerns the pointer."""
        kind = event.type()
        if isinstance(event, QMouseEvent):
            return self._mouse(kind, event)
        if isinstance(event, QWheelEvent):
            self._wheel(event)
            return True
        if isinstance(event, QNativeGestureEvent):
            return self._gesture(event)
        if kind is QEvent.Type.Leave:
            self._canvas.highlight("")
        return False

    def _mouse(self, kind: QEvent.Type, event: QMouseEvent) -> bool:
        at = self._device(event.position())
        if kind is QEvent.Type.MouseMove:
            self._move(at)
        elif event.button() not in (Qt.MouseButton.LeftButton, Qt.MouseButton.MiddleButton):
            return False
        elif kind in (QEvent.Type.MouseButtonPress, QEvent.Type.MouseButtonDblClick):
            self._press(at, event.button())
        elif kind is QEvent.Type.MouseButtonRelease:
            self._release(at)
        return True

    def _press(self, at: Point, button: Qt.MouseButton) -> None:
        middle = button is Qt.MouseButton.MiddleButton
        self._held = _Held.PICTURE if middle else self._under(at)
        self._pressed = self._last = at
        self._moved = middle
        self._point(at)

    def _move(self, at: Point) -> None:
        if self._held is _Held.NOTHING:
            self._point(at)
            return
        far = max(abs(at[0] - self._pressed[0]), abs(at[1] - self._pressed[1]))
        if not self._moved and far <= CLICK * self._canvas.devicePixelRatioF():
            return
        self._moved = True
        self._drag(at)
        self._last = at

    def _drag(self, at: Point) -> None:
        look = self._canvas.look
        if self._held is _Held.BOX and look.scene is not None:
            x, y = look.loupe_middle(look.scene)
            scale = look.view.scale
            dx, dy = at[0] - self._last[0], at[1] - self._last[1]
            self._canvas.move_box((x + dx / scale, y + dy / scale))
        elif self._held is _Held.DIVIDER or not look.can_pan():
            self._canvas.move_divider(at[0])
        else:
            self._canvas.pan(at[0] - self._last[0], at[1] - self._last[1])

    def _release(self, at: Point) -> None:
        held, self._held = self._held, _Held.NOTHING
        if not self._moved and held is _Held.PICTURE:
            self._canvas.toggle_zoom(at)
        self._point(at)

    def _under(self, at: Point) -> _Held:
        look = self._canvas.look
        x, grip = look.divider_x(), GRIP * self._canvas.devicePixelRatioF()
        if x is not None and abs(at[0] - x) <= grip:
            return _Held.DIVIDER
        box = look.box_pane()
        if box is not None:
            left, top, width, height = box
            # A frame that is tiny on the screen can still be taken hold of.
            spare = max(0.0, grip - min(width, height) / 2)
            inside = left - spare <= at[0] <= left + width + spare
            if inside and top - spare <= at[1] <= top + height + spare:
                return _Held.BOX
        return _Held.PICTURE

    def _point(self, at: Point) -> None:
        """Show by the pointer's shape what a press would take hold of."""
        under = self._held if self._held is not _Held.NOTHING else self._under(at)
        shape = Qt.CursorShape.ArrowCursor
        if under is _Held.DIVIDER:
            shape = Qt.CursorShape.SplitHCursor
        elif under is _Held.BOX:
            shape = Qt.CursorShape.SizeAllCursor
        elif self._canvas.look.can_pan():
            held = self._held is _Held.PICTURE
            shape = Qt.CursorShape.ClosedHandCursor if held else Qt.CursorShape.OpenHandCursor
        self._canvas.setCursor(shape)
        names = {_Held.DIVIDER: "divider", _Held.BOX: "box"}
        self._canvas.highlight(names.get(under, ""))

    def _wheel(self, event: QWheelEvent) -> None:
        """Zoom about the pointer; two fingers on a touch pad pan what can be panned."""
        ratio = self._canvas.devicePixelRatioF()
        pixels, zooming = event.pixelDelta(), event.modifiers() & _CTRL
        if not pixels.isNull() and not zooming and self._canvas.look.can_pan():
            self._canvas.pan(pixels.x() * ratio, pixels.y() * ratio)
        else:
            notches = event.angleDelta().y() / _NOTCH
            self._canvas.zoom_by(WHEEL_FACTOR**notches, self._device(event.position()))
        event.accept()

    def _gesture(self, event: QNativeGestureEvent) -> bool:
        if event.gestureType() is not Qt.NativeGestureType.ZoomNativeGesture:
            return False
        self._canvas.zoom_by(1 + event.value(), self._device(event.position()))
        return True

    def _device(self, point: QPointF) -> Point:
        ratio = self._canvas.devicePixelRatioF()
        return point.x() * ratio, point.y() * ratio


_CTRL = Qt.KeyboardModifier.ControlModifier
