"""The demo's photographs: some that scikit-image carries inside itself, and one generated view.

astronaut: NASA, public domain. coffee: Rachel Michetti, CC0. chelsea: Stefan van der Walt, CC0.
rocket: SpaceX, public domain. They are read from the installed package; nothing is downloaded.
"""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

import numpy as np
from PIL import Image, UnidentifiedImageError
from PIL.TiffImagePlugin import IFDRational

from core.demo.landscape import Picture, add_noise, render_landscape
from core.demo.profile import display_p3_profile
from core.errors import CoreError

_EXIF_IFD, _GPS_IFD = 0x8769, 0x8825


@dataclass(frozen=True, slots=True)
class Sample:
    """A photograph of the demo.

    Attributes:
        file: its name in the demo's folder.
        title: what the contact sheet calls it.
        noise: how much was added, of 255; 0 for a photograph that is clean already.
        focus: where its 1:1 crop lies, as shares of width and height.
        packaged: the file inside scikit-image; empty for the generated view.
    """

    file: str
    title: str
    noise: float
    focus: tuple[float, float]
    packaged: str = ""


SAMPLES = (
    Sample("lake.jpg", "Lake, 12 megapixels, Display P3", 14, (0.70, 0.555)),
    Sample("chelsea.png", "Chelsea", 25, (0.42, 0.42), "chelsea.png"),
    Sample("coffee.jpg", "Coffee", 18, (0.50, 0.42), "coffee.png"),
    Sample("rocket.png", "Rocket", 35, (0.50, 0.62), "rocket.jpg"),
    Sample("astronaut.png", "Astronaut", 0, (0.44, 0.22), "astronaut.png"),
)


def write_samples(folder: Path, report: Callable[[str], None]) -> tuple[Path, ...]:
    """Write the photographs that are missing in `folder`; return all their paths.

    Raises:
        CoreError: the folder cannot be written, or scikit-image lacks a photograph.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for number, sample in enumerate(SAMPLES):
            if not (folder / sample.file).exists():
                report(f"Making {sample.file}")
                _write_sample(folder / sample.file, sample, seed=number + 1)
    except OSError as error:
        raise CoreError(
            f"The sample photographs cannot be written to {folder}: {error.strerror or error}.",
            hint="Give another folder: regrain demo FOLDER.",
        ) from error
    return tuple(folder / sample.file for sample in SAMPLES)


def _write_sample(path: Path, sample: Sample, seed: int) -> None:
    picture = _read_packaged(sample.packaged) if sample.packaged else render_landscape()
    if sample.noise:
        picture = add_noise(picture, sample.noise, seed)
    image = Image.fromarray((picture * 255 + 0.5).astype(np.uint8))
    exif = _camera_exif(sample.title) if not sample.packaged else Image.Exif()
    profile = display_p3_profile() if not sample.packaged else None
    # Half a photograph must not pass for a whole one at the next start.
    temporary = path.with_name(f".{path.name}.{os.getpid()}{path.suffix}")
    try:
        # Colour at full resolution: cameras' best setting, and the noise stays as it was added.
        image.save(temporary, quality=95, subsampling=0, exif=exif, icc_profile=profile)
        temporary.replace(path)
    finally:
        with contextlib.suppress(FileNotFoundError):
            temporary.unlink()


def _read_packaged(name: str) -> Picture:
    """Return a photograph of scikit-image as (H, W, 3) float32, 0 to 1."""
    try:
        file = (resources.files("skimage.data") / name).open("rb")
        with file, Image.open(file, formats=("JPEG", "PNG")) as image:
            return np.asarray(image.convert("RGB"), np.float32) / np.float32(255)
    except (OSError, ModuleNotFoundError, UnidentifiedImageError) as error:
        raise CoreError(
            f"The installed scikit-image lacks its sample photograph {name}.",
            hint="Install it again: pip install --force-reinstall scikit-image",
        ) from error


def _camera_exif(title: str) -> Image.Exif:
    """Return what a camera would have written, as an example of what Regrain keeps."""
    exif = Image.Exif()
    exif.update({0x010E: title, 0x010F: "Regrain", 0x0110: "Generated view", 0x0112: 1})
    exif.get_ifd(_EXIF_IFD).update(
        {
            0x829A: IFDRational(1, 125),  # ExposureTime
            0x829D: IFDRational(28, 10),  # FNumber
            0x8827: 3200,  # ISO
            0x9003: "2026:06:21 21:14:00",  # DateTimeOriginal
            0x920A: IFDRational(26),  # FocalLength
        }
    )
    exif.get_ifd(_GPS_IFD).update(
        {1: "N", 2: (46.0, 41.0, 24.0), 3: "E", 4: (7.0, 51.0, 47.0)}  # above Lake Brienz
    )
    return exif


def main(arguments: Sequence[str]) -> int:
    """Write the samples into the folder that is given; say on stderr what went wrong."""
    try:
        write_samples(Path(arguments[0]), report=lambda _line: None)
    except CoreError as error:
        sys.stderr.write(f"{error.message} {error.hint}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
