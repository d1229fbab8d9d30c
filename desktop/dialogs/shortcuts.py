"""The sheet of keyboard shortcuts, made from the actions themselves."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from PySide6.QtCore import QRectF, QSize, Qt, Slot
from PySide6.QtGui import QAction, QColor, QKeySequence, QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QLineEdit, QVBoxLayout, QWidget

from desktop.dialogs.frame import DialogFrame, scrolled
from desktop.icons import icon
from desktop.theme import tokens
from desktop.widgets.named import label

_NATIVE = QKeySequence.SequenceFormat.NativeText
_COLUMNS = 2


@dataclass(frozen=True, slots=True)
class Shortcut:
    """A key and what it does."""

    keys: tuple[str, ...]
    text: str


Group = tuple[str, Sequence[QAction]]


def shortcuts_of(actions: Iterable[QAction]) -> list[Shortcut]:
    """Return the actions that have keys, with their texts as they stand in menus."""
    found = []
    for action in actions:
        keys = tuple(key.toString(_NATIVE) for key in action.shortcuts() if not key.isEmpty())
        shown = action.property("keys")
        keys += (str(shown),) if shown else ()
        if keys:
            text = action.text().split("\t")[0].replace("&", "").rstrip("…")
            found.append(Shortcut(keys, text))
    return found


class ShortcutsDialog(DialogFrame):
    """Lists every key, by menu; the field at the top narrows the list.

    Args:
        groups: a title and its actions, each.
    """

    def __init__(self, groups: Sequence[Group], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.set_heading(self.tr("Keyboard shortcuts"))
        titled = [(title.replace("&", ""), shortcuts_of(actions)) for title, actions in groups]
        self._groups = [(title, keys) for title, keys in titled if keys]
        self.search = QLineEdit()
        self.search.setPlaceholderText(self.tr("Search keys and commands"))
        self.search.setAccessibleName(self.tr("Search keys and commands"))
        self.search.addAction(icon("search", "muted"), QLineEdit.ActionPosition.LeadingPosition)
        self.search.setClearButtonEnabled(True)
        self.search.textChanged.connect(self._narrow)
        self.body.addWidget(self.search)
        self._nothing = label(self.tr("No key does that."), "muted")
        self._nothing.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._sections: list[_Section] = []
        self._lay_out_groups()
        self.add_close()
        self.resize(720, 540)

    def shown(self) -> list[str]:
        """Return the texts that are listed now."""
        return [text for section in self._sections for text in section.shown()]

    def _lay_out_groups(self) -> None:
        inner = QWidget()
        row = QHBoxLayout(inner)
        row.setContentsMargins(0, 6, 8, 0)
        row.setSpacing(32)
        columns = [QVBoxLayout() for _ in range(_COLUMNS)]
        heights = [0] * _COLUMNS
        for title, shortcuts in self._groups:
            section = _Section(title, shortcuts)
            self._sections.append(section)
            lowest = heights.index(min(heights))
            heights[lowest] += len(shortcuts) + 2
            columns[lowest].addWidget(section)
        for column in columns:
            column.setSpacing(14)
            column.addStretch(1)
            row.addLayout(column, 1)
        self.body.addWidget(self._nothing)
        self.body.addWidget(scrolled(inner), 1)
        self._nothing.hide()

    @Slot(str)
    def _narrow(self, text: str) -> None:
        for section in self._sections:
            section.narrow(text.strip().casefold())
        self._nothing.setVisible(not self.shown())


class _Section(QWidget):
    """One menu's keys."""

    def __init__(self, title: str, shortcuts: Sequence[Shortcut]) -> None:
        super().__init__()
        self._title = title
        self._rows: list[tuple[Shortcut, QWidget]] = []
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(3)
        column.addWidget(label(title, "section"))
        for shortcut in shortcuts:
            row = _row(shortcut)
            self._rows.append((shortcut, row))
            column.addWidget(row)

    def narrow(self, text: str) -> None:
        """Show only what holds `text`."""
        for shortcut, row in self._rows:
            words = " ".join([self._title, shortcut.text, *shortcut.keys]).casefold()
            row.setVisible(text in words)
        self.setVisible(bool(self.shown()))

    def shown(self) -> list[str]:
        """Return the texts that are listed."""
        return [shortcut.text for shortcut, row in self._rows if not row.isHidden()]


class KeyCap(QLabel):
    """A key as it is printed on a keyboard."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.setAlignment(Qt.AlignmentFlag.AlignCenter)

    def sizeHint(self) -> QSize:
        """Return room for the text and the cap round it."""
        metrics = self.fontMetrics()
        width = metrics.horizontalAdvance(self.text()) + 14
        return QSize(max(26, width), metrics.height() + 6)

    def minimumSizeHint(self) -> QSize:
        """Return the same: a key is never cut."""
        return self.sizeHint()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the cap, a little raised."""
        colours = tokens()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        area = QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -1.5)
        painter.setPen(QColor(colours.line))
        painter.setBrush(QColor(colours.line))
        painter.drawRoundedRect(area.translated(0, 1), 4, 4)
        painter.setBrush(QColor(colours.raised))
        painter.drawRoundedRect(area, 4, 4)
        painter.setPen(QColor(colours.text))
        painter.drawText(area, Qt.AlignmentFlag.AlignCenter, self.text())


def _row(shortcut: Shortcut) -> QWidget:
    holder = QWidget()
    row = QHBoxLayout(holder)
    row.setContentsMargins(0, 0, 0, 0)
    row.setSpacing(5)
    row.addWidget(label(shortcut.text), 1)
    for keys in shortcut.keys:
        row.addWidget(KeyCap(keys))
    holder.setAccessibleName(f"{shortcut.text}: {', '.join(shortcut.keys)}")
    return holder
