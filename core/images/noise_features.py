"""A picture's blocks in few numbers, from which its noise is told. NumPy only."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from core.images.noise_blocks import Blocks, Values

_SHARES = (0.01, 0.05, 0.1, 0.25, 0.5, 0.75)
_FINE_SHARES = (0.01, 0.1, 0.25, 0.5, 0.75)
_WIDE_SHARES = (0.02, 0.1, 0.25, 0.5)
_FEW_SHARES = (0.05, 0.25)
_CLIPPED = (0.01, 0.05, 0.2, 0.5, 1.0)
_LEAST_BLOCKS = 20
_ROUNDING = 0.1
"""Squared levels added to all variances: 8 bits hold no less."""

_DEAD_LUMA, _DEAD_CHROMA = 0.4, 0.15

Features = NDArray[np.float64]


def features_of(blocks: Blocks) -> Features:
    """Return what a picture's blocks tell of its noise, (54,): deviations as logarithms.

    Texture raises the blocks' variances here and there, noise all of them and equally; JPEG takes
    it from flat blocks first; demosaicing makes it coarse. Clipped blocks and those of a border
    are left out while enough others are left.
    """
    used = _used(blocks)
    luma, chroma = blocks.luma[used], blocks.chroma[used]
    limit = max(blocks.clipped[used].max(), blocks.clipped_wide.min())
    wide = blocks.clipped_wide <= limit
    parts: list[Values | list[float]] = [
        *(_spread(values, _SHARES) for values in (luma, chroma)),
        *(_spread(v[used], _FINE_SHARES) for v in (blocks.luma_fine, blocks.chroma_fine)),
        *(_deviations(v[wide], _WIDE_SHARES) for v in (blocks.luma_wide, blocks.chroma_wide)),
        _by_brightness(luma, blocks.brightness[used]),
        _by_coarseness(blocks, used),
        [float((luma < _DEAD_LUMA).mean()), float((chroma < _DEAD_CHROMA).mean())],
        [float((blocks.clipped > _CLIPPED[0]).mean()), *_grid(blocks.steps.mean(axis=0))],
    ]
    return np.concatenate(parts).astype(np.float64)


def _used(blocks: Blocks) -> NDArray[np.bool_]:
    """Return the least clipped blocks that are enough to measure by."""
    whole = ~blocks.empty
    if 2 * whole.sum() < whole.size:
        whole[:] = True
    enough = min(max(_LEAST_BLOCKS, whole.size // 100), int(whole.sum()))
    kept = (whole & (blocks.clipped <= limit) for limit in _CLIPPED)
    return next(some for some in kept if some.sum() >= enough)


def _logarithm(variance: Values | float) -> Values:
    return np.asarray(0.5 * np.log(np.asarray(variance) + _ROUNDING))


def _deviations(variances: Values, shares: Sequence[float]) -> Values:
    return _logarithm(np.quantile(variances, shares))


def _spread(variances: Values, shares: Sequence[float]) -> Values:
    return np.append(_deviations(variances, shares), _logarithm(variances.mean()))


def _by_brightness(luma: Values, brightness: Values) -> Values:
    """Return how noise goes with brightness: of the darkest third, the middle, the lightest."""
    thirds = np.array_split(np.argsort(brightness, kind="stable"), 3)
    filled = [third if third.size else np.arange(luma.size) for third in thirds]
    parts = [
        np.append(_deviations(luma[third], _FEW_SHARES), brightness[third].mean() / 100)
        for third in filled
    ]
    return np.concatenate(parts)


def _by_coarseness(blocks: Blocks, used: NDArray[np.bool_]) -> Values:
    """Return luma's deviation from coarse to fine, of the flattest fifth and of those after it."""
    order = np.argsort(blocks.luma[used], kind="stable")
    few, half = max(1, order.size // 5), max(1, order.size // 2)
    parts = []
    for chosen in (order[:few], order[min(few, half - 1) : half]):
        means = [part[used][chosen].mean() for part in (blocks.low, blocks.middle, blocks.high)]
        parts.append(_logarithm(np.array(means)))
    return np.concatenate(parts)


def _grid(steps: Values) -> list[float]:
    """Return how far the greatest of 8 columns' steps is above the usual and the next one."""
    ordered = np.sort(steps) + 0.05
    return [float(np.log(ordered[-1] / other)) for other in (ordered[3:5].mean(), ordered[-2])]
