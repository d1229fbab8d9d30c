"""A library of 100,000 photographs: from asking for its project to the first thumbnails.

Counted with the process up and another project open, from the call that a click on the project
makes to the end of the paint that shows a thumbnail, and of the one that shows all in sight. The
first 200 photographs are files, the rest are rows of a drive that is not there.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from core.services import RenderProgram
from desktop.main_window import MainWindow
from tests.benchmarks.window import driven
from tests.benchmarks.window.figures import tell
from tests.benchmarks.window.frames import Painting
from tests.benchmarks.window.pictures import spread
from tests.fakes import FAKE_RENDER_COMMAND, fake_environment

_ROWS = 100_000
_FILES = 200
_SIZE = (3000, 2000)
_BAR = 0.5


class Sight:
    """Notes when the grid has painted its first thumbnail, and all that are in sight."""

    def __init__(self, painting: Painting, window: MainWindow) -> None:
        self._view = window.parts.grid.view
        self.first = self.all = 0.0
        painting.around = self._look

    def reset(self) -> None:
        self.first = self.all = 0.0

    def _look(self, paint: Callable[[], None]) -> None:
        paint()
        photos = [self._view._photos.held(row) for row in self._view.rows_in_sight()]
        has = [photo is not None and self._view.picture_of(photo) is not None for photo in photos]
        if any(has):
            self.first = self.first or time.perf_counter()
        if has and all(has):
            self.all = self.all or time.perf_counter()


def measure(_photographs: Path | None, scratch: Path) -> None:
    """Open the project with thumbnails to be made, then with those of the last time."""
    program = RenderProgram(FAKE_RENDER_COMMAND, fake_environment())
    files = spread(scratch, _FILES, _SIZE)
    rows = [scratch / "photographs" / f"far_{place:06}.jpg" for place in range(_FILES, _ROWS)]
    painting = Painting()
    window = driven.open_window(program)
    other = window.parts.session.project
    assert other is not None
    large = driven.add(window, [*files, *rows], "Everything")
    sight = Sight(painting, window)
    for kind, bar in (("never made before", None), ("made before", _BAR), ("once more", _BAR)):
        window.parts.pictures._memory.__init__(96 << 20)  # type: ignore[misc]
        sight.reset()
        begun = time.perf_counter()
        window.parts.projects.open(large)
        driven.wait(lambda: sight.all)
        assert len(window.parts.grid.shown_ids) == _ROWS
        tell(f"100,000 photographs, first thumbnail, {kind}", sight.first - begun, "s", bar)
        tell(f"  all thumbnails in sight, {kind}", sight.all - begun, "s")
        driven.live(1)
        driven.show_empty(window, other)
    driven.leave(window)
