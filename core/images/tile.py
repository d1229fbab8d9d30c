"""Cutting a picture of any size into overlapping tiles of one shape; core.images.blend joins them.

Numbers only: plans are made without NumPy. Tiles start at multiples of the network's size
multiple, so that its grid lies on the picture as it would on the whole.
"""

from __future__ import annotations

from dataclasses import dataclass

from core.recipe import SizeMode

MARGIN = 32
"""Pixels along a tile's cut edges that are thrown away: the network sees too little there.

With 24 the built-in model, repainting half the range, differs by up to 4 levels from the whole
picture, with 32 by less than 2.
"""

BLEND = 24
"""Pixels over which one tile's values pass linearly into the next one's."""

OVERLAP = 2 * MARGIN + BLEND

WHOLE_AREA_FACTOR = 1.5
"""A picture up to this many times the model's native area is denoised whole (size auto)."""


@dataclass(frozen=True, slots=True)
class Tile:
    """A rectangle of the picture in pixels; it may reach beyond the right and the bottom edge."""

    top: int
    left: int
    height: int
    width: int


def round_up(length: int, multiple: int) -> int:
    """Return the least multiple of `multiple` that is at least `length`."""
    return -(-length // multiple) * multiple


def chosen_tile(size: SizeMode, height: int, width: int, native_size: int) -> int:
    """Return the side of the tiles for a picture of this size; 0 means whole."""
    whole = height * width <= WHOLE_AREA_FACTOR * native_size**2
    if size is SizeMode.NATIVE or (size is SizeMode.AUTO and whole):
        return 0
    return native_size


def pass_shape(height: int, width: int, tile: int, multiple: int = 8) -> tuple[int, int]:
    """Return the (height, width) of every tile of a picture.

    At most about `tile` a side, and no larger than as many equal tiles as are needed anyway;
    `tile` 0 means the whole picture.
    """
    return _side(height, tile, multiple), _side(width, tile, multiple)


def _side(length: int, tile: int, multiple: int) -> int:
    if tile <= 0 or length <= max(tile, OVERLAP):
        return round_up(length, multiple)
    stride = max(multiple, tile - OVERLAP)
    count = -(-(length - OVERLAP) // stride)
    return round_up(-(-(length + (count - 1) * OVERLAP) // count), multiple)


def tile_starts(length: int, size: int, multiple: int = 8, overlap: int = OVERLAP) -> list[int]:
    """Return where tiles of `size` start so that they cover `length`, evenly spread.

    Starts are multiples of `multiple`; neighbours overlap by at least `overlap` pixels.
    """
    free = (round_up(length, multiple) - size) // multiple
    if free <= 0:
        return [0]
    stride = max(1, (size - overlap) // multiple)
    gaps = -(-free // stride)
    return [multiple * (k * free // gaps) for k in range(gaps + 1)]


def tile_grid(height: int, width: int, tile: int, multiple: int = 8) -> tuple[Tile, ...]:
    """Return the tiles that cover a picture, row by row, all of `pass_shape`."""
    shape = pass_shape(height, width, tile, multiple)
    return tuple(
        Tile(top, left, *shape)
        for top in tile_starts(height, shape[0], multiple)
        for left in tile_starts(width, shape[1], multiple)
    )
