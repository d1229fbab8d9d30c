"""The line that says that only a folder or a batch is shown, and ends it."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QSize, Signal
from PySide6.QtWidgets import QHBoxLayout, QWidget

from desktop.icons import icon
from desktop.photos.parts import push_button
from desktop.theme import tokens
from desktop.widgets.named import label
from desktop.widgets.plain import plain_tip


class NarrowedLine(QWidget):
    """Hidden while all photographs of the project are shown."""

    ended = Signal()
    """All photographs are wanted again."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._mark = label()
        self._text = label(name="muted")
        sentence = self.tr("Show all photographs of the project again.")
        self._all = push_button(self.tr("Show all"), sentence, "link")
        self._all.clicked.connect(self.ended)
        line = QHBoxLayout(self)
        line.setContentsMargins(tokens().space + 2, 0, tokens().space, 4)
        line.setSpacing(6)
        line.addWidget(self._mark)
        line.addWidget(self._text)
        line.addWidget(self._all)
        line.addStretch(1)
        self.hide()

    @property
    def text(self) -> str:
        """What it says; nothing when it is hidden."""
        return "" if self.isHidden() else self._text.text()

    def say(self, folder: Path | None, batch: str = "") -> None:
        """Name the folder or the batch; hide for neither."""
        name = batch or (folder.name or str(folder) if folder is not None else "")
        self._text.setText(self.tr("Only {} is shown.").format(name))
        self._text.setToolTip(plain_tip(str(folder or "")))
        mark = icon("batch" if batch else "folder", "muted")
        self._mark.setPixmap(mark.pixmap(QSize(16, 16), self.devicePixelRatioF()))
        self.setVisible(bool(name))
