"""The LoRAs of a recipe: each with its weight; added from the user's folders or from a file."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

from PySide6.QtCore import QPoint, Signal
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QMenu, QPushButton, QVBoxLayout, QWidget

from core.models.found import ExtraFile
from core.recipe import LoraSetting
from desktop.icons import icon
from desktop.recipe import words
from desktop.recipe.buttons import tool_button
from desktop.recipe.editors import Editor, SliderEdit
from desktop.recipe.parts import WEIGHTS
from desktop.theme import tokens
from desktop.widgets.elided import ElidedLabel

_BOUNDS = (-1.0, 2.0)
_HUNDREDTHS = 100
_MENU_MOST = 40
"""A longer menu than this is no help; the rest is found by the file dialog."""


class _Row(QWidget):
    """The name of one LoRA, its weight, and a cross that takes it out."""

    moved = Signal(object)
    entered = Signal(object)
    ended = Signal()
    removed = Signal()

    def __init__(self, lora: LoraSetting) -> None:
        super().__init__()
        self.path = lora.path
        name = ElidedLabel(lora.path.stem)
        name.setToolTip(str(lora.path))
        remove = words.tr("Remove LoRA {0}").format(lora.path.stem)
        cross = tool_button("close", remove, words.tr("Work without this LoRA."), side=11)
        cross.clicked.connect(self.removed)
        self.weight = SliderEdit(*_BOUNDS, scale=_HUNDREDTHS)
        spoken = words.tr("Weight of {0}").format(lora.path.stem)
        for part in (self.weight.dial, self.weight.number):
            part.setAccessibleName(spoken)
            part.setToolTip(words.tr("How much it counts: 1 as it was made, 0 nothing."))
        self.weight.dial.set_mark(_HUNDREDTHS)
        self.weight.moved.connect(self.moved)
        self.weight.ended.connect(self.ended)
        self.weight.edited.connect(lambda text: self.entered.emit(str(text).replace(",", ".")))
        self.weight.reset_wanted.connect(lambda: self.entered.emit(1.0))
        self.weight.show_value(lora.weight)
        self._lay_out(name, cross)

    def _lay_out(self, name: QWidget, cross: QWidget) -> None:
        head = QHBoxLayout()
        head.setSpacing(2)
        head.addWidget(name, 1)
        head.addWidget(cross)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(head)
        column.addWidget(self.weight)


class LoraEdit(Editor):
    """Shows and tells a tuple of LoraSettings; a weight is told as it was typed."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._loras: tuple[LoraSetting, ...] = ()
        self._offers: tuple[ExtraFile, ...] = ()
        self.rows: list[_Row] = []
        self.menu = QMenu(self)
        self.menu.setToolTipsVisible(True)
        self.menu.aboutToShow.connect(self._fill_menu)
        self.add = QPushButton(icon("plus"), words.tr("Add a &LoRA…"))
        self.add.setToolTip(words.tr("Small files that give a model a style or a subject."))
        self.add.clicked.connect(self._open_menu)
        self.setFocusProxy(self.add)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(tokens().space // 2)
        self._column.addWidget(self.add)

    def set_offers(self, offers: Sequence[ExtraFile]) -> None:
        """Offer these files."""
        self._offers = tuple(offers)

    def show_value(self, value: Any) -> None:
        """Show LoRAs with their weights."""
        self._loras = tuple(value)
        if [row.path for row in self.rows] != [lora.path for lora in self._loras]:
            self._make_rows()
        for row, lora in zip(self.rows, self._loras, strict=True):
            row.weight.show_value(lora.weight)

    def set_wrong(self, wrong: bool) -> None:
        """Mark what was entered as refused."""
        for row in self.rows:
            row.weight.set_wrong(wrong)

    def take(self, path: Path) -> None:
        """Add a file with its full weight, unless it is there."""
        if all(lora.path != path for lora in self._loras):
            self.edited.emit((*self._loras, LoraSetting(path=path)))

    def _make_rows(self) -> None:
        for old in self.rows:
            self._column.removeWidget(old)
            old.hide()
            old.deleteLater()
        self.rows = []
        for place, lora in enumerate(self._loras):
            row = _Row(lora)
            row.moved.connect(partial(self._weigh, place, gesture=True))
            row.entered.connect(partial(self._weigh, place, gesture=False))
            row.ended.connect(self.ended)
            row.removed.connect(partial(self._remove, place))
            self._column.insertWidget(place, row)
            self.rows.append(row)

    def _weigh(self, place: int, weight: Any, *, gesture: bool) -> None:
        loras: list[Any] = list(self._loras)
        loras[place] = {"path": loras[place].path, "weight": weight}
        (self.moved if gesture else self.edited).emit(tuple(loras))

    def _remove(self, place: int) -> None:
        self.edited.emit(self._loras[:place] + self._loras[place + 1 :])
        self.add.setFocus()

    def _open_menu(self) -> None:
        if self._offers:
            self.menu.popup(self.add.mapToGlobal(QPoint(0, self.add.height())))
        else:
            self._ask()

    def _fill_menu(self) -> None:
        self.menu.clear()
        there = {lora.path for lora in self._loras}
        for offer in [offer for offer in self._offers if offer.path not in there][:_MENU_MOST]:
            action = self.menu.addAction(offer.name)
            action.setToolTip(str(offer.path))
            action.triggered.connect(partial(self._take_offer, offer.path))
        self.menu.addSeparator()
        self.menu.addAction(words.tr("Choose a file…")).triggered.connect(self._ask)

    def _take_offer(self, path: Path, _checked: bool = False) -> None:
        self.take(path)

    def _ask(self) -> None:
        start = str(self._loras[-1].path.parent if self._loras else Path.home())
        title = words.tr("Add a LoRA")
        path, _ = QFileDialog.getOpenFileName(self, title, start, words.tr(WEIGHTS))
        if path:
            self.take(Path(path))
