"""The bar over the photograph while a mask is painted: brush, size, feather, undo, and done."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QButtonGroup, QHBoxLayout, QPushButton, QToolButton, QWidget

from desktop.masks.overlay import LEAST, MOST, MaskOverlay
from desktop.recipe.dials import Dial
from desktop.theme import tokens
from desktop.viewer.buttons import UprightLine, icon_button
from desktop.widgets.named import label, named

_MOST_FEATHER = 200
_DIAL = 96


class MaskBar(QWidget):
    """Works on one overlay; `feather` is the recipe's, in pixels of the photograph."""

    finished = Signal()
    """The mask is to be used."""
    left = Signal()
    """The mask stays as it was before."""

    def __init__(self, overlay: MaskOverlay, feather: int, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("raised")
        self._overlay = overlay
        self._row = QHBoxLayout(self)
        space = tokens().space
        self._row.setContentsMargins(space, space // 2, space, space // 2)
        self._row.setSpacing(space // 2)
        self._make_brushes()
        self.size_dial = self._dial(
            self.tr("Size"), self.tr("How large the brush is ([ and ])."), LEAST, MOST
        )
        self.feather = self._dial(
            self.tr("Feather"),
            self.tr("Pixels of the photograph over which the edit fades out, inwards."),
            0,
            _MOST_FEATHER,
        )
        self._make_steps()
        self._make_ends()
        self.size_dial.show_value(overlay.radius)
        self.feather.show_value(feather)
        self.size_dial.moved.connect(overlay.set_radius)
        overlay.radius_changed.connect(self.size_dial.show_value)
        overlay.painted.connect(self._enable)
        overlay.erasing_changed.connect(self._show_tool)
        overlay.finished.connect(self.done.click)
        overlay.left.connect(self.left)
        self._enable()

    def _make_brushes(self) -> None:
        self.brush = icon_button(
            "brush", self.tr("Brush"), self.tr("Paint what is edited (B)."), checkable=True
        )
        self.eraser = icon_button(
            "eraser",
            self.tr("Eraser"),
            self.tr("Take away what was painted (E, or the right button)."),
            checkable=True,
        )
        group = QButtonGroup(self)
        for button, erases in ((self.brush, False), (self.eraser, True)):
            group.addButton(button)
            button.clicked.connect(partial(self._overlay.set_erasing, erases))
            self._row.addWidget(button)
        self.brush.setChecked(True)
        self._row.addWidget(UprightLine())

    def _dial(self, name: str, sentence: str, low: int, high: int) -> Dial:
        shown = label(name, "muted")
        dial = Dial(low, high)
        dial.setFixedWidth(_DIAL)
        dial.setAccessibleName(name)
        for widget in (shown, dial):
            widget.setToolTip(sentence)
        shown.setBuddy(dial)
        shown.setMinimumWidth(shown.fontMetrics().horizontalAdvance(f"{name} 200"))
        dial.valueChanged.connect(lambda value: shown.setText(f"{name} {value}"))
        self._row.addWidget(shown)
        self._row.addWidget(dial)
        return dial

    def _make_steps(self) -> None:
        self._row.addWidget(UprightLine())
        overlay = self._overlay
        self.undo = self._step("undo", self.tr("Undo"), self.tr("Take a stroke back (Ctrl+Z)."))
        self.redo = self._step("redo", self.tr("Redo"), self.tr("Paint it again."))
        self.invert = self._step(
            "compare", self.tr("Invert"), self.tr("Edit all that is not painted instead.")
        )
        self.clear = self._step("trash", self.tr("Clear"), self.tr("Take all away."))
        works: tuple[tuple[QToolButton, Callable[[], None]], ...] = (
            (self.undo, overlay.undo),
            (self.redo, overlay.redo),
            (self.invert, overlay.invert),
            (self.clear, overlay.clear),
        )
        for button, work in works:
            button.clicked.connect(work)

    def _step(self, name: str, text: str, sentence: str) -> QToolButton:
        button = icon_button(name, text, sentence)
        self._row.addWidget(button)
        return button

    def _make_ends(self) -> None:
        self._row.addStretch(1)
        self.cancel = QPushButton(self.tr("&Cancel"))
        self.cancel.setToolTip(self.tr("Leave the mask as it was (Esc)."))
        self.cancel.clicked.connect(self.left)
        self.done = named(QPushButton(self.tr("Use &mask")), "primary")
        self.done.setToolTip(self.tr("Edit only what is painted (Return)."))
        self.done.clicked.connect(self.finished)
        for button in (self.cancel, self.done):
            self._row.addWidget(button)

    @Slot(bool)
    def _show_tool(self, erases: bool) -> None:
        (self.eraser if erases else self.brush).setChecked(True)

    @Slot()
    def _enable(self) -> None:
        picture = self._overlay.picture
        self.undo.setEnabled(picture.can_undo)
        self.redo.setEnabled(picture.can_redo)
        self.done.setEnabled(not picture.is_empty)
