"""WebP: its RIFF chunks (RFC 9649), read; pixels in and out through libwebp (Pillow)."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import Any

from PIL import Image

from core.images import refusals
from core.images.containers.pillow import joined, pillow_image, samples_of, split_alpha
from core.images.exif import read_orientation
from core.images.photo import Extras, Metadata, Pixels, Raster
from core.images.source import ByteSource

MAX_SIDE = 16383
_QUALITY = 95
_METHOD = 4
_MAX_CHUNKS = 10_000


@dataclass(frozen=True)
class Layout:
    """A WebP's chunks, (kind, start, stop), and what its header says."""

    chunks: tuple[tuple[bytes, int, int], ...]
    width: int
    height: int
    alpha: bool
    animated: bool
    lossless: bool

    def first(self, data: ByteSource, kind: bytes) -> bytes | None:
        """Return the payload of the first chunk of that kind, or None."""
        return next((data[start:stop] for k, start, stop in self.chunks if k == kind), None)


def read_layout(name: str, data: ByteSource) -> Layout:
    """Walk the chunks.

    Raises:
        ImageReadError: truncated, decode_error.
    """
    end = 8 + int.from_bytes(data[4:8], "little")
    if end > len(data):
        raise refusals.truncated(name)
    chunks: list[tuple[bytes, int, int]] = []
    at = 12
    while at + 8 <= end and len(chunks) < _MAX_CHUNKS:
        head = data[at : at + 8]
        size = int.from_bytes(head[4:8], "little")
        if at + 8 + size > len(data):
            raise refusals.truncated(name)
        chunks.append((head[:4], at + 8, at + 8 + size))
        at += 8 + size + size % 2
    return _described(name, data, tuple(chunks))


def _described(name: str, data: ByteSource, chunks: tuple[tuple[bytes, int, int], ...]) -> Layout:
    kinds = {kind: data[start : min(stop, start + 16)] for kind, start, stop in reversed(chunks)}
    animated = b"ANIM" in kinds or b"ANMF" in kinds
    if b"VP8X" in kinds and len(kinds[b"VP8X"]) >= 10:
        head = kinds[b"VP8X"]
        size = (1 + int.from_bytes(head[4:7], "little"), 1 + int.from_bytes(head[7:10], "little"))
        alpha, animated = bool(head[0] & 0x10), animated or bool(head[0] & 0x02)
    elif b"VP8L" in kinds and len(kinds[b"VP8L"]) >= 5:
        bits = int.from_bytes(kinds[b"VP8L"][1:5], "little")
        size, alpha = (1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)), bool(bits >> 28 & 1)
    elif b"VP8 " in kinds and len(kinds[b"VP8 "]) >= 10:
        head = kinds[b"VP8 "]
        size = (_side(head[6:8]), _side(head[8:10]))
        alpha = False
    else:
        raise refusals.damaged(name, "no picture in it")
    return Layout(chunks, size[0], size[1], alpha, animated, lossless=b"VP8L" in kinds)


def _side(raw: bytes) -> int:
    return int.from_bytes(raw, "little") & 0x3FFF


def read_extras(data: ByteSource, layout: Layout) -> Extras:
    """Return metadata, profile and orientation."""
    exif = layout.first(data, b"EXIF") or None
    if exif and exif.startswith(b"Exif\0\0"):
        exif = exif[6:]
    metadata = Metadata(exif=exif, xmp=layout.first(data, b"XMP ") or None)
    return Extras(metadata, layout.first(data, b"ICCP") or None, read_orientation(exif))


def decode(name: str, data: bytes, layout: Layout) -> Raster:
    """Return a still WebP's pixels, RGB.

    Raises:
        ImageReadError: truncated, decode_error.
    """
    with pillow_image(name, data, "WEBP") as image:
        whole = samples_of(image, "RGBA" if layout.alpha else "RGB")
    if whole.shape[:2] != (layout.height, layout.width):
        raise refusals.damaged(name, "its size differs from its header")
    pixels, alpha = split_alpha(whole)
    return Raster(pixels, alpha, mode="RGB", lossless=layout.lossless)


def encode(
    pixels: Pixels,
    alpha: Pixels | None,
    metadata: Metadata,
    icc: bytes | None,
    *,
    quality: int | None,
    lossless: bool,
) -> bytes:
    """Return a WebP file, (H, W, 3) uint8 in. `quality` None is 95, or lossless where asked."""
    options: dict[str, Any] = {"quality": quality or _QUALITY, "method": _METHOD, "exact": True}
    if lossless and quality is None:
        options |= {"lossless": True, "quality": 0}
    target = io.BytesIO()
    Image.fromarray(joined(pixels, alpha)).save(
        target, "WEBP", exif=metadata.exif or b"", xmp=metadata.xmp or b"",
        icc_profile=icc or b"", **options,
    )  # fmt: skip
    return target.getvalue()
