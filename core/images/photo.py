"""What a photograph is once read: upright pixels in its own colours, and all that came along."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

Pixels: TypeAlias = NDArray[np.unsignedinteger[Any]]
Floats: TypeAlias = NDArray[np.float32]


class Container(StrEnum):
    """File formats that photographs are read from; HEIC and raw need their extras."""

    JPEG = "jpeg"
    PNG = "png"
    TIFF = "tiff"
    WEBP = "webp"
    BMP = "bmp"
    AVIF = "avif"
    HEIC = "heic"
    RAW = "raw"


class Alpha(StrEnum):
    """How an alpha channel relates to the colours; only TIFF knows another kind than straight."""

    STRAIGHT = "straight"
    ASSOCIATED = "associated"
    UNSPECIFIED = "unspecified"


@dataclass(frozen=True)
class Metadata:
    """What a file says about its photograph, as raw blocks so that nothing is lost in between.

    Attributes:
        exif: TIFF block without a leading "Exif\\0\\0"; MakerNote offsets count from its start.
        xmp: the XMP packet.
        xmp_extended: the serialised extended XMP of a JPEG (its GUID is the MD5 of these bytes).
        iptc: Photoshop resource block ("8BIM" records without the "Photoshop 3.0\\0" before
            them); the IPTC-IIM record is resource 0x0404 in it. Thumbnails and copies of other
            blocks are taken out when read.
        comment: JPEG comment.
        dpi: pixels an inch, horizontally and vertically, of the upright picture.
        text: PNG text, as (keyword, text) in file order.
    """

    exif: bytes | None = None
    xmp: bytes | None = None
    xmp_extended: bytes | None = None
    iptc: bytes | None = None
    comment: bytes | None = None
    dpi: tuple[float, float] | None = None
    text: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class JpegCoding:
    """How a JPEG was coded. Tables: luma, then chroma, 64 values each in natural order."""

    tables: tuple[tuple[int, ...], ...]
    subsampling: str
    progressive: bool
    rgb: bool = False


@dataclass(frozen=True)
class Photo:
    """A photograph in memory.

    Attributes:
        pixels: (H, W, C) uint8 or uint16, upright, in the source's own colour space;
            C = 1 grey, 3 RGB, 4 CMYK (0 no ink). Palette pictures come as RGB, 1-bit as grey,
            10 to 14 bits spread over uint16.
        alpha: (H, W) of the same dtype, or None.
        icc: the embedded profile, or one built from the file's colour tags (PNG gAMA and cHRM).
        orientation: as it stood in the file, 1 to 8; `pixels` are upright already.
        sha256: of the file's bytes, the very ones that were decoded.
        bits: a sample, in the file.
        mode: the file's own pixel kind in words, such as "palette".
        lossless: whether the file's coding was; None where the container settles it.
        tiff_compression: the TIFF tag's value, for writing alike.
    """

    pixels: Pixels
    alpha: Pixels | None
    icc: bytes | None
    metadata: Metadata
    container: Container
    jpeg: JpegCoding | None = None
    orientation: int = 1
    sha256: str = ""
    bits: int = 8
    mode: str = ""
    lossless: bool | None = None
    alpha_kind: Alpha = Alpha.STRAIGHT
    tiff_compression: int = 1

    @property
    def width(self) -> int:
        """Return the upright width in pixels."""
        return int(self.pixels.shape[1])

    @property
    def height(self) -> int:
        """Return the upright height in pixels."""
        return int(self.pixels.shape[0])


@dataclass(frozen=True)
class PhotoInfo:
    """What a file's header says. Width and height are upright; `mode` in words."""

    width: int
    height: int
    container: Container
    bits: int = 8
    mode: str = "RGB"
    orientation: int = 1
    animated: bool = False
    alpha: bool = False
    channels: int = 3


@dataclass(frozen=True)
class Raster:
    """What a container module decodes: pixels as stored, before orientation.

    The other fields are those of Photo.
    """

    pixels: Pixels
    alpha: Pixels | None = None
    bits: int = 8
    mode: str = ""
    lossless: bool | None = None
    alpha_kind: Alpha = Alpha.STRAIGHT
    tiff_compression: int = 1
    jpeg: JpegCoding | None = None


@dataclass(frozen=True)
class Extras:
    """What a container module finds beside the pixels."""

    metadata: Metadata = field(default_factory=Metadata)
    icc: bytes | None = None
    orientation: int = 1


def upright(pixels: Pixels, orientation: int) -> Pixels:
    """Turn stored (H, W, ...) pixels by an EXIF orientation 1 to 8 (TIFF 6.0, tag 274)."""
    turned = pixels
    if orientation in (5, 6, 7, 8):
        turned = np.swapaxes(turned, 0, 1)
    if orientation in (3, 4, 7, 8):
        turned = turned[::-1]
    if orientation in (2, 3, 6, 7):
        turned = turned[:, ::-1]
    return np.ascontiguousarray(turned)
