"""Photographs to measure with: those of a folder, or drawn ones with noise."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import numpy as np
from PIL import Image

LARGE = (6000, 4000)
_SUFFIXES = {".jpg", ".jpeg", ".png"}


def given(folder: Path | None) -> list[Path]:
    """Return the photographs of a folder."""
    found = sorted(folder.iterdir()) if folder is not None else []
    return [path for path in found if path.suffix.lower() in _SUFFIXES]


def draw(path: Path, size: tuple[int, int], seed: int = 0, *, noise: float = 10) -> Path:
    """Write a photograph (width, height): soft shapes, and noise of so many levels."""
    width, height = size
    generator = np.random.default_rng(seed)
    coarse = generator.integers(30, 220, (6, 8, 3), dtype=np.uint8)
    soft = Image.fromarray(coarse).resize(size, Image.Resampling.BICUBIC)
    pixels = np.asarray(soft, dtype=np.float32)
    pixels = pixels + noise * generator.standard_normal((height, width, 3), dtype=np.float32)
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8)).save(path, quality=90)
    return path


def spread(folder: Path, number: int, size: tuple[int, int], kinds: int = 24) -> list[Path]:
    """Write so many photographs of a few kinds, each a file of its own."""
    drawn = [draw(folder / "kinds" / f"{kind}.jpg", size, kind) for kind in range(kinds)]
    paths = []
    for place in range(number):
        paths.append(folder / "photographs" / f"DSC_{place:06}.jpg")
        paths[-1].parent.mkdir(exist_ok=True)
        shutil.copyfile(drawn[place % kinds], paths[-1])
    return paths


def first_of(folder: Path | None, scratch: Path, size: tuple[int, int]) -> Path:
    """Return a copy of a folder's first photograph, or a drawn one."""
    for path in given(folder):
        copy = scratch / "drop" / path.name
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, copy)
        return copy
    return draw(scratch / "drop" / "photograph.jpg", size)


def home() -> Path:
    """Return the folder that this measurement's library lies in."""
    return Path(os.environ["REGRAIN_HOME"])
