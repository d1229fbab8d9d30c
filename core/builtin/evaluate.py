"""`python -m core.builtin.evaluate FOLDER`: how well the built-in model cleans known noise.

White Gaussian noise of known deviation, not clipped, in one step or as many as `--steps` says,
beside what others published.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, astuple, dataclass
from importlib.resources import as_file, files
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import numpy as np
import numpy.typing as npt
import torch
from PIL import Image
from rich.console import Console
from rich.table import Table
from skimage.metrics import peak_signal_noise_ratio, structural_similarity

from core.builtin.export import read_model
from core.builtin.network import PhotoDenoiser
from core.builtin.options import add_crop, make_parser, read_numbers, read_options
from core.builtin.published import SETS, make_published_table
from core.builtin.schedule import make_alphas_cumprod, ratio_of_sigma, timestep_of_ratio
from core.engine.noise import curve_of_alphas, noise_ratios
from core.recipe import SigmaSchedule

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

Pixels = npt.NDArray[np.uint8]
Record = TypeVar("Record", bound="DataclassInstance")
NOISE_SEED = 1
CURVE = curve_of_alphas(make_alphas_cumprod())
BEST_PSNR = 99.0
"""Said of pictures that are the same, so that means stay finite."""

SUFFIXES = {".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff", ".webp"}


@dataclass(frozen=True)
class Measure:
    """Means over the pictures of one noise level; sigma in levels of 255, PSNR in dB."""

    sigma: float
    psnr: float
    ssim: float


def load_model(folder: Path | None = None, dtype: torch.dtype = torch.float32) -> PhotoDenoiser:
    """The model of a folder, or the bundled one; ready to run on the CPU."""
    if folder is None:
        with as_file(files("resources") / "models" / "builtin") as bundled:
            return load_model(bundled, dtype)
    model = read_model(folder, dtype)
    model.eval().to(memory_format=torch.channels_last)
    return model


def list_pictures(folder: Path) -> list[Path]:
    """Pictures of a folder by name; raises FileNotFoundError if it holds none."""
    found = sorted(path for path in folder.iterdir() if path.suffix.lower() in SUFFIXES)
    if not found:
        raise FileNotFoundError(f"no pictures in {folder}")
    return found


def read_picture(path: Path, crop: int | None = None) -> Pixels:
    """Pixels (height, width, 3), cut to multiples of 8 as the network needs.

    `crop`: side of the middle that is taken.
    """
    with Image.open(path, formats=("PNG", "JPEG", "BMP", "TIFF", "WEBP")) as opened:
        pixels = np.asarray(opened.convert("RGB"))
    return cut_middle(pixels, crop or max(pixels.shape))


def cut_middle(pixels: Pixels, side: int) -> Pixels:
    """The middle of a picture, at its own scale; sides are multiples of 8."""
    height, width = (min(side, length) // 8 * 8 for length in pixels.shape[:2])
    top, left = (pixels.shape[0] - height) // 2, (pixels.shape[1] - width) // 2
    return pixels[top : top + height, left : left + width]


def read_pictures(options: argparse.Namespace) -> list[Pixels]:
    """The photographs that a command's folder, --limit and --crop name."""
    paths = list_pictures(options.folder)[: options.limit]
    return [read_picture(path, options.crop) for path in paths]


def compare(truth: npt.NDArray[np.generic], shown: Pixels) -> tuple[float, float]:
    """PSNR in dB (at most BEST_PSNR) and SSIM of a picture, both (height, width, 3), 0 to 255."""
    with np.errstate(divide="ignore"):
        psnr = min(BEST_PSNR, peak_signal_noise_ratio(truth, shown, data_range=255))
    ssim = structural_similarity(truth, shown, channel_axis=2, data_range=255)
    return float(psnr), float(ssim)


def mean_of(records: Sequence[Record]) -> Record:
    """The record of the means of several, field by field; all fields are numbers."""
    means = np.mean([astuple(record) for record in records], axis=0)
    return type(records[0])(*means.tolist())


def to_tensor(pixels: Pixels) -> torch.Tensor:
    """(height, width, 3) of 0 to 255 -> (1, 3, height, width) of -1 to 1."""
    return torch.from_numpy(pixels.copy()).permute(2, 0, 1)[None].float() / 127.5 - 1


