"""Editors of a folder or a file by its path: where prompts and wildcards come from."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QToolButton, QWidget

from desktop.recipe import words
from desktop.recipe.buttons import tool_button
from desktop.recipe.editors import Editor, mark_wrong
from desktop.recipe.output_editors import PathLine, readable


class PlaceEdit(Editor):
    """A folder, typed or chosen; an empty line is none."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._path: Path | None = None
        self.line = PathLine(self)
        self.line.entered.connect(self._enter)
        self.line.setPlaceholderText(words.tr("None"))
        self.setFocusProxy(self.line)
        self.row = QHBoxLayout(self)
        self.row.setContentsMargins(0, 0, 0, 0)
        self.row.setSpacing(2)
        self.row.addWidget(self.line, 1)
        folder = self.add("folder", words.tr("Choose a folder"))
        folder.clicked.connect(self._ask_folder)

    def add(self, name: str, sentence: str) -> QToolButton:
        """Append a button."""
        button = tool_button(name, sentence, f"{sentence}.")
        self.row.addWidget(button)
        return button

    @property
    def start(self) -> str:
        """The folder in which a dialog begins."""
        return str(self._path.parent if self._path else Path.home())

    def show_value(self, value: Any) -> None:
        """Show a path; None: there is none."""
        self._path = value
        self.line.show_path(readable(value) if value else "")

    def set_wrong(self, wrong: bool) -> None:
        """Mark what was entered as refused."""
        mark_wrong(self.line, wrong)

    def _enter(self, text: str) -> None:
        self.edited.emit(Path(text).expanduser() if text else None)

    def _ask_folder(self) -> None:
        chosen = QFileDialog.getExistingDirectory(self, words.tr("Choose a folder"), self.start)
        if chosen:
            self.edited.emit(Path(chosen))


class PromptsEdit(PlaceEdit):
    """A folder with NAME.txt, or a CSV file."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        file = self.add("prompt", words.tr("Choose a CSV file"))
        file.clicked.connect(self._ask_file)

    def _ask_file(self) -> None:
        kinds = words.tr("Tables (*.csv)")
        title = words.tr("Choose a CSV file")
        chosen, _ = QFileDialog.getOpenFileName(self, title, self.start, kinds)
        if chosen:
            self.edited.emit(Path(chosen))
