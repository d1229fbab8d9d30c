"""The loupe: a part of the photograph at 1:1, before and with the recipe of the moment."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QPointF, QRectF, QSize, Qt, Signal, Slot
from PySide6.QtGui import QColor, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QToolButton, QVBoxLayout, QWidget

from desktop.icons import icon
from desktop.theme import tokens
from desktop.viewer import overlay
from desktop.viewer.buttons import named
from desktop.viewer.canvas import Canvas
from desktop.viewer.geometry import Box, Pane, Size, Viewport
from desktop.viewer.painting import Placed, paint_layer, paint_preview
from desktop.viewer.reader import PictureReader, Side
from desktop.widgets.named import label
from desktop.widgets.plain import plain_tip

_LEAST, _MOST = 150, 320
_MOST_PIXELS = 512
"""A larger part takes too long to follow the dials."""

_HANDLE = 8
_SHARE = 0.58
"""Of the canvas' shorter side."""


class LoupeView(QWidget):
    """Draws the part; dragging it moves the part, dragging the divider compares."""

    def __init__(self, canvas: Canvas, reader: PictureReader, parent: QWidget) -> None:
        super().__init__(parent)
        self._canvas = canvas
        self._reader = reader
        self._divider = 0.5
        self._last: QPointF | None = None
        self._on_divider = False
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setMouseTracking(True)
        self.setAccessibleName(self.tr("Loupe"))
        self.setToolTip(
            self.tr("Part of the photograph at 1:1: drag it to look elsewhere; drag the divider.")
        )

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the photograph, and right of the divider what the recipe makes of it."""
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(tokens().canvas))
        look = self._canvas.look
        box, layer, scene = look.box, look.layer(Side.BEFORE), look.scene
        if box is None or layer is None or scene is None:
            return
        ratio = self.devicePixelRatioF()
        width, height = round(self.width() * ratio), round(self.height() * ratio)
        pane = Pane(0, 0, width, height)
        placed = self._placed(box, pane, scene)
        painter.save()
        painter.scale(1 / ratio, 1 / ratio)
        paint_layer(painter, layer, self._reader, placed, pane)
        self._paint_preview(painter, placed, pane)
        painter.restore()
        self._paint_tools(painter)

    def _placed(self, box: Box, pane: Pane, scene: Size) -> Placed:
        view = Viewport(box[0] + box[2] / 2, box[1] + box[3] / 2, 1.0, False)
        return Placed.of(view, pane, scene, scene)

    def _paint_preview(self, painter: QPainter, placed: Placed, pane: Pane) -> None:
        preview = self._canvas.preview
        if preview is None or self._canvas.look.holding:
            return
        x = round(pane.width * self._divider)
        paint_preview(painter, *preview, placed, Pane(x, 0, pane.width - x, pane.height))

    def _paint_tools(self, painter: QPainter) -> None:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if self._canvas.preview is None or self._canvas.look.holding:
            return
        x = self._divider * self.width()
        overlay.draw_label(painter, self.tr("Before"), QPointF(0, 0), right=False, room=x)
        corner = QPointF(self.width(), 0)
        overlay.draw_label(painter, self.tr("After"), corner, right=True, room=self.width() - x)
        held = self._on_divider
        overlay.draw_divider(painter, x, 0, self.height(), held=held, handle=_HANDLE)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Take hold of the divider or the part."""
        if event.button() is Qt.MouseButton.LeftButton:
            self._last = event.position()
            self._on_divider = self._near_divider(event.position())
            self.update()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Move what is held; the photograph follows the pointer."""
        at = event.position()
        if self._last is None:
            near = self._near_divider(at)
            shape = Qt.CursorShape.SplitHCursor if near else Qt.CursorShape.OpenHandCursor
            self.setCursor(shape)
            return
        if self._on_divider:
            self._divider = min(max(at.x() / max(1, self.width()), 0.0), 1.0)
        else:
            self._drag(at - self._last)
        self._last = at
        self.update()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Let go."""
        self._last = None
        self._on_divider = False
        self.update()

    def _drag(self, way: QPointF) -> None:
        look = self._canvas.look
        if look.scene is not None:
            x, y = look.loupe_middle(look.scene)
            ratio = self.devicePixelRatioF()
            self._canvas.move_box((x - way.x() * ratio, y - way.y() * ratio))

    def _near_divider(self, at: QPointF) -> bool:
        there = self._canvas.preview is not None
        return there and abs(at.x() - self._divider * self.width()) <= _HANDLE + 2


