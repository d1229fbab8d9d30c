"""The noise schedule drawn as bars: each step's noise level, those that run filled."""

from __future__ import annotations

import math
from collections.abc import Sequence

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QHelpEvent, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from core.engine.noise import LEVELS_PER_UNIT
from desktop.recipe import words
from desktop.theme import Tokens, tokens

_HEIGHT = 78
_FOOT = 16
_PAD = 4
_LEAST_SHARE = 0.06


class NoiseCurve(QWidget):
    """Bars of falling noise ratios, on a scale by ratio; what lies before the start is hollow."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(words.tr("Noise schedule"))
        self._skipped: tuple[float, ...] = ()
        self._running: tuple[float, ...] = ()

    def show_levels(self, skipped: Sequence[float], running: Sequence[float]) -> None:
        """Show the ratios of the steps that do not run, and of those that do."""
        self._skipped, self._running = tuple(skipped), tuple(running)
        self.setAccessibleDescription(self._sentence())
        self.update()

    def sizeHint(self) -> QSize:
        """Return the size that shows it whole."""
        return QSize(240, _HEIGHT)

    def event(self, event: QEvent) -> bool:
        """Show what lies under the pointer as a tooltip."""
        if event.type() is QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            QToolTip.showText(event.globalPos(), self._said_at(event.pos().x()), self)
            return True
        return super().event(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint it."""
        colours = tokens()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(colours.sunken))
        painter.drawRoundedRect(QRectF(self.rect()), colours.radius, colours.radius)
        if self._levels:
            self._paint_bars(painter, colours)
            self._paint_words(painter, colours)

    @property
    def _levels(self) -> tuple[float, ...]:
        return (*self._skipped, *self._running)

    def _paint_bars(self, painter: QPainter, colours: Tokens) -> None:
        tops = QPolygonF()
        for place in range(len(self._levels)):
            bar = self._bar(place)
            runs = place >= len(self._skipped)
            colour = QColor(colours.accent if runs else colours.line)
            colour.setAlphaF(0.85 if runs else 0.6)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(colour)
            painter.drawRoundedRect(bar, 1, 1)
            tops.append(QPointF(bar.center().x(), bar.top()))
        # Behind the last step lies the finished picture, without noise.
        tops.append(QPointF(self.width() - _PAD, self.height() - _FOOT - _PAD))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(QColor(colours.muted), 1.2))
        painter.drawPolyline(tops)

    def _paint_words(self, painter: QPainter, colours: Tokens) -> None:
        metrics = QFontMetricsF(self.font())
        baseline = self.height() - _FOOT + metrics.ascent() - 1
        painter.setPen(QColor(colours.muted))
        painter.drawText(QPointF(_PAD + 2, baseline), self._left_word())
        right = words.tr("clean picture")
        painter.drawText(
            QPointF(self.width() - metrics.horizontalAdvance(right) - _PAD - 2, baseline), right
        )

    def _left_word(self) -> str:
        return words.tr("pure noise") if self._skipped else words.tr("the photograph")

    def _bar(self, place: int) -> QRectF:
        """Return a step's bar; its height grows with the ratio's logarithm."""
        step = (self.width() - 2 * _PAD) / len(self._levels)
        room = self.height() - _FOOT - 2 * _PAD
        height = room * self._share(self._levels[place])
        gap = min(2.0, step / 4)
        left = _PAD + place * step + gap / 2
        return QRectF(left, _PAD + room - height, min(step - gap, 34.0), height)

    def _share(self, level: float) -> float:
        highest, lowest = max(self._levels), min(self._levels)
        if level <= 0:
            return 0.0
        span = math.log(max(highest / lowest, 4.0))
        floor = math.log(highest) - span
        return _LEAST_SHARE + (1 - _LEAST_SHARE) * max(0.0, math.log(level) - floor) / span

    def _said_at(self, x: float) -> str:
        if not self._levels:
            return ""
        step = (self.width() - 2 * _PAD) / len(self._levels)
        place = min(max(int((x - _PAD) / step), 0), len(self._levels) - 1)
        level = self._levels[place]
        runs = words.tr("runs") if place >= len(self._skipped) else words.tr("is left out")
        said = words.tr("Step {0} of {1} {2}: noise ratio {3}, {4} of 255")
        ratio, sigma = f"{level:.3g}", f"{LEVELS_PER_UNIT * level:.0f}"
        return said.format(place + 1, len(self._levels), runs, ratio, sigma)

    def _sentence(self) -> str:
        said = words.tr("{0} of {1} steps run")
        return said.format(len(self._running), len(self._levels))
