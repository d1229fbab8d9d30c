"""No colour that neither a pixel nor its neighbours had: tints that a network paints on patterns.

A pixel that cleaning moves by more than noise does mostly is held to the colours around it in the
noisy photograph. Few are, one in a hundred, so only these are looked at closely; in NumPy, which is
several times as fast at picking single pixels.
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray

from core.images.layout import STRIP_PIXELS
from core.images.photo import Floats

REACH = 2
"""Neighbours are those up to so many pixels away, along both sides."""

ALLOWED_SIGMAS = 3.0
"""A pixel that moves by less is left alone: noise explains that."""

ALLOWED_LEAST, ALLOWED_MOST = 10.0, 90.0
"""Levels of 255 between which that is: less is not seen, more is another colour in any noise."""

PLANES = torch.tensor(
    [
        [1.0, 0.0, 0.0],
        [0.0, 1.0, 0.0],
        [0.0, 0.0, 1.0],
        [-0.168736, -0.331264, 0.5],
        [0.5, -0.418688, -0.081312],
    ]
)
"""Red, green, blue, and JPEG's two of chroma."""

PLANE_NORMS = torch.linalg.vector_norm(PLANES, dim=1)
"""Independent noise in red, green and blue is that much stronger in each plane."""

Places = NDArray[np.intp]

_PLANES, _NORMS = PLANES.numpy(), PLANE_NORMS.numpy()
_WEIGHTS = _PLANES / _NORMS[:, None]
_LUMA = np.array([0.299, 0.587, 0.114], np.float32)
_TO_RGB = np.array([[0.0, 1.402], [-0.344136, -0.714136], [1.772, 0.0]], np.float32)
_AT_ONCE = 1 << 16
_SIDE = 2 * REACH + 1


def allowed_levels(sigma: float) -> float:
    """Return by how many levels of 255 a pixel may move without being looked at."""
    return min(max(ALLOWED_SIGMAS * sigma, ALLOWED_LEAST), ALLOWED_MOST)


def hold_colours(before: torch.Tensor, change: torch.Tensor, sigma: float) -> torch.Tensor:
    """Return the change without colours that neither a pixel nor its neighbours have.

    Args:
        before: the noisy photograph, (3, rows, W), 0 to 1.
        change: what cleaning adds to it, the same shape and scale; it is not written to.
        sigma: the noise that is cleaned away, of 255.
    """
    moved = _moved_far(change.numpy(), allowed_levels(sigma) / 255)
    if not len(moved):
        return change
    held, picture = change.clone(), before.numpy()
    for places in np.array_split(moved, -(-len(moved) // _AT_ONCE)):
        rows, columns = np.divmod(places, picture.shape[2])
        own = picture[:, rows, columns]
        low, high = _colours_around(picture, rows, columns)
        after = own + change.numpy()[:, rows, columns]
        held.numpy()[:, rows, columns] = _clamped(after, low, high) - own
    return held


def _moved_far(change: Floats, allowed: float) -> Places:
    """Return where, row by row, a pixel moves by more than `allowed` in any plane."""
    flat = change.reshape(3, -1)
    parts = [
        first + _moved_within(flat[:, first : first + STRIP_PIXELS], allowed)
        for first in range(0, flat.shape[1], STRIP_PIXELS)
    ]
    return np.concatenate(parts)


def _moved_within(flat: Floats, allowed: float) -> Places:
    # No plane moves by more than the largest of red, green and blue: most pixels are out at once.
    red, green, blue = np.abs(flat)
    largest = np.maximum(np.maximum(red, green, out=red), blue, out=red)
    near = np.flatnonzero(largest > allowed * float(_NORMS.min()))
    moved = np.abs(_WEIGHTS @ np.take(flat, near, axis=1)).max(0)
    return np.asarray(near[moved > allowed], np.intp)


def _colours_around(picture: Floats, rows: Places, columns: Places) -> tuple[Floats, Floats]:
    """Return the least and the largest value around, plane by plane, (5, count) each.

    Of the neighbours the second: the first is mostly noise. A pixel's own value always counts.
    """
    height, width = picture.shape[1:]
    first, second = (_nothing(len(rows)) for _ in range(2))
    for step in np.ndindex(_SIDE, _SIDE):
        down = (rows + (step[0] - REACH)).clip(0, height - 1)
        across = (columns + (step[1] - REACH)).clip(0, width - 1)
        value = _planes_at(picture, down * width + across)
        for sign, best, next_best in zip((1, -1), first, second, strict=True):
            np.maximum(next_best, np.minimum(best, sign * value), out=next_best)
            np.maximum(best, sign * value, out=best)
    own = _planes_at(picture, rows * width + columns)
    return np.minimum(-second[1], own), np.maximum(second[0], own)


def _nothing(count: int) -> tuple[Floats, Floats]:
    """Return two of what every value is larger than, (5, count) each."""
    most = np.full((len(_PLANES), count), -np.inf, np.float32)
    return most, most.copy()


def _planes_at(picture: Floats, places: Places) -> Floats:
    return np.asarray(_PLANES @ np.take(picture.reshape(3, -1), places, axis=1), np.float32)


def _clamped(pixels: Floats, low: Floats, high: Floats) -> Floats:
    """Return (3, count) with all planes between `low` and `high`: colour last, light kept."""
    pixels = pixels.clip(low[:3], high[:3])
    chroma = (_PLANES[3:] @ pixels).clip(low[3:], high[3:])
    return np.asarray(_LUMA @ pixels + _TO_RGB @ chroma, np.float32)
