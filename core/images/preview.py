"""Pictures for the eye: upright, sRGB, 8 bits; whole and small, or a part at 1:1."""

from __future__ import annotations

import io
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from core.errors import ImageReadError, Reason
from core.images.colour import to_model
from core.images.containers import jpeg, jpeg_codec, jpeg_metadata
from core.images.containers.pillow import pillow_image, samples_of
from core.images.decode import MAX_PIXELS, check_size, decode_photo
from core.images.photo import Container, Floats, Photo, Pixels, upright
from core.images.resize import fitted_size, in_8_bits, reduced
from core.images.sniff import container_of
from core.images.source import HEAD_BYTES, opened, read_whole
from core.images.spaces import SrgbSpace, space_of

_DRAFT_SPARE = 1.25
"""How much larger than shown a JPEG is decoded at least, so that Lanczos has something to weigh."""

_REDUCING_GAP = 1.3
_MODES = {1: "L", 3: "RGB", 4: "CMYK"}
_QUALITY = 88
_SHARP_QUALITY = 98

Box = tuple[int, int, int, int]
"""Left, top, width and height in pixels of the upright photograph."""


@dataclass(frozen=True)
class Look:
    """What is seen of a photograph: (h, w, 3) sRGB, and the size of the whole photograph."""

    pixels: NDArray[np.uint8]
    photo_width: int
    photo_height: int


def preview(path: Path, side: int, *, max_pixels: int = MAX_PIXELS) -> Image.Image:
    """Return a photograph at a longest side of `side`, never enlarged; errors as `look_at`."""
    return Image.fromarray(look_at(path, side, max_pixels=max_pixels).pixels)


def look_at(path: Path, side: int, *, max_pixels: int = MAX_PIXELS) -> Look:
    """Return the whole photograph at a longest side of `side`, never enlarged.

    A JPEG is decoded at an eighth to the whole of its size, as much as is needed.

    Raises:
        ImageReadError: as `core.images.decode.read_photo`.
    """
    with opened(path) as (fd, status):
        data, _ = read_whole(path, fd, status)
    if container_of(path.name, data[:HEAD_BYTES]) is Container.JPEG:
        return _look_at_jpeg(path.name, data, side, max_pixels)
    photo = decode_photo(path.name, data, max_pixels=max_pixels)
    return Look(_seen(photo, side), photo.width, photo.height)


def look_into(photo: Photo, name: str, box: Box, side: int) -> Look:
    """Return the part of a photograph that lies in `box`, its longer side at most `side`.

    What of the box lies outside the photograph is cut off. `name` is for the sentences of errors.

    Raises:
        ImageReadError: decode_error, when nothing of the box lies in the photograph.
    """
    left, top, width, height = box
    x0, y0 = max(0, left), max(0, top)
    x1, y1 = min(photo.width, left + width), min(photo.height, top + height)
    if x1 <= x0 or y1 <= y0:
        raise ImageReadError(
            Reason.DECODE_ERROR,
            f"{name} has {photo.width} x {photo.height} pixels; there is nothing at {x0}, {y0}.",
            hint="The file was replaced by a smaller picture: open it again.",
        )
    alpha = None if photo.alpha is None else photo.alpha[y0:y1, x0:x1]
    part = replace(photo, pixels=photo.pixels[y0:y1, x0:x1], alpha=alpha)
    return Look(_seen(part, side), photo.width, photo.height)


def coded(pixels: NDArray[np.uint8], *, sharp: bool = False) -> bytes:
    """Return (h, w, 3) pixels as a JPEG; `sharp` for what is looked at 1:1, a level or two off."""
    file = io.BytesIO()
    quality, subsampling = (_SHARP_QUALITY, "4:4:4") if sharp else (_QUALITY, "4:2:0")
    Image.fromarray(pixels).save(file, "JPEG", quality=quality, subsampling=subsampling)
    return file.getvalue()


def _seen(photo: Photo, side: int) -> NDArray[np.uint8]:
    """Return (h, w, 3) sRGB as `small_srgb`, but scaled in 8 bits: many times as fast."""
    size = fitted_size(photo.width, photo.height, side, 1.0)
    small = replace(
        photo,
        pixels=_scaled(photo.pixels, size),
        alpha=None if photo.alpha is None else _scaled(photo.alpha[..., None], size)[..., 0],
    )
    if small.alpha is None and isinstance(space_of(small), SrgbSpace):
        return small.pixels.astype(np.uint8, copy=False)
    return small_srgb(small, side)


def _scaled(pixels: Pixels, size: tuple[int, int]) -> Pixels:
    shallow = in_8_bits(pixels)
    if (pixels.shape[1], pixels.shape[0]) == size:
        return shallow
    plain = np.ascontiguousarray(shallow[..., 0] if shallow.shape[2] == 1 else shallow)
    image = Image.fromarray(plain, _MODES[pixels.shape[2]])
    small = image.resize(size, Image.Resampling.LANCZOS, reducing_gap=_REDUCING_GAP)
    return samples_of(small)


def small_srgb(photo: Photo, side: int) -> NDArray[np.uint8]:
    """Return (h, w, 3) sRGB of a photograph, its transparency on white."""
    colour: Floats = to_model(replace(photo, pixels=reduced(photo.pixels, side), alpha=None))
    if photo.alpha is not None:
        share = reduced(photo.alpha[..., None], side) / np.float32(255)
        colour = np.asarray(colour * share + (1 - share), dtype=np.float32)
    return np.rint(colour * 255).astype(np.uint8)


def _look_at_jpeg(name: str, data: bytes, side: int, max_pixels: int) -> Look:
    layout = jpeg.read_layout(name, data)
    width, height = layout.frame.width, layout.frame.height
    check_size(name, width, height, max_pixels)
    with pillow_image(name, jpeg.coded_stream(data, layout), "JPEG") as image:
        share = _DRAFT_SPARE * side / max(width, height)
        image.draft(None, (max(1, int(width * share)), max(1, int(height * share))))
        pixels = samples_of(image)
    extras = jpeg_metadata.read_extras(data, layout)
    pixels = jpeg_codec.normal_inks(pixels, data, layout)
    turned = upright(pixels, extras.orientation)
    photo = Photo(turned, None, extras.icc, extras.metadata, Container.JPEG)
    size = (height, width) if extras.orientation >= 5 else (width, height)
    return Look(_seen(photo, side), *size)
