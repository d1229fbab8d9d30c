"""What a preview looks at, and its pictures: a part of a photograph at its own size, or reduced."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray

from core.engine.change import Holding, held_change
from core.engine.excerpt import Region
from core.engine.img2img import NotFinite
from core.engine.messages import MakePreview, PreviewPicture
from core.errors import SettingsError
from core.events import Box, PreviewKind
from core.images.colour import apply_change_region, to_model_region
from core.images.photo import Floats, Photo, Pixels
from core.images.preview import small_srgb
from core.images.resize import reduced

OWN_SIZE_PIXELS = 2_500_000
"""A part of up to this many pixels is seen as a batch makes it; a larger one reduced first."""

REDUCED_PIXELS = 800_000
"""What a larger one is reduced to at most."""

Rgb = NDArray[np.uint8]


@dataclass(frozen=True)
class View:
    """What is looked at.

    `photo` is the photograph, reduced by `factor` where that is below 1; `region` is the part of
    it that is shown, `box` the same in pixels of the file's own photograph.
    """

    photo: Photo
    region: Region
    box: Box
    factor: float = 1.0

    def rows(self, region: Region, top: int, bottom: int) -> torch.Tensor:
        """Return rows of a region, counted from its top, (3, rows, width), -1 to 1."""
        return self.before(region, top, bottom) * 2 - 1

    def before(self, region: Region, top: int, bottom: int) -> torch.Tensor:
        """Return the same as the model's sRGB from 0 to 1."""
        values = self._colours(region, top, bottom)
        return torch.from_numpy(values).permute(2, 0, 1).contiguous()

    def _colours(self, region: Region, top: int, bottom: int) -> Floats:
        first = region.top + top
        return to_model_region(self.photo, first, region.top + bottom, region.left, region.right)

    def picture(
        self, around: Region, change: torch.Tensor | None, holding: Holding, max_side: int
    ) -> Rgb:
        """Return the region as it comes out, (h, w, 3) sRGB.

        Args:
            around: what `change` covers, the region within it.
            change: (3, rows, columns) of what the model changes, scale 0 to 1; None: nothing.

        Raises:
            NotFinite: the model gave no numbers.
        """
        shown = self.region
        rows, columns = slice(shown.top, shown.bottom), slice(shown.left, shown.right)
        pixels = self.photo.pixels[rows, columns]
        if change is not None:
            if not bool(torch.isfinite(change).all()):
                raise NotFinite
            pixels = self._changed(around, change, holding)
        alpha = self.photo.alpha
        part = replace(
            self.photo, pixels=pixels, alpha=None if alpha is None else alpha[rows, columns]
        )
        return small_srgb(part, max_side)

    def _changed(self, around: Region, change: torch.Tensor, holding: Holding) -> Pixels:
        shown = self.region
        rows, columns = shown.within(around)
        kept, _ = held_change(change, holding, rows, self.before(around, 0, around.height))
        before = self._colours(shown, 0, shown.height)
        moved = kept[:, :, columns].permute(1, 2, 0).numpy()
        place = shown.top, shown.bottom, shown.left, shown.right
        return apply_change_region(self.photo, before, before + moved, *place)


def picture_message(
    message: MakePreview, kind: PreviewKind, view: View, picture: Rgb, steps: tuple[int, int]
) -> PreviewPicture:
    """Return what is told of a picture; `steps`: which network call of how many, (0, 0) for none.

    Facts and time are for the caller to add.
    """
    return PreviewPicture(
        request=message.request,
        shows=kind,
        box=view.box,
        width=picture.shape[1],
        height=picture.shape[0],
        step=steps[0],
        steps=steps[1],
    )


def view_of(photo: Photo, box: Box | None, max_side: int) -> View:
    """Return what a preview of `box` looks at, as far as it lies within the photograph.

    Raises:
        SettingsError: nothing of it does.
    """
    left, top, width, height = box or (0, 0, photo.width, photo.height)
    region = Region(
        max(0, top), max(0, left), min(photo.height, top + height), min(photo.width, left + width)
    )
    if region.height <= 0 or region.width <= 0:
        raise SettingsError(
            "The chosen part lies outside the photograph.", hint="Choose another part."
        )
    shown = region.left, region.top, region.width, region.height
    if region.pixels <= OWN_SIZE_PIXELS:
        return View(photo, region, shown)
    return _reduced_view(photo, region, shown, max_side)


def _reduced_view(photo: Photo, region: Region, shown: Box, max_side: int) -> View:
    rows, columns = slice(region.top, region.bottom), slice(region.left, region.right)
    share = min(1.0, (REDUCED_PIXELS / region.pixels) ** 0.5)
    side = min(max_side, int(share * max(region.height, region.width)))
    pixels = reduced(photo.pixels[rows, columns], side)
    alpha = photo.alpha
    if alpha is not None:
        alpha = reduced(alpha[rows, columns, None], side)[..., 0]
    small = replace(photo, pixels=pixels, alpha=alpha)
    whole = Region(0, 0, small.height, small.width)
    return View(small, whole, shown, small.width / region.width)


def middle_of(region: Region, most: int) -> Region:
    """Return the middle of a region, of its own shape, at most `most` pixels."""
    share = min(1.0, (most / region.pixels) ** 0.5)
    height, width = max(1, int(region.height * share)), max(1, int(region.width * share))
    top = region.top + (region.height - height) // 2
    left = region.left + (region.width - width) // 2
    return Region(top, left, top + height, left + width)


def model_picture(planes: torch.Tensor, max_side: int) -> Rgb:
    """Return (3, h, w) from -1 to 1 as the eye sees it, (h, w, 3), its longer side bounded."""
    values = ((planes.clamp(-1, 1) + 1) * 127.5).round().to(torch.uint8)
    return reduced(np.ascontiguousarray(values.permute(1, 2, 0).numpy()), max_side)
