"""A row of small pictures: the photograph's neighbours, or the versions of its result."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QPoint, QRect, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QHelpEvent,
    QImage,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QWheelEvent,
)
from PySide6.QtWidgets import QToolTip, QWidget

from desktop.icons import icon
from desktop.theme import tokens
from desktop.widgets.plain import plain_tip

if TYPE_CHECKING:
    from desktop.photos.pictures import PictureLoader

CELL = QSize(84, 60)
_CAPTION = 15
_MARK = 14
_WAYS = {int(Qt.Key.Key_Left): -1, int(Qt.Key.Key_Right): 1}


@dataclass(frozen=True, slots=True)
class Entry:
    """One picture of a strip. `key` is what `chosen` gives; `mark` an icon and its role."""

    path: Path
    key: object
    caption: str = ""
    tooltip: str = ""
    mark: tuple[str, str] | None = None


class Strip(QWidget):
    """Shows the pictures round the current one; a click chooses. `chosen(key)`."""

    chosen = Signal(object)

    def __init__(self, pictures: PictureLoader | None, name: str, *, captions: bool) -> None:
        super().__init__()
        self.setObjectName("panel")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setAccessibleName(name)
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._pictures = pictures
        self._entries: list[Entry] = []
        self._current = 0
        self._offset = 0
        self._hovered = -1
        self._cell = CELL + QSize(0, _CAPTION if captions else 0)
        self.setFixedHeight(self._cell.height() + tokens().space)
        if pictures is not None:
            pictures.ready.connect(self._take)

    @property
    def entries(self) -> list[Entry]:
        """What is shown."""
        return list(self._entries)

    def show_entries(self, entries: Sequence[Entry], current: int) -> None:
        """Show these pictures, with the one at `current` marked and in sight."""
        self._entries, self._current, self._offset = list(entries), current, 0
        self.setAccessibleDescription(", ".join(e.caption or e.path.name for e in entries[:20]))
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw what there is room for."""
        super().paintEvent(event)
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        for index, entry in enumerate(self._entries):
            cell = self._cell_rect(index)
            if cell.intersects(self.rect()):
                self._paint_entry(painter, entry, cell, index)
        if self.hasFocus():
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(QColor(tokens().accent_text), 1))
            painter.drawRect(self.rect().adjusted(0, 0, -1, -1))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Choose the picture under the pointer."""
        index = self._index_at(event.position().toPoint())
        if index >= 0 and event.button() is Qt.MouseButton.LeftButton:
            self.chosen.emit(self._entries[index].key)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Show which picture a click would choose."""
        self._hover(self._index_at(event.position().toPoint()))

    def leaveEvent(self, event: QEvent) -> None:
        """Nothing is pointed at."""
        self._hover(-1)

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Look at pictures further away."""
        turned = event.angleDelta().y() or event.angleDelta().x()
        self._offset += turned * self._cell.width() // 120
        most = len(self._entries) * self._cell.width()
        self._offset = max(-most, min(most, self._offset))
        self.update()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Choose the picture beside the current one."""
        beside = self._current + _WAYS.get(event.key(), 0)
        if beside != self._current and 0 <= beside < len(self._entries):
            self.chosen.emit(self._entries[beside].key)
        else:
            super().keyPressEvent(event)

    def event(self, event: QEvent) -> bool:
        """Name the picture under the pointer; keep the arrows from the window's actions."""
        if event.type() is QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent):
            event.setAccepted(event.key() in _WAYS)
            return event.isAccepted()
        if isinstance(event, QHelpEvent):
            index = self._index_at(event.pos())
            if index >= 0:
                entry = self._entries[index]
                tip = plain_tip(entry.tooltip or entry.path.name)
                QToolTip.showText(event.globalPos(), tip, self)
                return True
        return super().event(event)

    def _paint_entry(self, painter: QPainter, entry: Entry, cell: QRect, index: int) -> None:
        colours = tokens()
        place = QRect(cell.topLeft(), CELL).adjusted(3, 3, -3, -3)
        current = index == self._current
        if current or index == self._hovered:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(colours.selection if current else colours.raised))
            painter.drawRoundedRect(cell.adjusted(1, 0, -1, 0), colours.radius, colours.radius)
        image = self._image(entry.path)
        if image is not None:
            target = _fitted(image.size(), place)
            painter.drawImage(target, image)
            if current:
                painter.setBrush(Qt.BrushStyle.NoBrush)
                painter.setPen(QPen(QColor(colours.accent_text), 2))
                painter.drawRect(target)
        self._paint_words(painter, entry, cell)

    def _paint_words(self, painter: QPainter, entry: Entry, cell: QRect) -> None:
        if entry.mark is not None:
            corner = cell.topRight() - QPoint(_MARK + 4, -4)
            mark = QRect(corner, QSize(_MARK, _MARK))
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(tokens().panel))
            painter.drawEllipse(mark.adjusted(-2, -2, 2, 2))
            icon(*entry.mark).paint(painter, mark)
        if entry.caption:
            font = painter.font()
            font.setPointSizeF(8)
            painter.setFont(font)
            painter.setPen(QColor(tokens().muted))
            line = QRect(cell.left() + 2, cell.bottom() - _CAPTION, cell.width() - 4, _CAPTION)
            text = painter.fontMetrics().elidedText(
                entry.caption, Qt.TextElideMode.ElideRight, line.width()
            )
            painter.drawText(line, Qt.AlignmentFlag.AlignCenter, text)

    def _image(self, path: Path) -> QImage | None:
        if self._pictures is None:
            return None
        return self._pictures.picture(path, CELL * self.devicePixelRatioF())

    def _cell_rect(self, index: int) -> QRect:
        """Return a picture's place: all centred if they fit, else the current one is."""
        width, count = self._cell.width(), len(self._entries)
        if count * width <= self.width():
            left = (self.width() - count * width) // 2
        else:
            left = self.width() // 2 - self._current * width - width // 2 + self._offset
            left = min(0, max(left, self.width() - count * width))
        return QRect(QPoint(left + index * width, tokens().space // 2), self._cell)

    def _index_at(self, point: QPoint) -> int:
        for index in range(len(self._entries)):
            if self._cell_rect(index).contains(point):
                return index
        return -1

    def _hover(self, index: int) -> None:
        if index != self._hovered:
            self._hovered = index
            self.update()

    def _take(self, path: Path) -> None:
        if any(entry.path == path for entry in self._entries):
            self.update()


def _fitted(size: QSize, place: QRect) -> QRect:
    shown = size.scaled(place.size(), Qt.AspectRatioMode.KeepAspectRatio)
    left = place.left() + (place.width() - shown.width()) // 2
    top = place.top() + (place.height() - shown.height()) // 2
    return QRect(QPoint(left, top), shown)
