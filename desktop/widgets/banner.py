"""A line in place of a dialog: what happened, what it means, what to do, and a button for it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from enum import StrEnum

from PySide6.QtCore import QRectF, Qt, Signal
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPaintEvent
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from core.errors import CoreError
from desktop.theme import Tokens, tokens
from desktop.widgets.named import flat_button, label
from desktop.widgets.picture import Picture

Button = tuple[str, Callable[[], None]]
"""A button's text (with its mnemonic) and what it does."""
_STRIPE = 3


class BannerKind(StrEnum):
    """How serious it is."""

    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


_ICONS = {BannerKind.INFO: "info", BannerKind.WARNING: "warning", BannerKind.ERROR: "error"}
_ROLES = {BannerKind.INFO: "accent_text", BannerKind.WARNING: "warn", BannerKind.ERROR: "bad"}


class Banner(QFrame):
    """A dismissable message with a hint and buttons; hidden until something is said."""

    dismissed = Signal()
    """The user closed it; not emitted by `clear`."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.kind = BannerKind.INFO
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Preferred)
        self._icon = Picture()
        self._message = _text()
        self._hint = _text("muted")
        self._buttons: list[QPushButton] = []
        self._close = self._close_button()
        self._lay_out()
        self.hide()

    @property
    def message(self) -> str:
        """What is said now; nothing when it is hidden."""
        return "" if self.isHidden() else self._message.text()

    @property
    def hint(self) -> str:
        """What it says to do."""
        return self._hint.text()

    def say(
        self,
        message: str,
        hint: str = "",
        *,
        kind: BannerKind = BannerKind.INFO,
        buttons: Sequence[Button] = (),
        dismissable: bool = True,
    ) -> None:
        """Show a message; it stays until it is dismissed, cleared or another one is said."""
        self.kind = kind
        self._icon.show_icon(_ICONS[kind], _ROLES[kind])
        self._message.setText(message)
        self._hint.setText(hint)
        self._hint.setVisible(bool(hint))
        self._set_buttons(buttons)
        self._close.setVisible(dismissable)
        self.setAccessibleName(f"{message} {hint}".strip())
        self.show()
        self.update()

    def say_error(self, error: CoreError, buttons: Sequence[Button] = ()) -> None:
        """Show a known error with its hint."""
        self.say(error.message, error.hint, kind=BannerKind.ERROR, buttons=buttons)

    def clear(self) -> None:
        """Take the message away."""
        self.hide()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint a tinted ground with a stripe in the colour of the kind."""
        colours = tokens()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        ground = QPainterPath()
        ground.addRoundedRect(QRectF(self.rect()), colours.radius, colours.radius)
        painter.setClipPath(ground)
        painter.fillRect(self.rect(), _tint(colours, _ROLES[self.kind]))
        stripe = QRectF(0, 0, _STRIPE, self.height())
        painter.fillRect(stripe, QColor(getattr(colours, _ROLES[self.kind])))

    def _close_button(self) -> QToolButton:
        button = flat_button(
            "close", self.tr("Dismiss"), self.tr("Take this message away."), "muted"
        )
        button.clicked.connect(self._dismiss)
        return button

    def _dismiss(self) -> None:
        self.hide()
        self.dismissed.emit()

    def _lay_out(self) -> None:
        texts = QVBoxLayout()
        texts.setSpacing(1)
        texts.addWidget(self._message)
        texts.addWidget(self._hint)
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(_STRIPE + 9, 5, 6, 5)
        self._row.setSpacing(tokens().space)
        self._row.addWidget(self._icon, 0, Qt.AlignmentFlag.AlignVCenter)
        self._row.addLayout(texts, 1)
        self._row.addWidget(self._close, 0, Qt.AlignmentFlag.AlignVCenter)

    def _set_buttons(self, buttons: Sequence[Button]) -> None:
        for old in self._buttons:
            self._row.removeWidget(old)
            old.hide()
            old.deleteLater()
        self._buttons = []
        for text, action in buttons:
            button = QPushButton(text, self)
            button.clicked.connect(lambda _checked=False, action=action: action())
            self._row.insertWidget(self._row.count() - 1, button, 0, Qt.AlignmentFlag.AlignVCenter)
            button.show()
            self._buttons.append(button)


def _text(name: str = "") -> QLabel:
    made = label(name=name, wrap=True)
    made.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    return made


def _tint(colours: Tokens, role: str) -> QColor:
    """Return the panel's colour with a little of the kind's, readable under the theme's text."""
    panel, colour = QColor(colours.panel), QColor(getattr(colours, role))
    share = 0.16 if colours.dark else 0.12
    mixed = QColor()
    mixed.setRgbF(
        *(
            a + (b - a) * share
            for a, b in (
                (panel.redF(), colour.redF()),
                (panel.greenF(), colour.greenF()),
                (panel.blueF(), colour.blueF()),
            )
        )
    )
    return mixed
