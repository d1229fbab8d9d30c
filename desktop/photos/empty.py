"""What stands in the grid's place when it has nothing to show: why, and what to do."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from desktop.icons import icon
from desktop.photos.parts import push_button
from desktop.theme import tokens
from desktop.widgets.named import label

_ICON = 56
_INSET = 18


@dataclass(frozen=True, slots=True)
class Offer:
    """A button: its text, one sentence about it, what it does; the first is the usual one."""

    text: str
    sentence: str
    action: Callable[[], None]
    icon: str = ""


@dataclass(frozen=True, slots=True)
class Emptiness:
    """One reason for showing nothing. `drop`: photographs can be dropped here, so it looks so."""

    icon: str
    title: str
    sentence: str
    offers: Sequence[Offer] = ()
    drop: bool = False


class EmptyState(QWidget):
    """Shows an `Emptiness` in the middle of the canvas."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._shown: Emptiness | None = None
        self._icon = label()
        self._title = label(name="title", wrap=True)
        self._sentence = label(name="muted", wrap=True)
        for part in (self._icon, self._title, self._sentence):
            part.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._buttons = QHBoxLayout()
        self._buttons.setSpacing(tokens().space)
        column = QVBoxLayout(self)
        column.setContentsMargins(2 * _INSET, _INSET, 2 * _INSET, _INSET)
        column.setSpacing(tokens().space)
        column.addStretch(5)
        column.addWidget(self._icon)
        column.addSpacing(4)
        column.addWidget(self._title)
        column.addWidget(self._sentence)
        column.addSpacing(tokens().space)
        column.addLayout(self._buttons)
        column.addStretch(6)

    @property
    def shown(self) -> Emptiness | None:
        """What is said now."""
        return self._shown

    def show_reason(self, reason: Emptiness) -> None:
        """Say why there is nothing, and offer what helps."""
        if reason == self._shown:
            return
        self._shown = reason
        self._icon.setPixmap(icon(reason.icon, "disabled").pixmap(QSize(_ICON, _ICON)))
        self._title.setText(reason.title)
        self._sentence.setText(reason.sentence)
        self._sentence.setVisible(bool(reason.sentence))
        self.setAccessibleName(f"{reason.title}. {reason.sentence}")
        self._set_offers(reason.offers)
        self.update()

    def focus_first(self) -> None:
        """Let Return press the usual button."""
        first = self.findChild(QPushButton)
        if first is not None:
            first.setFocus()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the canvas, with a dashed line round it where one can drop photographs."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        colours = tokens()
        painter.fillRect(event.rect(), QColor(colours.canvas))
        if self._shown is not None and self._shown.drop:
            painter.setPen(QPen(QColor(colours.disabled), 1.5, Qt.PenStyle.CustomDashLine))
            pen = painter.pen()
            pen.setDashPattern([6, 5])
            painter.setPen(pen)
            room = QRectF(self.rect()).adjusted(_INSET, _INSET, -_INSET, -_INSET)
            painter.drawRoundedRect(room, 2 * colours.radius, 2 * colours.radius)

    def _set_offers(self, offers: Sequence[Offer]) -> None:
        while (item := self._buttons.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.hide()
                widget.setParent(None)
                widget.deleteLater()
        self._buttons.addStretch(1)
        for place, offer in enumerate(offers):
            self._buttons.addWidget(_button(offer, usual=place == 0))
        self._buttons.addStretch(1)


def _button(offer: Offer, *, usual: bool) -> QPushButton:
    button = push_button(offer.text, offer.sentence, "primary" if usual else "")
    if offer.icon:
        button.setIcon(icon(offer.icon, "on_accent" if usual else "text"))
    button.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
    button.clicked.connect(lambda _checked=False: offer.action())
    return button
