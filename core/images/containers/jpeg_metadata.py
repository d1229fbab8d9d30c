"""What a JPEG carries beside its picture, and how it is put before one again."""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Iterator

from core.images import iptc
from core.images.containers import jpeg
from core.images.exif import read_orientation
from core.images.photo import Extras, Metadata
from core.images.source import ByteSource

_MAX_EXTENDED = 64 << 20
_INCH_CM = 2.54


def read_extras(data: ByteSource, layout: jpeg.Layout) -> Extras:
    """Return metadata, profile and orientation of a JPEG's segments."""
    exif = _first(layout.payloads(data, 0xE1, jpeg.EXIF))
    photoshop = b"".join(layout.payloads(data, 0xED, jpeg.PHOTOSHOP))
    metadata = Metadata(
        exif=exif,
        xmp=_first(layout.payloads(data, 0xE1, jpeg.XMP)),
        xmp_extended=_extended(layout.payloads(data, 0xE1, jpeg.XMP_EXTENSION)),
        iptc=iptc.clean_block(photoshop) if photoshop else None,
        comment=_first(layout.payloads(data, 0xFE, b"")),
        dpi=_density(_first(layout.payloads(data, 0xE0, b"JFIF\0"))),
    )
    return Extras(metadata, _icc(layout.payloads(data, 0xE2, jpeg.ICC)), read_orientation(exif))


def _first(found: list[bytes]) -> bytes | None:
    return found[0] if found and found[0] else None


def _icc(chunks: list[bytes]) -> bytes | None:
    """Join the numbered parts of a profile; one that lacks a part is no profile."""
    numbered = {chunk[0]: chunk[2:] for chunk in chunks if len(chunk) > 2}
    total = max((chunk[1] for chunk in chunks if len(chunk) > 2), default=0)
    if not numbered or sorted(numbered) != list(range(1, total + 1)):
        return None
    return b"".join(numbered[index] for index in sorted(numbered))


def _extended(chunks: list[bytes]) -> bytes | None:
    """Join extended XMP (XMP part 3, 1.1.3.1): GUID, full length, offset, then a stretch of it."""
    stretches: dict[int, bytes] = {}
    guid, length = b"", 0
    for chunk in chunks:
        if len(chunk) < 40 or (guid and chunk[:32] != guid):
            continue
        guid = chunk[:32]
        length, offset = struct.unpack(">II", chunk[32:40])
        stretches[offset] = chunk[40:]
    if not stretches or length > _MAX_EXTENDED:
        return None
    whole = b"".join(stretches[offset] for offset in sorted(stretches))
    return whole if len(whole) == length else None


def _density(jfif: bytes | None) -> tuple[float, float] | None:
    if jfif is None or len(jfif) < 7:
        return None
    unit, across, down = struct.unpack(">BHH", jfif[2:7])
    factor = {1: 1.0, 2: _INCH_CM}.get(unit)
    return (across * factor, down * factor) if factor and across and down else None


def wrap(stream: bytes, metadata: Metadata, icc: bytes | None) -> Iterator[bytes]:
    """Yield the file: `stream`, a JPEG without metadata, with the blocks put behind its JFIF.

    A block too large for JPEG (EXIF or XMP above 64 KB) is left out; `fits` tells before.
    """
    jfif_end = 2
    if stream[2:4] == b"\xff\xe0":
        jfif_end = 4 + int.from_bytes(stream[4:6], "big")
    yield stream[:2] + _with_density(stream[2:jfif_end], metadata.dpi)
    if metadata.exif and fits(jpeg.EXIF, metadata.exif):
        yield _segment(0xE1, jpeg.EXIF + metadata.exif)
    if metadata.xmp and fits(jpeg.XMP, metadata.xmp):
        yield _segment(0xE1, jpeg.XMP + metadata.xmp)
        yield from _extended_segments(metadata)
    if metadata.iptc:
        yield from _split(0xED, jpeg.PHOTOSHOP, metadata.iptc)
    if icc:
        yield from _icc_segments(icc)
    if metadata.comment:
        yield _segment(0xFE, metadata.comment[: jpeg.MAX_PAYLOAD])
    yield stream[jfif_end:]


def fits(prefix: bytes, block: bytes) -> bool:
    """Say whether a block fits into one JPEG segment behind its prefix."""
    return len(prefix) + len(block) <= jpeg.MAX_PAYLOAD


def _segment(marker: int, payload: bytes) -> bytes:
    return bytes((0xFF, marker)) + struct.pack(">H", len(payload) + 2) + payload


def _split(marker: int, prefix: bytes, block: bytes) -> Iterator[bytes]:
    step = jpeg.MAX_PAYLOAD - len(prefix)
    for at in range(0, len(block), step):
        yield _segment(marker, prefix + block[at : at + step])


def _icc_segments(icc: bytes) -> Iterator[bytes]:
    step = jpeg.MAX_PAYLOAD - len(jpeg.ICC) - 2
    count = -(-len(icc) // step)
    if count <= 255:
        for index in range(count):
            part = icc[index * step : (index + 1) * step]
            yield _segment(0xE2, jpeg.ICC + bytes((index + 1, count)) + part)


def _extended_segments(metadata: Metadata) -> Iterator[bytes]:
    whole = metadata.xmp_extended
    if not whole or metadata.xmp is None:
        return
    guid = hashlib.md5(whole, usedforsecurity=False).hexdigest().upper().encode()
    if guid not in metadata.xmp:
        return
    step = jpeg.MAX_PAYLOAD - len(jpeg.XMP_EXTENSION) - 40
    for at in range(0, len(whole), step):
        head = guid + struct.pack(">II", len(whole), at)
        yield _segment(0xE1, jpeg.XMP_EXTENSION + head + whole[at : at + step])


def _with_density(jfif: bytes, dpi: tuple[float, float] | None) -> bytes:
    if len(jfif) < 14 or dpi is None:
        return jfif
    across, down = (max(1, min(round(value), 65535)) for value in dpi)
    return jfif[:11] + struct.pack(">BHH", 1, across, down) + jfif[16:]
