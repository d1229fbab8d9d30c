"""AVIF: the boxes that matter (ISO/IEC 14496-12, 23008-12), and pixels through libavif (Pillow)."""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from PIL import Image

from core.images import refusals
from core.images.containers.pillow import joined, pillow_image, samples_of, split_alpha
from core.images.photo import Extras, Metadata, Pixels, Raster
from core.images.source import ByteSource

MAX_SIDE = 65536
_QUALITY = 95
_SPEED = 6
_MAX_META = 16 << 20
_SEQUENCES = {b"avis", b"hevc", b"hevx", b"msf1"}
_HDR_TRANSFERS = {16: "PQ", 18: "HLG"}
# irot turns anticlockwise, then imir mirrors: by (quarter turns, axis or None).
_ORIENTATIONS = {
    (0, None): 1, (1, None): 8, (2, None): 3, (3, None): 6,
    (0, 1): 2, (0, 0): 4, (1, 1): 7, (1, 0): 5, (2, 1): 4, (2, 0): 2, (3, 1): 5, (3, 0): 7,
}  # fmt: skip


@dataclass(frozen=True)
class Layout:
    """What an AVIF's boxes say about its primary picture."""

    width: int
    height: int
    bits: int
    alpha: bool
    animated: bool
    orientation: int
    transfer: int | None
    icc: bytes | None
    exif: bytes | None
    xmp: bytes | None
    grey: bool = False


@dataclass
class _Items:
    """Items and properties while the meta box is read."""

    primary: int = 0
    kinds: dict[int, tuple[bytes, bytes]] = field(default_factory=dict)
    places: dict[int, list[tuple[int, int]]] = field(default_factory=dict)
    in_idat: set[int] = field(default_factory=set)
    idat: int = 0
    properties: list[tuple[bytes, int, int]] = field(default_factory=list)
    used: dict[int, list[int]] = field(default_factory=dict)


def boxes(name: str, data: ByteSource, at: int, end: int) -> Iterator[tuple[bytes, int, int]]:
    """Yield (kind, start, stop) of the payloads of the boxes between two positions.

    Raises:
        ImageReadError: truncated when a box ends behind its parent or the file.
    """
    while at + 8 <= end:
        head = data[at : at + 16]
        size, start = int.from_bytes(head[:4], "big"), at + 8
        if size == 1:
            size, start = int.from_bytes(head[8:16], "big"), at + 16
        elif size == 0:
            size = end - at
        if at + size > end:
            raise refusals.truncated(name)
        if size < start - at:
            raise refusals.damaged(name, "a box without length")
        yield head[4:8], start, at + size
        at += size


def read_layout(name: str, data: ByteSource) -> Layout:
    """Read the boxes of a file.

    Raises:
        ImageReadError: truncated, decode_error.
    """
    found = {kind: (start, stop) for kind, start, stop in boxes(name, data, 0, len(data))}
    brands = data[found[b"ftyp"][0] : found[b"ftyp"][0] + 4]
    if b"meta" not in found:
        raise (
            refusals.truncated(name) if b"mdat" not in found else refusals.damaged(name, "no meta")
        )
    start, stop = found[b"meta"]
    if stop - start > _MAX_META:
        raise refusals.bomb(name, "metadata")
    items = _Items()
    try:
        for kind, begin, end in boxes(name, data, start + 4, stop):
            _take(name, data, items, (kind, begin, end))
        return _described(name, data, items, animated=brands in _SEQUENCES and b"moov" in found)
    except (struct.error, IndexError, KeyError) as error:
        raise refusals.damaged(name, "its boxes") from error


