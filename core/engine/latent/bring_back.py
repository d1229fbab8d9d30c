"""From the picture that a latent model made to the photograph's own pixels, at its full size."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch

from core.engine.bands import band_rows
from core.engine.change import Verdict, all_finite, black_error, held_change
from core.engine.img2img import NotFinite
from core.engine.latent.carry import Carried
from core.engine.latent.working import Working
from core.images.colour import apply_change_region, to_model_region
from core.images.layout import put_together
from core.images.photo import Photo, Pixels
from core.images.spaces import SrgbSpace, space_of


def finish_photograph(
    working: Working, after: torch.Tensor, breathe: Callable[[], None] = lambda: None
) -> tuple[Photo, Pixels]:
    """Return the photograph that the result is a version of, and its new pixels.

    Made at the photograph's own size, the model's picture is the result: in 8-bit sRGB to the
    very value. Made at another one, its change is carried to the photograph, which keeps its
    finer detail as far as the model kept what it saw of it. Outside the mask nothing changes.

    Args:
        working: what the model was given.
        after: (3, h, w) float32, sRGB 0 to 1, of the shape of `working.picture`.
        breathe: called now and then, for what is not to wait until all is done.

    Returns:
        The photograph, cut or enlarged where that was asked, and (H, W, C) pixels in its space.

    Raises:
        NotFinite: there are NaN or infinite values in the result.
        ItemError: black.
    """
    if not all_finite(after):
        raise NotFinite
    photo = working.photo
    carried = _carried(working, after)
    pixels = np.empty_like(photo.pixels)
    verdict = Verdict()
    rows = band_rows(photo.height, photo.width)
    for top in range(0, photo.height, rows):
        breathe()
        bottom = min(top + rows, photo.height)
        before, made = _band(working, carried, top, bottom)
        verdict.add(before.numpy(), made.numpy())
        put_together(pixels[top:bottom], _own_pixels(working, before, made, top, bottom))
    if verdict.is_black():
        raise black_error()
    return photo, pixels


def _carried(working: Working, after: torch.Tensor) -> Carried | torch.Tensor:
    """Return the model's picture without padding, or what carries its change to another size."""
    size = working.size
    after = after[:, : size.height, : size.width]
    if not size.brings_back:
        return after
    before = working.picture[:, : size.height, : size.width]
    full = size.full_height, size.full_width
    return Carried.of(before, after, full, working.invention)


def _band(
    working: Working, carried: Carried | torch.Tensor, top: int, bottom: int
) -> tuple[torch.Tensor, torch.Tensor]:
    """Return rows before and after, (3, rows, W) from 0 to 1."""
    halo = working.holding.halo
    first, last = max(0, top - halo), min(working.photo.height, bottom + halo)
    before = _source(working.photo, first, last)
    if isinstance(carried, Carried):
        made = carried.onto(before, first, last)
    else:
        made = carried[:, first:last]
    inner = slice(top - first, bottom - first)
    if working.holding.hold_structure:
        kept, _ = held_change(made - before, working.holding, inner)
        return before[:, inner], before[:, inner] + kept
    return before[:, inner], made[:, inner]


def _source(photo: Photo, top: int, bottom: int) -> torch.Tensor:
    rows = to_model_region(photo, top, bottom, 0, photo.width)
    return torch.from_numpy(rows).permute(2, 0, 1)


def _own_pixels(
    working: Working, before: torch.Tensor, made: torch.Tensor, top: int, bottom: int
) -> Pixels:
    """Return rows in the photograph's own space, (rows, W, C); the source's where nothing counts.

    In sRGB the values themselves are rounded, not their change, which could end on another one.
    """
    photo, cover = working.photo, working.cover
    source = photo.pixels[top:bottom]
    was, now = (planes.permute(1, 2, 0).numpy() for planes in (before, made))
    share = None if cover is None else cover[top:bottom, :, None]
    if share is not None:
        now = np.where(share == 255, now, was + (now - was) * (share * np.float32(1 / 255)))
    if isinstance(space_of(photo), SrgbSpace):
        most = np.float32(np.iinfo(source.dtype).max)
        levels = np.clip(now, 0.0, 1.0)
        levels *= most
        new: Pixels = np.rint(levels, out=levels).astype(source.dtype)
    else:
        new = apply_change_region(photo, was, now, top, bottom, 0, photo.width)
    return new if share is None else np.where(share == 0, source, new)
