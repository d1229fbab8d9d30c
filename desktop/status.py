"""The status bar: what was said last, how the work stands, and what it runs on."""

from __future__ import annotations

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QLabel, QStatusBar, QWidget

from desktop.widgets.named import label
from desktop.widgets.status_chip import StatusChip

_SAID_MS = 12_000


class StatusLine(QStatusBar):
    """One line below the window; `chip` opens the devices' dialog."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setSizeGripEnabled(False)
        self.chip = StatusChip(self)
        self._work: QLabel = label("", "muted")
        self.addPermanentWidget(self._work)
        self.addPermanentWidget(self.chip)
        self._fading = QTimer(self, singleShot=True, interval=_SAID_MS)
        self._fading.timeout.connect(self.clearMessage)

    def say(self, text: str) -> None:
        """Show a line for some seconds."""
        self.showMessage(text)
        self._fading.start()

    def show_work(self, text: str) -> None:
        """Show how the work stands, as long as there is some."""
        self._work.setText(text)
