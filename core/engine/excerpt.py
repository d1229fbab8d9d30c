"""A part of a photograph in the model's hands, with the very noise that the whole one would get."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import torch

from core.engine.bands import Descent, ReadRows, band_rows, band_seed, tile_of
from core.engine.schedulers import Sampler
from core.images.tile import Tile


@dataclass(frozen=True, slots=True)
class Region:
    """Rows `top` to `bottom` and columns `left` to `right` of a photograph."""

    top: int
    left: int
    bottom: int
    right: int

    @property
    def height(self) -> int:
        """Return its rows."""
        return self.bottom - self.top

    @property
    def width(self) -> int:
        """Return its columns."""
        return self.right - self.left

    @property
    def pixels(self) -> int:
        """Return its size in pixels."""
        return self.height * self.width

    def grown(self, margin: int, height: int, width: int, multiple: int) -> Region:
        """Return it with `margin` pixels around, from multiple to multiple, within the picture.

        The network's grid lies on such a part as it does on the whole photograph.
        """
        return Region(
            max(0, self.top - margin) // multiple * multiple,
            max(0, self.left - margin) // multiple * multiple,
            min(height, -(-(self.bottom + margin) // multiple) * multiple),
            min(width, -(-(self.right + margin) // multiple) * multiple),
        )

    def within(self, outer: Region) -> tuple[slice, slice]:
        """Return its rows and columns as slices of what covers `outer`."""
        rows = slice(self.top - outer.top, self.bottom - outer.top)
        return rows, slice(self.left - outer.left, self.right - outer.left)


class _Section:
    """What a region shares with one of the photograph's bands.

    Noise is drawn for the whole band and cut. Where the scheduler draws at each step, the whole
    band is stepped for the same reason.
    """

    def __init__(
        self, region: Region, rows: range, width: int, picture: torch.Tensor, number: int,
        descent: Descent,
    ) -> None:  # fmt: skip
        first, last = max(region.top, rows.start), min(region.bottom, rows.stop)
        self.top, self.bottom = first - region.top, last - region.top
        self._inner = (
            slice(None),
            slice(first - rows.start, last - rows.start),
            slice(region.left, region.right),
        )
        self._generator = torch.Generator().manual_seed(band_seed(descent.seed, number))
        self.sampler = Sampler(descent.scheduler, descent.ratios)
        whole = (3, len(rows), width)
        noise = descent.first_noise(whole, self._generator)
        self._is_whole = self.sampler.draws
        start = picture
        if self._is_whole:
            start = torch.zeros(whole)
            start[self._inner] = picture
        elif noise is not None:
            noise = noise[self._inner]
        self._state = self.sampler.start(start, noise)

    @property
    def state(self) -> torch.Tensor:
        return self._state[self._inner] if self._is_whole else self._state

    def step(self, call: int, v: torch.Tensor) -> None:
        if self._is_whole:
            spread = torch.zeros_like(self._state)
            spread[self._inner] = v
            v = spread
        self._state = self.sampler.step(call, v, self._state, self._generator)


class Excerpt:
    """The state of a region, (3, height, width) float32; what `denoise` needs of Bands.

    Args:
        region: the part; on the network's grid (`Region.grown`).
        height: rows of the whole photograph.
        width: its columns.
        read: gives rows of the region, counted from its top, -1 to 1.
        descent: the way down, with the whole photograph's seed.
    """

    def __init__(
        self, region: Region, height: int, width: int, read: ReadRows, descent: Descent
    ) -> None:
        self.height, self.width = region.height, region.width
        rows = band_rows(height, width)
        self._sections = []
        for number, top in enumerate(range(0, height, rows)):
            band = range(top, min(top + rows, height))
            first, last = max(region.top, band.start), min(region.bottom, band.stop)
            if first < last:
                part = read(first - region.top, last - region.top)
                self._sections.append(_Section(region, band, width, part, number, descent))
        self.levels = self._sections[0].sampler.levels

    def input_scale(self, call: int) -> float:
        """Return the factor between the state and the network's input; tells every scheduler."""
        scales = [section.sampler.input_scale(call) for section in self._sections]
        return scales[0]

    def rows(self, top: int, bottom: int) -> torch.Tensor:
        """Return the state's rows `top` to `bottom`, (3, rows, width); may share memory."""
        parts = [
            section.state[:, max(top - section.top, 0) : bottom - section.top]
            for section in self._sections
            if section.top < bottom and top < section.bottom
        ]
        return parts[0] if len(parts) == 1 else torch.cat(parts, 1)

    def tile(self, tile: Tile) -> torch.Tensor:
        """Return the state under `tile`, (3, h, w), reflected beyond the region's edges."""
        return tile_of(self, tile)

    def bottoms(self) -> Iterator[int]:
        """Yield where each section ends, from the top."""
        return (section.bottom for section in self._sections)

    def step(self, call: int, number: int, v: torch.Tensor) -> None:
        """Move section `number` on by the network's `v` for all of its rows."""
        self._sections[number].step(call, v)

    def forget_schedulers(self) -> None:
        """Free what the schedulers keep of earlier steps, once the last one is done."""
        for section in self._sections:
            del section.sampler
