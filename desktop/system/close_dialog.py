"""Closing the window while it works: asked once, and never more than a few seconds."""

from __future__ import annotations

from enum import StrEnum

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QCloseEvent
from PySide6.QtWidgets import (
    QCheckBox,
    QDialog,
    QHBoxLayout,
    QProgressBar,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from desktop.icons import icon
from desktop.theme import tokens
from desktop.widgets.named import label
from desktop.widgets.picture import Picture
from desktop.words import photographs

_PATIENCE_MS = 15_000


class CloseChoice(StrEnum):
    """What is to happen to the work."""

    FINISH = "finish"
    STOP_NOW = "stop_now"
    TO_TRAY = "to_tray"


class CloseDialog(QDialog):
    """Asks how to close while photographs are being edited. `choice` None: it stays open.

    Args:
        waiting: photographs that are not done, the ones in work included.
        tray: whether it could go on in the tray.
    """

    def __init__(self, waiting: int, *, tray: bool = False, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.choice: CloseChoice | None = None
        self.setWindowTitle(self.tr("Close Regrain"))
        self.remember = QCheckBox(self.tr("&Always keep working in the tray"))
        self.remember.setToolTip(self.tr("Closing the window then never asks; Quit still does."))
        self.finish = self._button("stop-after", self.tr("&Finish this one"), CloseChoice.FINISH)
        self.finish.setObjectName("primary")
        self.finish.setIcon(icon("stop-after", "on_accent"))
        self.finish.setDefault(True)
        self.stop = self._button("stop", self.tr("Stop &now"), CloseChoice.STOP_NOW)
        self.to_tray = self._button("watch", self.tr("&Keep working"), CloseChoice.TO_TRAY)
        self.cancel = QPushButton(self.tr("&Cancel"))
        self.cancel.clicked.connect(self.reject)
        self._watched = label(name="muted", wrap=True)
        self._watched.hide()
        self._explain()
        self._lay_out(waiting, tray=tray)

    @property
    def watched(self) -> str:
        """What it says of watched folders."""
        return self._watched.text()

    def say_watched(self, text: str) -> None:
        """Say what closing means for watched folders; empty: nothing."""
        self._watched.setText(text)
        self._watched.setVisible(bool(text))

    def _explain(self) -> None:
        self.finish.setToolTip(self.tr("Finish the photograph in work, then close."))
        self.stop.setToolTip(self.tr("Drop the photograph in work and close; it is done again."))
        self.to_tray.setToolTip(self.tr("Close the window; the work goes on in the tray."))
        self.cancel.setToolTip(self.tr("Leave the window open."))

    def _button(self, picture: str, text: str, choice: CloseChoice) -> QPushButton:
        button = QPushButton(icon(picture), text)
        button.clicked.connect(lambda _checked=False: self._choose(choice))
        return button

    def _choose(self, choice: CloseChoice) -> None:
        self.choice = choice
        self.accept()

    def _lay_out(self, waiting: int, *, tray: bool) -> None:
        heading = label(self.tr("{} still waiting").format(photographs(waiting)), "heading")
        text = label(
            self.tr(
                "Nothing is lost: what is not done goes on with Resume when Regrain is opened "
                "again. Finishing the photograph in work takes a moment; stopping now drops it."
            ),
            "muted",
            wrap=True,
        )
        buttons = QHBoxLayout()
        shown = [self.to_tray] if tray else []
        for button in (*shown, self.cancel, self.stop, self.finish):
            buttons.addWidget(button)
        buttons.insertStretch(len(shown))
        column = QVBoxLayout(self)
        column.setContentsMargins(20, 18, 20, 16)
        column.setSpacing(tokens().space)
        column.addWidget(heading)
        column.addWidget(text)
        column.addWidget(self._watched)
        if tray:
            column.addWidget(self.remember)
        column.addSpacing(6)
        column.addLayout(buttons)
        self.setMinimumWidth(460)


class ClosingDialog(QDialog):
    """Shown while the work ends; goes away by itself, or stops at once when asked.

    `done` it with `accept`. After some seconds without an end it asks to stop by itself.
    """

    stop_now_wanted = Signal()

    def __init__(self, parent: QWidget | None = None, patience_ms: int = _PATIENCE_MS) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("Closing"))
        self.setModal(True)
        picture = Picture("regrain", side=28)
        self.text = label(self.tr("Finishing the photograph in work…"), "heading")
        bar = QProgressBar()
        bar.setRange(0, 0)
        bar.setTextVisible(False)
        bar.setAccessibleName(self.tr("Finishing"))
        self.stop = QPushButton(self.tr("Stop &now"))
        self.stop.setToolTip(self.tr("Drop the photograph in work; it is done again on Resume."))
        self.stop.clicked.connect(self._stop)
        top = QHBoxLayout()
        top.addWidget(picture)
        top.addWidget(self.text, 1)
        top.addWidget(self.stop, 0, Qt.AlignmentFlag.AlignRight)
        column = QVBoxLayout(self)
        column.setContentsMargins(20, 18, 20, 18)
        column.addLayout(top)
        column.addWidget(bar)
        self.setMinimumWidth(420)
        self._patience = QTimer(self, singleShot=True, interval=patience_ms)
        self._patience.timeout.connect(self._stop)
        self._patience.start()

    def closeEvent(self, event: QCloseEvent) -> None:
        """Closing it means not to wait."""
        self._stop()
        event.ignore()

    def reject(self) -> None:
        """Escape means not to wait."""
        self._stop()

    def _stop(self) -> None:
        self._patience.stop()
        if self.stop.isEnabled():
            self.stop.setEnabled(False)
            self.text.setText(self.tr("Stopping…"))
            self.stop_now_wanted.emit()
