"""Dials painted by Regrain: a plain one, Amount with its stops, Strength with its zones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QBrush,
    QColor,
    QFocusEvent,
    QFontMetricsF,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QWheelEvent,
)
from PySide6.QtWidgets import QSlider, QWidget

from core.models.spec import Zone
from desktop.theme import Tokens, tokens

HANDLE = 7.0
"""Radius of a dial's handle in logical pixels."""

_GROOVE = 4.0
_ROW = 24
_WORDS = 16
_GAP = 2.0
_APART = 5.0


class Dial(QSlider):
    """A slider: click goes there, arrows by one, double click resets, the wheel needs the focus.

    `moved` comes for the user's moves only, `ended` when a gesture is over.
    """

    moved = Signal(int)
    ended = Signal()
    reset_wanted = Signal()

    def __init__(self, low: int, high: int, parent: QWidget | None = None) -> None:
        super().__init__(Qt.Orientation.Horizontal, parent)
        self.setRange(low, high)
        self.setPageStep(max(1, (high - low) // 10))
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMinimumWidth(60)
        self.setFixedHeight(_ROW)
        self._showing = False
        self._mark: int | None = None
        self._band: tuple[int, int] | None = None
        self.valueChanged.connect(self._tell)

    def show_value(self, value: int) -> None:
        """Show a value without telling that it moved; a value outside widens the range."""
        self._showing = True
        self.setRange(min(self.minimum(), value), max(self.maximum(), value))
        self.setValue(value)
        self._showing = False
        self.update()

    def set_mark(self, value: int | None) -> None:
        """Mark where the preset stands."""
        self._mark = value
        self.update()

    def set_band(self, band: tuple[int, int] | None) -> None:
        """Mark a useful range under the groove."""
        self._band = band
        self.update()

    def sizeHint(self) -> QSize:
        """Return the size that shows it whole."""
        return QSize(140, self.height())

    def minimumSizeHint(self) -> QSize:
        """Return the smallest useful size."""
        return QSize(60, self.height())

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Take hold where the pointer is."""
        if event.button() is Qt.MouseButton.LeftButton and self.isEnabled():
            self.setSliderDown(True)
            self._go(event.position().x())
            event.accept()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Follow the pointer."""
        if self.isSliderDown():
            self._go(event.position().x())

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Let go."""
        if self.isSliderDown():
            self.setSliderDown(False)
            self.ended.emit()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Ask for the preset's value."""
        self.setSliderDown(False)
        self.reset_wanted.emit()

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        """End the gesture of held arrow keys."""
        super().keyReleaseEvent(event)
        if not event.isAutoRepeat():
            self.ended.emit()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """End the gesture."""
        super().focusOutEvent(event)
        self.ended.emit()

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Leave the wheel to the panel that is scrolled."""
        # A panel that is scrolled must not change what lies under the pointer.
        if self.hasFocus():
            super().wheelEvent(event)
        else:
            event.ignore()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint it."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        colours = tokens()
        self.paint_groove(painter, colours)
        self.paint_marks(painter, colours)
        self.paint_handle(painter, colours)

    def paint_groove(self, painter: QPainter, colours: Tokens) -> None:
        """Paint the groove, filled up to the value."""
        painter.setPen(Qt.PenStyle.NoPen)
        for left, right, colour in (
            (self.left, self.right, colours.line),
            (self.left, self.x_of(self.value()), self.fill(colours)),
        ):
            painter.setBrush(QColor(colour))
            painter.drawRoundedRect(self.groove(left, right), _GROOVE / 2, _GROOVE / 2)

    def paint_marks(self, painter: QPainter, colours: Tokens) -> None:
        """Paint the useful range and where the preset stands."""
        below = self.middle + HANDLE + 1
        if self._band is not None:
            low, high = (self.x_of(value) for value in self._band)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(colours.good))
            painter.drawRoundedRect(QRectF(low, below, max(3.0, high - low), 2), 1, 1)
        if self._mark is not None and self._mark != self.value():
            painter.setPen(QPen(QColor(colours.muted), 1.5))
            x = self.x_of(self._mark)
            painter.drawLine(QPointF(x, self.middle - 5), QPointF(x, self.middle + 5))

    def paint_handle(self, painter: QPainter, colours: Tokens) -> None:
        """Paint the handle, with a ring when it has the focus."""
        centre = QPointF(self.handle_x(), self.middle)
        if self.hasFocus():
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(QColor(colours.accent_text), 1.5))
            painter.drawEllipse(centre, HANDLE + 2, HANDLE + 2)
        painter.setPen(QPen(QColor(colours.panel), 1.5))
        painter.setBrush(QColor(colours.text if self.isEnabled() else colours.disabled))
        painter.drawEllipse(centre, HANDLE, HANDLE)

    def fill(self, colours: Tokens) -> str:
        """Return the colour of the groove's filled part."""
        return colours.accent if self.isEnabled() else colours.line

    @property
    def left(self) -> float:
        """Where the groove starts."""
        return HANDLE + 3

    @property
    def right(self) -> float:
        """Where the groove ends."""
        return self.width() - HANDLE - 3

    @property
    def middle(self) -> float:
        """The groove's height in the widget."""
        return _ROW / 2 - 1

    def groove(self, left: float, right: float) -> QRectF:
        """Return the groove's rectangle between two places."""
        return QRectF(left, self.middle - _GROOVE / 2, max(0.0, right - left), _GROOVE)

    def x_of(self, value: float) -> float:
        """Return where a value stands."""
        span = max(1, self.maximum() - self.minimum())
        held = min(max(value, self.minimum()), self.maximum())
        return self.left + (self.right - self.left) * (held - self.minimum()) / span

    def handle_x(self) -> float:
        """Return where the handle stands."""
        return self.x_of(self.value())

    def _go(self, x: float) -> None:
        share = (x - self.left) / max(1.0, self.right - self.left)
        self.setValue(round(self.minimum() + share * (self.maximum() - self.minimum())))

    def _tell(self, value: int) -> None:
        if not self._showing:
            self.moved.emit(value)


class StopsDial(Dial):
    """A dial with a word at each of its few stops; `set_free` shows a value between them."""

    def __init__(self, words: Sequence[str], parent: QWidget | None = None) -> None:
        super().__init__(0, len(words) - 1, parent)
        self._words = tuple(words)
        self._free: float | None = None
        self.setPageStep(1)
        self.setFixedHeight(_ROW + _WORDS)

    def set_free(self, place: float | None) -> None:
        """Show the handle hollow at `place`, in stops, for a value that is none of them."""
        self._free = place
        self.update()

    def handle_x(self) -> float:
        """Return where the handle stands."""
        return self.x_of(self.value() if self._free is None else self._free)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Take hold where the pointer is."""
        was = self.value()
        super().mousePressEvent(event)
        # From a value of its own back to the very stop that stands behind it.
        if self._free is not None and self.value() == was:
            self.moved.emit(was)

    def paint_groove(self, painter: QPainter, colours: Tokens) -> None:
        """Paint the groove."""
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(colours.line))
        painter.drawRoundedRect(self.groove(self.left, self.right), _GROOVE / 2, _GROOVE / 2)
        painter.setBrush(QColor(self.fill(colours)))
        middle = self.x_of(self.maximum() / 2)
        low, high = sorted((middle, self.handle_x()))
        painter.drawRect(self.groove(low, high))

    def paint_marks(self, painter: QPainter, colours: Tokens) -> None:
        """Paint marks and words."""
        super().paint_marks(painter, colours)
        metrics = QFontMetricsF(self.font())
        for stop, word in enumerate(self._words):
            x = self.x_of(stop)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(colours.muted))
            painter.drawEllipse(QPointF(x, self.middle), 3, 3)
            here = self._free is None and stop == self.value()
            painter.setPen(QColor(self._word_colour(colours, here)))
            width = metrics.horizontalAdvance(word)
            start = min(max(x - width / 2, 1.0), self.width() - width - 1)
            painter.drawText(QPointF(start, _ROW + metrics.ascent() - 1), word)

    def paint_handle(self, painter: QPainter, colours: Tokens) -> None:
        """Paint the handle."""
        super().paint_handle(painter, colours)
        if self._free is not None:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(colours.panel))
            painter.drawEllipse(QPointF(self.handle_x(), self.middle), HANDLE - 3, HANDLE - 3)

    def _word_colour(self, colours: Tokens, here: bool) -> str:
        if not self.isEnabled():
            return colours.disabled
        return colours.text if here else colours.muted


@dataclass(frozen=True, slots=True)
class ZoneWord:
    """A zone's word where it is written, from `left` to `right`; `here`: the dial stands in it."""

    text: str
    left: float
    right: float
    here: bool
    hatched: bool


class StrengthDial(Dial):
    """Strength in hundredths from 0 to 1, over the model's measured zones with their words."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(0, 100, parent)
        self._zones: tuple[Zone, ...] = ()
        self._others: tuple[int, ...] = ()
        self.setFixedHeight(_ROW + _WORDS)

    def set_zones(self, zones: Sequence[Zone]) -> None:
        """Show these zones, in rising order."""
        self._zones = tuple(zones)
        self.update()

    def set_others(self, values: Sequence[int]) -> None:
        """Show where the other strengths stand when there are several."""
        self._others = tuple(values)
        self.update()

    def paint_groove(self, painter: QPainter, colours: Tokens) -> None:
        """Paint the groove."""
        zones = self._zones or (Zone(word="", until=1.0),)
        low = 0.0
        for zone in zones:
            left, right = self.x_of(100 * low), self.x_of(100 * zone.until)
            self._paint_zone(painter, colours, QRectF(self.groove(left + _GAP / 2, right)), zone)
            low = zone.until

    def _paint_zone(self, painter: QPainter, colours: Tokens, area: QRectF, zone: Zone) -> None:
        area.setRight(area.right() - _GAP / 2)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(colours.line))
        painter.drawRoundedRect(area, 2, 2)
        if zone.hatched:
            taller = area.adjusted(0, -2, 0, 2)
            painter.setBrush(QBrush(QColor(colours.warn), Qt.BrushStyle.BDiagPattern))
            painter.drawRoundedRect(taller, 2, 2)
        filled = QRectF(area)
        filled.setRight(min(area.right(), self.handle_x()))
        if filled.width() > 0:
            painter.setBrush(QColor(self.fill(colours)))
            painter.drawRoundedRect(filled, 2, 2)

    def paint_marks(self, painter: QPainter, colours: Tokens) -> None:
        """Paint marks and words."""
        super().paint_marks(painter, colours)
        painter.setPen(QPen(QColor(colours.panel), 1))
        painter.setBrush(QColor(colours.accent_text))
        for value in self._others:
            painter.drawEllipse(QPointF(self.x_of(value), self.middle), 4.5, 4.5)
        baseline = _ROW + QFontMetricsF(self.font()).ascent() - 1
        for word in self.placed_words():
            marked = colours.warn if word.hatched else colours.text
            colour = marked if word.here else colours.muted
            painter.setPen(QColor(colour if self.isEnabled() else colours.disabled))
            painter.drawText(QPointF(word.left, baseline), word.text)

    def placed_words(self) -> list[ZoneWord]:
        """Return the words that are shown: the current one first, others where there is room."""
        placed: list[ZoneWord] = []
        for word in sorted(self._words(), key=lambda word: not word.here):
            if all(word.left > w.right + _APART or word.right < w.left - _APART for w in placed):
                placed.append(word)
        return placed

    def _words(self) -> list[ZoneWord]:
        """Return each zone's word in the middle under its zone, held within the dial."""
        metrics = QFontMetricsF(self.font())
        found, low = [], 0.0
        for zone in self._zones:
            here = low < self.value() / 100 <= zone.until or self.value() == 0 == low
            middle = (self.x_of(100 * low) + self.x_of(100 * zone.until)) / 2
            width = metrics.horizontalAdvance(zone.word)
            left = min(max(middle - width / 2, 1.0), self.width() - width - 1)
            found.append(ZoneWord(zone.word, left, left + width, here, zone.hatched))
            low = zone.until
        return found
