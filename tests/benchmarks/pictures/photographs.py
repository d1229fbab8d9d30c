"""What is photographed: the samples, pieces of them with more noise, and files that are broken."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

from core.demo.landscape import render_landscape
from core.demo.samples import SAMPLES, write_samples

_PIECES = 4
"""How many pieces are cut out of each sample."""

_VIEWS = (3, 4, 5)
"""Seeds of more generated views."""

_SIDES = (720, 480)
_NOISE = (8.0, 0.0, 16.0, 24.0, 12.0)


def make_samples(folder: Path) -> Path:
    """Write the sample photographs; return their folder."""
    write_samples(folder, lambda line: print(f"  {line}", flush=True))
    return folder


def make_trip(folder: Path, samples: Path) -> int:
    """Write a folder as a camera leaves it: photographs, raw files, notes; return how many."""
    wholes = []
    for sample in SAMPLES:
        with Image.open(samples / sample.file) as image:
            wholes.append((image.convert("RGB"), sample.focus))
    wholes += [(_view(seed), (0.5, 0.4)) for seed in _VIEWS]
    number = 0
    for piece in range(_PIECES):
        for whole, focus in wholes:
            number += 1
            day = folder / f"day {1 + number % 2}"
            day.mkdir(parents=True, exist_ok=True)
            noisy = _noisy(_piece(whole, focus, piece), _NOISE[piece % len(_NOISE)], number)
            noisy.save(day / f"IMG_{2000 + number}.JPG", quality=92)
            (day / f"IMG_{2000 + number}.CR3").write_bytes(b"raw")
            (day / f"IMG_{2000 + number}.XMP").write_text("<x/>")
    return number


def _view(seed: int) -> Image.Image:
    pixels = render_landscape(seed, *(2 * side for side in _SIDES))
    return Image.fromarray((pixels * 255 + 0.5).astype(np.uint8))


def _piece(whole: Image.Image, focus: tuple[float, float], piece: int) -> Image.Image:
    """Cut out what lies round the focus: all at first, closer with each piece."""
    share = 0.8**piece
    width, height = round(whole.width * share), round(whole.height * share)
    left = round((whole.width - width) * focus[0])
    top = round((whole.height - height) * focus[1])
    cut = whole.crop((left, top, left + width, top + height))
    cut.thumbnail(_SIDES, Image.Resampling.LANCZOS)
    return cut


def _noisy(image: Image.Image, sigma: float, seed: int) -> Image.Image:
    pixels = np.asarray(image, np.float32)
    noise = np.random.default_rng(seed).normal(0, sigma, pixels.shape) if sigma else 0
    return Image.fromarray(np.clip(pixels + noise + 0.5, 0, 255).astype(np.uint8))


def make_broken(folder: Path, samples: Path) -> int:
    """Write files that are no photographs any more, and two that are; return how many."""
    folder.mkdir(parents=True, exist_ok=True)
    whole = (samples / "coffee.jpg").read_bytes()
    (folder / "cut.jpg").write_bytes(whole[: len(whole) // 3])
    (folder / "empty.jpg").write_bytes(b"")
    (folder / "notes.jpg").write_text("Remember to copy the card again.")
    (folder / "coffee.jpg").write_bytes(whole)
    Image.new("RGB", (640, 480)).save(folder / "lens cap.png")
    return 5
