"""Cutting a picture of any size into overlapping tiles of one shape, and joining them again.

Numbers only, no torch. Tiles start at multiples of the network's size multiple, so that its grid
lies on the picture as it would on the whole.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from core.recipe import SizeMode

MARGIN = 24
"""Pixels along a tile's cut edges that are thrown away: the network sees too little there."""

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
    if tile <= 0 or length <= tile:
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


def blend_weights(starts: list[int], size: int, blend: int = BLEND) -> list[NDArray[np.float32]]:
    """Return each tile's weight along one axis, (size,) each; over the picture they sum to 1.

    A tile passes linearly into the next around the middle of their overlap; before the first and
    after the last cut the weight is 1.
    """
    middles = [(a + size + b) / 2 for a, b in pairwise(starts)]
    weights = []
    for k, start in enumerate(starts):
        centres = np.arange(start, start + size, dtype=np.float64) + 0.5
        rising = _ramp(centres, middles[k - 1], blend) if k else np.ones(size)
        falling = _ramp(centres, middles[k], blend) if k < len(middles) else np.zeros(size)
        is_last = k == len(middles)
        weights.append((rising if is_last else rising - falling).astype(np.float32))
    return weights


def _ramp(centres: NDArray[np.float64], middle: float, blend: int) -> NDArray[np.float64]:
    return np.clip((centres - middle) / blend + 0.5, 0, 1)


def reflected(start: int, stop: int, length: int) -> NDArray[np.intp]:
    """Return indices from `start` to `stop` folded back into 0 to `length` - 1 at both edges.

    The edge pixel itself is not repeated; pictures smaller than the padding fold several times.
    """
    indices = np.arange(start, stop)
    if length == 1:
        return np.zeros_like(indices)
    period = 2 * (length - 1)
    folded = indices % period
    return np.minimum(folded, period - folded)
