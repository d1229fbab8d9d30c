"""How a large photograph is cut for the screen: squares at full size, halved, quartered, ..."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from desktop.viewer.geometry import Box, Pane, Point, Size

TILE = 512
"""Side of a tile in its own pixels."""


@dataclass(frozen=True, slots=True)
class PictureFile:
    """A file in one state: `stamp` changes when its pixels may have."""

    path: Path
    stamp: str = ""


@dataclass(frozen=True, slots=True)
class Whole:
    """The whole picture, its longer side at most `side` pixels."""

    file: PictureFile
    side: int


@dataclass(frozen=True, slots=True)
class Tile:
    """A square of the picture at 1 / 2**level of its size."""

    file: PictureFile
    level: int
    column: int
    row: int

    def box(self, size: Size) -> Box:
        """Return its place in the picture's own pixels, cut at the right and bottom edge."""
        side = TILE << self.level
        left, top = self.column * side, self.row * side
        return left, top, min(side, size.width - left), min(side, size.height - top)

    def parent(self) -> Tile:
        """Return the tile of half the resolution that this one is a quarter of."""
        return Tile(self.file, self.level + 1, self.column // 2, self.row // 2)


Part = Whole | Tile


def level_for(scale: float) -> int:
    """Return the coarsest level that has at least a pixel for each of the screen."""
    if scale >= 1:
        return 0
    # The small tolerance keeps an exact half from being taken for slightly less.
    return max(0, math.floor(math.log2(1 / scale) + 1e-6))


def top_level(size: Size) -> int:
    """Return the level at which the picture is one tile."""
    return max(0, math.ceil(math.log2(max(size.width, size.height) / TILE)))


def visible_tiles(
    file: PictureFile, size: Size, level: int, seen: tuple[float, float, float, float]
) -> Iterator[Tile]:
    """Yield the tiles of a level that touch `seen` (left, top, right, bottom), middle first."""
    side = TILE << level
    left, top, right, bottom = seen
    columns = range(max(0, int(left // side)), math.ceil(min(right, size.width) / side))
    rows = range(max(0, int(top // side)), math.ceil(min(bottom, size.height) / side))
    middle = ((left + right) / 2 / side - 0.5, (top + bottom) / 2 / side - 0.5)
    found = [Tile(file, level, column, row) for row in rows for column in columns]
    found.sort(key=lambda tile: _distance((tile.column, tile.row), middle))
    return iter(found)


def _distance(a: Point, b: Point) -> float:
    return math.hypot(a[0] - b[0], a[1] - b[1])


def seen_part(
    origin: tuple[int, int], scale: float, clip: Pane
) -> tuple[float, float, float, float]:
    """Return the picture's stretch (left, top, right, bottom) that lies under `clip`."""
    left, top = (clip.left - origin[0]) / scale, (clip.top - origin[1]) / scale
    return left, top, left + clip.width / scale, top + clip.height / scale
