"""How soon previews follow, with the real render process up."""

from __future__ import annotations

import statistics
import time
from functools import partial
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from core.events import ModelReady, PreviewKind, PreviewPart
from desktop.recipe.main_dial import AmountEdit
from tests.benchmarks.window import driven
from tests.benchmarks.window.figures import tell
from tests.benchmarks.window.pictures import LARGE, draw, first_of

_AMOUNTS = 8


class Pictures:
    """Notes when the viewer has a preview's picture painted, from a moment on."""

    def __init__(self, window: driven.MainWindow) -> None:
        self._window = window
        self.first = self.full = self.begun = 0.0
        window.parts.previews.driver.picture.connect(self._take)

    def begin(self) -> None:
        self.first = self.full = 0.0
        self.begun = time.perf_counter()

    def _take(self, part: PreviewPart) -> None:
        self._window.repaint()
        now = time.perf_counter() - self.begun
        self.first = self.first or now
        if part.kind is PreviewKind.FULL:
            self.full = now


def measure(photographs: Path | None, scratch: Path) -> None:
    """Drop a photograph, look at it, move the dial; then the same with a large one."""
    small = first_of(photographs, scratch, (768, 512))
    large = draw(scratch / "drop" / "large.jpg", LARGE)
    window = driven.open_window()
    ready: list[object] = []
    assert window.parts.bridge is not None
    window.parts.bridge.happened.connect(
        lambda event: ready.append(event) if isinstance(event, ModelReady) else None
    )
    driven.wait(lambda: ready, 120)
    driven.live(2)
    pictures = Pictures(window)
    _drop(window, pictures, small, "of a small photograph", 1.0)
    _move(window, pictures, "small photograph")
    window.wiring.photos.show_viewer(on=False)
    _drop(window, pictures, large, "of 24 megapixels", 1.0)
    _move(window, pictures, "24 megapixels")
    driven.leave(window)


def _drop(window: driven.MainWindow, pictures: Pictures, path: Path, what: str, bar: float) -> None:
    pictures.begin()
    driven.drop(window, path)
    driven.wait(lambda: pictures.full, 60)
    tell(f"drop {what} to its first Clean preview", pictures.first, "s", bar)
    tell("  to the full one", pictures.full, "s")


def _move(window: driven.MainWindow, pictures: Pictures, what: str) -> None:
    """Move the dial to its other stops, then to amounts that were never seen before."""
    edit = window.parts.recipe.findChild(AmountEdit)
    assert isinstance(edit, AmountEdit)
    edit.dial.setFocus()
    firsts, fulls = [], []
    keys = [Qt.Key.Key_Left, Qt.Key.Key_Right, Qt.Key.Key_Right]
    moves = [partial(QTest.keyClick, edit.dial, key) for key in keys]
    moves += [partial(edit.number.entered.emit, str(5 + number)) for number in range(_AMOUNTS)]
    for move in moves:
        driven.live(0.7)
        pictures.begin()
        move()
        driven.wait(lambda: pictures.full, 30)
        firsts.append(pictures.first)
        fulls.append(pictures.full)
    name = f"Clean dial to the 1:1 crop, median of {len(firsts)} moves, {what}"
    tell(name, statistics.median(firsts), "s", 0.3)
    tell("  slowest", max(firsts), "s")
    tell("  to the full picture, median", statistics.median(fulls), "s")
