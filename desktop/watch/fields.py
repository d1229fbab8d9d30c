"""Fields of the watch dialog."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QLineEdit, QWidget

from desktop.recipe.buttons import tool_button
from desktop.recipe.output_editors import readable
from desktop.watch.words import tr


class FolderField(QWidget):
    """A folder: typed, or chosen in the folder dialog.

    Args:
        hint: what stands in the empty field.
        title: the folder dialog's.
    """

    changed = Signal()

    def __init__(self, hint: str, title: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._title = title
        self.line = QLineEdit()
        self.line.setPlaceholderText(hint)
        self.line.textChanged.connect(self.changed)
        self._browse = tool_button("folder", tr("Browse"), title)
        self._browse.clicked.connect(self._choose)
        self.setFocusProxy(self.line)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(2)
        row.addWidget(self.line, 1)
        row.addWidget(self._browse)

    @property
    def folder(self) -> Path | None:
        """What is entered; None for nothing."""
        text = self.line.text().strip()
        return Path(text).expanduser() if text else None

    def show_folder(self, folder: Path | None) -> None:
        """Enter a folder."""
        self.line.setText(readable(folder) if folder is not None else "")

    def set_hint(self, hint: str) -> None:
        """Say what an empty field means."""
        self.line.setPlaceholderText(hint)

    def set_fixed(self) -> None:
        """Only show it."""
        self.line.setReadOnly(True)
        self._browse.hide()

    def setAccessibleName(self, name: str) -> None:
        """Name the line, which has the keyboard."""
        self.line.setAccessibleName(name)

    def setToolTip(self, sentence: str) -> None:
        """Explain it."""
        self.line.setToolTip(sentence)

    def _choose(self) -> None:
        start = self.folder
        while start is not None and not start.is_dir() and start.parent != start:
            start = start.parent
        chosen = QFileDialog.getExistingDirectory(self, self._title, str(start or Path.home()))
        if chosen:
            self.show_folder(Path(chosen))
