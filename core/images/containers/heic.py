"""HEIC, by the extra `heic` (pi-heif, decoding only): an AVIF's boxes around other coding."""

from __future__ import annotations

import io

import numpy as np

from core.errors import ImageReadError
from core.images import refusals
from core.images.containers.avif import Layout
from core.images.containers.pillow import split_alpha
from core.images.photo import Extras, Metadata, Raster


def missing(name: str) -> ImageReadError:
    """Return the error for a HEIC where the extra is not installed."""
    return refusals.unsupported(
        name, "a HEIC picture", "Install regrain[heic], or export it as JPEG."
    )


def is_installed() -> bool:
    """Say whether HEIC can be read here."""
    try:
        import pi_heif  # noqa: F401
    except ImportError:
        return False
    return True


def decode(name: str, data: bytes, layout: Layout) -> Raster:
    """Return a HEIC's pixels, upright already; 10 and 12 bits as uint16.

    Raises:
        ImageReadError: truncated, decode_error.
    """
    import pi_heif

    try:
        file = pi_heif.open_heif(io.BytesIO(data), convert_hdr_to_8bit=False)
        whole = np.asarray(file)
    except EOFError as error:
        raise refusals.truncated(name) from error
    except (ValueError, SyntaxError, RuntimeError, OSError) as error:
        raise refusals.damaged(name, "its coded data") from error
    pixels, alpha = split_alpha(whole[..., None] if whole.ndim == 2 else whole)
    bits = layout.bits if pixels.dtype == np.uint16 else 8
    return Raster(np.ascontiguousarray(pixels), alpha, bits=bits, mode="RGB", lossless=False)


def read_extras(layout: Layout) -> Extras:
    """Return metadata and profile. The decoder has turned the pixels already."""
    return Extras(Metadata(exif=layout.exif, xmp=layout.xmp), layout.icc, orientation=1)
