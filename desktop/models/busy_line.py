"""A line that says what is done with models now, how far it is, and a button that ends it."""

from __future__ import annotations

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QHBoxLayout, QProgressBar, QPushButton, QWidget

from desktop.models.desk import ModelDesk
from desktop.models.words import tr
from desktop.theme import tokens
from desktop.widgets.elided import ElidedLabel
from desktop.widgets.named import label
from desktop.words import gigabytes

_PARTS = 1000


class BusyLine(QWidget):
    """Hidden while nothing is done."""

    def __init__(self, desk: ModelDesk, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.text = ElidedLabel()
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.bar.setFixedHeight(6)
        self.bar.setAccessibleName(tr("Progress"))
        self.amount = label(name="small")
        self.cancel = QPushButton(tr("&Stop"))
        self.cancel.setToolTip(tr("End this; what was downloaded of it is kept."))
        self.cancel.clicked.connect(desk.cancel)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(tokens().space)
        row.addWidget(self.text, 2)
        row.addWidget(self.bar, 2)
        row.addWidget(self.amount)
        row.addWidget(self.cancel)
        desk.busy_changed.connect(self.say)
        desk.progressed.connect(self.show_bytes)
        self.say(desk.busy)

    @Slot(str)
    def say(self, what: str) -> None:
        """Say what is done; nothing: hide."""
        self.setVisible(bool(what))
        self.text.setText(what)
        self.amount.setText("")
        # Without numbers the bar says only that something is done.
        self.bar.setRange(0, 0)

    @Slot(object, object)
    def show_bytes(self, done: int, total: int) -> None:
        """Say how far it is."""
        self.bar.setRange(0, _PARTS)
        self.bar.setValue(round(_PARTS * done / total) if total else 0)
        self.amount.setText(tr("{0} of {1}").format(gigabytes(done), gigabytes(total)))
