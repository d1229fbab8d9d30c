"""What the model's picture changes in the photograph: held back, limited and judged before use.

Everything works on the change d = after - before, in bands of rows with enough rows around them.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch.nn import functional

from core.engine.colours_around import hold_colours
from core.errors import ItemError, Reason
from core.images.photo import Floats

ReadPixels = Callable[[int, int], Floats]
"""Gives rows `top` to `bottom` of the photograph as (rows, W, 3) float32 sRGB, 0 to 1."""

LIMIT_SIGMAS = 6.0
"""Clean changes no pixel by more than this many sigma: noise reaches it once in 500 million."""

HALO = 64
"""Rows above and below a band that its filters look at."""

_LUMA = (0.2126, 0.7152, 0.0722)
_GRAIN_SIGMA = 2.0
_STRUCTURE_SIGMA = 12.0
_HALF_LEVEL = 0.5
_WINDOW = 33
_MANY = 5
_SUMMED = 1 << 14
_BLACK_STD, _LIVELY_STD = 1 / 255, 8 / 255


@dataclass(frozen=True)
class Holding:
    """What of the change is held back.

    `keep_grain` and `hold_structure` in percent; `limit_sigma` in levels of 255 (None: no limit).
    """

    keep_grain: int = 0
    hold_structure: int = 0
    limit_sigma: float | None = None

    @property
    def halo(self) -> int:
        """Rows around a band that are looked at."""
        return HALO if self.keep_grain or self.hold_structure or self.limit_sigma else 0


@dataclass
class Verdict:
    """Sums over a picture before and after, to judge the result by."""

    values: int = 0
    guarded: float = 0.0
    finite: bool = True
    _sums: tuple[float, float, float, float] = (0.0, 0.0, 0.0, 0.0)

    def add(self, before: Floats, after: Floats) -> None:
        """Take in some rows, (rows, W, 3) each."""
        self.values += before.size
        new = (*_sums(before), *_sums(after))
        a, b, c, d = (old + more for old, more in zip(self._sums, new, strict=True))
        self._sums = (a, b, c, d)
        # The sum tells that mostly, at a tenth of the cost of looking at each value.
        self.finite = self.finite and (math.isfinite(new[2]) or bool(np.isfinite(after).all()))

    def is_black(self) -> bool:
        """Return whether a lively picture became one flat colour."""
        before, before_squares, after, after_squares = (s / self.values for s in self._sums)
        was = math.sqrt(max(0.0, before_squares - before**2))
        now = math.sqrt(max(0.0, after_squares - after**2))
        return was > _LIVELY_STD and now < _BLACK_STD


def all_finite(values: torch.Tensor) -> bool:
    """Return whether no value is NaN or infinite.

    Their sum tells that mostly, at a tenth of the cost of looking at each.
    """
    return math.isfinite(float(values.sum())) or bool(torch.isfinite(values).all())


def _sums(pixels: Floats) -> tuple[float, float]:
    """Return the sums of all values and of their squares, to 6 digits.

    A few at a time: single precision holds such sums, and double would take far longer.
    """
    # The order in memory, whatever it is: any other is several times as slow.
    values, total, squares = pixels.ravel("K"), 0.0, 0.0
    for first in range(0, values.size, _SUMMED):
        part = values[first : first + _SUMMED]
        total += float(part.sum())
        squares += float(np.dot(part, part))
    return total, squares


def black_error() -> ItemError:
    """Return the error for a result that came out in one flat colour."""
    return ItemError(
        Reason.BLACK,
        "The result came out black or in one flat colour; it was not kept.",
        hint="Try another strength or scheduler, or --dtype fp32.",
    )


def held_change(
    change: torch.Tensor, holding: Holding, inner: slice, before: torch.Tensor | None = None
) -> tuple[torch.Tensor, torch.Tensor | None]:
    """Return the change that is made, and how much each pixel is guarded (None: none is).

    Args:
        change: (3, rows, W), scale 0 to 1, with HALO rows around `inner` where there are any.
        holding: what is held back.
        inner: the rows that are asked for; (3, inner, W) and (inner, W) come back.
        before: what is changed, (3, rows, W); where noise is cleaned away, no pixel gets a colour
            that it and its neighbours did not have there. None: this is not looked at.
    """
    limit = None
    if holding.limit_sigma is not None:
        limit = max(0.0, LIMIT_SIGMAS * holding.limit_sigma - _HALF_LEVEL) / 255
    mask = None if limit is None else _runaway(change, limit)
    if mask is not None:
        change = change * (1 - mask)
    if holding.limit_sigma is not None and before is not None:
        change = hold_colours(before, change, holding.limit_sigma)
    kept = change[:, inner]
    if holding.hold_structure:
        low = blurred(change, _STRUCTURE_SIGMA)[:, inner]
        kept = kept - holding.hold_structure / 100 * low
    if holding.keep_grain:
        luma = (change * torch.tensor(_LUMA)[:, None, None]).sum(0, keepdim=True)
        fine = (luma - blurred(luma, _GRAIN_SIGMA))[:, inner]
        kept = kept - holding.keep_grain / 100 * fine
    if limit is not None:
        kept = kept.clamp(-limit, limit)
    return kept, None if mask is None else mask[inner]


def _runaway(change: torch.Tensor, limit: float) -> torch.Tensor | None:
    """Return (rows, W) from 0 to 1: where the model paints what no noise explains.

    A few pixels beyond the limit, such as hot ones, are only limited. Where several lie together,
    the neighbourhood falls back to the source, with soft edges.
    """
    if _is_within(change, limit):
        return None
    beyond = (change.abs().amax(0) > limit).float()
    if int(beyond.sum()) < _MANY:
        return None
    together = _windowed(beyond) * _WINDOW**2 >= _MANY - _HALF_LEVEL
    if not bool(together.any()):
        return None
    # Wider by the reach of the averaging after it, so that the mask is 1 all over the place.
    wide = (_windowed(together.float()) > 0).float()
    # Beyond the picture's edge there is nothing, which must not count as unmarked.
    return _windowed(wide) / _windowed(torch.ones_like(wide))


def _is_within(change: torch.Tensor, limit: float) -> bool:
    """Return whether nothing lies beyond the limit; NaN does not."""
    lowest, highest = change.aminmax()
    return max(-float(lowest), float(highest)) <= limit


def _windowed(plane: torch.Tensor) -> torch.Tensor:
    """Return the mean over a square window around each pixel of (rows, W), 0 outside."""
    half = _WINDOW // 2
    tall = functional.avg_pool2d(plane[None], (_WINDOW, 1), 1, (half, 0))
    return functional.avg_pool2d(tall, (1, _WINDOW), 1, (0, half))[0]


def blurred(planes: torch.Tensor, sigma: float) -> torch.Tensor:
    """Return (C, rows, W) blurred by a Gaussian of `sigma` pixels; edges are repeated."""
    reach = math.ceil(3 * sigma)
    taps = torch.exp(-0.5 * (torch.arange(-reach, reach + 1) / sigma) ** 2)
    taps = taps / taps.sum()
    padded = functional.pad(planes[:, None], (reach, reach, reach, reach), mode="replicate")
    down = functional.conv2d(padded, taps[None, None, :, None])
    return functional.conv2d(down, taps[None, None, None, :])[:, 0]
