"""Finding a photograph's mask in a folder, by its name."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from core.errors import ItemError, Reason

_SUFFIXES = (".png", ".jpg", ".jpeg", ".tif", ".tiff", ".webp", ".bmp", ".avif")
_ENDINGS = ("", "_mask", "-mask", ".mask")


def mask_of(place: Path, source: Path) -> Path:
    """Return the mask of a photograph: `place` itself, or the one of its name in that folder.

    For `a.jpg` that is `a.png`, `a_mask.png`, `a-mask.png`, `a.mask.png` or `a.jpg.png`, in any of
    the usual formats.

    Raises:
        ItemError: there is none; the photograph would be edited all over.
    """
    if not place.is_dir():
        if place.is_file():
            return place
        raise missing_mask(place)
    own = source.resolve()
    for path in _names(place, source):
        if path.is_file() and path.resolve() != own:
            return path
    raise missing_mask(place / f"{source.stem}.png")


def missing_mask(path: Path) -> ItemError:
    """Return the error for a photograph whose mask is not there."""
    return ItemError(
        Reason.UNREADABLE,
        f"Its mask {path.name} is not in {path.parent}; nothing says what is to be edited.",
        hint="Put a mask of the photograph's name there, white where it is to be edited.",
    )


def _names(folder: Path, source: Path) -> Iterator[Path]:
    for stem in (*(source.stem + ending for ending in _ENDINGS), source.name):
        for suffix in _SUFFIXES:
            yield folder / (stem + suffix)
            yield folder / (stem + suffix.upper())
