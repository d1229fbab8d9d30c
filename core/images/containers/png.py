"""PNG: its chunks (ISO/IEC 15948, third edition), read and written."""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass

import imagecodecs
import numpy as np

from core.images import refusals
from core.images.containers.pillow import joined, pillow_image, samples_of, split_alpha
from core.images.photo import Pixels, Raster
from core.images.source import ByteSource

SIGNATURE = b"\x89PNG\r\n\x1a\n"
MAX_SIDE = (1 << 31) - 1
GREY, RGB, PALETTE, GREY_ALPHA, RGBA = 0, 2, 3, 4, 6
MODES = {GREY: "grey", RGB: "RGB", PALETTE: "palette", GREY_ALPHA: "grey", RGBA: "RGB"}
_DEPTHS = {GREY: (1, 2, 4, 8, 16), RGB: (8, 16), PALETTE: (1, 2, 4, 8), GREY_ALPHA: (8, 16),
           RGBA: (8, 16)}  # fmt: skip
_FOR_PIXELS = {b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND"}
_MAX_CHUNKS = 2_000_000
_TAIL = 1 << 16
_END = b"\0\0\0\0IEND\xaeB`\x82"
_LEVEL = 1
"""Level 6 takes five times as long for a file that is a fifth smaller."""
_STRATEGY_DEFAULT, _FILTER_UP = 0, 0x20


@dataclass(frozen=True)
class Chunk:
    """One chunk: its payload is data[start:stop]."""

    kind: bytes
    start: int
    stop: int


@dataclass(frozen=True)
class Layout:
    """A PNG's chunks in order and what its header says."""

    chunks: tuple[Chunk, ...]
    width: int
    height: int
    depth: int
    colour: int

    def first(self, data: ByteSource, kind: bytes) -> bytes | None:
        """Return the payload of the first chunk of that kind, or None."""
        return next((data[c.start : c.stop] for c in self.chunks if c.kind == kind), None)

    @property
    def has(self) -> frozenset[bytes]:
        """Return the kinds of chunks."""
        return frozenset(chunk.kind for chunk in self.chunks)


def read_layout(name: str, data: ByteSource) -> Layout:
    """Walk the chunks from the signature to IEND without reading what is in them.

    Raises:
        ImageReadError: truncated (no IEND), decode_error.
    """
    return _with_header(name, data, _walk(name, data, b"IEND"))


def read_header(name: str, data: ByteSource) -> Layout:
    """Return a layout of what stands before the pixels, and an eXIf chunk close behind them.

    Thousands of IDAT chunks are stepped over. A file that does not end as a PNG must is walked.

    Raises:
        ImageReadError: as `read_layout`.
    """
    chunks = _walk(name, data, b"IDAT")
    start = max(chunks[-1].stop, len(data) - _TAIL)
    tail = data[start : len(data)]
    if not tail.endswith(_END):
        return read_layout(name, data)
    at = tail.rfind(b"eXIf")
    if at >= 4:
        size = int.from_bytes(tail[at - 4 : at], "big")
        check = tail[at + 4 + size : at + 8 + size]
        if zlib.crc32(tail[at : at + 4 + size]) == int.from_bytes(check, "big"):
            chunks.append(Chunk(b"eXIf", start + at + 4, start + at + 4 + size))
    return _with_header(name, data, chunks)


def _walk(name: str, data: ByteSource, last: bytes) -> list[Chunk]:
    chunks: list[Chunk] = []
    at = len(SIGNATURE)
    while not chunks or chunks[-1].kind not in (last, b"IEND"):
        head = data[at : at + 8]
        if len(head) < 8:
            raise refusals.truncated(name)
        size, kind = int.from_bytes(head[:4], "big"), head[4:]
        if not kind.isalpha() or len(chunks) > _MAX_CHUNKS:
            raise refusals.damaged(name, "a broken chunk")
        if at + 12 + size > len(data):
            raise refusals.truncated(name)
        chunks.append(Chunk(kind, at + 8, at + 8 + size))
        at += 12 + size
    return chunks


def _with_header(name: str, data: ByteSource, chunks: list[Chunk]) -> Layout:
    if chunks[0].kind != b"IHDR" or chunks[0].stop - chunks[0].start != 13:
        raise refusals.damaged(name, "no header")
    header = struct.unpack(">IIBBBBB", data[chunks[0].start : chunks[0].stop])
    width, height, depth, colour = header[:4]
    if not (0 < width <= MAX_SIDE and 0 < height <= MAX_SIDE):
        raise refusals.damaged(name, "no size in its header")
    if depth not in _DEPTHS.get(colour, ()):
        raise refusals.damaged(name, "an impossible pixel format")
    if not any(chunk.kind == b"IDAT" for chunk in chunks):
        raise refusals.truncated(name)
    return Layout(tuple(chunks), width, height, depth, colour)


def decode(name: str, data: bytes, layout: Layout) -> Raster:
    """Return a PNG's pixels; 16-bit ones as uint16, which Pillow would cut to 8.

    Raises:
        ImageReadError: truncated, decode_error.
    """
    stream = coded_stream(name, data, layout)
    pixels = _deep(name, stream) if layout.depth == 16 else _shallow(name, stream)
    if pixels.shape[:2] != (layout.height, layout.width):
        raise refusals.damaged(name, "its size differs from its header")
    colour, alpha = split_alpha(pixels)
    if layout.depth == 16 and alpha is None:
        alpha = _key_alpha(colour, layout.first(data, b"tRNS"))
    return Raster(colour, alpha, bits=layout.depth, mode=MODES[layout.colour], lossless=True)


def coded_stream(name: str, data: bytes, layout: Layout) -> bytes:
    """Return the picture without its metadata, every chunk's checksum compared.

    Raises:
        ImageReadError: decode_error.
    """
    parts = [SIGNATURE]
    for chunk in layout.chunks:
        if chunk.kind not in _FOR_PIXELS:
            continue
        whole = data[chunk.start - 4 : chunk.stop]
        if zlib.crc32(whole) != int.from_bytes(data[chunk.stop : chunk.stop + 4], "big"):
            raise refusals.damaged(name, "a checksum does not match")
        parts.append(data[chunk.start - 8 : chunk.stop + 4])
    return b"".join(parts)


def _shallow(name: str, stream: bytes) -> Pixels:
    with pillow_image(name, stream, "PNG") as image:
        image.load()
        transparent = "A" in image.mode or "transparency" in image.info
        grey = image.mode in ("1", "L", "LA", "I", "I;16")
        mode = ("LA" if transparent else "L") if grey else ("RGBA" if transparent else "RGB")
        return samples_of(image, mode)


def _deep(name: str, stream: bytes) -> Pixels:
    try:
        pixels: Pixels = imagecodecs.png_decode(stream)
    except (imagecodecs.PngError, ValueError) as error:
        if "Not enough" in str(error) or "Read Error" in str(error):
            raise refusals.truncated(name) from error
        raise refusals.damaged(name, "its coded data") from error
    return pixels[..., None] if pixels.ndim == 2 else pixels


def _key_alpha(colour: Pixels, key: bytes | None) -> Pixels | None:
    """Return the alpha that a transparent colour (tRNS) makes, or None."""
    channels = colour.shape[2]
    if key is None or len(key) != 2 * channels:
        return None
    wanted = np.array(struct.unpack(f">{channels}H", key), dtype=colour.dtype)
    return np.where((colour == wanted).all(axis=2), 0, 65535).astype(colour.dtype)


def encode(pixels: Pixels, alpha: Pixels | None) -> bytes:
    """Return a PNG without metadata: grey or RGB, with or without alpha, 8 or 16 bits."""
    whole = joined(pixels, alpha)
    return bytes(
        imagecodecs.png_encode(whole, level=_LEVEL, strategy=_STRATEGY_DEFAULT, filter=_FILTER_UP)
    )
