"""Carrying a change that was made on a small copy over to the picture that the copy is of.

With s the copy, a what the model made of it, S the picture and U the way up, the result is
S + U(a - s) - U(1 - g) (S - U(s)): the change goes up, and of what the copy could not hold the
share g stays that the model kept of the finest detail it saw there. No change gives S itself.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch.nn import functional

from core.engine.change import blurred
from core.engine.latent.working import scaled_planes

_LUMA = (0.2126, 0.7152, 0.0722)
_FINE_SIGMA = 1.5
_AROUND_SIGMA = 3.0
_NOTHING = (0.25 / 255) ** 2
"""Energy of detail that is none: below it, what little there is of it stays."""


@dataclass(frozen=True)
class Carried:
    """What goes up to a picture of `height` x `width`: seven planes at the copy's size or less.

    Attributes:
        planes: (7, h, w): the change, the copy, and the share of detail that goes.
    """

    planes: torch.Tensor
    height: int
    width: int

    @staticmethod
    def of(
        before: torch.Tensor, after: torch.Tensor, full: tuple[int, int], invention: float
    ) -> Carried:
        """Return what carries the change from `before` to `after` to a picture of size `full`.

        Args:
            before: (3, h, w), the copy.
            after: (3, h, w), what the model made of it.
            full: height and width of the picture.
            invention: 0 takes detail for kept where there is as much of it as before, 1 only
                where it is the very same.
        """
        gone = 1 - kept_detail(before, after, invention)
        planes = torch.cat([after - before, before, gone])
        small = min(full[0], planes.shape[1]), min(full[1], planes.shape[2])
        return Carried(scaled_planes(planes, *small), *full)

    def onto(self, source: torch.Tensor, top: int, bottom: int) -> torch.Tensor:
        """Return rows `top` to `bottom` of the result; `source`, (3, rows, W), are the picture's.

        The result may leave 0 to 1.
        """
        up = self._rows(top, bottom)
        change, copy, gone = up[:3], up[3:6], up[6:].clamp_(0, 1)
        return change.add_(source).sub_(copy.sub_(source).neg_().mul_(gone))

    def _rows(self, top: int, bottom: int) -> torch.Tensor:
        """Return rows of the planes at the picture's size, (7, rows, W)."""
        down = _taps(self.planes.shape[1], self.height, top, bottom)
        tall = sum(self.planes[:, index] * weight[:, None] for index, weight in down)
        # Torch's one for smoothing has the same cubic, and leaves out the way that stays as it is.
        return functional.interpolate(
            torch.as_tensor(tall)[None],
            (bottom - top, self.width),
            mode="bicubic",
            antialias=True,
        )[0]


def kept_detail(before: torch.Tensor, after: torch.Tensor, invention: float) -> torch.Tensor:
    """Return how much of the finest detail is there still, (1, h, w), 0 to 1.

    By its energy around each pixel: a texture that was painted anew is one still. With `invention`
    more and more by its likeness, pixel for pixel: something else may have taken its place.
    """
    luma = torch.tensor(_LUMA)[:, None, None]
    was, now = ((x * luma).sum(0, keepdim=True) for x in (before, after))
    was, now = was - blurred(was, _FINE_SIGMA), now - blurred(now, _FINE_SIGMA)
    sums = blurred(torch.cat([was * was, now * now, was * now]), _AROUND_SIGMA)
    old, new, both = (plane.clamp_min(0) + _NOTHING for plane in sums)
    energy = (new / old).sqrt()
    likeness = both / old
    return torch.lerp(energy, likeness, invention).clamp(0, 1)[None]


def _taps(length: int, full: int, first: int, last: int) -> list[tuple[torch.Tensor, torch.Tensor]]:
    """Return the four neighbours and their weights of the pixels `first` to `last` of `full`.

    Cubic (Keys 1981, a = -1/2) between `length` values; at the edges these are repeated.
    """
    at = (np.arange(first, last) + 0.5) * (length / full) - 0.5
    below = np.floor(at)
    taps = []
    for offset in (-1, 0, 1, 2):
        distance = np.abs(at - below - offset)
        near = 1.5 * distance**3 - 2.5 * distance**2 + 1
        far = -0.5 * distance**3 + 2.5 * distance**2 - 4 * distance + 2
        weight = np.where(distance <= 1, near, far).astype(np.float32)
        index = np.clip(below + offset, 0, length - 1).astype(np.int64)
        taps.append((torch.from_numpy(index), torch.from_numpy(weight)))
    return taps
