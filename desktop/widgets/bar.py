"""A thin rounded bar, filled by shares of a whole."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from desktop.theme import tokens

Share = tuple[float, str]
"""A part of the whole, 0 to 1, and its colour: a field of theme.Tokens."""


def paint_bar(painter: QPainter, area: QRectF, parts: Sequence[Share]) -> None:
    """Paint a rounded track, filled by shares of it from the left."""
    colours = tokens()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    radius = area.height() / 2
    painter.setBrush(QColor(colours.line))
    painter.drawRoundedRect(area, radius, radius)
    at = area.left()
    for share, role in parts:
        width = share * area.width()
        if width > 0:
            painter.setBrush(QColor(getattr(colours, role)))
            painter.drawRoundedRect(QRectF(at, area.top(), width, area.height()), radius, radius)
            at += width


class Meter(QWidget):
    """Shows how much of something is used.

    Args:
        share: 0 to 1.
        spoken: what a screen reader says of it.
    """

    def __init__(self, share: float, spoken: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._share = min(1.0, max(0.0, share))
        self.setAccessibleName(spoken)
        self.setToolTip(spoken)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:
        """Return the size of a bar beside a line of text."""
        return QSize(130, 6)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the bar."""
        paint_bar(QPainter(self), QRectF(self.rect()), [(self._share, "accent")])