def _take(name: str, data: ByteSource, items: _Items, box: tuple[bytes, int, int]) -> None:
    kind, start, stop = box
    body = data[start:stop] if kind in (b"pitm", b"iloc", b"iinf", b"iprp") else b""
    if kind == b"pitm":
        items.primary = int.from_bytes(body[4:], "big")
    elif kind == b"idat":
        items.idat = start
    elif kind == b"iloc":
        _take_places(body, items)
    elif kind == b"iinf":
        first = start + (6 if body[0] == 0 else 8)
        for _, begin, end in boxes(name, data, first, stop):
            info = data[begin:end]
            wide = info[0] >= 3
            number = int.from_bytes(info[4:8] if wide else info[4:6], "big")
            at = 10 if wide else 8
            items.kinds[number] = (info[at : at + 4], info[at + 4 :])
    elif kind == b"iprp":
        for child, begin, end in boxes(name, data, start, stop):
            if child == b"ipco":
                items.properties = list(boxes(name, data, begin, end))
            elif child == b"ipma":
                _take_uses(data[begin:end], items)


def _take_places(body: bytes, items: _Items) -> None:
    version, sizes = body[0], int.from_bytes(body[4:6], "big")
    offset_size, length_size, base_size = sizes >> 12, sizes >> 8 & 15, sizes >> 4 & 15
    index_size = sizes & 15 if version in (1, 2) else 0
    reader = io.BytesIO(body[6:])

    def number(size: int) -> int:
        return int.from_bytes(reader.read(size), "big")

    for _ in range(number(2 if version < 2 else 4)):
        if reader.tell() >= len(body) - 6:
            raise IndexError("fewer items than promised")
        item = number(2 if version < 2 else 4)
        if version in (1, 2) and number(2) & 15 == 1:
            items.in_idat.add(item)
        number(2)
        base = number(base_size)
        extents = []
        for _ in range(min(number(2), 1000)):
            number(index_size)
            extents.append((base + number(offset_size), number(length_size)))
        items.places[item] = extents


def _take_uses(body: bytes, items: _Items) -> None:
    version, flags = body[0], body[3]
    at = 8
    for _ in range(int.from_bytes(body[4:8], "big")):
        width = 2 if version == 0 else 4
        item, count = int.from_bytes(body[at : at + width], "big"), body[at + width]
        at += width + 1
        step = 2 if flags & 1 else 1
        raw = [
            int.from_bytes(body[at + step * i : at + step * (i + 1)], "big") for i in range(count)
        ]
        items.used[item] = [value & (0x7FFF if step == 2 else 0x7F) for value in raw]
        at += step * count


def _described(name: str, data: ByteSource, items: _Items, *, animated: bool) -> Layout:
    mine: dict[bytes, list[bytes]] = {}
    # Each property once, however often the picture is said to have it.
    for index in dict.fromkeys(items.used.get(items.primary, [])):
        if 0 < index <= len(items.properties):
            kind, start, stop = items.properties[index - 1]
            mine.setdefault(kind, []).append(data[start:stop])
    if b"ispe" not in mine:
        raise refusals.damaged(name, "no size in its header")
    width, height = struct.unpack(">II", mine[b"ispe"][0][4:12])
    coding = mine.get(b"av1C", [bytes(4)])[0]
    bits = 12 if coding[2] & 0x20 else 10 if coding[2] & 0x40 else 8
    if b"pixi" in mine:
        bits = max(mine[b"pixi"][0][5:] or b"\x08")
    colours = mine.get(b"colr", [])
    nclx = next((part for part in colours if part[:4] == b"nclx"), None)
    icc = next((part[4:] for part in colours if part[:4] in (b"prof", b"rICC")), None)
    auxiliary = any(kind == b"auxC" and b"alpha" in data[a:b] for kind, a, b in items.properties)
    return Layout(
        width, height, bits, auxiliary, animated, _orientation(mine),
        int.from_bytes(nclx[6:8], "big") if nclx else None, icc,
        _exif(_payload(name, data, items, b"Exif")), _payload(name, data, items, b"mime"),
        grey=bool(coding[2] & 0x10),
    )  # fmt: skip


