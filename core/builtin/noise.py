"""`python -m core.builtin.noise FOLDER`: how well the noise of photographs is found.

White noise of known sigma, noise from drawn cameras, and the clean photographs as they are.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import cv2
import numpy as np
from rich.console import Console
from rich.table import Table

from core.builtin.camera import Levels, draw_camera, take_pair
from core.builtin.evaluate import Pixels, list_pictures, read_picture
from core.builtin.noise_draws import noise_between
from core.images.noise_found import ALREADY_CLEAN, NoiseFound
from core.images.noise_level import find_noise

SIGMAS = (5.0, 10.0, 15.0, 25.0, 35.0, 50.0)
SEED = 55_001
"""Apart from fitting's seeds."""

_NEAR, _LITTLE, _ONE_LEVEL = 0.1, 5.0, 1.0
_CAMERA_NEAR = 0.25
_LEAST, _MOST = 4.0, 40.0
_SIDE = 384


@dataclass(frozen=True)
class WhiteRow:
    """One sigma over all photographs; `near`: share within 10 %, up to sigma 5 within 1 level."""

    sigma: float
    mean: float
    least: float
    most: float
    near: float


@dataclass(frozen=True)
class CameraRow:
    """Drawn cameras over all photographs; shares within 25 %, and the ratios' median."""

    kind: str
    draws: int
    sigma: float
    luminance: float
    chroma: float
    median: float


@dataclass(frozen=True)
class Draw:
    """What a camera did and what was found: of 255; `jpeg`: went through one."""

    jpeg: bool
    true: NoiseFound
    found: NoiseFound


def noise_in(levels: Levels | Pixels) -> NoiseFound:
    """Return the noise that is found in a picture, (height, width, 3) of 0 to 255."""
    values = levels.astype(np.float32) / np.float32(255)
    return find_noise(lambda top, bottom: values[top:bottom], *values.shape[:2])


def add_white(pixels: Pixels, sigma: float, seed: int) -> Pixels:
    """Return the picture with white Gaussian noise, rounded and clipped to 8 bits."""
    noise = np.random.default_rng((SEED, seed)).standard_normal(pixels.shape, np.float32)
    return np.clip(np.rint(pixels + np.float32(sigma) * noise), 0, 255).astype(np.uint8)


def measure_white(pictures: Sequence[Pixels], sigma: float) -> WhiteRow:
    """Return how well one sigma is found."""
    noisy = (add_white(pixels, sigma, number) for number, pixels in enumerate(pictures))
    found = np.array([noise_in(pixels).sigma for pixels in noisy])
    allowed = _ONE_LEVEL if sigma <= _LITTLE else _NEAR * sigma
    near = float((np.abs(found - sigma) <= allowed).mean())
    return WhiteRow(sigma, float(found.mean()), float(found.min()), float(found.max()), near)


def draw_cameras(pictures: Sequence[Pixels], each: int) -> Iterator[Draw]:
    """Take a part of every photograph with `each` cameras whose noise is 4 to 40 of 255."""
    for number, pixels in enumerate(pictures):
        random = np.random.default_rng((SEED, number))
        taken = 0
        while taken < each:
            draw = _take(random, pixels)
            if _LEAST <= draw.true.sigma <= _MOST:
                taken += 1
                yield draw


def _take(random: np.random.Generator, pixels: Pixels) -> Draw:
    top, left = (int(random.integers(0, max(0, n - _SIDE) // 8 + 1)) * 8 for n in pixels.shape[:2])
    camera, seed = draw_camera(random), int(random.integers(1 << 30))
    part = np.ascontiguousarray(pixels[top : top + _SIDE, left : left + _SIDE])
    noisy, quiet = take_pair(camera, part, seed)
    luminance, chroma = noise_between(noisy, quiet)
    true = NoiseFound(float(np.hypot(luminance, chroma)), luminance, chroma)
    return Draw(camera.quality > 0, true, noise_in(noisy))


def rate_cameras(draws: Sequence[Draw]) -> list[CameraRow]:
    """Return the rows of a table: all draws, those through a JPEG, those without."""
    kinds = {
        "all": list(draws),
        "JPEG": [draw for draw in draws if draw.jpeg],
        "no JPEG": [draw for draw in draws if not draw.jpeg],
    }
    return [_camera_row(kind, chosen) for kind, chosen in kinds.items() if chosen]


def _camera_row(kind: str, draws: Sequence[Draw]) -> CameraRow:
    true, found = (
        np.array([(noise.sigma, noise.luminance, noise.chroma) for noise in noises])
        for noises in ([draw.true for draw in draws], [draw.found for draw in draws])
    )
    ratios = (found + 1e-9) / (true + 1e-9)
    # Colour noise of less than a level is as good as none: grain has none at all.
    near = (np.abs(ratios - 1) <= _CAMERA_NEAR) | ((true < 1) & (found < 1))
    sigma, luminance, chroma = near.mean(axis=0).tolist()
    median = float(np.median(ratios[:, 0]))
    return CameraRow(kind, len(draws), sigma, luminance, chroma, median)


def _print_tables(
    console: Console, white: Sequence[WhiteRow], cameras: Sequence[CameraRow]
) -> None:
    table = Table("sigma", "mean", "least", "most", "near", title="white noise")
    for row in white:
        cells = (row.mean, row.least, row.most)
        table.add_row(f"{row.sigma:g}", *(f"{cell:.2f}" for cell in cells), f"{row.near:.0%}")
    console.print(table)
    headings = ("draws", "number", "within 25 %", "luminance", "colour", "median ratio")
    table = Table(*headings, title=f"cameras, noise of {_LEAST:g} to {_MOST:g}")
    for taken in cameras:
        shares = (f"{share:.0%}" for share in (taken.sigma, taken.luminance, taken.chroma))
        table.add_row(taken.kind, str(taken.draws), *shares, f"{taken.median:.2f}")
    console.print(table)


def _print_clean(console: Console, names: Sequence[str], found: Sequence[NoiseFound]) -> None:
    table = Table("photograph", "sigma", "luminance", "colour", "auto", title="as they are")
    for name, noise in zip(names, found, strict=True):
        cells = (f"{part:.2f}" for part in (noise.sigma, noise.luminance, noise.chroma))
        table.add_row(name, *cells, "unchanged" if noise.sigma < ALREADY_CLEAN else "cleans")
    console.print(table)


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m core.builtin.noise", description=__doc__)
    parser.add_argument("folder", type=Path, help="folder of clean photographs")
    parser.add_argument("--cameras", type=int, default=3, help="cameras a photograph")
    parser.add_argument("--limit", type=int, help="only the first photographs")
    parser.add_argument("--json", action="store_true", help="one JSON object a row")
    return parser.parse_args(arguments)


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print the tables."""
    options = _parse(arguments)
    cv2.setNumThreads(1)
    paths = list_pictures(options.folder)[: options.limit]
    pictures = [read_picture(path) for path in paths]
    white = [measure_white(pictures, sigma) for sigma in SIGMAS]
    cameras = rate_cameras(list(draw_cameras(pictures, options.cameras)))
    clean = [noise_in(pixels) for pixels in pictures]
    console = Console()
    if not options.json:
        _print_tables(console, white, cameras)
        _print_clean(console, [path.name for path in paths], clean)
        return
    rows = [asdict(row) for row in white] + [asdict(row) for row in cameras]
    for values in (*rows, *(asdict(noise) for noise in clean)):
        console.file.write(json.dumps(values) + "\n")


if __name__ == "__main__":
    main()
