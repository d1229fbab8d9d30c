"""`python -m core.builtin.calibrate FOLDER`: what each strength of the built-in model does.

The strength curve in `schedule` is fixed by these figures: at 0.1 at least 34 dB to the source, at
0.3 an SSIM above 0.9 of the pictures reduced 8 times, and no noise left over at any strength.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import astuple, dataclass
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from rich.console import Console
from rich.table import Table
from skimage.metrics import peak_signal_noise_ratio, structural_similarity

from core.builtin.evaluate import (
    Pixels,
    list_pictures,
    load_model,
    read_picture,
    to_pixels,
    to_tensor,
)
from core.builtin.network import PhotoDenoiser
from core.builtin.repaint import plan_ratios, repaint
from core.builtin.schedule import ratio_of_strength, sigma_of_ratio

STRENGTHS = "0.05,0.1,0.15,0.2,0.3,0.4,0.5,0.7,0.9"
REDUCTION = 8


@dataclass(frozen=True)
class Effect:
    """What one strength did to one picture; noise is what remains, in levels of 255."""

    psnr: float
    reduced_ssim: float
    noise_before: float
    noise_after: float


def _reduce(pixels: Pixels) -> Pixels:
    height, width = pixels.shape[:2]
    picture = Image.fromarray(pixels)
    size = (width // REDUCTION, height // REDUCTION)
    return np.asarray(picture.resize(size, Image.Resampling.BOX))


def estimate_noise(pixels: Pixels) -> float:
    """Deviation of the noise in levels of 255: median of the finest Haar diagonals / 0.6745.

    After Donoho, Johnstone, "Ideal spatial adaptation by wavelet shrinkage", Biometrika 1994.
    """
    levels = pixels[: pixels.shape[0] // 2 * 2, : pixels.shape[1] // 2 * 2].astype(np.float64)
    diagonals = levels[::2, ::2] - levels[1::2, ::2] - levels[::2, 1::2] + levels[1::2, 1::2]
    return float(np.median(np.abs(diagonals / 2)) / 0.6745)


def measure_effect(model: PhotoDenoiser, pixels: Pixels, strength: float) -> Effect:
    """Repaint one picture (height, width, 3) and compare it with its source."""
    result = to_pixels(repaint(model, to_tensor(pixels), strength))
    ssim = structural_similarity(_reduce(pixels), _reduce(result), channel_axis=2, data_range=255)
    return Effect(
        float(peak_signal_noise_ratio(pixels, result, data_range=255)),
        float(ssim),
        estimate_noise(pixels),
        estimate_noise(result),
    )


def measure_strength(model: PhotoDenoiser, pictures: Sequence[Path], strength: float) -> Effect:
    """Means over the pictures."""
    effects = [measure_effect(model, read_picture(path), strength) for path in pictures]
    return Effect(*np.mean([astuple(effect) for effect in effects], axis=0).tolist())


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m core.builtin.calibrate", description=__doc__)
    parser.add_argument("folder", type=Path, help="folder of clean pictures")
    parser.add_argument("--model", type=Path, help="model folder (default: the bundled one)")
    parser.add_argument("--strengths", default=STRENGTHS)
    parser.add_argument("--limit", type=int, help="only the first pictures")
    parser.add_argument("--threads", type=int, default=2)
    return parser.parse_args(arguments)


def main(arguments: Sequence[str] | None = None) -> None:
    """Print one row a strength."""
    options = _parse(arguments)
    torch.set_num_threads(options.threads)
    model, pictures = load_model(options.model), list_pictures(options.folder)[: options.limit]
    title = f"{len(pictures)} pictures, DDIM of 20 steps"
    headings = ("strength", "sigma", "steps", "PSNR", "SSIM / 8", "noise before", "after")
    table = Table(*headings, title=title)
    for strength in (float(value) for value in options.strengths.split(",")):
        effect = measure_strength(model, pictures, strength)
        sigma = sigma_of_ratio(ratio_of_strength(strength))
        figures = (f"{value:.3f}" for value in astuple(effect))
        table.add_row(
            f"{strength:g}", f"{sigma:.1f}", f"{len(plan_ratios(strength)) - 1}", *figures
        )
    Console().print(table)


if __name__ == "__main__":
    main()
