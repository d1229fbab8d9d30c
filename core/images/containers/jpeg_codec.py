"""JPEG pixels in and out, through libjpeg-turbo (Pillow)."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
from PIL import Image

from core.images import refusals
from core.images.containers import jpeg
from core.images.containers.pillow import pillow_image, samples_of
from core.images.photo import JpegCoding, Pixels, Raster

_FILLING = bytes.fromhex("b5 6d d3 5b 2d 96 b7 4b") * 8
_QUALITY = 95
_MODES = {1: "L", 3: "RGB", 4: "CMYK"}


def decode(name: str, data: bytes, layout: jpeg.Layout) -> Raster:
    """Return a JPEG's pixels, (H, W, 1|3|4) uint8.

    Raises:
        ImageReadError: truncated when coded data is missing anywhere, decode_error.
    """
    pixels = _pixels(name, jpeg.coded_stream(data, layout))
    if pixels.shape[:2] != (layout.frame.height, layout.frame.width):
        raise refusals.damaged(name, "its size differs from its header")
    if (layout.frame.progressive or _has_grey_block(pixels)) and _ran_dry(
        name, data, layout, pixels
    ):
        raise refusals.truncated(name)
    pixels = normal_inks(pixels, data, layout)
    return Raster(pixels, mode=_MODES[pixels.shape[2]], jpeg=jpeg.read_coding(data, layout))


def _pixels(name: str, stream: bytes) -> Pixels:
    with pillow_image(name, stream, "JPEG") as image:
        return samples_of(image)


def normal_inks(pixels: Pixels, data: bytes, layout: jpeg.Layout) -> Pixels:
    """Return CMYK with 0 for no ink: Pillow inverts always, only Adobe's files need it."""
    if pixels.shape[2] == 4 and jpeg.adobe_transform(data, layout) is None:
        return 255 - pixels
    return pixels


def _has_grey_block(pixels: Pixels) -> bool:
    """Say whether any 8 x 8 block is exactly mid-grey, as libjpeg paints what is missing."""
    middle = pixels[3::8, 3::8]
    rows, columns = np.nonzero(((middle == 127) | (middle == 128)).all(axis=2))
    for row, column in zip(rows[:5000], columns[:5000], strict=True):
        block = pixels[8 * row : 8 * row + 8, 8 * column : 8 * column + 8]
        if block.min() >= 127 and block.max() <= 128:
            return True
    return len(rows) > 5000


def _ran_dry(name: str, data: bytes, layout: jpeg.Layout, pixels: Pixels) -> bool:
    """Say whether the decoder lacked data: then filling put behind each stretch changes pixels."""
    again = _pixels(name, jpeg.stuffed_stream(data, layout, _FILLING))
    return not np.array_equal(again, pixels)


def encode(pixels: Pixels, coding: JpegCoding | None, quality: int | None) -> bytes:
    """Return a JPEG without metadata.

    With `quality` None and a `coding`, the source's tables, subsampling and passes are used; with
    a quality, the source's subsampling; without a coding, 4:4:4 and quality 95.
    """
    options: dict[str, Any] = {"quality": quality or _QUALITY, "subsampling": "4:4:4"}
    if coding is not None:
        if coding.subsampling in ("4:2:2", "4:2:0"):
            options["subsampling"] = coding.subsampling
        options["progressive"] = coding.progressive
        if quality is None and coding.tables:
            options["qtables"] = [list(table) for table in coding.tables]
            # A quality would scale the tables.
            options["quality"] = -1
            options["keep_rgb"] = coding.rgb
    target = io.BytesIO()
    image = Image.fromarray(pixels[..., 0] if pixels.shape[2] == 1 else pixels, _mode(pixels))
    image.save(target, "JPEG", **options)
    return target.getvalue()


def _mode(pixels: Pixels) -> str:
    return _MODES[pixels.shape[2]]
