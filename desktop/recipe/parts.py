"""What editors of several values at once are built from: named sliders, lists of files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypeAlias

from pydantic import BaseModel
from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from core.models.found import ExtraFile, ExtraKind
from desktop.recipe import words
from desktop.recipe.editors import Editor, SliderEdit, WideCombo
from desktop.theme import tokens

_BROWSE = "browse"
Offers: TypeAlias = Mapping[ExtraKind, Sequence[ExtraFile]]
"""Files that go with models, by kind, for the chosen model's family."""

WEIGHTS = "Model files (*.safetensors)"


class NamedSlider(QWidget):
    """A slider with its name before it; `entered` tells a text, `moved` a number, by the name."""

    entered = Signal(str, object)
    moved = Signal(str, object)
    ended = Signal()

    def __init__(
        self, name: str, shown: str, sentence: str, bounds: tuple[float, float], scale: int = 1
    ) -> None:
        super().__init__()
        self.label = QLabel(shown)
        self.label.setObjectName("muted")
        self.slider = SliderEdit(*bounds, scale=scale)
        self.label.setBuddy(self.slider)
        for widget in (self.label, self.slider.dial, self.slider.number):
            widget.setToolTip(sentence)
        self.slider.dial.setAccessibleName(shown)
        self.slider.number.setAccessibleName(words.tr("{0}, as a number").format(shown))
        self.slider.edited.connect(lambda text: self.entered.emit(name, _number(text)))
        self.slider.moved.connect(lambda value: self.moved.emit(name, value))
        self.slider.ended.connect(self.ended)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(tokens().space)
        row.addWidget(self.label)
        row.addWidget(self.slider, 1)

    def align(self, width: int) -> None:
        """Give the name the width of a column."""
        self.label.setFixedWidth(width)

    def show_value(self, value: float) -> None:
        """Show a number."""
        self.slider.show_value(value)


def _number(text: object) -> str:
    return str(text).replace(",", ".")


def align(rows: Sequence[NamedSlider]) -> None:
    """Have the names of sliders below each other take the same room."""
    for row in rows:
        row.label.ensurePolished()
    widest = max(row.label.sizeHint().width() for row in rows)
    for row in rows:
        row.align(widest)


class SettingEdit(Editor):
    """Edits a setting that is itself a record of several values, or None.

    What was entered is told as a dict; the settings check it as a whole.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._value: BaseModel | None = None
        self.column = QVBoxLayout(self)
        self.column.setContentsMargins(0, 0, 0, 0)
        self.column.setSpacing(tokens().space // 2)

    def add_slider(self, slider: NamedSlider) -> NamedSlider:
        """Append a slider for one of the values."""
        slider.entered.connect(lambda name, value: self.tell({name: value}))
        slider.moved.connect(lambda name, value: self.tell({name: value}, gesture=True))
        slider.ended.connect(self.ended)
        self.column.addWidget(slider)
        return slider

    def tell(self, changed: dict[str, Any], *, gesture: bool = False) -> None:
        """Tell the record with some values changed."""
        there = self._value
        values = {name: getattr(there, name) for name in type(there).model_fields} if there else {}
        (self.moved if gesture else self.edited).emit(values | changed)


class FileCombo(WideCombo):
    """None, the files that are offered, one chosen elsewhere, and a file dialog.

    Args:
        none: the words for no file.
        title: of the file dialog.
    """

    chosen = Signal(object)
    """A Path, or None."""

    def __init__(self, none: str, title: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._none, self._title = none, title
        self._offers: tuple[ExtraFile, ...] = ()
        self._path: Path | None = None
        self.activated.connect(self._take)
        self._fill()

    @property
    def offers(self) -> tuple[ExtraFile, ...]:
        """What is offered."""
        return self._offers

    def set_offers(self, offers: Sequence[ExtraFile]) -> None:
        """Offer these files."""
        if tuple(offers) != self._offers:
            self._offers = tuple(offers)
            self._fill()

    def show_path(self, path: Path | None) -> None:
        """Show a file, whether it is offered or not."""
        if path != self._path:
            self._path = path
            self._fill()

    def ask(self) -> None:
        """Let the user choose a file."""
        start = str(self._path.parent if self._path else Path.home())
        path, _ = QFileDialog.getOpenFileName(self, self._title, start, words.tr(WEIGHTS))
        self._show()
        if path:
            self.chosen.emit(Path(path))

    def _fill(self) -> None:
        self.clear()
        self.add(self._none, "", None)
        names = {offer.path: offer.name for offer in self._offers}
        if self._path is not None:
            names.setdefault(self._path, self._path.stem)
        for path, name in names.items():
            self.add(name, str(path.parent), path)
        self.add(words.tr("Choose a file…"), "", _BROWSE)
        self._show()

    def _show(self) -> None:
        rows = (row for row in range(self.count()) if self.itemData(row) == self._path)
        self.setCurrentIndex(next(rows, 0))

    def _take(self, row: int) -> None:
        value = self.itemData(row)
        if value == _BROWSE:
            self.ask()
        else:
            self.chosen.emit(value)
