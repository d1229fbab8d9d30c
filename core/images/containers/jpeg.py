"""JPEG: its segments (ITU-T T.81, Annex B), what they say, and putting a file together again."""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass

from core.images import refusals
from core.images.photo import JpegCoding
from core.images.source import ByteSource

EXIF = b"Exif\0\0"
XMP = b"http://ns.adobe.com/xap/1.0/\0"
XMP_EXTENSION = b"http://ns.adobe.com/xmp/extension/\0"
ICC = b"ICC_PROFILE\0"
PHOTOSHOP = b"Photoshop 3.0\0"
MAX_PAYLOAD = 65533
MAX_SIDE = 65500

_MARKER = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")
_RESTART = re.compile(rb"\xff[\xd0-\xd7]")
_SOF = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_DECODABLE = {0xC0, 0xC1, 0xC2, 0xC9, 0xCA}
_MAX_SEGMENTS = 20_000
_MAX_SCANS = 300

_ZIGZAG = (
    0, 1, 8, 16, 9, 2, 3, 10, 17, 24, 32, 25, 18, 11, 4, 5, 12, 19, 26, 33, 40, 48, 41, 34, 27, 20,
    13, 6, 7, 14, 21, 28, 35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23, 30, 37, 44, 51, 58, 59,
    52, 45, 38, 31, 39, 46, 53, 60, 61, 54, 47, 55, 62, 63,
)  # fmt: skip


@dataclass(frozen=True)
class Segment:
    """A marker with its payload: data[start:stop]; `at` is where its 0xFF lies."""

    marker: int
    at: int
    start: int
    stop: int


@dataclass(frozen=True)
class Component:
    """One colour component of a frame: sampling factors and quantisation table."""

    id: int
    h: int
    v: int
    table: int


@dataclass(frozen=True)
class Frame:
    """The frame header (SOF)."""

    marker: int
    precision: int
    width: int
    height: int
    components: tuple[Component, ...]

    @property
    def progressive(self) -> bool:
        """Return whether the picture is coded in several passes."""
        return self.marker in (0xC2, 0xCA)


@dataclass(frozen=True)
class Layout:
    """A JPEG's segments in order, its frame, and where it ends.

    `scans` are (start, stop) of each scan's coded data; `end` is behind the EOI marker, None when
    there is none. A layout of the header alone has neither.
    """

    segments: tuple[Segment, ...]
    frame: Frame
    scans: tuple[tuple[int, int], ...] = ()
    end: int | None = None

    def payloads(self, data: ByteSource, marker: int, prefix: bytes) -> list[bytes]:
        """Return what follows `prefix` in each segment of that marker that begins with it."""
        bodies = (data[p.start : p.stop] for p in self.segments if p.marker == marker)
        return [body[len(prefix) :] for body in bodies if body.startswith(prefix)]


def read_header(name: str, data: ByteSource) -> Layout:
    """Return the layout up to the first scan, reading nothing behind it.

    Raises:
        ImageReadError: truncated, decode_error, unsupported_mode.
    """
    segments, _ = _segments(name, data, 2)
    return Layout(segments, _frame(name, data, segments))


def read_layout(name: str, data: bytes) -> Layout:
    """Return the layout of a whole JPEG: the first picture in it, where an MPO holds several.

    Raises:
        ImageReadError: truncated (no end marker, or a component without data), decode_error,
            unsupported_mode.
    """
    segments: list[Segment] = []
    scans: list[tuple[int, int]] = []
    at = 2
    while True:
        more, at = _segments(name, data, at)
        segments += more
        if not more or more[-1].marker == 0xD9:
            break
        found = _MARKER.search(data, at)
        if found is None or len(segments) > _MAX_SEGMENTS:
            raise refusals.truncated(name)
        scans.append((at, found.start()))
        if len(scans) > _MAX_SCANS:
            raise refusals.damaged(name, "too many scans")
        at = found.start()
    frame = _frame(name, data, segments)
    _check_scans(name, data, segments, frame)
    return Layout(tuple(segments), frame, tuple(scans), at)


def _segments(name: str, data: ByteSource, at: int) -> tuple[tuple[Segment, ...], int]:
    """Walk segments from `at` up to and with a start of scan or the end of image."""
    found: list[Segment] = []
    while True:
        lead = data[at : at + 4]
        if len(lead) < 2:
            raise refusals.truncated(name)
        if lead[0] != 0xFF:
            raise refusals.damaged(name, "no marker where one must be")
        marker = lead[1]
        if marker == 0xFF:
            at += 1
            continue
        if marker == 0xD9:
            found.append(Segment(marker, at, at + 2, at + 2))
            return tuple(found), at + 2
        stop = at + 2 + int.from_bytes(lead[2:4], "big")
        if len(lead) < 4 or stop > len(data):
            raise refusals.truncated(name)
        if stop < at + 4 or len(found) > _MAX_SEGMENTS:
            raise refusals.damaged(name, "a segment without length")
        found.append(Segment(marker, at, at + 4, stop))
        at = stop
        if marker == 0xDA:
            return tuple(found), at


