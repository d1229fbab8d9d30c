"""At what size a model sees a photograph: whole, in tiles, or fitted to what it was made for.

Numbers only: plans are made with it, without NumPy and torch.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from core.errors import SettingsError
from core.images.tile import WHOLE_AREA_FACTOR, round_up
from core.models.spec import ModelSpec
from core.recipe import EditSettings, Mode, SizeMode

TILED_UNTIL = 0.4
"""Strengths up to this repaint in tiles; above it each tile would become a picture of its own."""

LEAST_SIDE, WIDEST = 64, 8
"""Pixels and aspect: what diffusers takes of pictures that are edited by instruction."""

_WIDEST_OF_ALL = 32


LEAST_TILE = 256
"""Smaller tiles of models on latents would be hardly more than what they share with neighbours."""


@dataclass(frozen=True, slots=True)
class WorkingSize:
    """How the model sees a photograph.

    Attributes:
        width, height: of what the model works on, in pixels, before it is padded to the model's
            multiple.
        tile: side of the tiles in these pixels; 0 for the whole in one.
        factor: working pixels for each pixel of the photograph, along a side.
        full_width, full_height: of the result, before any `max_side`.
        words: what was chosen, for people.
    """

    width: int
    height: int
    tile: int
    factor: float
    full_width: int
    full_height: int
    words: str

    @property
    def brings_back(self) -> bool:
        """Return whether the model's change is carried to another size than it was made at."""
        return (self.width, self.height) != (self.full_width, self.full_height)


def working_size(
    edit: EditSettings, spec: ModelSpec, width: int, height: int, scale: float = 1.0, tile: int = 0
) -> WorkingSize:
    """Return at what size `spec` works on a photograph of `width` x `height`.

    Args:
        scale: of the output; a result larger than the photograph is painted over an enlarged one.
        tile: side of tiles where there are any; 0 for the model's native size.

    Raises:
        SettingsError: tiles were asked for, of a model that must see the whole.
    """
    larger = 1.0 if spec.pixel_space else max(1.0, scale)
    full = max(1, round(width * larger)), max(1, round(height * larger))
    mode = chosen_mode(edit, spec, *full)
    if mode is SizeMode.FIT:
        work = native_fit(*full, spec)
    elif edit.size is SizeMode.NATIVE and not spec.pixel_space:
        work = full = _cut(*full, spec)
    else:
        work = full
    side = (tile or tile_side(spec)) if mode is SizeMode.TILE else 0
    words = _words(mode, work, full, side)
    return WorkingSize(*work, side, math.sqrt(work[0] * work[1] / (width * height)), *full, words)


def tile_side(spec: ModelSpec) -> int:
    """Return the side of a model's tiles, where memory does not ask for smaller ones."""
    return spec.native_size if spec.pixel_space else max(spec.native_size, LEAST_TILE)


def chosen_mode(edit: EditSettings, spec: ModelSpec, width: int, height: int) -> SizeMode:
    """Return NATIVE (whole, as it is), TILE or FIT for a picture of this size.

    Raises:
        SettingsError: as `working_size`.
    """
    by_instruction = not spec.capabilities.strength
    if edit.size is SizeMode.TILE and by_instruction:
        raise SettingsError(
            f"{spec.name} edits by instruction and must see the whole photograph, not tiles of it.",
            hint="Use --size auto, fit or native.",
        )
    if edit.size is not SizeMode.AUTO:
        return edit.size
    if by_instruction and not is_instructable(width, height, spec):
        return SizeMode.FIT
    if width * height <= WHOLE_AREA_FACTOR * spec.native_size**2:
        return SizeMode.NATIVE
    tiled = spec.pixel_space or (edit.mode is Mode.REPAINT and edit.strength <= TILED_UNTIL)
    return SizeMode.TILE if tiled else SizeMode.FIT


def is_instructable(width: int, height: int, spec: ModelSpec) -> bool:
    """Return whether pipelines that edit by instruction take a picture of this size as it is."""
    sides = [round_up(side, spec.size_multiple) for side in (width, height)]
    return min(sides) >= LEAST_SIDE and max(sides) <= WIDEST * min(sides)


def native_fit(width: int, height: int, spec: ModelSpec) -> tuple[int, int]:
    """Return the size of the model's native area and nearly this aspect, in its multiples.

    Each side goes to the nearest multiple, and a strip is made less of one: the whole picture is
    mapped onto it and back, so that its aspect is kept without any padding.
    """
    widest = _WIDEST_OF_ALL if spec.capabilities.strength else WIDEST
    aspect = min(widest, max(1 / widest, width / height))
    multiple, native = spec.size_multiple, spec.native_size
    wide, high = native * math.sqrt(aspect), native / math.sqrt(aspect)
    short = _nearest(min(wide, high), multiple)
    long = min(_nearest(max(wide, high), multiple), widest * short)
    return (long, short) if aspect > 1 else (short, long)


def _nearest(length: float, multiple: int) -> int:
    return max(multiple, round(length / multiple) * multiple)


def _cut(width: int, height: int, spec: ModelSpec) -> tuple[int, int]:
    """Return the size less what is over the multiple; sides shorter than that stay, padded."""
    multiple = spec.size_multiple
    return width - width % multiple or width, height - height % multiple or height


def _words(mode: SizeMode, work: tuple[int, int], full: tuple[int, int], tile: int) -> str:
    size = "{} x {}".format(*full)
    if mode is SizeMode.TILE:
        return f"{size} in tiles of {tile}"
    if mode is SizeMode.FIT:
        return "worked on at {} x {}, brought back to ".format(*work) + size
    return f"{size} whole"
