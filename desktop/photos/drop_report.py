"""One line above the grid: what was taken of a drop, what was not, and why."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from PySide6.QtCore import QSize, Qt, Signal, Slot
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QHeaderView,
    QPushButton,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from core.errors import CoreError
from desktop.icons import icon
from desktop.photos.drops import DropReport
from desktop.photos.parts import push_button
from desktop.photos.words import tr
from desktop.theme import tokens
from desktop.widgets.named import flat_button, label
from desktop.widgets.plain import plain_tip
from desktop.words import count

_MOST_LINES = 2000
"""A list of more files than this is cut, and says so."""
_LIST_HEIGHT = 150

Line = tuple[str, str, str]
"""A file or a kind of files, why it was not taken, and the whole path."""


class DropReportPanel(QWidget):
    """Hidden until there is something to tell; dismissed by a button or by Escape."""

    undo_wanted = Signal(object)
    """The DropReport whose photographs are to be taken out of the project again."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._report: DropReport | None = None
        self._role = "line"
        self._mark = label()
        self._text = label(wrap=True)
        self._text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._details = self._make_details()
        self._undo = push_button(
            self.tr("&Undo"), self.tr("Take these photographs out of the project again."), "link"
        )
        self._undo.clicked.connect(self._ask_undo)
        self._close = flat_button(
            "close", self.tr("Dismiss"), self.tr("Take this message away."), "muted"
        )
        self._close.clicked.connect(self.dismiss)
        self._list = _list()
        self._lay_out()
        self.hide()

    @property
    def text(self) -> str:
        """What it says now; nothing when it is hidden."""
        return "" if self.isHidden() else self._text.text()

    @property
    def lines(self) -> list[tuple[str, str]]:
        """What was not taken and why, as the list shows it."""
        items = (self._list.topLevelItem(row) for row in range(self._list.topLevelItemCount()))
        return [(item.text(0), item.text(1)) for item in items if item is not None]

    @Slot(object)
    def say_working(self, paths: Sequence[Path]) -> None:
        """Say that folders are being looked through."""
        names = ", ".join(path.name or str(path) for path in paths[:3])
        if len(paths) > 3:
            names = tr("{} and {} more").format(names, count(len(paths) - 3))
        self._say("search", "muted", self.tr("Looking for photographs in {}…").format(names), [])
        self._undo.hide()
        self._close.hide()

    def show_report(self, report: DropReport) -> None:
        """Tell what was taken; a drop that was taken whole is told too, in few words."""
        self._report = report
        trouble = bool(report.problems or report.nothing)
        mark, role = ("warning", "warn") if trouble else ("check", "good")
        self._say(mark, role, _ended(report.sentence()), list(lines_of(report)))
        self._undo.setVisible(bool(report.photos))

    @Slot(object)
    def show_error(self, error: CoreError) -> None:
        """Tell why nothing was taken."""
        self._say("error", "bad", f"{error.message} {error.hint}".strip(), [])
        self._undo.hide()

    @Slot()
    def dismiss(self) -> None:
        """Take the message away."""
        self._details.setChecked(False)
        self.hide()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the ground, with a stripe in the colour of how it went."""
        painter, colours = QPainter(self), tokens()
        painter.fillRect(event.rect(), QColor(colours.raised))
        painter.fillRect(0, 0, 3, self.height(), QColor(getattr(colours, self._role)))
        painter.fillRect(0, self.height() - 1, self.width(), 1, QColor(colours.line))

    def _say(self, mark: str, role: str, text: str, lines: Sequence[Line]) -> None:
        self._role = "accent" if role == "muted" else role
        picture = icon(mark, role).pixmap(QSize(18, 18), self.devicePixelRatioF())
        self._mark.setPixmap(picture)
        self._text.setText(text)
        self._fill(lines)
        self._details.setChecked(False)
        self._details.setVisible(bool(lines))
        self._close.show()
        self.setAccessibleName(text)
        self.show()
        self.update()

    def _fill(self, lines: Sequence[Line]) -> None:
        self._list.clear()
        items = []
        for what, why, path in lines[:_MOST_LINES]:
            item = QTreeWidgetItem([what, why])
            item.setToolTip(0, plain_tip(path))
            item.setToolTip(1, plain_tip(why))
            items.append(item)
        if len(lines) > _MOST_LINES:
            rest = self.tr("and {} more").format(count(len(lines) - _MOST_LINES))
            items.append(QTreeWidgetItem([rest, ""]))
        self._list.addTopLevelItems(items)

    def _make_details(self) -> QPushButton:
        sentence = self.tr("List each file that was not taken, and why.")
        button = push_button(self.tr("&Details"), sentence, "flat")
        button.setCheckable(True)
        button.toggled.connect(self._show_list)
        return button

    @Slot(bool)
    def _show_list(self, on: bool) -> None:
        self._list.setVisible(on)

    @Slot()
    def _ask_undo(self) -> None:
        if self._report is not None:
            self.undo_wanted.emit(self._report)
        self.dismiss()

    def _lay_out(self) -> None:
        line = QHBoxLayout()
        line.setSpacing(tokens().space)
        line.addWidget(self._mark)
        line.addWidget(self._text, 1)
        for button in (self._undo, self._details, self._close):
            line.addWidget(button)
        column = QVBoxLayout(self)
        column.setContentsMargins(tokens().space + 5, 5, tokens().space, 6)
        column.setSpacing(6)
        column.addLayout(line)
        column.addWidget(self._list)


def lines_of(report: DropReport) -> Iterator[Line]:
    """Yield what was not taken and why: problems first, then by rule, then kinds of other files."""
    for trouble in (*report.problems, *report.left_out):
        why = f"{trouble.message} {trouble.hint}".strip()
        yield trouble.path.name, why, str(trouble.path)
    left_out: dict[str, int] = {}
    for trouble in report.left_out:
        kind = trouble.path.suffix[1:].upper()
        left_out[kind] = left_out.get(kind, 0) + 1
    for kind, number in report.seen.items():
        ignored = number - left_out.get(kind, 0)
        if ignored > 0:
            name = kind or tr("without extension")
            yield f"{count(ignored)} {name}", tr("Ignored: no picture by its name."), ""


def _ended(sentence: str) -> str:
    return sentence if sentence.endswith(".") else f"{sentence}."


def _list() -> QTreeWidget:
    made = QTreeWidget()
    made.setHeaderLabels([tr("File"), tr("Why it was not taken")])
    made.setAccessibleName(tr("Files that were not taken"))
    made.setRootIsDecorated(False)
    made.setUniformRowHeights(True)
    made.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
    made.setFixedHeight(_LIST_HEIGHT)
    made.header().setSectionResizeMode(0, QHeaderView.ResizeMode.Interactive)
    made.header().resizeSection(0, 180)
    made.hide()
    return made