def _frame(name: str, data: ByteSource, segments: tuple[Segment, ...] | list[Segment]) -> Frame:
    part = next((part for part in segments if part.marker in _SOF), None)
    if part is None:
        raise refusals.damaged(name, "no picture in it")
    body = data[part.start : part.stop]
    if len(body) < 6 or len(body) < 6 + 3 * body[5]:
        raise refusals.damaged(name, "a broken frame header")
    precision, height, width, count = struct.unpack(">BHHB", body[:6])
    triples = [body[6 + 3 * index : 9 + 3 * index] for index in range(count)]
    components = tuple(Component(c[0], c[1] >> 4, c[1] & 15, c[2]) for c in triples)
    if part.marker not in _DECODABLE:
        raise refusals.unsupported(name, "a lossless or hierarchical JPEG")
    if precision != 8:
        raise refusals.unsupported(name, f"a {precision}-bit JPEG")
    if count not in (1, 3, 4):
        raise refusals.unsupported(name, f"a JPEG of {count} colour channels")
    if not (width and height):
        raise refusals.damaged(name, "no size in its header")
    return Frame(part.marker, precision, width, height, components)


def _check_scans(name: str, data: bytes, segments: list[Segment], frame: Frame) -> None:
    """Every component must have its own data, or libjpeg paints it grey without a word."""
    seen: set[int] = set()
    for part in segments:
        if part.marker == 0xDA:
            body = data[part.start : part.stop]
            seen.update(body[1 : 1 + 2 * (body[0] if body else 0) : 2])
    if not {component.id for component in frame.components} <= seen:
        raise refusals.truncated(name)


def coded_stream(data: bytes, layout: Layout) -> bytes:
    """Return the picture without its metadata: all that a decoder needs and nothing else."""
    parts = [b"\xff\xd8"]
    scans = iter(layout.scans)
    for part in layout.segments:
        is_metadata = part.marker == 0xFE or 0xE1 <= part.marker <= 0xEF
        if not is_metadata or part.marker == 0xEE:
            parts.append(data[part.at : part.stop])
        if part.marker == 0xDA:
            start, stop = next(scans)
            parts.append(data[start:stop])
    return b"".join(parts)


def stuffed_stream(data: bytes, layout: Layout, filling: bytes) -> bytes:
    """Return the picture with `filling` at the end of every coded stretch.

    A decoder that had all its data never reads the filling; one that ran dry does, and paints
    something else.
    """
    parts = [b"\xff\xd8"]
    scans = iter(layout.scans)
    # A picture has no more stretches than blocks; more restart markers are there to do harm.
    most = -(-layout.frame.width // 8) * -(-layout.frame.height // 8)
    for part in layout.segments:
        if part.marker in (0xDB, 0xC4, 0xDD, 0xDA, 0xD9, 0xE0, 0xEE) or part.marker in _SOF:
            parts.append(data[part.at : part.stop])
        if part.marker == 0xDA:
            start, stop = next(scans)
            coded = _RESTART.sub(lambda found: filling + found.group(), data[start:stop], most)
            parts += [coded, filling]
    return b"".join(parts)


def read_coding(data: bytes, layout: Layout) -> JpegCoding:
    """Return how the picture was coded, for writing the result alike."""
    tables: dict[int, tuple[int, ...]] = {}
    for body in layout.payloads(data, 0xDB, b""):
        tables |= _quantisation(body)
    parts = layout.frame.components
    chosen = [parts[0].table] + ([parts[1].table] if len(parts) == 3 else [])
    known = tuple(tables[index] for index in chosen if index in tables)
    return JpegCoding(
        tables=known if len(known) == len(chosen) else (),
        subsampling=_subsampling(parts),
        progressive=layout.frame.progressive,
        rgb=len(parts) == 3 and _is_rgb(data, layout),
    )


def _quantisation(body: bytes) -> dict[int, tuple[int, ...]]:
    tables: dict[int, tuple[int, ...]] = {}
    at = 0
    while at < len(body):
        wide, index = body[at] >> 4, body[at] & 15
        size = 128 if wide else 64
        values = body[at + 1 : at + 1 + size]
        if len(values) < size:
            break
        zigzag = struct.unpack(">64H", values) if wide else tuple(values)
        natural = [0] * 64
        for position, value in zip(_ZIGZAG, zigzag, strict=True):
            natural[position] = max(1, min(value, 255))
        tables[index] = tuple(natural)
        at += 1 + size
    return tables


def _subsampling(parts: tuple[Component, ...]) -> str:
    if len(parts) != 3:
        return "4:4:4"
    luma, others = parts[0], parts[1:]
    if any(other.h != others[0].h or other.v != others[0].v for other in others):
        return "other"
    ratio = (luma.h / max(1, others[0].h), luma.v / max(1, others[0].v))
    names: dict[tuple[float, float], str]
    names = {(1, 1): "4:4:4", (2, 1): "4:2:2", (2, 2): "4:2:0", (1, 2): "4:4:0", (4, 1): "4:1:1"}
    return names.get(ratio, "other")


def adobe_transform(data: ByteSource, layout: Layout) -> int | None:
    """Return the Adobe marker's colour transform: 0 none, 1 YCbCr, 2 YCCK; None without marker."""
    found = [body for body in layout.payloads(data, 0xEE, b"Adobe") if len(body) >= 7]
    return found[0][6] if found else None


def _is_rgb(data: bytes, layout: Layout) -> bool:
    transform = adobe_transform(data, layout)
    ids = bytes(component.id for component in layout.frame.components)
    has_jfif = bool(layout.payloads(data, 0xE0, b"JFIF\0"))
    return not has_jfif and (transform == 0 or (transform is None and ids == b"RGB"))
