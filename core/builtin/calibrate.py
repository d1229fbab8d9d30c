"""`python -m core.builtin.calibrate FOLDER`: what each strength of the built-in model does.

Repaint as users get it. The strength curve in `schedule` is fixed by these figures. Fails unless
the distance from the source grows with every strength, the pictures reduced 8 times keep an SSIM of
0.9 up to strength 0.3 and of 0.8 up to 0.5, and no noise of 3 levels is left over in any photograph
at any strength, as far as Clean would find it.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from PIL import Image
from rich.box import SIMPLE
from rich.console import Console
from rich.table import Table
from skimage.metrics import structural_similarity

from core.builtin.evaluate import Pixels, mean_of, read_pictures
from core.builtin.options import add_crop, conclude, make_parser, read_numbers, read_options
from core.builtin.schedule import ratio_of_strength, sigma_of_ratio
from core.builtin.whole_path import WholePath, add_engine_options, load_whole_path
from core.images.noise_level import estimate_sigma
from core.recipe import EditSettings, Mode

STRENGTHS = "0.1,0.2,0.3,0.4,0.5,0.6,0.7,0.8,0.9"
REDUCTION = 8
SIMILAR = ((0.3, 0.9), (0.5, 0.8))
"""Up to which strength which SSIM of the reduced pictures is asked for."""

MOST_NOISE = 3.0


@dataclass(frozen=True)
class Effect:
    """What one strength did to one picture, or on the average.

    Distances from the source and noises in levels of 255: `distance` is root mean square.
    """

    distance: float
    reduced_ssim: float
    noise_before: float
    noise_after: float
    seconds: float


@dataclass(frozen=True)
class Row:
    """One strength: means over the photographs, and the most noise left over in any of them."""

    strength: float
    mean: Effect
    most_noise: float


def _reduce(pixels: Pixels) -> Pixels:
    height, width = pixels.shape[:2]
    picture = Image.fromarray(pixels)
    size = (width // REDUCTION, height // REDUCTION)
    return np.asarray(picture.resize(size, Image.Resampling.BOX))


def estimate_noise(pixels: Pixels) -> float:
    """Deviation of the noise in levels of 255, as Clean estimates it."""
    values = pixels.astype(np.float32) / np.float32(255)
    height, width = pixels.shape[:2]
    return estimate_sigma(lambda top, bottom: values[top:bottom], height, width)


def measure_effect(engine: WholePath, pixels: Pixels, strength: float) -> Effect:
    """Repaint one picture (height, width, 3) and compare it with its source."""
    edited = engine.edit(pixels, EditSettings(mode=Mode.REPAINT, strength=strength))
    result = edited.pixels
    small = _reduce(pixels), _reduce(result)
    # SSIM looks at windows of 7 pixels; reduced pictures may be smaller.
    window = min(7, (min(small[0].shape[:2]) - 1) // 2 * 2 + 1)
    ssim = structural_similarity(*small, channel_axis=2, data_range=255, win_size=window)
    difference = result.astype(np.float64) - pixels
    return Effect(
        float(np.sqrt(np.mean(difference**2))),
        float(ssim),
        estimate_noise(pixels),
        estimate_noise(result),
        edited.seconds_per_megapixel,
    )


def measure_strength(engine: WholePath, pictures: Sequence[Pixels], strength: float) -> Row:
    """Repaint all pictures at one strength."""
    effects = [measure_effect(engine, pixels, strength) for pixels in pictures]
    return Row(strength, mean_of(effects), max(effect.noise_after for effect in effects))


def find_shrinking(rows: Sequence[Row]) -> set[float]:
    """The strengths, of rising ones, whose distance is not above that of the one before."""
    steps = pairwise(rows)
    return {row.strength for low, row in steps if row.mean.distance <= low.mean.distance}


def find_missed(rows: Sequence[Row]) -> Iterator[str]:
    """Bars that are missed, in words."""
    for strength in sorted(find_shrinking(rows)):
        yield f"strength {strength:g} is not farther from the source than the one before"
    for row in rows:
        bars = [bar for until, bar in SIMILAR if row.strength <= until]
        if bars and row.mean.reduced_ssim < bars[0]:
            yield f"strength {row.strength:g}: SSIM {row.mean.reduced_ssim:.3f}, not {bars[0]:g}"
        if row.most_noise >= MOST_NOISE:
            yield f"strength {row.strength:g}: noise of {row.most_noise:.1f} levels is left over"


def make_table(rows: Sequence[Row], title: str) -> Table:
    """One row a strength."""
    headings = ("strength", "sigma", "RMS", "grows", "SSIM / 8", "noise", "after", "most")
    table = Table(*headings, "s / MP", title=title, box=SIMPLE, pad_edge=False)
    shrinking = find_shrinking(rows)
    for row in rows:
        mean, sigma = row.mean, sigma_of_ratio(ratio_of_strength(row.strength))
        levels = (mean.noise_before, mean.noise_after, row.most_noise)
        table.add_row(
            *(f"{row.strength:g}", f"{sigma:.1f}", f"{mean.distance:.2f}"),
            "no" if row.strength in shrinking else "yes",
            f"{mean.reduced_ssim:.3f}",
            *(f"{noise:.2f}" for noise in levels),
            f"{mean.seconds:.2f}",
        )
    return table


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = make_parser("calibrate", __doc__)
    add_crop(parser)
    add_engine_options(parser)
    parser.add_argument("--strengths", default=STRENGTHS, help="in rising order")
    return read_options(parser, arguments)


def main(arguments: Sequence[str] | None = None) -> int:
    """Print one row a strength; returns 1 if a bar is missed."""
    options = _parse(arguments)
    engine, pictures = load_whole_path(options), read_pictures(options)
    strengths = read_numbers(options.strengths)
    rows = [measure_strength(engine, pictures, strength) for strength in strengths]
    console = Console()
    console.print(make_table(rows, f"{len(pictures)} pictures, repainted as by default"))
    return conclude(console, list(find_missed(rows)))


if __name__ == "__main__":
    raise SystemExit(main())
