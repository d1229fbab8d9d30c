"""A photograph's noisy state, held in bands of rows that are stepped one by one.

Each band has its own scheduler and its own noise generator, so a result does not depend on how
the network's tiles lie over it; and of what schedulers keep, nothing is as large as the picture.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Protocol

import torch

from core.engine.schedulers import Sampler
from core.images.blend import reflected
from core.images.layout import strips
from core.images.tile import Tile
from core.recipe import SchedulerName

BAND_PIXELS = 3_000_000
"""Pixels of a band: 36 MB in single precision, so that the C library takes each tensor from the
system and gives it back whole. Smaller ones would leave holes that nothing else fits into."""

_SEED_MASK = (1 << 63) - 1

ReadRows = Callable[[int, int], torch.Tensor]
"""Gives rows `top` to `bottom` of a picture as (3, rows, W) float32 from -1 to 1."""


@dataclass(frozen=True)
class Descent:
    """The way down from the first noise ratio: which scheduler, which ratios, with what noise.

    `seed` seeds the noise; `add_noise` is false when the photograph's own noise is the noise.
    `noise_share`: how much is added of the noise that the first ratio tells the network of.
    """

    scheduler: SchedulerName
    ratios: tuple[float, ...]
    seed: int
    add_noise: bool
    noise_share: float = 1.0

    def first_noise(
        self, shape: tuple[int, ...], generator: torch.Generator
    ) -> torch.Tensor | None:
        """Draw what is added at first, as a share of the first ratio; None where nothing is."""
        if not self.add_noise:
            return None
        noise = torch.randn(shape, generator=generator)
        return noise if self.noise_share == 1 else noise.mul_(self.noise_share)


class _Band:
    def __init__(self, rows: range, read: ReadRows, descent: Descent, number: int) -> None:
        self.top, self.bottom = rows.start, rows.stop
        self.generator = torch.Generator().manual_seed(band_seed(descent.seed, number))
        self.sampler = Sampler(descent.scheduler, descent.ratios)
        picture = read(rows.start, rows.stop)
        self.state = torch.empty(picture.shape)
        noise = descent.first_noise(tuple(picture.shape), self.generator)
        for top, bottom in strips(*picture.shape[1:]):
            part = slice(None), slice(top, bottom)
            added = None if noise is None else noise[part]
            self.state[part] = self.sampler.start(picture[part], added)


class State(Protocol):
    """A noisy picture that is led down by `denoise`: a whole photograph's, or a part's."""

    height: int
    width: int
    levels: tuple[int, ...]

    def input_scale(self, call: int) -> float:
        """Return the factor between the state and the network's input."""
        ...

    def rows(self, top: int, bottom: int) -> torch.Tensor:
        """Return the state's rows, (3, rows, width)."""
        ...

    def tile(self, tile: Tile) -> torch.Tensor:
        """Return the state under `tile`, (3, h, w)."""
        ...

    def bottoms(self) -> Iterator[int]:
        """Yield where each part that is stepped by itself ends."""
        ...

    def step(self, call: int, number: int, v: torch.Tensor) -> None:
        """Move part `number` on by the network's `v`."""
        ...

    def forget_schedulers(self) -> None:
        """Free what the schedulers keep."""
        ...


def tile_of(state: State, tile: Tile) -> torch.Tensor:
    """Return what lies under `tile`, (3, h, w), reflected beyond the picture's edges."""
    down = torch.from_numpy(reflected(tile.top, tile.top + tile.height, state.height))
    across = torch.from_numpy(reflected(tile.left, tile.left + tile.width, state.width))
    top, left = int(down.min()), int(across.min())
    block = state.rows(top, int(down.max()) + 1)[:, :, left : int(across.max()) + 1]
    if block.shape[1:] == (tile.height, tile.width) and tile.top >= 0 and tile.left >= 0:
        return block
    return block.index_select(1, down - top).index_select(2, across - left)


def band_rows(height: int, width: int) -> int:
    """Return the rows of each band of a picture; pictures under two bands have just one."""
    count = max(1, height * width // BAND_PIXELS)
    return -(-height // count)


class Bands:
    """The state of one photograph: (3, height, width) float32, in bands of rows."""

    def __init__(self, height: int, width: int, read: ReadRows, descent: Descent) -> None:
        self.height, self.width = height, width
        rows = band_rows(height, width)
        self._bands = [
            _Band(range(top, min(top + rows, height)), read, descent, number)
            for number, top in enumerate(range(0, height, rows))
        ]
        self.levels = self._bands[0].sampler.levels

    def input_scale(self, call: int) -> float:
        """Return the factor between the state and the network's input; tells every scheduler."""
        scales = [band.sampler.input_scale(call) for band in self._bands]
        return scales[0]

    def rows(self, top: int, bottom: int) -> torch.Tensor:
        """Return the state's rows `top` to `bottom`, (3, rows, width); may share memory."""
        parts = [
            band.state[:, max(top - band.top, 0) : bottom - band.top]
            for band in self._bands
            if band.top < bottom and top < band.bottom
        ]
        return parts[0] if len(parts) == 1 else torch.cat(parts, 1)

    def tile(self, tile: Tile) -> torch.Tensor:
        """Return the state under `tile`, (3, h, w), reflected beyond the picture's edges."""
        return tile_of(self, tile)

    def bottoms(self) -> Iterator[int]:
        """Yield where each band ends, from the top."""
        return (band.bottom for band in self._bands)

    def step(self, call: int, number: int, v: torch.Tensor) -> None:
        """Move band `number` on by the network's `v` for all of its rows."""
        band = self._bands[number]
        band.state = band.sampler.step(call, v, band.state, band.generator)

    def forget_schedulers(self) -> None:
        """Free what the schedulers keep of earlier steps, once the last one is done."""
        for band in self._bands:
            del band.sampler


def band_seed(seed: int, number: int) -> int:
    """Return the seed of a band; the first one has the photograph's own, as diffusers would."""
    if number == 0:
        return seed
    digest = hashlib.blake2b(seed.to_bytes(8) + number.to_bytes(8), digest_size=8).digest()
    return int.from_bytes(digest) & _SEED_MASK
