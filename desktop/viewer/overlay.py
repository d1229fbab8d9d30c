"""What is drawn over the photographs: labels, the divider, the loupe's frame."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QPainter, QPainterPath, QPen

from desktop.theme import tokens

_INK = QColor(255, 255, 255, 235)
_SHADE = QColor(0, 0, 0, 150)
_EDGE = QColor(0, 0, 0, 110)
"""Over a photograph of any brightness; the same in both themes, as the photograph is."""

HANDLE = 13
"""Radius of the divider's handle in logical pixels."""


def draw_label(painter: QPainter, text: str, corner: QPointF, *, right: bool, room: float) -> None:
    """Draw a word on a dark plate at a corner, unless it is wider than `room`."""
    if not text:
        return
    space = tokens().space
    painter.setFont(_small(painter.font()))
    width = painter.fontMetrics().horizontalAdvance(text) + 2 * space
    height = painter.fontMetrics().height() + space * 0.75
    if width + 2 * space > room:
        return
    left = corner.x() - width - space if right else corner.x() + space
    plate = QRectF(left, corner.y() + space, width, height)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(_SHADE)
    painter.drawRoundedRect(plate, height / 2, height / 2)
    painter.setPen(_INK)
    painter.drawText(plate, Qt.AlignmentFlag.AlignCenter, text)


def draw_note(painter: QPainter, text: str, middle: QPointF) -> None:
    """Draw a word on a dark plate round a point."""
    painter.setFont(_small(painter.font()))
    metrics, space = painter.fontMetrics(), tokens().space
    width, height = metrics.horizontalAdvance(text) + 3 * space, metrics.height() + space
    plate = QRectF(middle.x() - width / 2, middle.y() - height / 2, width, height)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(_SHADE)
    painter.drawRoundedRect(plate, height / 2, height / 2)
    painter.setPen(_INK)
    painter.drawText(plate, Qt.AlignmentFlag.AlignCenter, text)


def draw_divider(
    painter: QPainter, x: float, top: float, bottom: float, *, held: bool, handle: float = HANDLE
) -> None:
    """Draw the line between before and after with its handle."""
    line = QPointF(x, top), QPointF(x, bottom)
    painter.setPen(QPen(_EDGE, 3.5))
    painter.drawLine(*line)
    painter.setPen(QPen(_INK, 1.5))
    painter.drawLine(*line)
    middle = QPointF(x, (top + bottom) / 2)
    painter.setPen(QPen(_EDGE, 1))
    painter.setBrush(QColor(tokens().accent) if held else _INK)
    painter.drawEllipse(middle, handle, handle)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(_arrow_pen(_INK if held else QColor(40, 40, 40), handle))
    painter.drawPath(_arrows(middle, handle))


def draw_box(painter: QPainter, box: QRectF, *, held: bool) -> None:
    """Draw the frame of what the loupe shows."""
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(QPen(_EDGE, 3.5))
    painter.drawRect(box)
    painter.setPen(QPen(QColor(tokens().accent_text) if held else _INK, 1.5))
    painter.drawRect(box)


def _small(font: QFont) -> QFont:
    small = QFont(font)
    small.setPointSizeF(9)
    small.setWeight(QFont.Weight.DemiBold)
    return small


def _arrow_pen(colour: QColor, handle: float) -> QPen:
    pen = QPen(colour, max(1.2, handle / 8))
    pen.setCapStyle(Qt.PenCapStyle.RoundCap)
    pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
    return pen


def _arrows(middle: QPointF, handle: float) -> QPainterPath:
    path = QPainterPath()
    near, far, rise = handle * 0.25, handle * 0.58, handle * 0.33
    for way in (-1, 1):
        path.moveTo(middle.x() + way * near, middle.y() - rise)
        path.lineTo(middle.x() + way * far, middle.y())
        path.lineTo(middle.x() + way * near, middle.y() + rise)
    return path
