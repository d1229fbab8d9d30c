"""Joining overlapping tiles again, and what lies beyond a picture's edges; NumPy, no torch."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from core.images.tile import BLEND


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
