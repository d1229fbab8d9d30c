"""BMP: header, pixels in and out (Pillow). It carries no metadata but its resolution."""

from __future__ import annotations

import io
import struct
from dataclasses import dataclass

from PIL import Image

from core.images import refusals
from core.images.containers.pillow import joined, pillow_image, samples_of, split_alpha
from core.images.photo import Pixels, Raster
from core.images.source import ByteSource

MAX_SIDE = (1 << 31) - 1
_METRE = 0.0254


@dataclass(frozen=True)
class Layout:
    """What a BMP's header says."""

    width: int
    height: int
    bits: int
    dpi: tuple[float, float] | None


def read_layout(name: str, data: ByteSource) -> Layout:
    """Return the header.

    Raises:
        ImageReadError: truncated, decode_error.
    """
    head = data[0:54]
    if len(head) < 26 or (head[14] != 12 and len(head) < 54):
        raise refusals.truncated(name)
    dpi = None
    if head[14] == 12:
        width, height, _, bits = struct.unpack("<HHHH", head[18:26])
        packed = False
    else:
        width, height, _, bits, coding = struct.unpack("<iiHHI", head[18:34])
        across, down = struct.unpack("<ii", head[38:46])
        packed = coding in (1, 2)
        if across > 0 and down > 0:
            dpi = (across * _METRE, down * _METRE)
    if width <= 0 or height == 0 or bits not in (1, 2, 4, 8, 16, 24, 32):
        raise refusals.damaged(name, "an impossible header")
    row = (width * bits + 31) // 32 * 4
    start = int.from_bytes(head[10:14], "little")
    if not packed and start + row * abs(height) > len(data):
        raise refusals.truncated(name)
    return Layout(width, abs(height), bits, dpi)


def decode(name: str, data: bytes, layout: Layout) -> Raster:
    """Return a BMP's pixels: grey for grey and 1-bit ones, else RGB.

    Raises:
        ImageReadError: truncated, decode_error.
    """
    with pillow_image(name, data, "BMP") as image:
        grey = image.mode in ("1", "L")
        mode = "L" if grey else "RGBA" if image.mode == "RGBA" else "RGB"
        pixels, alpha = split_alpha(samples_of(image, mode))
    words = "grey" if grey else "palette" if layout.bits <= 8 else "RGB"
    return Raster(pixels, alpha, mode=words, lossless=True)


def encode(pixels: Pixels, alpha: Pixels | None, dpi: tuple[float, float] | None) -> bytes:
    """Return a BMP file, (H, W, 1|3) uint8 in."""
    target = io.BytesIO()
    image = Image.fromarray(joined(pixels, alpha))
    image.save(target, "BMP", dpi=dpi or (0, 0))
    return target.getvalue()