class Loupe(QFrame):
    """The loupe's frame over the canvas; it keeps out of the way of what it shows.

    Signals: `closed()` when the user puts it away.
    """

    closed = Signal()

    def __init__(self, canvas: Canvas, reader: PictureReader) -> None:
        super().__init__(canvas)
        self.setObjectName("raised")
        self.setCursor(Qt.CursorShape.ArrowCursor)
        self._canvas = canvas
        self.view = LoupeView(canvas, reader, self)
        self._state = label("", "small")
        self._state.setAccessibleName(self.tr("State of the preview"))
        layout = QVBoxLayout(self)
        space = tokens().space // 2
        layout.setContentsMargins(space, 0, space, space)
        layout.setSpacing(0)
        layout.addLayout(self._head())
        layout.addWidget(self.view)
        canvas.installEventFilter(self)
        canvas.view_changed.connect(self._place)
        reader.arrived.connect(self.view.update)
        self.hide()

    def set_state(self, text: str) -> None:
        """Say how far the preview is: a draft, a step, or why there is none."""
        self._state.setText(text)
        self._state.setToolTip(plain_tip(text))

    def side(self) -> int:
        """Return the length of a side that suits the canvas, in logical pixels."""
        shorter = min(self._canvas.width(), self._canvas.height())
        most = min(_MOST, _MOST_PIXELS / self.devicePixelRatioF())
        return int(min(max(shorter * _SHARE, _LEAST), most))

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Follow the canvas' size, and draw whenever it does."""
        if event.type() is QEvent.Type.Resize:
            self._place()
        elif event.type() is QEvent.Type.Paint and self.isVisible():
            self.view.update()
        return False

    @Slot()
    def _place(self) -> None:
        """Take the first corner in which the loupe does not cover what it shows."""
        side = self.side()
        if side != self._canvas.look.loupe_side:
            # What is previewed is what the loupe shows; the canvas then calls this again.
            self._canvas.set_loupe(self._canvas.look.loupe, side)
            return
        self.view.setFixedSize(QSize(side, side))
        self.adjustSize()
        space, room = tokens().space, self._canvas.size()
        right, bottom = room.width() - self.width() - space, room.height() - self.height() - space
        corners = [(right, bottom), (space, bottom), (right, space), (space, space)]
        shown = self._shown_rect()
        free = (c for c in corners if not shown.intersects(QRectF(*c, self.width(), self.height())))
        self.move(*next(free, corners[0]))
        self.view.update()

    def _shown_rect(self) -> QRectF:
        box, ratio = self._canvas.look.box_pane(), self.devicePixelRatioF()
        return QRectF(*(length / ratio for length in box)) if box else QRectF()

    def _head(self) -> QHBoxLayout:
        head = QHBoxLayout()
        head.setSpacing(tokens().space)
        head.setContentsMargins(tokens().space // 2, 0, 0, 0)
        title = named(QLabel(self.tr("Preview 1:1")), "section")
        close = named(QToolButton(), "flat")
        close.setIcon(icon("close", "muted"))
        close.setIconSize(QSize(14, 14))
        close.setAccessibleName(self.tr("Close the loupe"))
        close.setToolTip(self.tr("Put the loupe away (L)."))
        close.clicked.connect(self.closed)
        head.addWidget(title)
        head.addWidget(self._state, 1)
        head.addWidget(close)
        return head
