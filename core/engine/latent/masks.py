"""Masks: which part of a photograph is edited, grown and feathered, at its own size."""

from __future__ import annotations

from pathlib import Path
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy.ndimage import distance_transform_edt

from core.errors import ItemError, Reason
from core.images import refusals
from core.images.decode import read_photo
from core.images.photo import Photo, Pixels
from core.images.resize import in_8_bits
from core.mask_files import missing_mask
from core.recipe import MaskSetting

Cover: TypeAlias = NDArray[np.uint8]
"""(H, W), 0 to 255: how much of the change counts at each pixel."""

_INSIDE = 127
_SAME_ASPECT = 0.02
_ROWS = 1 << 21


def cover_of(setting: MaskSetting, photo: Photo) -> Cover:
    """Return a photograph's mask at its own size, (H, W).

    White is edited. Feathering goes inwards, so that what is black stays as it is.

    Raises:
        ItemError: the mask is missing or damaged, of another shape, or there is no alpha.
    """
    cover = _own_alpha(photo) if setting.path is None else _read_mask(setting.path, photo)
    if setting.invert:
        cover = 255 - cover
    if not setting.grow and not setting.feather:
        return cover
    return _shaped(cover > _INSIDE, setting.grow, setting.feather)


def _own_alpha(photo: Photo) -> Cover:
    if photo.alpha is None:
        raise ItemError(
            Reason.UNSUPPORTED_MODE,
            "The photograph has no transparency that could be its mask; no result was made.",
            hint="Give a mask, or a folder of masks, with --mask.",
        )
    return np.asarray(in_8_bits(photo.alpha), dtype=np.uint8)


def _read_mask(path: Path, photo: Photo) -> Cover:
    """Return the brightness of a picture file at the photograph's size."""
    if not path.is_file():
        raise missing_mask(path)
    mask = _decoded(path)
    _check_shape(path, mask, photo)
    plane = _brightness(mask)
    if plane.shape == (photo.height, photo.width):
        return plane
    size = photo.width, photo.height
    return np.asarray(Image.fromarray(plane).resize(size, Image.Resampling.BILINEAR))


def _decoded(path: Path) -> Photo:
    try:
        return read_photo(path)
    except MemoryError:
        raise
    except ItemError as error:
        raise ItemError(
            error.reason, f"Its mask cannot be used: {error.message}", hint=error.hint
        ) from error
    except Exception as error:
        damage = refusals.damaged(path.name, type(error).__name__)
        raise ItemError(
            damage.reason, f"Its mask cannot be used: {damage.message}", hint=damage.hint
        ) from error


def _check_shape(path: Path, mask: Photo, photo: Photo) -> None:
    aspect = mask.width * photo.height / (mask.height * photo.width)
    if abs(aspect - 1) > _SAME_ASPECT:
        raise ItemError(
            Reason.UNSUPPORTED_MODE,
            f"Its mask {path.name} has {mask.width} x {mask.height} pixels, which is another shape "
            f"than the photograph's {photo.width} x {photo.height}; no result was made.",
            hint="Draw the mask over the photograph as it stands upright, at its size.",
        )


def _brightness(mask: Photo) -> Cover:
    """Return (H, W), 0 to 255; transparent is black. CMYK is no mask's format, but works."""
    pixels = in_8_bits(mask.pixels)
    if pixels.shape[2] == 4:
        pixels = 255 - pixels[..., 3:]
    plane: Pixels = pixels.max(axis=2)
    if mask.alpha is not None:
        deep = plane.astype(np.uint16) * in_8_bits(mask.alpha)
        plane = (deep + 127) // 255
    return np.asarray(plane, dtype=np.uint8)


def _shaped(region: NDArray[np.bool_], grow: int, feather: int) -> Cover:
    """Return a region grown by `grow` pixels (shrunk below 0), its edge fading over `feather`."""
    if grow > 0:
        region = _distance(~region, grow) <= grow
    elif grow < 0:
        region = _distance(region, -grow) > -grow
    if not feather:
        return region.astype(np.uint8) * np.uint8(255)
    reach = feather + 1
    share = np.minimum(_distance(region, reach), reach) * np.float32(255 / reach)
    return np.asarray(np.rint(share), dtype=np.uint8)


def _distance(region: NDArray[np.bool_], reach: int) -> NDArray[np.float32]:
    """Return the distance of each pixel to the nearest one outside, exact up to `reach`.

    In bands, since distances need many times the mask's memory. The picture's edge is no outside.
    """
    height, width = region.shape
    rows = max(1, _ROWS // width)
    out = np.empty(region.shape, np.float32)
    for top in range(0, height, rows):
        first, bottom = max(0, top - reach - 1), min(height, top + rows)
        part = region[first : bottom + reach + 1]
        inner = slice(top - first, bottom - first)
        out[top:bottom] = np.inf if part.all() else distance_transform_edt(part)[inner]
    return out
