"""The real `regrain-desktop` process on a display, and what its library says about it."""

from __future__ import annotations

import contextlib
import json
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from tests.benchmarks.pictures.display import Display, end, wait_until
from tests.benchmarks.pictures.dragging import SIDE, TITLE

_PROGRAM = [str(Path(sys.executable).with_name("regrain-desktop"))]
_DRAGGING = [sys.executable, "-m", "tests.benchmarks.pictures.dragging"]


class Window:
    """A window of the application with a home of its own.

    Args:
        display: where it is shown.
        home: its library and settings; kept from one start to the next.
        shots: where pictures go.
        scale: QT_SCALE_FACTOR.
    """

    def __init__(self, display: Display, home: Path, shots: Path, scale: float = 1) -> None:
        self.display = display
        self.home = home
        self.shots = shots
        self.scale = scale
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def environment(self) -> dict[str, str]:
        """The process's environment."""
        found = {**self.display.environment, "REGRAIN_HOME": str(self.home)}
        return {**found, "QT_SCALE_FACTOR": f"{self.scale:g}"}

    def configure(self, *, theme: str = "dark", sections: Sequence[str] = ()) -> None:
        """Write what the next start finds; the layout is the one of a first start."""
        self.home.mkdir(parents=True, exist_ok=True)
        preferences = {"theme": theme, "close_to_tray": False, "notify": False}
        (self.home / "preferences.json").write_text(json.dumps(preferences))
        lines = f'[General]\nrecipe_sections="{",".join(sections)}"\n'
        (self.home / "window.ini").write_text(lines)

    def start(self, *files: Path) -> None:
        """Start it, filling the display; files are opened in it."""
        self.process = subprocess.Popen(
            [*_PROGRAM, *map(str, files)], env=self.environment, start_new_session=True
        )
        wait_until(self._windows, "the window to be shown")
        for window in self._windows():
            self.display.xdotool("windowsize", window, *self.display.size)
            self.display.xdotool("windowmove", window, 0, 0)
            self.display.xdotool("windowactivate", window)
        self.display.rest()

    def _windows(self) -> list[str]:
        words = ("search", "--onlyvisible", "--name", "Regrain$")
        return self.display.xdotool(*words).split()

    def command(self, *words: str | Path) -> None:
        """Run a `regrain` command over the same library."""
        program = str(Path(sys.executable).with_name("regrain"))
        command = [program, *map(str, words)]
        subprocess.run(command, env=self.environment, check=True, timeout=60)

    def hand(self, *files: Path) -> None:
        """Open files in the window by a second start, which hands them over."""
        command = [*_PROGRAM, *map(str, files)]
        subprocess.run(command, env=self.environment, check=True, timeout=30)

    def drop(self, x: float, y: float, *files: Path) -> None:
        """Drag files onto a place of the window, as from a file manager."""
        screen = self.display
        command = [*_DRAGGING, *map(str, files)]
        source = subprocess.Popen(command, env=screen.environment, start_new_session=True)
        found = ("search", "--onlyvisible", "--name", f"^{TITLE}$")
        wait_until(lambda: screen.xdotool(*found), "something to drag")
        screen.xdotool("mousemove", SIDE // 2, SIDE // 2, "mousedown", 1)
        for step in (4, 10, 40):
            screen.xdotool("mousemove", SIDE // 2 + step, SIDE // 2 + step)
            time.sleep(0.15)
        for left in (8, 0):
            screen.xdotool("mousemove", round(x) - left, round(y) - left)
            time.sleep(0.3)
        screen.xdotool("mouseup", 1)
        source.wait(20)
        screen.rest()

    def shoot(self, name: str, *, still: bool = True) -> None:
        """Save a picture of the screen; `still`: once nothing moves on it any more."""
        if still:
            self.display.settle(self.shots)
        self.display.save(self.shots / f"{name}.png")
        print(f"  {name}.png", flush=True)

    def count(self, question: str) -> int:
        """Return the number that a query of the library gives; 0 while there is no library."""
        with contextlib.suppress(sqlite3.Error), self._library() as library:
            return int(library.execute(question).fetchone()[0] or 0)
        return 0

    @contextmanager
    def _library(self) -> Iterator[sqlite3.Connection]:
        library = sqlite3.connect(f"file:{self.home / 'library.db'}?mode=ro", uri=True)
        try:
            yield library
        finally:
            library.close()

    def wait_for_photographs(self, number: int) -> None:
        """Wait until so many are in the library."""
        query = "select count(*) from photo"
        wait_until(lambda: self.count(query) >= number, f"{number} photographs in the library")

    def wait_until_settled(self, number: int, patience_s: float = 300) -> None:
        """Wait until so many photographs wait no more, whatever became of them."""
        query = "select count(*) from item where status not in ('pending', 'running')"
        wait_until(lambda: self.count(query) >= number, f"{number} finished", patience_s)

    def close(self) -> None:
        """Close the window as a user does; what does not end then is ended."""
        if self.process is None:
            return
        self.display.press("ctrl+q")
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(10)
        end(self.process)
        self.process = None
