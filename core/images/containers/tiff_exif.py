"""The EXIF of a TIFF file, whose directories are the file's own, taken out as a block."""

from __future__ import annotations

import struct
from dataclasses import dataclass

from core.images.exif import EXIF_IFD, GPS_IFD, MAKER_NOTE, MAX_BLOCK
from core.images.ifd import Entry, Ifd, Tiff, TiffError

STRUCTURE = frozenset(
    {*range(254, 260), *range(262, 267), 273, 274, 277, 278, 279, 280, 281, 284, *range(288, 294),
     297, 301, *range(317, 326), 326, 327, 328, 330, *range(332, 348), *range(512, 522),
     *range(529, 533), 700, 32781, *range(32995, 32999), 33421, 33422, 33723, 34377, 34675,
     37724, *range(50706, 50782), *range(50827, 51200)}
)  # fmt: skip
"""Tags that describe how pixels lie in the file, how a DNG is developed, or hold blocks
that are carried by themselves."""
_INTEROP = 0xA005
_POINTERS = (EXIF_IFD, GPS_IFD, _INTEROP)
_MAX_VALUE = 60_000


@dataclass(frozen=True)
class _Tag:
    tag: int
    type: int
    count: int
    value: bytes
    source: int = 0


def extract_exif(tiff: Tiff, page: Ifd) -> bytes | None:
    """Return camera, exposure and place of a page as an EXIF block, or None when there is none.

    A MakerNote stays at the position it had, where that lies in reach, because its own offsets
    may count from the file's start.
    """
    main = [tag for tag in _tags(tiff, page) if tag.tag not in STRUCTURE]
    children: dict[int, list[_Tag]] = {}
    for tag, parent in ((EXIF_IFD, page), (GPS_IFD, page)):
        found = _child(tiff, parent, tag)
        if found is not None:
            children[tag] = _tags(tiff, found)
            inner = _child(tiff, found, _INTEROP) if tag == EXIF_IFD else None
            if inner is not None:
                children[_INTEROP] = _tags(tiff, inner)
    if not main and not children:
        return None
    return _Block(tiff.order, children).build(main)


def _child(tiff: Tiff, parent: Ifd, tag: int) -> Ifd | None:
    try:
        return tiff.ifd(tiff.number(parent, tag)) if parent.get(tag) else None
    except TiffError:
        return None


def _tags(tiff: Tiff, ifd: Ifd) -> list[_Tag]:
    return [
        _Tag(entry.tag, entry.type, entry.count, tiff.value(entry), entry.offset)
        for entry in ifd.entries
        if entry.tag not in _POINTERS and _portable(entry)
    ]


def _portable(entry: Entry) -> bool:
    return entry.type < 14 and entry.size <= _MAX_VALUE


class _Block:
    """Lays tags out around a pinned MakerNote."""

    def __init__(self, order: str, children: dict[int, list[_Tag]]) -> None:
        self.order = order
        self.children = children
        self.data = bytearray(8)
        notes = [tag for tag in children.get(EXIF_IFD, []) if tag.tag == MAKER_NOTE]
        self.pinned = (0, 0)
        if (
            notes
            and notes[0].source >= 8
            and notes[0].source + len(notes[0].value) < MAX_BLOCK // 2
        ):
            self.pinned = (notes[0].source, notes[0].source + len(notes[0].value))
        self.at = 8

    def build(self, main: list[_Tag]) -> bytes:
        exif = self.children.get(EXIF_IFD)
        if exif is not None and _INTEROP in self.children:
            exif.append(self.pointer(_INTEROP, self.children[_INTEROP]))
        parts = [tag for tag in (EXIF_IFD, GPS_IFD) if tag in self.children]
        main = main + [self.pointer(tag, self.children[tag]) for tag in parts]
        first = self.directory(main)
        sign = b"II" if self.order == "<" else b"MM"
        self.data[:8] = sign + struct.pack(self.order + "HI", 42, first)
        return bytes(self.data)

    def pointer(self, tag: int, tags: list[_Tag]) -> _Tag:
        return _Tag(tag, 4, 1, struct.pack(self.order + "I", self.directory(tags)))

    def place(self, value: bytes, at: int | None = None) -> int:
        if at is None:
            at = self.at + self.at % 2
            start, stop = self.pinned
            if at < stop and at + len(value) > start:
                at = stop + stop % 2
            self.at = at + len(value)
        if len(self.data) < at + len(value):
            self.data += bytes(at + len(value) - len(self.data))
        self.data[at : at + len(value)] = value
        return at

    def directory(self, tags: list[_Tag]) -> int:
        records = []
        for tag in sorted(tags, key=lambda tag: tag.tag):
            value = tag.value.ljust(4, b"\0")
            if len(tag.value) > 4:
                pin = self.pinned[0] if tag.tag == MAKER_NOTE and self.pinned[1] else None
                value = struct.pack(self.order + "I", self.place(tag.value, pin))
            records.append(struct.pack(self.order + "HHI", tag.tag, tag.type, tag.count) + value)
        head = struct.pack(self.order + "H", len(records))
        return self.place(head + b"".join(records) + bytes(4))
