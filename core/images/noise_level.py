"""How noisy a photograph is: its noise's deviation, measured where it is flattest. NumPy only."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from core.images.photo import Floats

ALREADY_CLEAN = 1.0
"""Below this sigma of 255 a photograph counts as clean: rounding to 8 bits alone gives 0.3."""

ReadRows = Callable[[int, int], Floats]
"""Gives rows `top` to `bottom` of a picture as (rows, W, 3) float32 from 0 to 1."""

_BLOCK = 8
_MAX_BLOCKS = 40_000
_LEAST_BLOCKS = 20
_SHARE = 0.01
_NORMAL_QUANTILE = -2.3263
"""The standard normal's quantile of _SHARE."""

_CLIPPED_SHARES = (0.01, 0.05, 0.2)
_BLACK, _WHITE = 0.5 / 255, 254.5 / 255

Values = NDArray[np.float64]


def estimate_sigma(read: ReadRows, height: int, width: int) -> float:
    """Return the deviation of the noise in levels of 255; 0 where there is nothing to measure.

    Each block of 8x8 loses its own plane (brightness and gradient); of what is left, the variance
    of the flattest hundredth of all blocks is taken, corrected for being the lowest by chance.
    Clipped blocks hold less noise than the picture and are used only when there are no others.
    White noise of sigma 10 to 50 is found within 10 %; texture everywhere adds up to 2 levels.
    """
    if min(height, width) < _BLOCK:
        return 0.0
    strips = [read(top, top + _BLOCK) for top in _strip_tops(height, width)]
    variances, clipped = _measured(_blocks(np.concatenate(strips)))
    chosen = _without_empty(_unclipped(variances, clipped))
    return 255 * float(np.sqrt(np.quantile(chosen, _SHARE)))


def _strip_tops(height: int, width: int) -> list[int]:
    """Return where strips of a block's height start, evenly over the picture, not too many."""
    fitting = height // _BLOCK
    count = min(fitting, max(1, _MAX_BLOCKS // max(1, width // _BLOCK)))
    return [(k * fitting // count) * _BLOCK for k in range(count)]


def _blocks(strips: Floats) -> NDArray[np.float32]:
    """Return the strips' blocks, (blocks, channels, 64); grey pictures have one channel."""
    rows, columns = strips.shape[0] // _BLOCK, strips.shape[1] // _BLOCK
    is_grey = bool((strips == strips[..., :1]).all())
    used = strips[:, : columns * _BLOCK, : 1 if is_grey else 3]
    shaped = used.reshape(rows, _BLOCK, columns, _BLOCK, -1).transpose(0, 2, 4, 1, 3)
    return np.ascontiguousarray(shaped.reshape(rows * columns, -1, _BLOCK * _BLOCK))


def _measured(blocks: NDArray[np.float32]) -> tuple[Values, Values]:
    """Return each block's variance around its plane and its channels' clipped shares.

    Channels that are clipped do not count where another is whole. The variance is corrected for
    being a low quantile, which depends on how many values went into it.
    """
    clipped = ((blocks <= _BLACK) | (blocks >= _WHITE)).mean(axis=2)
    whole = clipped <= _CLIPPED_SHARES[0]
    weights = np.where(whole.any(axis=1, keepdims=True), whole, True)
    residue = ((blocks - blocks @ _PLANES @ _PLANES.T) ** 2).sum(axis=2)
    freedom = weights.sum(axis=1) * (_BLOCK * _BLOCK - _PLANES.shape[1])
    variance = (residue * weights).sum(axis=1) / freedom
    return variance / _quantile_factor(freedom), clipped


def _plane_basis() -> NDArray[np.float32]:
    down, across = np.mgrid[:_BLOCK, :_BLOCK]
    columns = np.stack([np.ones(_BLOCK * _BLOCK), down.ravel(), across.ravel()], axis=1)
    return np.linalg.qr(columns)[0].astype(np.float32)


_PLANES = _plane_basis()


def _quantile_factor(freedom: Values) -> Values:
    """Return the _SHARE quantile of chi-squared over its mean (Wilson and Hilferty 1931)."""
    spread = 2 / (9 * freedom)
    return np.asarray((1 - spread + _NORMAL_QUANTILE * np.sqrt(spread)) ** 3)


def _unclipped(variances: Values, clipped: Values) -> Values:
    """Return the variances of the least clipped blocks that are enough to measure by."""
    enough = max(_LEAST_BLOCKS, variances.size // 100)
    worst, best = clipped.max(axis=1), clipped.min(axis=1)
    limits = [(worst, _CLIPPED_SHARES[0]), *((best, share) for share in _CLIPPED_SHARES)]
    kept = (variances[shares <= limit] for shares, limit in limits)
    return next((some for some in kept if some.size >= enough), variances)


def _without_empty(variances: Values) -> Values:
    """Leave out blocks of one single colour, such as borders, unless they are the picture."""
    textured = variances[variances > 1e-12]
    return textured if 2 * textured.size >= variances.size else variances
