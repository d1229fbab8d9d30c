"""`python -m core.builtin.evaluate FOLDER`: how well the built-in model cleans known noise."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from importlib.resources import as_file, files
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from PIL import Image
from rich.console import Console
from rich.table import Table
from skimage.metrics import peak_signal_noise_ratio, structural_similarity

from core.builtin.export import read_model
from core.builtin.network import PhotoDenoiser
from core.builtin.schedule import ratio_of_sigma, timestep_of_ratio

Pixels = npt.NDArray[np.uint8]
NOISE_SEED = 1
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


def read_picture(path: Path) -> Pixels:
    """Pixels (height, width, 3), cut to multiples of 8 as the network needs."""
    with Image.open(path, formats=("PNG", "JPEG", "BMP", "TIFF", "WEBP")) as opened:
        pixels = np.asarray(opened.convert("RGB"))
    return pixels[: pixels.shape[0] // 8 * 8, : pixels.shape[1] // 8 * 8]


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
def clean_once(model: PhotoDenoiser, noisy: torch.Tensor, sigma: float) -> torch.Tensor:
    """One-step estimate of the picture without its noise of deviation `sigma`; nothing clipped.

    `noisy`: (rows, 3, height, width) of -1 to 1; computed in the model's dtype, returned in fp32.
    """
    ratio = ratio_of_sigma(sigma)
    signal = 1 / (1 + ratio * ratio) ** 0.5
    sample = noisy.float() * signal
    predicted = model(sample.to(model.dtype), timestep_of_ratio(ratio)).sample.float()
    return torch.sub(signal * sample, ratio * signal * predicted)


def measure_picture(model: PhotoDenoiser, pixels: Pixels, sigma: float) -> Measure:
    """PSNR and SSIM of one picture that was made noisy and cleaned."""
    noisy = add_noise(to_tensor(pixels), sigma)
    cleaned = to_pixels(clean_once(model, noisy, sigma))
    psnr = peak_signal_noise_ratio(pixels, cleaned, data_range=255)
    ssim = structural_similarity(pixels, cleaned, channel_axis=2, data_range=255)
    return Measure(sigma, float(psnr), float(ssim))


def measure_pictures(
    model: PhotoDenoiser, pictures: Sequence[Path], sigmas: Sequence[float]
) -> Iterator[Measure]:
    """Means over the pictures, one noise level after the other."""
    for sigma in sigmas:
        measures = [measure_picture(model, read_picture(path), sigma) for path in pictures]
        psnr = float(np.mean([measure.psnr for measure in measures]))
        yield Measure(sigma, psnr, float(np.mean([measure.ssim for measure in measures])))


def _print_table(measures: Iterator[Measure], console: Console, title: str) -> None:
    table = Table("sigma", "PSNR (dB)", "SSIM", title=title)
    for measure in measures:
        table.add_row(f"{measure.sigma:g}", f"{measure.psnr:.2f}", f"{measure.ssim:.4f}")
    console.print(table)


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m core.builtin.evaluate", description=__doc__)
    parser.add_argument("folder", type=Path, help="folder of clean pictures")
    parser.add_argument("--json", action="store_true", help="one JSON object a noise level")
    parser.add_argument("--model", type=Path, help="model folder (default: the bundled one)")
    parser.add_argument("--sigmas", default="15,25,50", help="noise levels of 255")
    parser.add_argument("--threads", type=int, default=2)
    return parser.parse_args(arguments)


def main(arguments: Sequence[str] | None = None) -> None:
    """Print one line a noise level."""
    options = _parse(arguments)
    torch.set_num_threads(options.threads)
    pictures = list_pictures(options.folder)
    sigmas = [float(sigma) for sigma in options.sigmas.split(",")]
    measures = measure_pictures(load_model(options.model), pictures, sigmas)
    console = Console()
    if not options.json:
        _print_table(measures, console, f"{len(pictures)} pictures, one-step estimate")
        return
    for measure in measures:
        rounded = {name: round(value, 4) for name, value in asdict(measure).items()}
        console.file.write(json.dumps(rounded) + "\n")
        console.file.flush()


if __name__ == "__main__":
    main()
