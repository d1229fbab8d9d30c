"""Camera raw, by the extra `raw` (LibRaw): developed plainly, to 16 bits in Adobe RGB (1998)."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from core.images import refusals
from core.images.containers.tiff_exif import extract_exif
from core.images.ifd import TiffError, read_tiff
from core.images.photo import Extras, Metadata, Raster
from core.images.profiles import adobe_rgb
from core.images.source import ByteSource

_ADOBE_GAMMA = (563 / 256, 0.0)
_QUARTER_TURNS = (5, 6)


def is_installed() -> bool:
    """Say whether raw files can be developed here."""
    try:
        import rawpy  # noqa: F401
    except ImportError:
        return False
    return True


@contextmanager
def _opened(name: str, data: ByteSource) -> Iterator[Any]:
    import rawpy

    try:
        with rawpy.imread(io.BytesIO(data[0 : len(data)])) as file:
            yield file
    except rawpy.LibRawIOError as error:
        raise refusals.truncated(name) from error
    except rawpy.LibRawFileUnsupportedError as error:
        raise refusals.unsupported(name, "a raw file of a camera unknown here") from error
    except rawpy.LibRawError as error:
        raise refusals.damaged(name, "its raw data") from error


def read_size(name: str, data: ByteSource) -> tuple[int, int]:
    """Return the upright (width, height).

    Raises:
        ImageReadError: truncated, decode_error.
    """
    with _opened(name, data) as file:
        sizes = file.sizes
    size = (int(sizes.width), int(sizes.height))
    return size[::-1] if sizes.flip in _QUARTER_TURNS else size


def decode(name: str, data: bytes) -> Raster:
    """Return a raw file's pixels, (H, W, 3) uint16, upright, by the camera's white balance.

    Raises:
        ImageReadError: truncated, decode_error.
    """
    import rawpy

    with _opened(name, data) as file:
        pixels = file.postprocess(
            use_camera_wb=True,
            output_bps=16,
            output_color=rawpy.ColorSpace.Adobe,
            gamma=_ADOBE_GAMMA,
        )
    return Raster(pixels, bits=16, mode="RGB", lossless=True)


def read_extras(data: ByteSource) -> Extras:
    """Return EXIF, where the file is built like a TIFF, and the profile developed to."""
    try:
        tiff = read_tiff(data)
        exif = extract_exif(tiff, tiff.ifd(tiff.first))
    except TiffError:
        exif = None
    return Extras(Metadata(exif=exif), adobe_rgb(), orientation=1)
