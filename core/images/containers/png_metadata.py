"""What a PNG carries beside its picture, and how it is put before one again."""

from __future__ import annotations

import re
import struct
import zlib
from collections.abc import Iterator

from core.images import iptc, refusals
from core.images.containers import png
from core.images.exif import read_orientation
from core.images.photo import Extras, Metadata
from core.images.profiles import primaries_profile
from core.images.source import ByteSource

_XMP = "XML:com.adobe.xmp"
_RAW_IPTC = "Raw profile type iptc"
_BLOCKS = {
    _XMP,
    _RAW_IPTC,
    "Raw profile type exif",
    "Raw profile type APP1",
    "Raw profile type xmp",
    "Raw profile type icc",
}
_MAX_TEXT = 16 << 20
_MAX_TEXTS = 64 << 20
_MAX_ICC = 32 << 20
_METRE = 0.0254
_MAX_DENSITY = (1 << 31) - 1
_SRGB_CHROMATICITIES = (31270, 32900, 64000, 33000, 30000, 60000, 15000, 6000)


def read_extras(name: str, data: ByteSource, layout: png.Layout) -> Extras:
    """Return metadata, profile and orientation of a PNG's chunks.

    Raises:
        ImageReadError: too_large when text or profile would unfold beyond a sensible size.
    """
    pairs = list(_texts(name, data, layout))
    texts = dict(reversed(pairs))
    xmp = texts.get(_XMP, "").encode("utf-8", "surrogateescape") or None
    block = _raw_profile(texts.get(_RAW_IPTC, ""))
    exif = layout.first(data, b"eXIf") or _raw_exif(texts)
    metadata = Metadata(
        exif=exif,
        xmp=xmp,
        iptc=_photoshop(block),
        dpi=_density(layout.first(data, b"pHYs")),
        text=tuple(pair for pair in pairs if pair[0] not in _BLOCKS),
    )
    return Extras(metadata, _profile(name, data, layout), read_orientation(exif))


def _texts(name: str, data: ByteSource, layout: png.Layout) -> Iterator[tuple[str, str]]:
    left = _MAX_TEXTS
    for chunk in layout.chunks:
        if chunk.kind not in (b"tEXt", b"zTXt", b"iTXt"):
            continue
        if chunk.stop - chunk.start > _MAX_TEXT:
            raise refusals.bomb(name, "text")
        keyword, _, body = data[chunk.start : chunk.stop].partition(b"\0")
        text = _text(name, chunk.kind, body)
        left -= len(text)
        if left < 0:
            raise refusals.bomb(name, "text")
        if keyword and text:
            yield keyword.decode("latin-1"), text


def _text(name: str, kind: bytes, body: bytes) -> str:
    if kind == b"tEXt":
        return body.decode("latin-1")
    if kind == b"zTXt":
        return _inflate(name, body[1:], _MAX_TEXT, "text").decode("latin-1")
    compressed = body[:1] == b"\1"
    value = body[2:].partition(b"\0")[2].partition(b"\0")[2]
    if compressed:
        value = _inflate(name, value, _MAX_TEXT, "text")
    return value.decode("utf-8", "surrogateescape")


def _inflate(name: str, packed: bytes, limit: int, what: str) -> bytes:
    """Unfold deflated data up to a limit; broken data unfold to what could be read."""
    stream = zlib.decompressobj()
    try:
        unfolded = stream.decompress(packed, limit)
    except zlib.error:
        return b""
    if stream.unconsumed_tail:
        raise refusals.bomb(name, what)
    return unfolded


def _raw_profile(text: str) -> bytes:
    """Return the bytes of ImageMagick's `Raw profile type`: newline, name, length, hexadecimal."""
    found = re.match(r"\n?[^\n]+\n *\d+\n([0-9a-fA-F\s]*)$", text)
    digits = re.sub(r"\s", "", found.group(1)) if found else ""
    return bytes.fromhex(digits) if len(digits) % 2 == 0 else b""


def _raw_exif(texts: dict[str, str]) -> bytes | None:
    for keyword in ("Raw profile type exif", "Raw profile type APP1"):
        block = _raw_profile(texts.get(keyword, ""))
        if block.startswith(b"Exif\0\0"):
            return block[6:]
    return None


def _photoshop(block: bytes) -> bytes | None:
    if block.startswith(b"Photoshop 3.0\0"):
        block = block[14:]
    return iptc.clean_block(block) if block.startswith(b"8BIM") else iptc.block_of(block)


def _density(chunk: bytes | None) -> tuple[float, float] | None:
    if chunk is None or len(chunk) != 9:
        return None
    across, down, unit = struct.unpack(">IIB", chunk)
    return (across * _METRE, down * _METRE) if unit == 1 and across and down else None


def _profile(name: str, data: ByteSource, layout: png.Layout) -> bytes | None:
    packed = layout.first(data, b"iCCP")
    if packed is not None:
        return _inflate(name, packed.partition(b"\0")[2][1:], _MAX_ICC, "a profile") or None
    if {b"sRGB", b"cICP"} & layout.has or not {b"gAMA", b"cHRM"} <= layout.has:
        return None
    gamma, white = layout.first(data, b"gAMA") or b"", layout.first(data, b"cHRM") or b""
    if len(gamma) != 4 or len(white) != 32:
        return None
    (exponent,), points = struct.unpack(">I", gamma), struct.unpack(">8I", white)
    known = all(abs(a - b) <= 100 for a, b in zip(points, _SRGB_CHROMATICITIES, strict=True))
    if not 10_000 <= exponent <= 100_000 or (known and abs(exponent - 45455) < 500):
        return None
    x_y = tuple(point / 100_000 for point in points)
    return primaries_profile(x_y[:2], x_y[2:], 100_000 / exponent)


def wrap(stream: bytes, metadata: Metadata, icc: bytes | None) -> Iterator[bytes]:
    """Yield the file: `stream`, a PNG without metadata, with the blocks behind its header."""
    header_end = len(png.SIGNATURE) + 25
    yield stream[:header_end]
    if icc:
        yield _chunk(b"iCCP", b"ICC profile\0\0" + zlib.compress(icc, 6))
    if metadata.dpi:
        across, down = (max(1, min(round(value / _METRE), _MAX_DENSITY)) for value in metadata.dpi)
        yield _chunk(b"pHYs", struct.pack(">IIB", across, down, 1))
    if metadata.exif:
        yield _chunk(b"eXIf", metadata.exif)
    if metadata.xmp:
        yield _chunk(b"iTXt", _XMP.encode() + b"\0\0\0\0\0" + metadata.xmp)
    if metadata.iptc:
        yield _chunk(b"zTXt", _RAW_IPTC.encode() + b"\0\0" + _packed_raw(metadata.iptc))
    for keyword, text in metadata.text:
        yield _text_chunk(keyword, text)
    yield stream[header_end:]


def _packed_raw(block: bytes) -> bytes:
    digits = block.hex()
    lines = "\n".join(digits[at : at + 72] for at in range(0, len(digits), 72))
    return zlib.compress(f"\niptc\n{len(block):8d}\n{lines}\n".encode(), 6)


def _text_chunk(keyword: str, text: str) -> bytes:
    key = keyword.encode("latin-1", "replace")[:79] + b"\0"
    try:
        return _chunk(b"tEXt", key + text.encode("latin-1"))
    except UnicodeEncodeError:
        return _chunk(b"iTXt", key + b"\0\0\0\0" + text.encode("utf-8", "surrogateescape"))


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
