"""Closing the window that alone watches folders: said once, with what can be done about it."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

from PySide6.QtWidgets import QCheckBox, QWidget

from desktop.dialogs.frame import DialogFrame
from desktop.words import count


class LeaveChoice(StrEnum):
    """What is to happen to the watched folders."""

    CLOSE = "close"
    TO_TRAY = "to_tray"
    KEEP = "keep"
    """The service is to go on with them."""


class LeaveDialog(DialogFrame):
    """Says that watching ends with the window. `choice` None: it stays open.

    Args:
        names: the folders that nobody watches then.
        tray: whether the window could go on in the tray.
    """

    def __init__(
        self, names: Sequence[str], *, tray: bool = False, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.choice: LeaveChoice | None = None
        self.set_heading(self.tr("Stop watching?"), leaving_words(self, names))
        self.setWindowTitle(self.tr("Close Regrain"))
        self.silent = QCheckBox(self.tr("&Do not say this again"))
        self.body.addWidget(self.silent)
        self.keep = self._choice(self.tr("&Keep watching…"), LeaveChoice.KEEP, left=True)
        self.keep.setToolTip(self.tr("Install a service that goes on without a window."))
        self.tray = self._choice(self.tr("To the &tray"), LeaveChoice.TO_TRAY)
        self.tray.setToolTip(self.tr("Close the window and go on watching in the tray."))
        self.tray.setVisible(tray)
        self.cancel = self.add_button(self.tr("C&ancel"))
        self.cancel.clicked.connect(self.reject)
        self.close_ = self._choice(self.tr("&Close"), LeaveChoice.CLOSE, primary=True)
        self.close_.setToolTip(self.tr("What comes meanwhile is found at the next start."))
        self.close_.setFocus()
        self.resize(500, 10)
        self.fit()

    def _choice(self, text: str, choice: LeaveChoice, **how: bool) -> QWidget:
        button = self.add_button(text, **how)
        button.clicked.connect(lambda _checked=False: self._choose(choice))
        return button

    def _choose(self, choice: LeaveChoice) -> None:
        self.choice = choice
        self.accept()


def leaving_words(widget: QWidget, names: Sequence[str]) -> str:
    """Return that nobody watches these folders once the window is closed."""
    if len(names) == 1:
        words = widget.tr("{} is watched only as long as this window is open.").format(names[0])
    else:
        words = widget.tr("{} folders are watched only as long as this window is open.")
        words = words.format(count(len(names)))
    later = widget.tr("What comes meanwhile is found and edited at the next start.")
    return f"{words} {later}"
