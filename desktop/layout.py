"""Where the panels stand: splitters whose sizes are remembered from one start to the next."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QByteArray, QSettings, Qt
from PySide6.QtWidgets import QMainWindow, QSplitter, QStackedWidget, QVBoxLayout, QWidget

_LEFT, _RIGHT, _BOTTOM = 220, 316, 176
_WHOLE = 16_777_215
"""Qt's greatest height: as high as the user likes."""


@dataclass(frozen=True)
class Panels:
    """The widgets that the window is made of."""

    sources: QWidget
    banner: QWidget
    report: QWidget
    grid: QWidget
    viewer: QWidget
    recipe: QWidget
    queue: QWidget
    stages: QWidget


class Layout:
    """Sources on the left, photographs in the middle, recipe on the right, the queue below."""

    def __init__(self, window: QMainWindow, panels: Panels) -> None:
        self._window = window
        self._panels = panels
        self._filled = True
        self.stack = QStackedWidget()
        across, down = Qt.Orientation.Horizontal, Qt.Orientation.Vertical
        # From the window inwards: whatever gets another parent is styled anew with all in it.
        self._whole, self._middle = _splitter(across), _splitter(down)
        self._upper = _splitter(across)
        window.setCentralWidget(self._whole)
        _fill(self._whole, self._middle, panels.recipe)
        _fill(self._middle, self._upper, panels.queue)
        _fill(self._upper, panels.sources, centre := QWidget())
        self._fill_centre(centre)
        self._upper.setStretchFactor(1, 1)
        self._middle.setStretchFactor(0, 1)
        self._whole.setStretchFactor(0, 1)
        self._upper.setSizes([_LEFT, 700])
        self._middle.setSizes([520, _BOTTOM])
        self._whole.setSizes([920, _RIGHT])

    def _fill_centre(self, centre: QWidget) -> None:
        column = QVBoxLayout(centre)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self._panels.banner)
        column.addWidget(self._panels.report)
        column.addWidget(self.stack, 1)
        column.addWidget(self._panels.stages)
        self._panels.stages.hide()
        self.stack.addWidget(self._panels.grid)
        self.stack.addWidget(self._panels.viewer)

    @property
    def shows_viewer(self) -> bool:
        """Whether one photograph is shown instead of all."""
        return self.stack.currentWidget() is self._panels.viewer

    def show_viewer(self, *, on: bool) -> None:
        """Switch between the grid and the viewer."""
        self.stack.setCurrentWidget(self._panels.viewer if on else self._panels.grid)

    def show_queue(self, *, filled: bool) -> None:
        """Give the queue its room when there is something in it, and to the photographs before."""
        if filled == self._filled:
            return
        self._filled = filled
        line = self._panels.queue.minimumSizeHint().height()
        self._panels.queue.setMaximumHeight(_WHOLE if filled else line)
        whole, below = sum(self._middle.sizes()), self._middle.sizes()[1]
        wanted = max(below, _BOTTOM) if filled else line
        self._middle.setSizes([whole - wanted, wanted])

    def save(self, settings: QSettings) -> None:
        """Remember sizes and places."""
        settings.setValue("geometry", self._window.saveGeometry())
        for name, splitter in self._splitters().items():
            settings.setValue(f"layout/{name}", splitter.saveState())

    def restore(self, settings: QSettings) -> None:
        """Take up what was remembered, if it is of use."""
        geometry = settings.value("geometry")
        if isinstance(geometry, QByteArray):
            self._window.restoreGeometry(geometry)
        for name, splitter in self._splitters().items():
            state = settings.value(f"layout/{name}")
            if isinstance(state, QByteArray):
                splitter.restoreState(state)

    def _splitters(self) -> dict[str, QSplitter]:
        return {"upper": self._upper, "middle": self._middle, "whole": self._whole}


def _splitter(way: Qt.Orientation) -> QSplitter:
    splitter = QSplitter(way)
    splitter.setHandleWidth(4)
    splitter.setChildrenCollapsible(False)
    return splitter


def _fill(splitter: QSplitter, *widgets: QWidget) -> None:
    for widget in widgets:
        splitter.addWidget(widget)
