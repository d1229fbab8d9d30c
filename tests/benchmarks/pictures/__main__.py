"""Makes all pictures in a folder, and prints their names."""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from tests.benchmarks.pictures import scenes
from tests.benchmarks.pictures.display import PicturesError, open_display
from tests.benchmarks.pictures.window import Window

Scene = Callable[[Window, scenes.Material], None]

SESSIONS: tuple[tuple[tuple[int, int], float, tuple[Scene, ...]], ...] = (
    ((1440, 900), 1, (scenes.first_hour,)),
    ((1440, 900), 1, (scenes.repaint, scenes.broken, scenes.dialogs)),
    ((1440, 900), 1, (scenes.light,)),
    ((1280, 720), 1, (scenes.small,)),
    ((2560, 1440), 2, (scenes.dense,)),
    ((1600, 1000), 1, (scenes.watched,)),
)
"""Screen, scale and the scenes of one start of the window; all share one library."""


def main() -> int:
    """Make the pictures; return the exit code."""
    parser = argparse.ArgumentParser(prog="tests.benchmarks.pictures", description=__doc__)
    parser.add_argument("folder", type=Path, help="where the pictures go")
    folder = parser.parse_args().folder.absolute()
    folder.mkdir(parents=True, exist_ok=True)
    try:
        with tempfile.TemporaryDirectory(prefix="regrain-") as place:
            material = scenes.Material.make(Path(place) / "Pictures")
            for session in SESSIONS:
                _photograph(session, Path(place) / "home", folder, material)
    except PicturesError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def _photograph(
    session: tuple[tuple[int, int], float, tuple[Scene, ...]],
    home: Path,
    folder: Path,
    material: scenes.Material,
) -> None:
    size, scale, played = session
    with open_display(*size) as display, closing(Window(display, home, folder, scale)) as window:
        for scene in played:
            scene(window, material)


if __name__ == "__main__":
    sys.exit(main())