def _orientation(mine: dict[bytes, list[bytes]]) -> int:
    turns = mine[b"irot"][0][0] & 3 if b"irot" in mine else 0
    axis = mine[b"imir"][0][0] & 1 if b"imir" in mine else None
    return _ORIENTATIONS.get((turns, axis), 1)


def _payload(name: str, data: ByteSource, items: _Items, wanted: bytes) -> bytes | None:
    for number, (kind, rest) in items.kinds.items():
        if kind != wanted or (kind == b"mime" and b"application/rdf+xml" not in rest):
            continue
        shift = items.idat if number in items.in_idat else 0
        places = items.places.get(number, [])
        # Many pieces may name the same bytes; more of them than there are in the file is a trap.
        if sum(size for _, size in places) > len(data):
            raise refusals.bomb(name, "metadata")
        parts = [data[shift + at : shift + at + size] for at, size in places]
        return b"".join(parts) or None
    return None


def _exif(payload: bytes | None) -> bytes | None:
    """Return the TIFF block of an Exif item: four bytes say how far behind them it begins."""
    if payload is None or len(payload) < 12:
        return None
    return payload[4 + int.from_bytes(payload[:4], "big") :] or None


def check_range(name: str, layout: Layout) -> None:
    """Refuse high dynamic range: its numbers are no colours of a display.

    Raises:
        ImageReadError: unsupported_mode.
    """
    if layout.transfer in _HDR_TRANSFERS:
        kind = _HDR_TRANSFERS[layout.transfer]
        raise refusals.unsupported(name, f"a high dynamic range ({kind}) picture")


def check(name: str, layout: Layout) -> None:
    """Refuse what cannot be written back: high dynamic range, more than 8 bits.

    Raises:
        ImageReadError: unsupported_mode.
    """
    check_range(name, layout)
    if layout.bits > 8:
        raise refusals.unsupported(
            name, f"a {layout.bits}-bit AVIF", "Export it as a 16-bit TIFF or PNG."
        )


def read_extras(layout: Layout) -> Extras:
    """Return metadata, profile and orientation; AVIF turns by its own boxes, not by EXIF."""
    return Extras(Metadata(exif=layout.exif, xmp=layout.xmp), layout.icc, layout.orientation)


def decode(name: str, data: bytes, layout: Layout) -> Raster:
    """Return a still AVIF's pixels: RGB, or grey where it was coded without colour.

    Raises:
        ImageReadError: decode_error.
    """
    with pillow_image(name, data, "AVIF") as image:
        whole = samples_of(image, "RGBA" if image.mode == "RGBA" else "RGB")
    if whole.shape[:2] != (layout.height, layout.width):
        raise refusals.damaged(name, "its size differs from its header")
    pixels, alpha = split_alpha(whole)
    pixels = np.ascontiguousarray(pixels[..., :1]) if layout.grey else pixels
    return Raster(pixels, alpha, mode="grey" if layout.grey else "RGB", lossless=False)


def encode(
    pixels: Pixels,
    alpha: Pixels | None,
    metadata: Metadata,
    icc: bytes | None,
    *,
    quality: int | None,
) -> bytes:
    """Return an AVIF file, (H, W, 1|3) uint8 in; colour is not subsampled."""
    grey = pixels.shape[2] == 1 and alpha is None
    colour = pixels if grey or pixels.shape[2] == 3 else np.repeat(pixels, 3, axis=2)
    options: dict[str, Any] = {"quality": quality or _QUALITY, "speed": _SPEED}
    options["subsampling"] = "4:0:0" if grey else "4:4:4"
    target = io.BytesIO()
    # One thread: how libavif cuts its work among threads must not show in the result's bytes.
    Image.fromarray(joined(colour, alpha)).save(
        target, "AVIF", exif=metadata.exif or b"", xmp=metadata.xmp or b"",
        icc_profile=icc or b"", max_threads=1, autotiling=False, **options,
    )  # fmt: skip
    return target.getvalue()
