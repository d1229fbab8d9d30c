"""Several strengths at once, as chips: click one to dial it, the cross takes it away."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QPushButton, QWidget

from desktop.recipe import words
from desktop.recipe.buttons import tool_button
from desktop.recipe.editors import Editor
from desktop.theme import tokens

_A_ROW = 3
_MOST = 12
_STEP = 0.1


class _Chip(QWidget):
    chosen = Signal()
    removed = Signal()

    def __init__(self, strength: float, *, active: bool, only: bool) -> None:
        super().__init__()
        text = f"{strength:.2f}" if round(strength, 2) == strength else f"{strength:g}"
        number = QPushButton(text)
        number.setCheckable(True)
        number.setChecked(active)
        number.setToolTip(words.tr("The strength that the dial moves."))
        number.setAccessibleName(words.tr("Strength {0}").format(text))
        number.clicked.connect(self.chosen)
        spoken = words.tr("Remove strength {0}").format(text)
        sentence = words.tr("Make no result at this strength.")
        cross = tool_button("close", spoken, sentence, side=11)
        cross.clicked.connect(self.removed)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        row.addWidget(number, 1)
        row.addWidget(cross)
        cross.setVisible(not only)


class StrengthChips(Editor):
    """The strengths of a batch. Tells `edited` with a tuple; empty: only the recipe's own."""

    chosen = Signal(float)
    """The strength that the dial is to move."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._strengths: tuple[float, ...] = ()
        self._active = 0.3
        self._chips: list[_Chip] = []
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setSpacing(tokens().space // 2)
        sentence = words.tr("One more result of each photograph, at another strength.")
        self.add = tool_button("plus", words.tr("Add a strength"), sentence)
        self.add.clicked.connect(self._add)
        self.setFocusProxy(self.add)

    def show_value(self, value: object) -> None:
        """Show strengths, in rising order; empty: the active one alone."""
        assert isinstance(value, tuple)
        self._strengths = value
        self._fill()

    def set_active(self, strength: float) -> None:
        """Mark the strength that the dial moves."""
        self._active = strength
        self._fill()

    def _fill(self) -> None:
        for old in self._chips:
            self._grid.removeWidget(old)
            old.hide()
            old.deleteLater()
        shown = self._strengths or (self._active,)
        self._chips = [self._chip(strength, len(shown) == 1) for strength in shown]
        for place, widget in enumerate([*self._chips, self.add]):
            self._grid.addWidget(widget, place // _A_ROW, place % _A_ROW)
        self.add.setEnabled(len(shown) < _MOST)

    def _chip(self, strength: float, only: bool) -> _Chip:
        chip = _Chip(strength, active=strength == self._active, only=only)
        chip.chosen.connect(partial(self.chosen.emit, strength))
        chip.removed.connect(partial(self._remove, strength))
        return chip

    def _remove(self, strength: float) -> None:
        left = tuple(each for each in self._strengths if each != strength)
        self.edited.emit(left if len(left) > 1 else ())
        if strength == self._active and left:
            self.chosen.emit(left[0])

    def _add(self) -> None:
        there = self._strengths or (self._active,)
        new = next_strength(there)
        self.edited.emit(tuple(sorted((*there, new))))
        self.chosen.emit(new)


def next_strength(there: Sequence[float]) -> float:
    """Return a strength near those that are there and not one of them."""
    tries = [max(there) + _STEP, min(there) - _STEP, max(there) + _STEP / 5, min(there) - 0.01]
    rounded = [round(each, 2) for each in tries]
    rounded += [round(each / 100, 2) for each in range(5, 100, 5)]
    return next(each for each in rounded if 0 < each <= 1 and each not in there)
