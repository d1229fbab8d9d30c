"""`python -m core.builtin.stress [FOLDER]`: does cleaning ever break a picture?

Prints the largest change of any pixel in units of sigma, as the network gives it, without any
guard. The noise itself reaches 4 to 5 sigma somewhere in every picture; 6 is the limit.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np
import torch
from rich.console import Console
from rich.table import Table
from skimage import data

from core.builtin import patterns
from core.builtin.evaluate import (
    Pixels,
    add_noise,
    clean_once,
    list_pictures,
    load_model,
    read_picture,
    to_tensor,
)
from core.builtin.network import PhotoDenoiser
from core.builtin.schedule import sigma_of_ratio

Cases = Iterable[tuple[str, Pixels]]
LIMIT = 6.0
SIDE = 96
SIGMAS = (5.0, 10.0, 15.0, 25.0, 35.0, 50.0)
ANGLES = (0.0, 15.0, 30.0, 45.0, 90.0)
PAIRS = (
    ((0, 0, 0), (255, 255, 255)),
    ((200, 30, 40), (40, 160, 90)),
    ((110, 120, 90), (150, 140, 130)),
)
DTYPES = {"fp32": torch.float32, "bf16": torch.bfloat16}
SAMPLES = ("astronaut", "coffee", "chelsea", "rocket", "camera", "brick", "grass", "gravel")
KINDS = {
    "zone plate": patterns.make_zone_plate,
    "moire": patterns.make_moire,
    "fence": patterns.make_fence,
    "text": patterns.make_writing,
    "stars": patterns.make_stars,
    "edge": patterns.make_edge,
}


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
        yield "sample photographs", pixels[: pixels.shape[0] // 8 * 8, : pixels.shape[1] // 8 * 8]


def make_cases(quick: bool, folder: Path | None = None) -> Cases:
    """(kind, picture) of all that is tried; `quick` leaves most periods and all photographs out."""
    periods = (2, 3, 4, 6, 8, 16) if quick else range(2, 33)
    yield from make_gratings(periods)
    yield from make_checkerboards(periods)
    yield from make_drawn(3 if quick else 12)
    yield from make_extremes()
    if not quick:
        yield from read_samples()
        pictures = list_pictures(folder) if folder else []
        yield from (("folder", read_picture(path)) for path in pictures)


def measure_change(model: PhotoDenoiser, pixels: Pixels, sigma: float) -> float:
    """Largest change of any pixel that cleaning makes to the noisy picture, in units of sigma."""
    noisy = add_noise(to_tensor(pixels), sigma)
    change = clean_once(model, noisy, sigma) - noisy
    return sigma_of_ratio(float(change.abs().max())) / sigma


def measure_cases(
    model: PhotoDenoiser, cases: Cases, sigmas: Sequence[float]
) -> dict[str, dict[float, float]]:
    """Largest change a kind and sigma. NaN counts as infinite."""
    worst: dict[str, dict[float, float]] = {}
    for kind, pixels in cases:
        row = worst.setdefault(kind, dict.fromkeys(sigmas, 0.0))
        for sigma in sigmas:
            change = measure_change(model, pixels, sigma)
            row[sigma] = max(row[sigma], change) if np.isfinite(change) else float("inf")
    return worst


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m core.builtin.stress", description=__doc__)
    parser.add_argument("folder", type=Path, nargs="?", help="photographs to try as well")
    parser.add_argument("--model", type=Path, help="model folder (default: the bundled one)")
    parser.add_argument("--quick", action="store_true", help="few periods, no photographs")
    parser.add_argument("--dtypes", default="fp32,bf16")
    parser.add_argument("--threads", type=int, default=2)
    return parser.parse_args(arguments)


def main(arguments: Sequence[str] | None = None) -> int:
    """Print a table a dtype; returns 1 if anything changed by more than the limit."""
    options = _parse(arguments)
    torch.set_num_threads(options.threads)
    console, broken = Console(), False
    for name in options.dtypes.split(","):
        model = load_model(options.model, DTYPES[name])
        worst = measure_cases(model, make_cases(options.quick, options.folder), SIGMAS)
        table = Table("kind", *(f"{sigma:g}" for sigma in SIGMAS), title=f"{name}, limit {LIMIT:g}")
        for kind, row in worst.items():
            table.add_row(kind, *(f"{change:.2f}" for change in row.values()))
        console.print(table)
        broken |= any(change > LIMIT for row in worst.values() for change in row.values())
    console.print("BROKEN: a change above the limit" if broken else "no picture breaks")
    return int(broken)


if __name__ == "__main__":
    raise SystemExit(main())
