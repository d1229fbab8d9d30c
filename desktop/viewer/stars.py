"""Five stars to click on."""

from __future__ import annotations

from PySide6.QtCore import QSize, Signal
from PySide6.QtWidgets import QHBoxLayout, QToolButton, QWidget

from desktop.icons import icon
from desktop.theme import tokens
from desktop.viewer.buttons import named

MOST = 5


class Stars(QWidget):
    """A photograph's rating. `rated(int)`: another was chosen; the same star again means none."""

    rated = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._stars = 0
        self._buttons = [self._button(number) for number in range(1, MOST + 1)]
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        for button in self._buttons:
            layout.addWidget(button)
        self.set_stars(0)

    @property
    def stars(self) -> int:
        """How many are shown."""
        return self._stars

    def set_stars(self, stars: int) -> None:
        """Show a rating."""
        self._stars = stars
        self.setAccessibleName(self.tr("Rating: {} of 5 stars").format(stars))
        for number, button in enumerate(self._buttons, 1):
            filled = number <= stars
            button.setIcon(icon("star-filled" if filled else "star", "warn" if filled else "muted"))

    def _button(self, number: int) -> QToolButton:
        button = named(QToolButton(self), "flat")
        button.setIconSize(QSize(tokens().icon - 2, tokens().icon - 2))
        button.setAccessibleName(self.tr("{} stars").format(number))
        button.setToolTip(
            self.tr("Give {0} of 5 stars ({0}); the same again takes them away.").format(number)
        )
        button.clicked.connect(lambda: self._choose(number))
        return button

    def _choose(self, number: int) -> None:
        self.rated.emit(0 if number == self._stars else number)
