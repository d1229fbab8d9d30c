"""The model led over a part of a photograph for a preview, watched call by call."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import torch

from core.engine.bands import Descent
from core.engine.excerpt import Excerpt, Region
from core.engine.img2img import Ask, denoise
from core.engine.loaded_model import LoadedModel
from core.engine.passes import Predict
from core.engine.preview_memory import Changes
from core.engine.preview_view import View
from core.images.tile import Tile, chosen_tile, tile_grid
from core.recipe import SizeMode


@dataclass
class Pace:
    """Seconds a pixel of a network call takes, measured on the last small passes."""

    seconds_per_pixel: float

    def note(self, pixels: int, seconds: float) -> None:
        """Take in a pass."""
        self.seconds_per_pixel += 0.4 * (seconds / pixels - self.seconds_per_pixel)

    def measure(self, predict: Predict, side: int = 256) -> None:
        """Time the network on a small square, the second time, when its kernels are prepared."""
        sample, timestep = torch.zeros(1, 3, side, side), torch.zeros(1)
        predict(sample, timestep)
        began = time.monotonic()
        predict(sample, timestep)
        self.seconds_per_pixel = (time.monotonic() - began) / side**2


@dataclass(frozen=True)
class Bench:
    """What previews are made with: the model, how fast it is, and what it answered before."""

    model: LoadedModel
    pace: Pace
    changes: Changes


@dataclass(frozen=True)
class Call:
    """One network call over a whole region, `number` of `count`, counted from 1.

    `noisy`: what the model was given, (3, h, w), -1 to 1 with the noise on top of it; `guess`:
    what it takes the finished picture for.
    """

    number: int
    count: int
    noisy: torch.Tensor
    guess: torch.Tensor


Watch = Callable[[Call], None]


def lead(
    view: View,
    region: Region,
    descent: Descent,
    bench: Bench,
    predict: Predict,
    watch: Watch | None = None,
    *,
    timed: bool = False,
) -> torch.Tensor:
    """Return what the model changes in a region, (3, h, w), scale 0 to 1.

    Args:
        region: on the network's grid, with some margin around what is shown.
        predict: the network, or the network in single precision.
        watch: gets each call.
        timed: whether the pace is to be measured by it.

    Raises:
        NotFinite: the model gave no numbers.
    """
    model, photo = bench.model, view.photo
    multiple = model.spec.size_multiple

    def read(top: int, bottom: int) -> torch.Tensor:
        return view.rows(region, top, bottom)

    state = Excerpt(region, photo.height, photo.width, read, descent)
    tile = chosen_tile(SizeMode.AUTO, region.height, region.width, model.numerics.tile)
    leading = denoise(state, descent.ratios, model.pixel_denoiser.curve, tile, multiple)
    watcher = None
    if watch is not None:
        grid = tile_grid(region.height, region.width, tile, multiple)
        watcher = _Watcher(region, grid, [descent.ratios[level] for level in state.levels], watch)
    try:
        ask = next(leading)
        while True:
            samples, v = _answer(ask, bench, predict, timed=timed)
            if watcher is not None:
                watcher.take(samples, v)
            ask = leading.send(list(v))
    except StopIteration:
        return state.rows(0, region.height) * 0.5 + 0.5 - view.before(region, 0, region.height)


def _answer(
    ask: Ask, bench: Bench, predict: Predict, *, timed: bool
) -> tuple[torch.Tensor, torch.Tensor]:
    samples = torch.stack([ask.sample(index) for index in range(ask.count)])
    timesteps = torch.full((ask.count,), ask.timestep)
    rows = bench.model.numerics.rows
    began = time.monotonic()
    parts = zip(torch.split(samples, rows), torch.split(timesteps, rows), strict=True)
    v = torch.cat([predict(*part) for part in parts])
    if timed:
        pixels = samples.shape[0] * samples.shape[2] * samples.shape[3]
        bench.pace.note(pixels, time.monotonic() - began)
    return samples, v


class _Watcher:
    """Puts the tiles of each call together, one beside the other: good enough to look at."""

    def __init__(
        self, region: Region, grid: tuple[Tile, ...], ratios: list[float], watch: Watch
    ) -> None:
        self._grid, self._ratios, self._watch = grid, ratios, watch
        self._noisy = torch.empty(3, region.height, region.width)
        self._guess = torch.empty_like(self._noisy)
        self._call = 0
        self._tiles: Iterator[Tile] = iter(grid)

    def take(self, samples: torch.Tensor, v: torch.Tensor) -> None:
        """Take the next tiles of a call, (rows, 3, h, w); hand the call over when it is whole."""
        ratio = self._ratios[self._call]
        scale = (1 + ratio**2) ** -0.5
        height, width = self._noisy.shape[1:]
        last = None
        for sample, answer in zip(samples, v, strict=True):
            last = tile = next(self._tiles)
            down, across = min(tile.height, height - tile.top), min(tile.width, width - tile.left)
            place = slice(tile.top, tile.top + down), slice(tile.left, tile.left + across)
            seen, said = sample[:, :down, :across], answer[:, :down, :across]
            self._noisy[:, place[0], place[1]] = seen / scale
            self._guess[:, place[0], place[1]] = scale * seen - ratio * scale * said
        if last == self._grid[-1]:
            self._call += 1
            self._tiles = iter(self._grid)
            self._watch(Call(self._call, len(self._ratios), self._noisy, self._guess))
