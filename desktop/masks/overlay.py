"""The layer over the viewer's canvas on which a mask is painted."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QPointF, QRectF, Qt, Signal, Slot
from PySide6.QtGui import (
    QColor,
    QEnterEvent,
    QImage,
    QKeyEvent,
    QKeySequence,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QTabletEvent,
)
from PySide6.QtWidgets import QWidget

from desktop.masks.picture import Brush, MaskPicture
from desktop.theme import tokens
from desktop.viewer.canvas import Canvas
from desktop.viewer.geometry import Point

LEAST, MOST = 4, 240
"""Radius of the brush in logical pixels of the screen."""

_STEP = 1.25
_TOOLS = {Qt.Key.Key_B: False, Qt.Key.Key_E: True}
_TINT = 130
"""How opaque the mask is shown, of 255."""


class MaskOverlay(QWidget):
    """Shows the mask tinted and paints on it; the wheel and the middle button go to the canvas.

    The right button, or Alt with the left one, erases while it is held.
    """

    painted = Signal()
    """A stroke was finished, or undone."""
    radius_changed = Signal(int)
    erasing_changed = Signal(bool)
    finished = Signal()
    """Return was pressed."""
    left = Signal()
    """Escape was pressed."""

    def __init__(self, canvas: Canvas, picture: MaskPicture) -> None:
        super().__init__(canvas)
        self._canvas = canvas
        self.picture = picture
        self.radius = 30
        self.erases = False
        self._last: Point | None = None
        self._brush = Brush(1)
        self._pointer: QPointF | None = None
        self._tinted: QImage | None = None
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.BlankCursor)
        self.setAccessibleName(self.tr("Mask"))
        canvas.installEventFilter(self)
        canvas.view_changed.connect(self.refresh)
        self.setGeometry(canvas.rect())

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Stay as large as the canvas."""
        if event.type() is QEvent.Type.Resize:
            self.setGeometry(self._canvas.rect())
            self.refresh()
        return False

    def set_radius(self, radius: int) -> None:
        """Take a brush of this radius on the screen."""
        self.radius = min(max(radius, LEAST), MOST)
        self.radius_changed.emit(self.radius)
        self.update()

    def set_erasing(self, on: bool, _checked: bool = False) -> None:
        """Paint, or take away."""
        if on != self.erases:
            self.erases = on
            self.erasing_changed.emit(on)
            self.update()

    def undo(self) -> None:
        """Take the last stroke back."""
        self.picture.undo()
        self._changed()

    def redo(self) -> None:
        """Paint again what was taken back."""
        self.picture.redo()
        self._changed()

    def clear(self) -> None:
        """Take all away."""
        self.picture.clear()
        self._changed()

    def invert(self) -> None:
        """Edit what was left, leave what was edited."""
        self.picture.invert()
        self._changed()

    @Slot()
    def refresh(self) -> None:
        """Show it anew, as after a zoom."""
        self._tinted = None
        self.update()

    def _changed(self) -> None:
        self.refresh()
        self.painted.emit()

    # the pointer

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Begin a stroke."""
        if event.button() is Qt.MouseButton.MiddleButton:
            event.ignore()
            return
        held = event.modifiers() & Qt.KeyboardModifier.AltModifier
        erases = self.erases or event.button() is Qt.MouseButton.RightButton or bool(held)
        radius = self.radius * self.devicePixelRatioF() / self._canvas.look.view.scale
        self._brush = Brush(radius, erases)
        self.picture.begin()
        self._last = self._photo_point(event.position())
        self._paint_to(self._last)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Go on with the stroke, or show where it would begin."""
        self._pointer = event.position()
        if self._last is not None:
            self._paint_to(self._photo_point(event.position()))
        self.update()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """End the stroke."""
        if self._last is not None:
            self._last = None
            self.painted.emit()

    def tabletEvent(self, event: QTabletEvent) -> None:
        """Have Qt make mouse events of it."""
        event.ignore()

    def enterEvent(self, event: QEnterEvent) -> None:
        """Hear the keys of whoever paints, who sees the photograph itself."""
        self.setFocus()
        self._canvas.hold(True)

    def leaveEvent(self, event: QEvent) -> None:
        """Show no brush."""
        self._pointer = None
        self.update()

    def event(self, event: QEvent) -> bool:
        """Keep keys from the window: they would leave the photograph that is painted on."""
        if event.type() is QEvent.Type.ShortcutOverride:
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Do what the bar's buttons do, and make the brush larger or smaller by [ and ]."""
        if event.matches(QKeySequence.StandardKey.Undo):
            self.undo()
        elif event.matches(QKeySequence.StandardKey.Redo):
            self.redo()
        elif event.text() == "[":
            self.set_radius(min(self.radius - 1, round(self.radius / _STEP)))
        elif event.text() == "]":
            self.set_radius(max(self.radius + 1, round(self.radius * _STEP)))
        elif event.key() in _TOOLS:
            self.set_erasing(_TOOLS[Qt.Key(event.key())])
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.finished.emit()
        elif event.key() == Qt.Key.Key_Escape:
            self.left.emit()
        elif event.key() in (Qt.Key.Key_Tab, Qt.Key.Key_Backtab):
            super().keyPressEvent(event)

    def _paint_to(self, point: Point) -> None:
        start = self._last or point
        self.picture.stroke([point] if start == point else [start, point], self._brush)
        self._last = point
        self.refresh()

    def _photo_point(self, place: QPointF) -> Point:
        ratio, look = self.devicePixelRatioF(), self._canvas.look
        return look.view.to_photo((place.x() * ratio, place.y() * ratio), look.pane)

    # what is seen

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the mask over the photograph, and the brush."""
        painter = QPainter(self)
        self._tinted = self._tinted or self._tint()
        painter.drawImage(0, 0, self._tinted)
        if self._pointer is not None:
            self._draw_brush(painter, self._pointer)

    def _tint(self) -> QImage:
        """Return the mask as it lies on the canvas, in the theme's colour."""
        ratio, look, scene = self.devicePixelRatioF(), self._canvas.look, self.picture.scene
        size = self.size() * ratio
        seen = QImage(size, QImage.Format.Format_ARGB32_Premultiplied)
        seen.fill(Qt.GlobalColor.transparent)
        alpha = self.picture.image.copy()
        alpha.reinterpretAsFormat(QImage.Format.Format_Alpha8)
        left, top = look.view.origin(look.pane)
        scale = look.view.scale
        place = QRectF(left, top, scene.width * scale, scene.height * scale)
        painter = QPainter(seen)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        painter.drawImage(place, alpha)
        painter.setCompositionMode(QPainter.CompositionMode.CompositionMode_SourceIn)
        colour = QColor(tokens().bad)
        colour.setAlpha(_TINT)
        painter.fillRect(seen.rect(), colour)
        painter.end()
        seen.setDevicePixelRatio(ratio)
        return seen

    def _draw_brush(self, painter: QPainter, place: QPointF) -> None:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        erases = self._brush.erases if self._last is not None else self.erases
        style = Qt.PenStyle.DashLine if erases else Qt.PenStyle.SolidLine
        for colour, width in ((QColor(0, 0, 0, 150), 3.0), (QColor(255, 255, 255, 235), 1.3)):
            painter.setPen(QPen(colour, width, style))
            painter.drawEllipse(place, self.radius, self.radius)
