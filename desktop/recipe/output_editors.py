"""Editors of where results go and how large they are; and of the seed, which is 63 bits long."""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import Any

from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QFocusEvent, QResizeEvent
from PySide6.QtWidgets import (
    QFileDialog,
    QHBoxLayout,
    QMenu,
    QWidget,
)

from core.outputs.template import TOKENS
from core.recipe import MAX_SEED
from desktop.recipe import words
from desktop.recipe.buttons import tool_button
from desktop.recipe.editors import Editor, LineEdit, NumberBox, WideCombo, mark_wrong
from desktop.theme import tokens
from desktop.widgets.plain import plain_tip


class PathLine(NumberBox):
    """A path: shortened in its middle until it is edited."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._whole = ""
        self.setAlignment(Qt.AlignmentFlag.AlignLeft)
        self.setMinimumWidth(40)
        self.setMaximumWidth(16_777_215)

    def show_path(self, text: str) -> None:
        """Show a path."""
        self._whole = text
        self._say()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Fit to the new size."""
        super().resizeEvent(event)
        self._say()

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Show the whole path to be edited."""
        self.show_text(self._whole)
        super().focusInEvent(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """Shorten it again."""
        super().focusOutEvent(event)
        self._say()

    def _say(self) -> None:
        if not self.hasFocus():
            room = max(40, self.width() - 18)
            mode = Qt.TextElideMode.ElideMiddle
            self.show_text(self.fontMetrics().elidedText(self._whole, mode, room))


class FolderEdit(Editor):
    """The output folder: a path to be typed, or chosen in the folder dialog."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._folder: Path | None = None
        self._planned: Path | None = None
        self.line = PathLine(self)
        self.line.entered.connect(self._enter)
        browse = tool_button(
            "folder", words.tr("Browse"), words.tr("Choose the folder where results go.")
        )
        browse.clicked.connect(self.browse)
        self.setFocusProxy(self.line)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(2)
        row.addWidget(self.line, 1)
        row.addWidget(browse)

    def show_value(self, value: Any) -> None:
        """Show a folder; None: the one beside the photographs."""
        self._folder = value
        self._say()

    def show_planned(self, folder: Path | None) -> None:
        """Show the folder that the default means for the chosen photograph."""
        self._planned = folder
        self._say()

    def set_wrong(self, wrong: bool) -> None:
        """Mark what was entered as refused."""
        mark_wrong(self.line, wrong)

    def browse(self) -> None:
        """Let the user choose a folder."""
        start = self._folder or self._planned
        while start is not None and not start.is_dir() and start.parent != start:
            start = start.parent
        chosen = QFileDialog.getExistingDirectory(
            self, words.tr("Where results go"), str(start or Path.home())
        )
        if chosen:
            self.edited.emit(Path(chosen))

    def _enter(self, text: str) -> None:
        self.edited.emit(Path(text).expanduser() if text else None)

    def _say(self) -> None:
        folder = self._folder or self._planned
        self.line.show_path(readable(folder) if folder else "")
        self.line.setPlaceholderText(words.tr("A folder beside the photographs"))
        sentence = words.sentence("folder")
        self.line.setToolTip(plain_tip(f"{sentence}\n{folder}" if folder else sentence))


def readable(path: Path) -> str:
    """Return a path with the home folder as `~`."""
    home = Path.home()
    if path == home or not path.is_relative_to(home):
        return str(path)
    return f"~/{path.relative_to(home)}"


class TemplateEdit(LineEdit):
    """A name template, with a menu of what may stand in braces."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.menu = QMenu(self)
        for token in TOKENS:
            text = f"{{{token}}}"
            self.menu.addAction(text).triggered.connect(lambda _on, text=text: self._insert(text))
        more = tool_button(
            "more", words.tr("Insert"), words.tr("What the file name can be made of.")
        )
        more.clicked.connect(lambda: self.menu.popup(more.mapToGlobal(QPoint(0, more.height()))))
        layout = self.layout()
        assert layout is not None
        layout.addWidget(more)

    def _insert(self, text: str) -> None:
        self.line.insert(text)
        self.edited.emit(self.line.text())


class SeedEdit(LineEdit):
    """A seed as text (it does not fit a spin box), with dice for another one."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        dice = tool_button("dice", words.tr("New seed"), words.tr("Take another seed."))
        dice.clicked.connect(lambda: self.edited.emit(secrets.randbelow(min(MAX_SEED, 10**9))))
        layout = self.layout()
        assert layout is not None
        layout.addWidget(dice)


class SizeEdit(Editor):
    """The results' size: as the photograph, at most so many pixels a side, or scaled.

    Shows and tells (max_side, scale).
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.kind = WideCombo(self)
        self.kind.add(words.tr("As the photograph"), words.tr("no pixel more or less"), "own")
        self.kind.add(words.tr("Longest side"), words.tr("at most so many pixels"), "side")
        self.kind.add(words.tr("Scaled"), words.tr("by a factor, such as 0.5"), "scale")
        self.number = NumberBox(self)
        self.number.setFixedWidth(60)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(tokens().space // 2)
        row.addWidget(self.kind, 1)
        row.addWidget(self.number)
        self.setFocusProxy(self.kind)
        self.kind.activated.connect(self._choose)
        self.number.entered.connect(self._enter)

    def show_value(self, value: Any) -> None:
        """Show (max_side, scale)."""
        side, scale = value
        kind = "side" if side is not None else "scale" if scale != 1.0 else "own"
        self.kind.setCurrentIndex(self.kind.findData(kind))
        self.number.setVisible(kind != "own")
        self.number.show_text(str(side) if side is not None else f"{scale:g}")

    def set_wrong(self, wrong: bool) -> None:
        """Mark what was entered as refused."""
        mark_wrong(self.number, wrong)

    def _choose(self, row: int) -> None:
        kind = self.kind.itemData(row)
        values = {"own": (None, 1.0), "side": (2048, 1.0), "scale": (None, 0.5)}
        self.edited.emit(values[kind])
        if kind != "own":
            self.number.setFocus()
            self.number.selectAll()

    def _enter(self, text: str) -> None:
        sided = self.kind.currentData() == "side"
        self.edited.emit((text, 1.0) if sided else (None, text.replace(",", ".")))
