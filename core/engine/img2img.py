"""Image-to-image on pixels of any size: a photograph's state led down to no noise, tile by tile.

Nothing here calls the network: `denoise` asks for what it needs, so that whoever holds the network
can answer several photographs in one pass.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from itertools import groupby

import torch

from core.engine.bands import Bands
from core.engine.noise import NoiseCurve
from core.errors import ItemError, Reason
from core.images.tile import Tile, blend_weights, tile_grid


class NotFinite(ItemError):
    """The network gave NaN or infinity; in fp32 it may not."""

    def __init__(self) -> None:
        super().__init__(
            Reason.NAN,
            "The model gave no valid numbers for this photograph; no result was made.",
            hint="Try another strength or scheduler.",
        )


@dataclass(frozen=True)
class Ask:
    """What a photograph needs of the network: v for `samples` (k, 3, h, w) at `timestep`."""

    samples: torch.Tensor
    timestep: float


Denoising = Generator[Ask, torch.Tensor, Bands]
"""Yields Asks, is sent v of the same shape, and returns the state without noise."""


@dataclass(frozen=True)
class _Strip:
    """One row of tiles, with the share of each tile down and across."""

    tiles: tuple[Tile, ...]
    down: torch.Tensor
    across: tuple[torch.Tensor, ...]
    final: int


def denoise(
    bands: Bands, ratios: tuple[float, ...], curve: NoiseCurve, tile: int, multiple: int = 8
) -> Denoising:
    """Lead `bands` from their first noise ratio to none.

    `tile`: side of the network's tiles, 0 for the whole picture in one; `multiple`: what their
    sides divide by. Raises NotFinite.
    """
    strips = _strips(bands, tile, multiple)
    for call, level in enumerate(bands.levels):
        scale = bands.input_scale(call)
        window = _Window(bands, call)
        for strip in strips:
            samples = torch.stack([bands.tile(t) for t in strip.tiles]) * scale
            v = yield Ask(samples, curve.timestep_of_ratio(ratios[level]))
            if not bool(torch.isfinite(v).all()):
                raise NotFinite
            window.add(strip, v)
    bands.forget_schedulers()
    return bands


class _Window:
    """v of the rows that are known in part or not used yet; steps bands as they become whole.

    A band is stepped only when no tile below will read its rows, since tiles need the old state.
    """

    def __init__(self, bands: Bands, call: int) -> None:
        self._bands, self._call = bands, call
        self._bottoms = list(bands.bottoms())
        self._stepped = 0
        self._top = 0
        self._v = torch.zeros(3, 0, bands.width)

    def add(self, strip: _Strip, v: torch.Tensor) -> None:
        tile = strip.tiles[0]
        below = tile.top + tile.height - self._top
        more = torch.zeros(3, max(0, below - self._v.shape[1]), self._bands.width)
        self._v = torch.cat([self._v, more], 1)
        rows = self._v[:, tile.top - self._top : below]
        for part, share, place in zip(v, strip.across, strip.tiles, strict=True):
            width = min(place.width, self._bands.width - place.left)
            weight = strip.down[:, None] * share[:width]
            rows[:, :, place.left : place.left + width] += part[:, :, :width] * weight
        self._step_down_to(strip.final)

    def _step_down_to(self, final: int) -> None:
        while self._stepped < len(self._bottoms) and self._bottoms[self._stepped] <= final:
            bottom = self._bottoms[self._stepped]
            whole, rest = self._v[:, : bottom - self._top], self._v[:, bottom - self._top :]
            self._bands.step(self._call, self._stepped, whole)
            self._v, self._top = rest, bottom
            self._stepped += 1


def _strips(bands: Bands, tile: int, multiple: int) -> list[_Strip]:
    grid = tile_grid(bands.height, bands.width, tile, multiple)
    by_row = [tuple(row) for _, row in groupby(grid, key=lambda t: t.top)]
    tops, lefts = [row[0].top for row in by_row], [t.left for t in by_row[0]]
    down = blend_weights(tops, grid[0].height)
    across = tuple(torch.from_numpy(w) for w in blend_weights(lefts, grid[0].width))
    finals = [*tops[1:], bands.height]
    return [
        _Strip(row, torch.from_numpy(share), across, final)
        for row, share, final in zip(by_row, down, finals, strict=True)
    ]
