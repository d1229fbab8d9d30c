"""The photographs of a run: a folder's own, or drawn ones; square for models of one size."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter, ImageOps

from tests.benchmarks.speed.subjects import Subject

_SUFFIXES = {".jpg", ".jpeg", ".png"}
_SIZES = ((768, 512), (768, 512), (512, 768), (640, 640))
_UPRIGHT, _TURNED = 1, 6
_ORIENTATION, _MODEL, _EXIF_IFD, _ISO = 0x0112, 0x0110, 0x8769, 0x8827


class Photographs:
    """Gives each round its photographs.

    Those of one size are moved by some pixels from round to round, so that nothing that an engine
    remembers of a photograph spares it any work.
    """

    def __init__(self, folder: Path | None, count: int, subject: Subject, scratch: Path) -> None:
        self._side, self._scratch = subject.side, scratch / f"photographs-{subject.name}"
        self._sources = _found(folder, count) if folder else _drawn(self._scratch, count)

    @property
    def count(self) -> int:
        """How many there are."""
        return len(self._sources)

    def of_round(self, number: int) -> tuple[Path, ...]:
        """Return the files of a round; 0 is the one for warming up, of a single photograph."""
        sources = self._sources if number else self._sources[:1]
        if not self._side:
            return tuple(sources)
        folder = self._scratch / f"round-{number}"
        folder.mkdir(parents=True, exist_ok=True)
        return tuple(self._square(path, folder, 8 * number) for path in sources)

    def _square(self, source: Path, folder: Path, shift: int) -> Path:
        path = folder / f"{source.stem}.jpg"
        if path.exists():
            return path
        with Image.open(source) as image:
            upright = ImageOps.exif_transpose(image).convert("RGB")
        fitted = ImageOps.fit(upright, (self._side, self._side), Image.Resampling.LANCZOS)
        _save(np.roll(np.asarray(fitted), shift, axis=1), path, _UPRIGHT)
        return path


def _found(folder: Path, count: int) -> list[Path]:
    photographs = sorted(path for path in folder.iterdir() if path.suffix.lower() in _SUFFIXES)
    # Results are called as their photographs, without the suffix.
    found = list({path.stem: path for path in photographs}.values())
    if not found:
        raise SystemExit(f"There are no JPEG or PNG files in {folder}.")
    return found[:count]


def _drawn(folder: Path, count: int) -> list[Path]:
    """Draw photographs of several sizes; one of four lies on its side, as EXIF says."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for number in range(count):
        turned = number % 4 == 2
        size = _SIZES[number % len(_SIZES)]
        pixels = _picture(size[::-1] if turned else size, number)
        paths.append(folder / f"IMG_{number:04}.jpg")
        _save(pixels, paths[-1], _TURNED if turned else _UPRIGHT)
    return paths


def _picture(size: tuple[int, int], seed: int) -> NDArray[np.uint8]:
    """Return (height, width, 3): soft light, shapes with edges, and a sensor's noise."""
    width, height = size
    generator = np.random.default_rng(seed)
    coarse = generator.integers(40, 215, (6, 8, 3), dtype=np.uint8)
    image = Image.fromarray(coarse).resize(size, Image.Resampling.BICUBIC)
    draw = ImageDraw.Draw(image)
    for _ in range(12):
        x, y = (int(generator.integers(0, side)) for side in size)
        reach = int(generator.integers(10, 90))
        colour = tuple(int(level) for level in generator.integers(20, 235, 3))
        draw.ellipse((x, y, x + reach, y + reach // 2), fill=colour)
    texture = generator.normal(0, 40, (height, width, 3)) + 128
    grain = Image.fromarray(np.clip(texture, 0, 255).astype(np.uint8))
    blurred = np.asarray(grain.filter(ImageFilter.GaussianBlur(2)), dtype=np.float32) - 128
    grainy = np.asarray(image) + 1.5 * blurred + generator.normal(0, 8, (height, width, 3))
    picture: NDArray[np.uint8] = np.clip(grainy, 0, 255).astype(np.uint8)
    return picture


def _save(pixels: NDArray[np.uint8], path: Path, orientation: int) -> None:
    exif = Image.Exif()
    exif[_MODEL], exif[_ORIENTATION] = "Drawn", orientation
    exif.get_ifd(_EXIF_IFD)[_ISO] = 800
    Image.fromarray(pixels).save(path, quality=95, exif=exif)
