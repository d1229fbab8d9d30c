"""Opening one known format with Pillow, its warnings and errors turned into ours."""

from __future__ import annotations

import io
import struct
import warnings
import zlib
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
from PIL import Image

from core.images import refusals
from core.images.photo import Pixels

# The limit on pixels is ours, checked on the header before Pillow sees a byte.
Image.MAX_IMAGE_PIXELS = 1 << 32

_TROUBLE = (
    OSError, SyntaxError, ValueError, IndexError, KeyError, EOFError, OverflowError, RuntimeError,
    struct.error, zlib.error, Image.DecompressionBombError,
)  # fmt: skip


@contextmanager
def pillow_image(name: str, data: bytes, kind: str) -> Iterator[Image.Image]:
    """Open `data` as that format only.

    Raises:
        ImageReadError: truncated, decode_error; also for what goes wrong inside the block.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with Image.open(io.BytesIO(data), formats=(kind,)) as image:
                yield image
    except _TROUBLE as error:
        if "truncated" in str(error) or "broken data stream" in str(error):
            raise refusals.truncated(name) from error
        raise refusals.damaged(name, "its coded data") from error


def samples_of(image: Image.Image, mode: str | None = None) -> Pixels:
    """Return an image's samples as (H, W, C), in another mode where one is given."""
    pixels = np.asarray(image if mode is None or mode == image.mode else image.convert(mode))
    return pixels[..., None] if pixels.ndim == 2 else pixels


def split_alpha(pixels: Pixels) -> tuple[Pixels, Pixels | None]:
    """Return colours and, of 2 or 4 channels, the last one as alpha."""
    if pixels.shape[2] in (2, 4):
        return np.ascontiguousarray(pixels[..., :-1]), np.ascontiguousarray(pixels[..., -1])
    return pixels, None


def joined(pixels: Pixels, alpha: Pixels | None) -> Pixels:
    """Return (H, W, C) colours and (H, W) alpha as one array; grey alone as (H, W)."""
    if alpha is not None:
        return np.concatenate((pixels, alpha[..., None]), axis=2)
    return np.ascontiguousarray(pixels[..., 0] if pixels.shape[2] == 1 else pixels)
