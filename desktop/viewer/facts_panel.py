"""What the photograph says of itself, and with which recipe its result was made."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFormLayout, QLabel, QPushButton, QScrollArea, QVBoxLayout, QWidget

from desktop.theme import tokens
from desktop.viewer.buttons import named

Lines = Sequence[tuple[str, str]]

_WIDTH = 236
_LABELS = 68


class FactsPanel(QScrollArea):
    """Two lists of lines at the viewer's right.

    Signals: `recipe_wanted()`: the recipe of this result is to be taken over.
    """

    recipe_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWidgetResizable(True)
        self.setFixedWidth(_WIDTH)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setAccessibleName(self.tr("Facts"))
        body = named(QWidget(), "panel")
        body.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._photo = _Section(self.tr("Photograph"))
        self._result = _Section(self.tr("Result"))
        self._use = QPushButton(self.tr("Use this recipe"))
        self._use.setToolTip(self.tr("Take the recipe of this result over into the panel."))
        self._use.clicked.connect(self.recipe_wanted)
        column = QVBoxLayout(body)
        space = tokens().space
        column.setContentsMargins(space + 4, space, space + 4, space)
        column.setSpacing(space)
        column.addWidget(self._photo)
        column.addWidget(self._result)
        column.addWidget(self._use, 0, Qt.AlignmentFlag.AlignLeft)
        column.addStretch(1)
        self.setWidget(body)
        self.show_result(())

    def show_photo(self, lines: Lines) -> None:
        """Show what the file says."""
        self._photo.show_lines(lines or ((self.tr("Reading…"), ""),))

    def show_result(self, lines: Lines, *, has_recipe: bool = False) -> None:
        """Show what the result was made with; nothing hides the part."""
        self._result.setVisible(bool(lines))
        self._result.show_lines(lines)
        self._use.setVisible(has_recipe)


class _Section(QWidget):
    """A heading and lines of a label and a value."""

    def __init__(self, title: str) -> None:
        super().__init__()
        self._form = QFormLayout()
        self._form.setContentsMargins(0, 0, 0, 0)
        self._form.setHorizontalSpacing(tokens().space)
        self._form.setVerticalSpacing(tokens().space // 2)
        self._form.setRowWrapPolicy(QFormLayout.RowWrapPolicy.DontWrapRows)
        self._form.setLabelAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(named(QLabel(title), "section"))
        column.addLayout(self._form)

    def show_lines(self, lines: Lines) -> None:
        """Show these lines instead of those before."""
        while self._form.rowCount():
            self._form.removeRow(0)
        for label, value in lines:
            self._form.addRow(_label(label, "small"), _label(value, ""))


def _label(text: str, name: str) -> QLabel:
    label = named(QLabel(text), name)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setWordWrap(not name)
    if name:
        label.setMinimumWidth(_LABELS)
    label.setAlignment(Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft)
    if not name:
        label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    return label
