"""Pictures that may break a denoiser: patterns, extremes, photographs, and random ones."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
from skimage import data

from core.builtin import patterns
from core.builtin.crops import draw_crops
from core.builtin.evaluate import Pixels, list_pictures, read_picture
from core.builtin.photographs import canvas

Cases = Iterable[tuple[str, Pixels]]
SIDE = 96
ANGLES = (0.0, 15.0, 30.0, 45.0, 90.0)
PAIRS = (
    ((0, 0, 0), (255, 255, 255)),
    ((200, 30, 40), (40, 160, 90)),
    ((110, 120, 90), (150, 140, 130)),
)
SAMPLES = ("astronaut", "coffee", "chelsea", "rocket", "camera", "brick", "grass", "gravel")
KINDS = {
    "zone plate": patterns.make_zone_plate,
    "moire": patterns.make_moire,
    "fence": patterns.make_fence,
    "text": patterns.make_writing,
    "stars": patterns.make_stars,
    "edge": patterns.make_edge,
}
RANDOM_SIDE = 64
RANDOM_ROWS = 16
RANDOM_SIGMAS = (2.0, 75.0)
_SEED = 77_002
"""Apart from training's seeds, which count up from 0."""

_PICTURES_PER_CANVAS, _CANVAS_SIDE = 500, 256


def _color(weight: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> Iterator[Pixels]:
    """A pattern of 0 to 1 in every pair of colours."""
    for dark, light in PAIRS:
        mixed = np.asarray(dark) * (1 - weight[..., None]) + np.asarray(light) * weight[..., None]
        yield np.asarray(mixed + 0.5, np.uint8)


def make_gratings(periods: Iterable[int]) -> Cases:
    """Sine and bar gratings of every period at several angles."""
    rows, columns = np.mgrid[:SIDE, :SIDE]
    for period in periods:
        for angle in np.radians(ANGLES):
            along = columns * np.cos(angle) + rows * np.sin(angle)
            waves = np.sin(2 * np.pi * (along + 0.5) / period)
            for weight in (waves / 2 + 0.5, (waves > 0).astype(float)):
                yield from (("grating", pixels) for pixels in _color(weight))


def make_checkerboards(periods: Iterable[int]) -> Cases:
    """Upright checkerboards, the cell half the period."""
    rows, columns = np.mgrid[:SIDE, :SIDE]
    for cell in sorted({max(1, period // 2) for period in periods}):
        weight = ((rows // cell + columns // cell) % 2).astype(float)
        yield from (("checkerboard", pixels) for pixels in _color(weight))


def make_drawn(count: int) -> Cases:
    """Zone plates, moire, fences, text, stars and edges, drawn with fixed seeds."""
    for name, make in KINDS.items():
        for seed in range(count):
            weight = make(np.random.default_rng((7, seed)), SIDE, 2.0)
            yield from ((name, pixels) for pixels in _color(weight.astype(float)))


def make_extremes() -> Cases:
    """Black, white, grey, primaries and pure noise."""
    for level in (0, 128, 255):
        yield "flat", np.full((SIDE, SIDE, 3), level, np.uint8)
    for channel in range(3):
        pixels = np.zeros((SIDE, SIDE, 3), np.uint8)
        pixels[..., channel] = 255
        yield "flat", pixels
    for seed in range(4):
        random = np.random.default_rng(seed)
        yield "pure noise", random.integers(0, 256, (SIDE, SIDE, 3), np.uint8)


def read_samples() -> Cases:
    """Photographs that ship inside scikit-image."""
    for name in SAMPLES:
        pixels = np.asarray(getattr(data, name)())
        pixels = np.repeat(pixels[..., None], 3, 2) if pixels.ndim == 2 else pixels[..., :3]
        yield "samples", pixels[: pixels.shape[0] // 8 * 8, : pixels.shape[1] // 8 * 8]


def make_cases(quick: bool, folder: Path | None = None, limit: int | None = None) -> Cases:
    """(kind, picture) of all that is tried; `quick` leaves most periods and all photographs out.

    `limit`: how many of each kind.
    """
    counted: Counter[str] = Counter()
    for kind, pixels in _make_all(quick, folder):
        counted[kind] += 1
        if limit is None or counted[kind] <= limit:
            yield kind, pixels


def _make_all(quick: bool, folder: Path | None) -> Cases:
    periods = (2, 3, 4, 6, 8, 16) if quick else range(2, 33)
    yield from make_gratings(periods)
    yield from make_checkerboards(periods)
    yield from make_drawn(3 if quick else 12)
    yield from make_extremes()
    if not quick:
        yield from read_samples()
        pictures = list_pictures(folder) if folder else []
        yield from (("folder", read_picture(path)) for path in pictures)


def make_random(count: int) -> Iterator[tuple[float, Pixels]]:
    """Batches (rows, RANDOM_SIDE, RANDOM_SIDE, 3) of random pictures, each with a random sigma.

    Drawn as training draws them: pieces of synthetic photographs, patterns and static.
    """
    if not count:
        return
    random = np.random.default_rng(_SEED)
    numbers = range(-(-count // _PICTURES_PER_CANVAS))
    canvases = np.stack([canvas(_SEED + number, _CANVAS_SIDE) for number in numbers])
    for step in range(-(-count // RANDOM_ROWS)):
        rows = min(RANDOM_ROWS, count - step * RANDOM_ROWS)
        drawn = draw_crops(_SEED, step, canvases, rows, RANDOM_SIDE)
        sigma = float(np.exp(random.uniform(*np.log(RANDOM_SIGMAS))))
        yield sigma, drawn.transpose(0, 2, 3, 1)
