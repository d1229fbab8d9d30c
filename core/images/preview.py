"""Small pictures for the eye: upright, sRGB, 8 bits."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from core.images.colour import to_model
from core.images.containers import jpeg, jpeg_codec, jpeg_metadata
from core.images.containers.pillow import pillow_image, samples_of
from core.images.decode import MAX_PIXELS, check_size, decode_photo
from core.images.photo import Container, Floats, Photo, upright
from core.images.resize import reduced
from core.images.sniff import container_of
from core.images.source import HEAD_BYTES, opened, read_whole


def preview(path: Path, side: int, *, max_pixels: int = MAX_PIXELS) -> Image.Image:
    """Return a photograph at a longest side of `side`, never enlarged.

    A JPEG is decoded at an eighth to the whole of its size, as much as is needed.

    Raises:
        ImageReadError: as `core.images.decode.read_photo`.
    """
    with opened(path) as (fd, status):
        data, _ = read_whole(path, fd, status)
    if container_of(path.name, data[:HEAD_BYTES]) is Container.JPEG:
        photo = _small_jpeg(path.name, data, side, max_pixels)
    else:
        photo = decode_photo(path.name, data, max_pixels=max_pixels)
    return Image.fromarray(small_srgb(photo, side))


def small_srgb(photo: Photo, side: int) -> NDArray[np.uint8]:
    """Return (h, w, 3) sRGB of a photograph, its transparency on white."""
    colour: Floats = to_model(replace(photo, pixels=reduced(photo.pixels, side), alpha=None))
    if photo.alpha is not None:
        share = reduced(photo.alpha[..., None], side) / np.float32(255)
        colour = np.asarray(colour * share + (1 - share), dtype=np.float32)
    return np.rint(colour * 255).astype(np.uint8)


def _small_jpeg(name: str, data: bytes, side: int, max_pixels: int) -> Photo:
    layout = jpeg.read_layout(name, data)
    check_size(name, layout.frame.width, layout.frame.height, max_pixels)
    with pillow_image(name, jpeg.coded_stream(data, layout), "JPEG") as image:
        image.draft(None, (2 * side, 2 * side))
        pixels = samples_of(image)
    extras = jpeg_metadata.read_extras(data, layout)
    pixels = jpeg_codec.normal_inks(pixels, data, layout)
    turned = upright(pixels, extras.orientation)
    return Photo(turned, None, extras.icc, extras.metadata, Container.JPEG)
