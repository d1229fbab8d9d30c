"""Tiles: together they must be the photograph, and no sharper than the screen needs."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from desktop.viewer.geometry import Pane, Size
from desktop.viewer.tiles import (
    PictureFile,
    Tile,
    level_for,
    seen_part,
    top_level,
    visible_tiles,
)

FILE = PictureFile(Path("a.jpg"))


@pytest.mark.parametrize("size", [Size(6000, 4001), Size(511, 3), Size(1, 1), Size(1025, 512)])
def test_tiles_of_a_level_cover_every_pixel_once(size: Size) -> None:
    """A gap would be a hole in the photograph, an overlap a seam."""
    for level in range(top_level(size) + 1):
        covered = np.zeros((size.height, size.width), np.uint8)
        for tile in visible_tiles(FILE, size, level, (0, 0, size.width, size.height)):
            left, top, width, height = tile.box(size)
            covered[top : top + height, left : left + width] += 1
        assert covered.min() == covered.max() == 1


def test_the_top_level_is_one_tile() -> None:
    size = Size(6000, 4000)
    tiles = list(visible_tiles(FILE, size, top_level(size), (0, 0, 6000, 4000)))
    assert tiles == [Tile(FILE, 4, 0, 0)]


@pytest.mark.parametrize(
    ("scale", "level"), [(8, 0), (1, 0), (0.99, 0), (0.51, 0), (0.5, 1), (0.25, 2), (0.2, 2)]
)
def test_a_level_has_a_pixel_for_each_of_the_screen(scale: float, level: int) -> None:
    assert level_for(scale) == level


def test_the_middle_of_what_is_seen_comes_first() -> None:
    """The user looks at the middle; edges may come later."""
    tiles = list(visible_tiles(FILE, Size(6000, 4000), 0, (512, 512, 2048, 2048)))
    assert (tiles[0].column, tiles[0].row) == (2, 2)
    assert len(tiles) == 9


def test_what_is_out_of_sight_is_not_asked_for() -> None:
    seen = seen_part((-1000, -600), 1.0, Pane(0, 0, 300, 200))
    assert seen == (1000, 600, 1300, 800)
    tiles = list(visible_tiles(FILE, Size(6000, 4000), 0, seen))
    assert {(tile.column, tile.row) for tile in tiles} == {(1, 1), (2, 1)}


def test_a_parent_holds_its_four_quarters() -> None:
    size = Size(6000, 4000)
    left, top, width, height = Tile(FILE, 0, 5, 3).parent().box(size)
    assert (left, top, width, height) == (2048, 1024, 1024, 1024)