def to_pixels(picture: torch.Tensor) -> Pixels:
    """(1, 3, height, width) of -1 to 1 -> (height, width, 3) uint8, rounded."""
    levels = ((picture[0].float().clamp(-1, 1) + 1) * 127.5).round()
    return np.asarray(levels.permute(1, 2, 0).numpy(), np.uint8)


def add_noise(picture: torch.Tensor, sigma: float, seed: int = NOISE_SEED) -> torch.Tensor:
    """The picture with Gaussian noise of deviation `sigma` (levels of 255), not clipped."""
    generator = torch.Generator().manual_seed(seed)
    return picture + ratio_of_sigma(sigma) * torch.randn(picture.shape, generator=generator)


@torch.inference_mode()
def clean(model: PhotoDenoiser, noisy: torch.Tensor, sigma: float, steps: int = 1) -> torch.Tensor:
    """The picture without its noise of deviation `sigma`, by `steps` DDIM steps; nothing clipped.

    `noisy`: (rows, 3, height, width) of -1 to 1; computed in the model's dtype, returned in fp32.
    The steps are spaced as Clean spaces them.
    """
    ratios = noise_ratios(ratio_of_sigma(sigma), steps, SigmaSchedule.NORMAL, CURVE)
    picture = noisy.float()
    for ratio, following in pairwise((*ratios, 0.0)):
        # The picture that the network sees through the noise, and the noise it sees, once less.
        seen = _see(model, picture, ratio)
        picture = seen + following / ratio * (picture - seen)
    return picture


def _see(model: PhotoDenoiser, noisy: torch.Tensor, ratio: float) -> torch.Tensor:
    signal = 1 / (1 + ratio * ratio) ** 0.5
    sample = noisy * signal
    predicted = model(sample.to(model.dtype), timestep_of_ratio(ratio)).sample.float()
    return torch.sub(signal * sample, ratio * signal * predicted)


def measure_picture(model: PhotoDenoiser, pixels: Pixels, sigma: float, steps: int = 1) -> Measure:
    """PSNR and SSIM of one picture that was made noisy and cleaned."""
    noisy = add_noise(to_tensor(pixels), sigma)
    return Measure(sigma, *compare(pixels, to_pixels(clean(model, noisy, sigma, steps))))


def measure_pictures(
    model: PhotoDenoiser,
    pictures: Sequence[Path],
    sigmas: Sequence[float],
    crop: int | None = None,
    steps: int = 1,
) -> Iterator[Measure]:
    """Means over the pictures (or the middle of each), one noise level after the other."""
    for sigma in sigmas:
        yield mean_of(
            [measure_picture(model, read_picture(path, crop), sigma, steps) for path in pictures]
        )


def _make_table(measures: Sequence[Measure], title: str) -> Table:
    table = Table("sigma", "PSNR (dB)", "SSIM", title=title)
    for measure in measures:
        table.add_row(f"{measure.sigma:g}", f"{measure.psnr:.2f}", f"{measure.ssim:.4f}")
    return table


def _print_json(measures: Iterator[Measure], console: Console) -> None:
    for measure in measures:
        rounded = {name: round(value, 4) for name, value in asdict(measure).items()}
        console.file.write(json.dumps(rounded) + "\n")
        console.file.flush()


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = make_parser("evaluate", __doc__)
    parser.add_argument("--json", action="store_true", help="one JSON object a noise level")
    parser.add_argument("--sigmas", default="15,25,50", help="noise levels of 255")
    add_crop(parser)
    parser.add_argument("--steps", type=int, default=1, help="DDIM steps, calls of the network")
    parser.add_argument("--set", choices=SETS, help="the published set that the folder holds")
    return read_options(parser, arguments)


def main(arguments: Sequence[str] | None = None) -> None:
    """Print one line a noise level, and the published figures."""
    options = _parse(arguments)
    pictures = list_pictures(options.folder)[: options.limit]
    sigmas = read_numbers(options.sigmas)
    model = load_model(options.model)
    measures = measure_pictures(model, pictures, sigmas, options.crop, options.steps)
    console = Console()
    if options.json:
        _print_json(measures, console)
        return
    done = list(measures)
    many = "one step" if options.steps == 1 else f"{options.steps} steps"
    console.print(_make_table(done, f"{len(pictures)} pictures, {many}"))
    ours = {measure.sigma: measure.psnr for measure in done}
    console.print(make_published_table(ours, options.set))


if __name__ == "__main__":
    main()
