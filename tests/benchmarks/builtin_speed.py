"""Seconds a megapixel of Clean and of a repaint on the processor, arms interleaved.

From pixels to pixels on the engine's own way: measuring the noise, tiles, what holds changes back,
colours; files excepted. Beside it what the processor can do in this very run, since both move
together where other programs share it.
"""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from core.builtin.noise import add_white
from core.builtin.whole_path import CLEAN, WholePath
from core.engine.allocator import keep_pages
from core.recipe import EditSettings
from tests.benchmarks.speed.rates import Rates

NOISE = 15.0
ENLARGED = (2000, 3000)
REPAINT = EditSettings.model_validate(
    {"mode": "repaint", "strength": 0.3, "num_inference_steps": 20}
)
EDITS = {"Clean auto": CLEAN, "Repaint 0.3, 20 steps": REPAINT}


def print_speed(model: Path | None, picture: Path, threads: int, rounds: int) -> None:
    """Print a line an edit, size and arm: the median and the best."""
    # As the render process does: without it layers wait for pages that were just given back.
    keep_pages()
    arms = {dtype: WholePath(model, dtype=dtype, threads=threads) for dtype in ("auto", "fp32")}
    rates = Rates("cpu")
    for pixels in noisy_pictures(picture):
        for words, edit in EDITS.items():
            # A repaint of the large one would take a minute, and tells nothing more.
            if edit is REPAINT and pixels.shape[:2] == ENLARGED:
                continue
            _print_edit(words, edit, pixels, arms, rounds, rates)
    for name in ("fp32", "bf16"):
        product, convolution = rates.matmul[name] / 1e9, rates.convolution[name] / 1e9
        print(f"{name}: {product:.0f} GFLOP/s for products, {convolution:.0f} for convolutions")


def _print_edit(
    words: str,
    edit: EditSettings,
    pixels: NDArray[np.uint8],
    arms: dict[str, WholePath],
    rounds: int,
    rates: Rates,
) -> None:
    taken: dict[str, list[float]] = {name: [] for name in arms}
    for number in range(rounds + 1):
        for name, arm in arms.items():
            seconds = arm.edit(pixels, edit).seconds_per_megapixel
            # The first time memory is taken and kernels are chosen.
            taken[name] += [seconds] if number else []
        rates.measure(["fp32", "bf16"])
    megapixels = pixels.shape[0] * pixels.shape[1] / 1e6
    for name, seconds_each in taken.items():
        print(
            f"{words}, {megapixels:.1f} megapixels, --dtype {name}: "
            f"{_said(seconds_each)} s a megapixel"
        )


def _said(values: Sequence[float]) -> str:
    return f"{statistics.median(values):.2f} (best {min(values):.2f})"


def noisy_pictures(path: Path) -> list[NDArray[np.uint8]]:
    """Return a photograph and the same enlarged to 6 megapixels, with noise that Clean removes."""
    with Image.open(path) as opened:
        image = opened.convert("RGB")
    large = image.resize(ENLARGED[::-1], Image.Resampling.BICUBIC)
    return [add_white(np.asarray(each), NOISE, 0) for each in (image, large)]
