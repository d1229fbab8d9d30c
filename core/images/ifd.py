"""Reading TIFF directories (TIFF 6.0, BigTIFF), as EXIF blocks and TIFF files have them.

Nothing in a block is believed: every position is checked against the block's length.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

from core.images.source import ByteSource

SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4,
         16: 8, 17: 8, 18: 8}  # fmt: skip
_CODES = {1: "B", 3: "H", 4: "I", 6: "b", 8: "h", 9: "i", 13: "I", 16: "Q", 17: "q", 18: "Q"}
_MAX_ENTRIES = 4096


class TiffError(ValueError):
    """A directory that cannot be what it says."""


@dataclass(frozen=True)
class Entry:
    """One tag: where its 12 (BigTIFF 20) bytes lie, and where its value's `size` bytes lie."""

    tag: int
    type: int
    count: int
    at: int
    offset: int
    size: int


@dataclass(frozen=True)
class Ifd:
    """One directory; `next_at` is where the offset of the next one is written, `next` its value."""

    at: int
    entries: tuple[Entry, ...]
    next_at: int
    next: int

    def get(self, tag: int) -> Entry | None:
        """Return the entry of a tag, or None."""
        return next((entry for entry in self.entries if entry.tag == tag), None)


@dataclass(frozen=True)
class Tiff:
    """A block or file that begins with a TIFF header. `order` is struct's byte order sign."""

    data: ByteSource
    order: str
    first: int
    big: bool = False

    def ifd(self, at: int) -> Ifd:
        """Return the directory at an offset. Entries whose value lies outside are left out.

        Raises:
            TiffError: the directory itself does not lie in the data.
        """
        head, width = (8, 20) if self.big else (2, 12)
        raw = self.data[at : at + head]
        if at < 8 or len(raw) < head:
            raise TiffError("a directory lies outside")
        count = int.from_bytes(raw, "little" if self.order == "<" else "big")
        body = self.data[at + head : at + head + count * width] if count <= _MAX_ENTRIES else b""
        if len(body) < count * width or count > _MAX_ENTRIES:
            raise TiffError("a directory is cut off")
        found = (self._entry(body, index * width, at + head) for index in range(count))
        next_at = at + head + count * width
        return Ifd(at, tuple(e for e in found if e is not None), next_at, self._offset(next_at))

    def _offset(self, at: int) -> int:
        raw = self.data[at : at + (8 if self.big else 4)]
        return int.from_bytes(raw, "little" if self.order == "<" else "big")

    def _entry(self, body: bytes, at: int, base: int) -> Entry | None:
        tag, kind = struct.unpack_from(self.order + "HH", body, at)
        code, inline = ("Q", 8) if self.big else ("I", 4)
        (count,) = struct.unpack_from(self.order + code, body, at + 4)
        size = SIZES.get(kind, 1) * count
        offset = base + at + 4 + inline
        if size > inline:
            (offset,) = struct.unpack_from(self.order + code, body, at + 4 + inline)
        if kind not in SIZES or offset + size > len(self.data):
            return None
        return Entry(tag, kind, count, base + at, offset, size)

    def value(self, entry: Entry) -> bytes:
        """Return an entry's value as raw bytes."""
        return self.data[entry.offset : entry.offset + entry.size]

    def numbers(self, entry: Entry | None) -> tuple[int, ...]:
        """Return an integer entry's values; nothing for another type or no entry."""
        if entry is None or entry.type not in _CODES:
            return ()
        return struct.unpack(f"{self.order}{entry.count}{_CODES[entry.type]}", self.value(entry))

    def number(self, ifd: Ifd, tag: int, default: int = 0) -> int:
        """Return a tag's first integer, or the default."""
        found = self.numbers(ifd.get(tag))
        return found[0] if found else default

    def ratio(self, ifd: Ifd, tag: int) -> float | None:
        """Return an unsigned rational tag's first value, or None."""
        entry = ifd.get(tag)
        if entry is None or entry.type != 5 or entry.count < 1:
            return None
        above, below = struct.unpack_from(self.order + "II", self.value(entry))
        return above / below if below else None


def read_tiff(data: ByteSource) -> Tiff:
    """Return the header's facts.

    Raises:
        TiffError: no TIFF header.
    """
    head = data[0:16]
    order = {b"II": "<", b"MM": ">"}.get(head[:2])
    if order is None or len(head) < 8:
        raise TiffError("no TIFF header")
    (version,) = struct.unpack_from(order + "H", head, 2)
    if version == 43 and len(head) >= 16:
        return Tiff(data, order, struct.unpack_from(order + "Q", head, 8)[0], big=True)
    # Olympus, Panasonic and Leica write other versions into the EXIF of their files.
    if version not in (42, 0x4F52, 0x5352, 0x55):
        raise TiffError("no TIFF header")
    return Tiff(data, order, struct.unpack_from(order + "I", head, 4)[0])
