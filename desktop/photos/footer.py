"""The line below the grid: how many photographs there are, and how large they are shown."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QSlider, QToolButton, QWidget

from desktop.photos.words import tr
from desktop.theme import tokens
from desktop.widgets.named import flat_button, label
from desktop.words import count, photographs

SMALLEST, USUAL, LARGEST, STEP = 96, 144, 384, 16


class GridFooter(QWidget):
    """Count and size."""

    side_changed = Signal(int)
    """Pictures are to be this wide, in logical pixels."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.count = label(name="small")
        self.count.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.slider.setRange(SMALLEST // STEP, LARGEST // STEP)
        self.slider.setValue(USUAL // STEP)
        self.slider.setPageStep(2)
        self.slider.setFixedWidth(120)
        self.slider.setAccessibleName(self.tr("Size of the pictures"))
        self.slider.setToolTip(self.tr("How large the photographs are shown; also Ctrl and wheel."))
        self.slider.valueChanged.connect(self._slide)
        smaller = self._button("minus", self.tr("Smaller pictures"), -1)
        larger = self._button("plus", self.tr("Larger pictures"), 1)
        space = tokens().space
        line = QHBoxLayout(self)
        line.setContentsMargins(space + 2, 2, space, 2)
        line.setSpacing(4)
        line.addWidget(self.count, 1)
        for widget in (smaller, self.slider, larger):
            line.addWidget(widget)

    @property
    def side(self) -> int:
        """The pictures' width."""
        return self.slider.value() * STEP

    def set_side(self, side: int) -> None:
        """Show pictures at about this width."""
        self.slider.setValue(round(side / STEP))

    @Slot(int)
    def zoom(self, steps: int) -> None:
        """Make pictures larger or smaller."""
        self.slider.setValue(self.slider.value() + steps)

    def say(self, shown: int, whole: int, selected: int) -> None:
        """Say how many photographs are shown, of how many, and how many are selected."""
        self.count.setText(count_line(shown, whole, selected))

    def say_nothing(self) -> None:
        """There is nothing to be counted."""
        self.count.clear()

    def _button(self, name: str, words: str, steps: int) -> QToolButton:
        button = flat_button(name, words, f"{words}.", "muted")
        button.clicked.connect(lambda: self.zoom(steps))
        return button

    @Slot(int)
    def _slide(self, value: int) -> None:
        self.side_changed.emit(value * STEP)


def count_line(shown: int, whole: int, selected: int) -> str:
    """Return `240 photographs, 12 selected` or `37 of 240 photographs`."""
    text = photographs(shown)
    if shown != whole:
        text = tr("{} of {}").format(count(shown), photographs(whole))
    if selected:
        text = tr("{}, {} selected").format(text, count(selected))
    return text
