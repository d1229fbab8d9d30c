"""The sign over the grid while photographs are dragged onto it."""

from __future__ import annotations

from PySide6.QtCore import QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget

from desktop.icons import icon
from desktop.theme import tokens

_INSET = 8
_ICON = 40


class DropOverlay(QWidget):
    """Covers its parent and says what becomes of what is dropped here: it is added, if not said."""

    def __init__(self, parent: QWidget, words: str = "") -> None:
        super().__init__(parent)
        self._words = words or self.tr("Drop to add to this project")
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.hide()

    def cover(self, room: QRect) -> None:
        """Show it over this part of the parent."""
        self.setGeometry(room)
        self.raise_()
        self.show()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint a veil, a frame and what will happen."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        colours = tokens()
        veil = QColor(colours.canvas)
        veil.setAlpha(215)
        painter.fillRect(self.rect(), veil)
        room = QRectF(self.rect()).adjusted(_INSET, _INSET, -_INSET, -_INSET)
        painter.setPen(QPen(QColor(colours.accent_hover), 2))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRoundedRect(room, 2 * colours.radius, 2 * colours.radius)
        middle = self.rect().center()
        mark = icon("drop", "accent_text").pixmap(QSize(_ICON, _ICON), self.devicePixelRatioF())
        painter.drawPixmap(middle.x() - _ICON // 2, middle.y() - _ICON, mark)
        painter.setPen(QColor(colours.text))
        text = QRect(0, middle.y() + 8, self.width(), 24)
        painter.drawText(text, Qt.AlignmentFlag.AlignCenter, self._words)
