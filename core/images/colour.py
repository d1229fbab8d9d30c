"""Between a photograph's own colours and the sRGB that models see."""

from __future__ import annotations

import numpy as np

from core.images.layout import channels_apart, put_together, strips
from core.images.photo import Floats, Photo, Pixels
from core.images.spaces import (
    GreySpace,
    LutSpace,
    NaiveInkSpace,
    Space,
    SrgbSpace,
    scaled,
    space_of,
)

_FADE_FROM, _FADE_TO = 0.125, 0.5


_TABLE_STRIP_PIXELS = 1 << 20
"""A profile of tables takes a tenth of a second to be set up, each time that it is used."""


def strips_of(photo: Photo, rows: int) -> list[tuple[int, int]]:
    """Return (top, bottom) of the strips in which `rows` of a photograph are best converted."""
    if isinstance(space_of(photo), LutSpace):
        return strips(rows, photo.width, _TABLE_STRIP_PIXELS)
    return strips(rows, photo.width)


def to_model(photo: Photo) -> Floats:
    """Return the whole photograph as (H, W, 3) float32 sRGB, 0 to 1.

    Grey is replicated; CMYK goes through its profile, or without one by (1 - C)(1 - K). Colours
    outside sRGB are clipped here, and only here: `apply_change` keeps them. 12 bytes a pixel.
    """
    out = np.empty((photo.height, photo.width, 3), dtype=np.float32)
    for top, bottom in strips_of(photo, photo.height):
        put_together(out[top:bottom], to_model_region(photo, top, bottom, 0, photo.width))
    return out


def to_model_region(photo: Photo, y0: int, y1: int, x0: int, x1: int) -> Floats:
    """Return rows y0 to y1 and columns x0 to x1 of `to_model`, (y1 - y0, x1 - x0, 3)."""
    return space_of(photo).to_srgb(photo.pixels[y0:y1, x0:x1])


def apply_change(photo: Photo, before: Floats, after: Floats) -> Pixels:
    """Return the photograph's pixels (H, W, C) with the change from `before` to `after` in them.

    Args:
        before: (H, W, 3) what the model was given, sRGB 0 to 1.
        after: (H, W, 3) what it made of it.

    The result is source + (own(after) - own(before)) in the source's space and dtype, so no
    change gives the very same pixels, and a colour outside sRGB moves by the change. Grey takes
    the change's luma. CMYK takes the change of each ink in the profile's separation, so small
    changes keep the source's own share of black. What the sRGB view could not hold (colour
    outside it, a share of black unlike the profile's) fades out where the picture is repainted:
    whole up to a change of an eighth of the range, gone from a half. CMYK without a profile is
    computed anew around the source's own black, and a pixel without black gets none.
    """
    out = np.empty_like(photo.pixels)
    for top, bottom in strips_of(photo, photo.height):
        part = (before[top:bottom], after[top:bottom])
        changed = apply_change_region(photo, *part, top, bottom, 0, photo.width)
        put_together(out[top:bottom], changed)
    return out


def apply_change_region(
    photo: Photo, before: Floats, after: Floats, y0: int, y1: int, x0: int, x1: int
) -> Pixels:
    """Return one region of `apply_change`; `before` and `after` cover just that region."""
    source = channels_apart(photo.pixels[y0:y1, x0:x1])
    space = space_of(photo)
    was, now = np.clip(before, 0.0, 1.0), np.clip(after, 0.0, 1.0)
    if isinstance(space, NaiveInkSpace):
        return space.moved(source, now - was)
    change = space.from_srgb(now) - space.from_srgb(was)
    if not isinstance(space, SrgbSpace | GreySpace):
        change -= _lost_beyond(space, source, was, now)
    top = np.float32(np.iinfo(source.dtype).max)
    change *= top
    changed = np.rint(change, out=change)
    changed += source
    np.clip(changed, 0, top, out=changed)
    return np.asarray(changed, dtype=source.dtype)


def _lost_beyond(space: Space, source: Pixels, was: Floats, now: Floats) -> Floats:
    """Return how much of what sRGB cannot hold goes away with a large change, (h, w, C)."""
    distance = np.abs(now - was).max(axis=2, keepdims=True)
    share = np.clip((distance - _FADE_FROM) / (_FADE_TO - _FADE_FROM), 0.0, 1.0)
    if not share.any():
        return np.zeros(source.shape, np.float32)
    beyond = scaled(source) - space.from_srgb(space.to_srgb(source))
    return np.asarray(share * beyond, dtype=np.float32)
