"""The line under the photograph: where the file lies, and how much noise was found."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QSize, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QWidget

from core.library.photo import Photo
from desktop.icons import icon
from desktop.theme import tokens
from desktop.viewer.buttons import named
from desktop.viewer.elided import ElidedLabel
from desktop.viewer.words import has_result


class PathLine(QWidget):
    """Signals: `reveal_wanted(Path)`: the folder is to be opened at exactly this file."""

    reveal_wanted = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._path: Path | None = None
        self._what = named(QLabel(), "small")
        self._where = ElidedLabel(self)
        self._where.setObjectName("small")
        self._noise = named(QLabel(), "small")
        self._reveal = named(QPushButton(self.tr("Show in folder")), "link")
        self._reveal.setIcon(icon("reveal", "accent_text"))
        self._reveal.setIconSize(QSize(14, 14))
        self._reveal.setToolTip(self.tr("Open the folder with this file selected (Ctrl+Shift+R)."))
        self._reveal.clicked.connect(self._want)
        space = tokens().space
        # The same with and without its button: the canvas above must not jump.
        self.setFixedHeight(tokens().icon + space)
        row = QHBoxLayout(self)
        row.setContentsMargins(space, 1, space, 1)
        row.setSpacing(space)
        row.addWidget(self._what)
        row.addWidget(self._where, 1)
        row.addWidget(self._reveal)
        row.addSpacing(space)
        row.addWidget(self._noise)

    def show_photo(self, photo: Photo | None, target: Path | None) -> None:
        """Say where the result is, or would be, or else where the photograph is."""
        if photo is None:
            self._show_file("", None)
        elif has_result(photo):
            self._show_file(self.tr("Result"), photo.output)
        elif target is not None:
            self._show_file(self.tr("Will be saved as"), target, there=False)
        else:
            self._show_file(self.tr("Photograph"), photo.path, there=not photo.missing)

    def _show_file(self, what: str, path: Path | None, *, there: bool = True) -> None:
        self._path = path
        self._what.setText(what)
        self._where.setText(str(path) if path else "")
        self._reveal.setVisible(path is not None and there)
        self._reveal.setAccessibleName(
            self.tr("Show {} in folder").format(path.name) if path else ""
        )

    def show_noise(self, words: str) -> None:
        """Say how much noise was found; nothing while it is unknown."""
        self._noise.setText(words)

    def _want(self) -> None:
        if self._path is not None:
            self.reveal_wanted.emit(self._path)
