"""A screen of its own: Xvfb, a window manager, a keyboard and a mouse, and a camera."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

NEEDED = ("Xvfb", "xdotool", "import")
_STILL_S = 2.5
"""As long as nothing moved, nothing is expected to move any more."""

_LOOK_S = 0.25
_KEY_S = 0.4
_PATIENCE_S = 60.0


class PicturesError(Exception):
    """The pictures cannot be made; the text says why."""


@dataclass(frozen=True)
class Display:
    """A running X display. Places are pixels of the screen from its upper left corner."""

    name: str
    size: tuple[int, int]

    @property
    def environment(self) -> dict[str, str]:
        """What a program needs to be shown here, and nowhere else."""
        kept = {k: v for k, v in os.environ.items() if k not in ("WAYLAND_DISPLAY",)}
        return {**kept, "DISPLAY": self.name, "QT_QPA_PLATFORM": "xcb"}

    def xdotool(self, *words: object) -> str:
        """Do something with mouse and keyboard; return what was printed."""
        command = ["xdotool", *map(str, words)]
        done = subprocess.run(
            command, env=self.environment, capture_output=True, text=True, check=False
        )
        return done.stdout.strip()

    def press(self, *keys: str) -> None:
        """Press keys one after the other, such as `ctrl+a`, as fast as a person does."""
        for key in keys:
            self.xdotool("key", "--clearmodifiers", key)
            time.sleep(_KEY_S)

    def write(self, text: str) -> None:
        """Type a text."""
        self.xdotool("type", "--delay", 15, text)

    def click(self, x: float, y: float, *, double: bool = False) -> None:
        """Click at a place."""
        self.xdotool("mousemove", round(x), round(y))
        self.xdotool("click", *(("--repeat", 2, "--delay", 60) if double else ()), 1)

    def rest(self) -> None:
        """Put the pointer where it highlights nothing."""
        self.xdotool("mousemove", self.size[0] - 1, self.size[1] - 1)

    def save(self, path: Path) -> None:
        """Photograph the whole screen."""
        command = ["import", "-window", "root", str(path)]
        subprocess.run(command, env=self.environment, check=True)

    def settle(self, folder: Path, still_s: float = _STILL_S) -> None:
        """Wait until the screen has shown the same for so long; gives up after a minute."""
        probe, before = folder / ".still.ppm", b""
        moved, until = time.monotonic(), time.monotonic() + _PATIENCE_S
        try:
            while time.monotonic() < min(moved + still_s, until):
                self.save(probe)
                now = probe.read_bytes()
                if now != before:
                    before, moved = now, time.monotonic()
                time.sleep(_LOOK_S)
        finally:
            probe.unlink(missing_ok=True)


def wait_until(holds: Callable[[], object], what: str, patience_s: float = _PATIENCE_S) -> None:
    """Wait until something holds; `what` is what was waited for, should it never come."""
    until = time.monotonic() + patience_s
    while not holds():
        if time.monotonic() > until:
            raise PicturesError(f"Waited {patience_s:.0f} s in vain: {what}.")
        time.sleep(0.1)


@contextmanager
def open_display(width: int, height: int) -> Iterator[Display]:
    """Start a display with a window manager; both end with the block."""
    missing = [program for program in NEEDED if shutil.which(program) is None]
    if missing:
        raise PicturesError(f"Not installed: {', '.join(missing)}.")
    reading, writing = os.pipe()
    server = subprocess.Popen(
        ["Xvfb", "-displayfd", str(writing), "-screen", "0", f"{width}x{height}x24",
         "-nolisten", "tcp", "-dpi", "96"],
        pass_fds=(writing,), stderr=subprocess.DEVNULL, start_new_session=True,
    )  # fmt: skip
    os.close(writing)
    with os.fdopen(reading) as pipe:
        number = pipe.readline().strip()
    display = Display(f":{number}", (width, height))
    programs = [server]
    try:
        if not number:
            raise PicturesError("Xvfb did not start.")
        programs += _window_manager(display.environment)
        yield display
    finally:
        for program in reversed(programs):
            end(program)


def _window_manager(environment: Mapping[str, str]) -> list[subprocess.Popen[bytes]]:
    if shutil.which("openbox") is None:
        return []
    quiet = subprocess.DEVNULL
    manager = subprocess.Popen(
        ["openbox"], env=dict(environment), stdout=quiet, stderr=quiet, start_new_session=True
    )
    time.sleep(0.5)
    return [manager]


def end(program: subprocess.Popen[bytes], patience_s: float = 5.0) -> None:
    """End a program and what it started, kindly first."""
    if program.poll() is None:
        os.killpg(program.pid, signal.SIGTERM)
        try:
            program.wait(patience_s)
        except subprocess.TimeoutExpired:
            os.killpg(program.pid, signal.SIGKILL)
            program.wait()
