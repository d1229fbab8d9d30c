"""The panel's heading with undo, redo, copy, paste and reading a recipe out of a file."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtGui import QUndoStack
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QLabel, QToolButton, QWidget

from desktop.recipe import words
from desktop.recipe.buttons import tool_button
from desktop.theme import tokens


class Header(QWidget):
    """`Recipe`, and what can be done with the whole of it."""

    copy_wanted = Signal()
    paste_wanted = Signal()
    file_chosen = Signal(object)

    def __init__(self, undo: QUndoStack, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        space = tokens().space
        title = QLabel(words.tr("Recipe"))
        title.setObjectName("heading")
        row = QHBoxLayout(self)
        row.setContentsMargins(space + 2, space // 2, space // 2, space // 2)
        row.setSpacing(0)
        row.addWidget(title)
        row.addStretch(1)
        self.undo = self._button(
            "undo", words.tr("Undo"), words.tr("Take back the last change to the recipe.")
        )
        self.redo = self._button(
            "redo", words.tr("Redo"), words.tr("Do again what was taken back.")
        )
        self.copy = self._button("copy", words.tr("Copy recipe"), words.tr("Copy the recipe."))
        self.paste = self._button(
            "paste", words.tr("Paste recipe"), words.tr("Take over a copied recipe.")
        )
        self.open = self._button(
            "import",
            words.tr("Recipe from a file"),
            words.tr("Read the recipe out of a picture or a recipe file; or drop it here."),
        )
        self._connect(undo)

    def _button(self, name: str, shown: str, sentence: str) -> QToolButton:
        button = tool_button(name, shown, sentence, side=16)
        layout = self.layout()
        assert layout is not None
        layout.addWidget(button)
        return button

    def _connect(self, undo: QUndoStack) -> None:
        self.undo.clicked.connect(undo.undo)
        self.redo.clicked.connect(undo.redo)
        self.undo.setEnabled(False)
        self.redo.setEnabled(False)
        undo.canUndoChanged.connect(self.undo.setEnabled)
        undo.canRedoChanged.connect(self.redo.setEnabled)
        self.copy.clicked.connect(self.copy_wanted)
        self.paste.clicked.connect(self.paste_wanted)
        self.open.clicked.connect(self._choose)

    def _choose(self) -> None:
        files = words.tr("Pictures and recipes (*.png *.jpg *.jpeg *.webp *.tif *.toml *.json)")
        path, _ = QFileDialog.getOpenFileName(self, words.tr("Recipe from a file"), "", files)
        if path:
            self.file_chosen.emit(Path(path))
