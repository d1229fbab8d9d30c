"""The Run button: what it will do to how many photographs, in which time and space, or why not."""

from __future__ import annotations

from PySide6.QtCore import QRectF, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QFont,
    QFontMetricsF,
    QPainter,
    QPaintEvent,
    QPen,
    QResizeEvent,
)
from PySide6.QtWidgets import QPushButton, QSizePolicy, QVBoxLayout, QWidget

from core.forecast import Estimate
from core.recipe import Mode
from desktop.recipe import words
from desktop.recipe.fields import SmallLabel
from desktop.theme import Tokens, tokens
from desktop.words import gigabytes, photographs, results

_PADDING = 8
"""Least room between the text and the button's edge."""
_HEIGHT = 36


class _WorkButton(QPushButton):
    """The panel's main button: what it does in bold, how long that takes behind it."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("primary")
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.setFixedHeight(_HEIGHT)
        self._work = self._time = ""

    def show_texts(self, work: str, time: str) -> None:
        self._work, self._time = work, time
        self.setText(words.tr("{0} ({1})").format(work, time) if time else work)

    def fits(self) -> bool:
        """Return whether work and time have room side by side."""
        bold, plain = self._parts()
        return bold + plain <= self.width() - 2 * _PADDING

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint it."""
        colours = tokens()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        ground = QRectF(self.rect())
        pen, brush, text = self._look(colours)
        painter.setPen(pen)
        painter.setBrush(QColor(brush))
        inset = max(pen.widthF() / 2, 0.5)
        painter.drawRoundedRect(
            ground.adjusted(inset, inset, -inset, -inset), colours.radius, colours.radius
        )
        painter.setPen(QColor(text))
        self._write(painter)

    def _look(self, colours: Tokens) -> tuple[QPen, str, str]:
        if not self.isEnabled():
            return QPen(QColor(colours.line)), colours.raised, colours.disabled
        hovered = self.underMouse() and not self.isDown()
        brush = colours.accent_hover if hovered else colours.accent
        pen = QPen(QColor(colours.text), 2) if self.hasFocus() else QPen(QColor(brush))
        return pen, brush, colours.on_accent

    def _write(self, painter: QPainter) -> None:
        bold, plain = self._parts()
        shown = bold + (plain if self.fits() else 0)
        left = (self.width() - shown) / 2
        area = QRectF(left, 0, self.width() - left, self.height())
        flags = int(Qt.AlignmentFlag.AlignVCenter)
        painter.setFont(self._bold())
        painter.drawText(area, flags, self._work)
        if self._time and self.fits():
            painter.setFont(self._plain())
            painter.drawText(area.adjusted(bold, 0, 0, 0), flags, self._behind())

    def _parts(self) -> tuple[float, float]:
        """Return the widths of what is written in bold and of what is not."""
        self.ensurePolished()
        bold = QFontMetricsF(self._bold()).horizontalAdvance(self._work)
        plain = QFontMetricsF(self._plain()).horizontalAdvance(self._behind())
        return bold, plain if self._time else 0.0

    def _behind(self) -> str:
        return words.tr(" ({0})").format(self._time)

    def _plain(self) -> QFont:
        font = QFont(self.font())
        font.setWeight(QFont.Weight.Normal)
        return font

    def _bold(self) -> QFont:
        font = QFont(self.font())
        font.setWeight(QFont.Weight.DemiBold)
        return font


class RunButton(QWidget):
    """`Clean 240 photographs (about 6 min)`, with whom it applies to and the disk space."""

    clicked = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.button = _WorkButton()
        self.button.clicked.connect(self.clicked)
        self.space = SmallLabel()
        self._work = self._time = self._below = ""
        self._refused = False
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(tokens().space // 2)
        for widget in (self.button, self.space):
            column.addWidget(widget)

    def show_work(
        self,
        mode: Mode,
        count: int,
        estimate: Estimate | None,
        *,
        where: str = "",
        reason: str = "",
    ) -> None:
        """Show what a click would do.

        Args:
            mode: whether the photographs are cleaned or repainted.
            count: how many photographs.
            estimate: time and space; None while they are unknown.
            where: the output folder's name.
            reason: why it cannot be done; empty when it can.
        """
        self._work = _text(mode, count)
        self._time = _time(count, estimate)
        self._refused = bool(reason)
        self._below = reason or _space(estimate, where)
        self.button.setEnabled(not reason)
        self.button.setAccessibleDescription(reason)
        self.button.setToolTip(reason or words.tr("Start; the originals are never changed."))
        self.space.setObjectName("warn" if reason and count else "small")
        self.space.style().unpolish(self.space)
        self.space.style().polish(self.space)
        self._fit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Fit to the new size."""
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        """Say the time on the button, or under it where the panel is too narrow."""
        self.button.show_texts(self._work, self._time)
        apart = bool(self._time) and not self.button.fits() and not self._refused
        self.space.say(f"{self._time}; {self._below}" if apart else self._below)


def _text(mode: Mode, count: int) -> str:
    alone, with_count = {
        Mode.CLEAN: (words.tr("Clean"), words.tr("Clean {0}")),
        Mode.REPAINT: (words.tr("Repaint"), words.tr("Repaint {0}")),
        Mode.INSTRUCT: (words.tr("Edit"), words.tr("Edit {0}")),
    }[mode]
    return with_count.format(photographs(count)) if count else alone


def _time(count: int, estimate: Estimate | None) -> str:
    is_known = estimate is not None and estimate.results and estimate.seconds
    return estimate.time() if count and estimate is not None and is_known else ""


def _space(estimate: Estimate | None, where: str) -> str:
    if estimate is None or not estimate.results:
        return ""
    amount = words.tr("about {0}").format(gigabytes(estimate.bytes))
    said = words.tr("{0}, {1}").format(results(estimate.results), amount)
    return words.tr("{0} in {1}").format(said, where) if where else said
