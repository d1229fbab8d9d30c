"""What a latent model is given of a photograph: the picture at its working size, and the mask."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image

from core.engine.bands import band_rows
from core.engine.change import Holding
from core.engine.latent.masks import Cover, cover_of
from core.errors import ItemError, Reason
from core.images.blend import reflected
from core.images.colour import to_model_region
from core.images.photo import Floats, Photo
from core.images.resize import resized
from core.images.spaces import GreySpace, SrgbSpace, space_of
from core.images.tile import round_up
from core.models.spec import ModelSpec
from core.recipe import EditSettings, Mode, OutputSettings
from core.working_size import (
    LEAST_SIDE,
    WIDEST,
    WorkingSize,
    is_instructable,
    tile_side,
    working_size,
)

_TEXTURE_UNTIL, _NEW_FROM = 0.6, 0.9
"""Strengths between which the source's fine detail counts ever less as texture of the result."""


@dataclass(frozen=True)
class Working:
    """A photograph as a latent model works on it.

    Attributes:
        picture: (3, h, w) float32, sRGB 0 to 1, reflected at the right and the bottom up to the
            model's size multiple.
        mask: (1, h, w), 1 where it is repainted and 0 where not; None: everywhere.
        tile: side of the tiles in these pixels; 0 for the whole in one.
        size: its size without the padding, and that of the result.
        photo: what the result is a version of: the photograph, cut or enlarged if that was asked.
        cover: (H, W) of `photo`, 0 to 255, how much of the change counts; None: all of it.
        holding: what is held back of the change.
        invention: 0 where the model keeps what is there, 1 where it may move and replace it.
    """

    picture: torch.Tensor
    mask: torch.Tensor | None
    tile: int
    size: WorkingSize
    photo: Photo
    cover: Cover | None
    holding: Holding
    invention: float

    @property
    def is_untouched(self) -> bool:
        """Return whether the mask leaves nothing to be edited."""
        return self.cover is not None and not self.cover.any()


def working_of(
    photo: Photo,
    edit: EditSettings,
    output: OutputSettings,
    spec: ModelSpec,
    tile: int = 0,
    *,
    tiled: bool = False,
    cover: Cover | None = None,
) -> Working:
    """Return what `spec` is given of a photograph.

    Args:
        photo: all of it, or a part.
        edit: of this photograph: its mask is a file, or its own alpha.
        tile: side of tiles where there are any; 0 for the model's native size.
        tiled: whether memory asks for tiles where the picture would go whole.
        cover: the mask, of the size of `photo`, where that is a part; None: as `edit` says.

    Raises:
        ItemError: the mask is missing, damaged, or of another shape; or the photograph has a shape
            that the model does not take.
        SettingsError: tiles were asked for, of a model that must see the whole.
    """
    size = working_size(edit, spec, photo.width, photo.height, output.scale, tile)
    if not spec.capabilities.strength:
        _check_instructable(size, spec)
    if cover is None and edit.mask is not None:
        cover = cover_of(edit.mask, photo)
    full = _full_photo(photo, size)
    cover = None if cover is None else _full_cover(cover, size)
    height, width = (round_up(n, spec.size_multiple) for n in (size.height, size.width))
    # What is told by instruction is seen whole or not at all.
    side = (tile or tile_side(spec)) if tiled and spec.capabilities.strength else size.tile
    return Working(
        picture=_picture(full, size, height, width),
        mask=None if cover is None else _mask(cover, size, height, width),
        tile=0 if max(height, width) <= side else side,
        size=size,
        photo=full,
        cover=cover,
        holding=Holding(hold_structure=edit.hold_structure),
        invention=_invention(edit),
    )


def _check_instructable(size: WorkingSize, spec: ModelSpec) -> None:
    if not is_instructable(size.width, size.height, spec):
        raise ItemError(
            Reason.UNSUPPORTED_MODE,
            f"{spec.name} takes no picture of {size.width} x {size.height} pixels: it needs "
            f"{LEAST_SIDE} a side, and no side over {WIDEST} times the other.",
            hint="Use --size auto.",
        )


def _invention(edit: EditSettings) -> float:
    if edit.mode is Mode.INSTRUCT:
        return 1.0
    return min(1.0, max(0.0, (edit.strength - _TEXTURE_UNTIL) / (_NEW_FROM - _TEXTURE_UNTIL)))


