"""Image-to-image on pixels of any size: a photograph's state led down to no noise, tile by tile.

Nothing here calls the network: `denoise` asks for what it needs, so that whoever holds the network
can answer several photographs in one pass.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Hashable
from dataclasses import dataclass
from functools import partial
from itertools import groupby, pairwise
from typing import Any

import torch

from core.engine.bands import State
from core.engine.change import all_finite
from core.engine.noise import NoiseCurve
from core.errors import ItemError, Reason
from core.images.blend import blend_weights
from core.images.tile import Tile, tile_grid


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
    """What a photograph needs of the network: its answers to `count` samples at `timestep`.

    `sample` gives one of them when its turn comes: none lies in memory before. It is (3, h, w)
    for models that work on pixels, and a Request for those that work on latents. Only samples of
    asks that are `alike` may share a pass.
    """

    count: int
    timestep: float
    sample: Callable[[int], Any]
    alike: Hashable = None


Denoising = Generator[Ask, list[torch.Tensor], State]
"""Yields Asks, is sent v for each sample in order, and returns the state without noise."""


@dataclass(frozen=True)
class _Strip:
    """One row of tiles, with the share of each tile down and across."""

    tiles: tuple[Tile, ...]
    down: torch.Tensor
    across: tuple[torch.Tensor, ...]
    final: int


def denoise(
    bands: State, ratios: tuple[float, ...], curve: NoiseCurve, tile: int, multiple: int = 8
) -> Denoising:
    """Lead `bands` from their first noise ratio to none.

    `tile`: side of the network's tiles, 0 for the whole picture in one; `multiple`: what their
    sides divide by. Raises NotFinite.
    """
    strips = _strips(bands, tile, multiple)
    is_whole = len(strips) == len(strips[0].tiles) == 1
    window = _Whole(bands) if is_whole else _Window(bands, strips[0].tiles[0].height)
    for call, level in enumerate(bands.levels):
        scale = bands.input_scale(call)
        window.begin(call)
        for strip in strips:
            sample = partial(_sample, bands, strip, scale)
            timestep = curve.timestep_of_ratio(ratios[level])
            answers = yield Ask(len(strip.tiles), timestep, sample)
            if not all(map(all_finite, answers)):
                raise NotFinite
            window.add(strip, answers)
    bands.forget_schedulers()
    return bands


def _sample(bands: State, strip: _Strip, scale: float, index: int) -> torch.Tensor:
    sample = bands.tile(strip.tiles[index])
    return sample if scale == 1 else sample * scale


class _Whole:
    """v of the whole picture, known at once."""

    def __init__(self, bands: State) -> None:
        self._bands = bands

    def begin(self, call: int) -> None:
        """Start anew for a network call."""
        self._call = call

    def add(self, _strip: _Strip, answers: list[torch.Tensor]) -> None:
        """Step all bands."""
        tops = pairwise([0, *self._bands.bottoms()])
        for number, (top, bottom) in enumerate(tops):
            v = answers[0][:, top:bottom, : self._bands.width]
            self._bands.step(self._call, number, v)


class _Window:
    """v of the rows that are known in part or not used yet; steps bands as they become whole.

    A band is stepped only when no tile below will read its rows, since tiles need the old state.
    """

    def __init__(self, bands: State, tile_height: int) -> None:
        self._bands = bands
        self._bottoms = list(bands.bottoms())
        rows = max(bottom - top for top, bottom in pairwise([0, *self._bottoms]))
        self._v = torch.empty(3, rows + tile_height, bands.width)

    def begin(self, call: int) -> None:
        """Start anew for a network call."""
        self._call = call
        self._top = self._filled = self._stepped = 0

    def add(self, strip: _Strip, answers: list[torch.Tensor]) -> None:
        """Blend a row of tiles in, and step what is whole now."""
        first = strip.tiles[0]
        below = first.top + first.height - self._top
        self._v[:, self._filled : below] = 0
        self._filled = below
        rows = self._v[:, first.top - self._top : below]
        for v, share, tile in zip(answers, strip.across, strip.tiles, strict=True):
            width = min(tile.width, self._bands.width - tile.left)
            weight = strip.down[:, None] * share[:width]
            rows[:, :, tile.left : tile.left + width].addcmul_(v[:, :, :width], weight)
        while self._stepped < len(self._bottoms) and self._bottoms[self._stepped] <= strip.final:
            self._step()

    def _step(self) -> None:
        bottom = self._bottoms[self._stepped]
        count = bottom - self._top
        self._bands.step(self._call, self._stepped, self._v[:, :count])
        left = self._filled - count
        self._v[:, :left] = self._v[:, count : self._filled].clone()
        self._top, self._filled = bottom, left
        self._stepped += 1


def _strips(bands: State, tile: int, multiple: int) -> list[_Strip]:
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
