"""What the viewer says of a photograph."""

from __future__ import annotations

import re

from PySide6.QtCore import QCoreApplication

from core.library.photo import Photo
from core.library.records import ItemStatus

_FOUND = re.compile(r"\bnoise (\d+) of 255\b(?! as told)(?: \(colour (\d+)\))?")
TROUBLED = frozenset({ItemStatus.FAILED, ItemStatus.QUARANTINED, ItemStatus.LEFT_OUT})


def tr(text: str) -> str:
    """Translate a text of this package."""
    return QCoreApplication.translate("viewer", text)


def has_result(photo: Photo | None) -> bool:
    """Return whether a result of the photograph stands, of its latest edit or an earlier one."""
    return photo is not None and photo.output is not None


def noise_line(sigma: float, chroma: float = 0.0) -> str:
    """Return how much noise was found, and how much of it in colour, in levels of 255."""
    said = tr("Noise found: {} of 255").format(round(sigma))
    return tr("{0} (colour {1})").format(said, round(chroma)) if round(chroma) else said


def noise_of(photo: Photo) -> float | None:
    """Return the noise, of 255, that the result's note tells of; None when it tells of none."""
    found = _FOUND.search(photo.note)
    return float(found.group(1)) if found else None


def noted_noise(photo: Photo) -> str:
    """Return what the result's note says of the noise that was found; else nothing."""
    found = _FOUND.search(photo.note)
    return noise_line(float(found.group(1)), float(found.group(2) or 0)) if found else ""


def zoom_words(scale: float, *, fitted: bool) -> str:
    """Return a scale as `Fit 17 %`, `1:1` or `4:1`."""
    if scale >= 1 and abs(scale - round(scale)) < 0.005:
        ratio = f"{round(scale)}:1"
    else:
        ratio = f"{scale * 100:.0f} %"
    return tr("Fit {}").format(ratio) if fitted else ratio