def _full_photo(photo: Photo, size: WorkingSize) -> Photo:
    """Return the photograph cut or enlarged to the result's size; itself when that is its own."""
    full = size.full_width, size.full_height
    if full == (photo.width, photo.height):
        return photo
    if full[0] <= photo.width and full[1] <= photo.height:
        inside = np.s_[: full[1], : full[0]]
        alpha = None if photo.alpha is None else photo.alpha[inside]
        return replace(photo, pixels=photo.pixels[inside], alpha=alpha)
    pixels, alpha = resized(photo.pixels, photo.alpha, full)
    return replace(photo, pixels=pixels, alpha=alpha)


def _full_cover(cover: Cover, size: WorkingSize) -> Cover:
    full = size.full_width, size.full_height
    if full[0] <= cover.shape[1] and full[1] <= cover.shape[0]:
        return cover[: full[1], : full[0]]
    return np.asarray(Image.fromarray(cover).resize(full, Image.Resampling.BILINEAR))


def _picture(photo: Photo, size: WorkingSize, height: int, width: int) -> torch.Tensor:
    """Return (3, height, width): the photograph at its working size, reflected beyond it."""
    picture = torch.empty(3, height, width)
    if size.brings_back:
        picture[:, : size.height, : size.width] = _fitted(photo, size)
    else:
        for top, rows in _bands(photo):
            picture[:, top : top + rows.shape[1], : size.width] = rows
    _reflect(picture, size)
    return picture


def _bands(photo: Photo) -> Iterator[tuple[int, torch.Tensor]]:
    """Yield (top, rows as (3, r, W) sRGB) from above."""
    step = band_rows(photo.height, photo.width)
    for top in range(0, photo.height, step):
        bottom = min(top + step, photo.height)
        yield top, torch.from_numpy(_model_rows(photo, top, bottom)).permute(2, 0, 1)


def _model_rows(photo: Photo, top: int, bottom: int) -> Floats:
    """Return rows as the model's sRGB, (rows, W, 3); divided as diffusers does, to the last bit."""
    if not isinstance(space_of(photo), SrgbSpace | GreySpace):
        return to_model_region(photo, top, bottom, 0, photo.width)
    pixels = photo.pixels[top:bottom]
    values = pixels.astype(np.float32) / np.float32(np.iinfo(pixels.dtype).max)
    return values if values.shape[2] == 3 else np.repeat(values, 3, axis=2)


def _fitted(photo: Photo, size: WorkingSize) -> torch.Tensor:
    """Return (3, h, w), resized by Lanczos; across band by band, then down in one."""
    parts = [scaled_planes(rows, rows.shape[1], size.width) for _, rows in _bands(photo)]
    return scaled_planes(torch.cat(parts, 1), size.height, size.width).clamp_(0, 1)


def scaled_planes(planes: torch.Tensor, height: int, width: int) -> torch.Tensor:
    """Return float planes (C, h, w) at another size, by Lanczos, without aliasing."""
    if planes.shape[1:] == (height, width):
        return planes
    images = [Image.fromarray(np.ascontiguousarray(plane.numpy())) for plane in planes]
    return torch.stack([_from(i.resize((width, height), Image.Resampling.LANCZOS)) for i in images])


def _from(image: Image.Image) -> torch.Tensor:
    return torch.from_numpy(np.array(image, dtype=np.float32))


def _mask(cover: Cover, size: WorkingSize, height: int, width: int) -> torch.Tensor:
    """Return (1, height, width): 1 wherever any of the change counts, so that edges can fade."""
    touched: NDArray[np.float32] = (cover > 0).astype(np.float32)
    image = Image.fromarray(touched).resize((size.width, size.height), Image.Resampling.BOX)
    mask = torch.zeros(1, height, width)
    mask[0, : size.height, : size.width] = _from(image) > 0
    _reflect(mask, size)
    return mask


def _reflect(planes: torch.Tensor, size: WorkingSize) -> None:
    """Fill what lies beyond the picture's right and bottom edges with its reflection."""
    _, height, width = planes.shape
    across = torch.from_numpy(reflected(size.width, width, size.width))
    down = torch.from_numpy(reflected(size.height, height, size.height))
    planes[:, : size.height, size.width :] = planes[:, : size.height].index_select(2, across)
    planes[:, size.height :] = planes.index_select(1, down)
