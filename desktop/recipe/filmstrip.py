"""The stages of a preview as two rows of pictures: what the model was given, what it made of it."""

from __future__ import annotations

from PySide6.QtCore import QBuffer, QByteArray, QEvent, QIODevice, QPoint, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QHelpEvent,
    QImage,
    QImageReader,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
)
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from core.events import PreviewKind, PreviewPart
from desktop.recipe import words
from desktop.theme import Tokens, tokens

ROWS = (PreviewKind.NOISY, PreviewKind.GUESS)
_CELL = QSize(104, 70)
_GAP = 4
_HEAD = 16
Place = tuple[int, int]


class Filmstrip(QWidget):
    """Paints the stages that came, in columns of steps; a click or arrow key chooses one."""

    chosen = Signal(object)
    """The PreviewPart to be shown large."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(words.tr("Stages of the preview"))
        self._parts: dict[Place, PreviewPart] = {}
        self._images: dict[Place, QImage] = {}
        self._steps = 0
        self._current: Place | None = None
        self._fit()

    @property
    def steps(self) -> int:
        """How many columns there are."""
        return self._steps

    def clear(self) -> None:
        """Forget what was shown."""
        self._parts.clear()
        self._images.clear()
        self._steps, self._current = 0, None
        self._fit()

    def add(self, part: PreviewPart) -> None:
        """Show a stage in its place."""
        place = (ROWS.index(part.kind), max(1, part.step))
        self._parts[place] = part
        self._images[place] = read_small(part.jpeg, _CELL * self.devicePixelRatioF())
        self._steps = max(self._steps, part.steps, part.step)
        self._fit()

    def choose(self, place: Place) -> None:
        """Choose a stage by its row and step, where there is one."""
        if place in self._parts:
            self._current = place
            self.setAccessibleDescription(_said(self._parts[place]))
            self.update()
            self.chosen.emit(self._parts[place])

    def cell(self, place: Place) -> QRectF:
        """Return where a stage stands."""
        row, step = place
        left = (step - 1) * (_CELL.width() + _GAP) + 2
        return QRectF(left, _HEAD + row * (_CELL.height() + _GAP), _CELL.width(), _CELL.height())

    def sizeHint(self) -> QSize:
        """Return the size that shows it whole."""
        columns = max(1, self._steps)
        height = _HEAD + len(ROWS) * (_CELL.height() + _GAP)
        return QSize(columns * (_CELL.width() + _GAP) + 2, height)

    def event(self, event: QEvent) -> bool:
        """Show what lies under the pointer as a tooltip."""
        if event.type() is QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            part = self._parts.get(self._place_at(event.pos()))
            QToolTip.showText(event.globalPos(), _said(part) if part else "", self)
            return True
        return super().event(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Choose the stage under the pointer."""
        self.choose(self._place_at(event.position().toPoint()))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Go from stage to stage."""
        moves = {
            Qt.Key.Key_Left: (0, -1),
            Qt.Key.Key_Right: (0, 1),
            Qt.Key.Key_Up: (-1, 0),
            Qt.Key.Key_Down: (1, 0),
        }
        move = moves.get(Qt.Key(event.key()))
        if move is None:
            super().keyPressEvent(event)
            return
        row, step = self._current or (0, 0)
        self.choose((row + move[0], step + move[1]))

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint it."""
        colours = tokens()
        painter = QPainter(self)
        painter.setRenderHints(
            QPainter.RenderHint.Antialiasing | QPainter.RenderHint.SmoothPixmapTransform
        )
        for step in range(1, self._steps + 1):
            self._paint_head(painter, colours, step)
            for row in range(len(ROWS)):
                self._paint_cell(painter, colours, (row, step))

    def _paint_head(self, painter: QPainter, colours: Tokens, step: int) -> None:
        area = self.cell((0, step)).translated(0, -_HEAD)
        area.setHeight(_HEAD)
        painter.setPen(QColor(colours.muted))
        text = words.tr("{0} of {1}").format(step, self._steps)
        painter.drawText(area, int(Qt.AlignmentFlag.AlignCenter), text)

    def _paint_cell(self, painter: QPainter, colours: Tokens, place: Place) -> None:
        area = self.cell(place)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(colours.canvas))
        painter.drawRoundedRect(area, 3, 3)
        image = self._images.get(place)
        if image is not None and not image.isNull():
            size = image.size().scaled(_CELL, Qt.AspectRatioMode.KeepAspectRatio)
            inner = QRectF(0, 0, size.width(), size.height())
            inner.moveCenter(area.center())
            painter.drawImage(inner, image)
        if place == self._current:
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(QColor(colours.accent_text), 2))
            painter.drawRoundedRect(area.adjusted(1, 1, -1, -1), 3, 3)

    def _place_at(self, point: QPoint) -> Place:
        row = (point.y() - _HEAD) // (_CELL.height() + _GAP)
        return row, point.x() // (_CELL.width() + _GAP) + 1

    def _fit(self) -> None:
        self.setFixedSize(self.sizeHint())
        self.update()


def read_small(jpeg: bytes, room: QSize) -> QImage:
    """Return a JPEG no larger than `room`, reduced while it is read."""
    data = QByteArray(jpeg)
    buffer = QBuffer(data)
    buffer.open(QIODevice.OpenModeFlag.ReadOnly)
    reader = QImageReader(buffer, QByteArray(b"jpeg"))
    size = reader.size()
    if size.isValid():
        reader.setScaledSize(size.scaled(room, Qt.AspectRatioMode.KeepAspectRatio))
    return reader.read()


def _said(part: PreviewPart) -> str:
    what = (
        words.tr("What the model is given at step {0} of {1}")
        if part.kind is PreviewKind.NOISY
        else words.tr("What the model takes the picture for at step {0} of {1}")
    )
    return what.format(part.step, part.steps)
