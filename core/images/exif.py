"""Changing an EXIF block in place, so that nothing moves: a MakerNote's offsets count from the
block's start, and a block that is written anew breaks them. What is new is appended.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass

from core.images.ifd import Entry, Ifd, Tiff, TiffError, read_tiff

ORIENTATION = 0x0112
EXIF_IFD = 0x8769
GPS_IFD = 0x8825
MAKER_NOTE = 0x927C
USER_COMMENT = 0x9286
_WIDTHS = {0xA002, 0x0100}
_HEIGHTS = {0xA003, 0x0101}
_THUMBNAIL, _THUMBNAIL_SIZE = 0x0201, 0x0202
_XMP_TAG, _IPTC_TAG, _PHOTOSHOP_TAG, _ICC_TAG = 0x02BC, 0x83BB, 0x8649, 0x8773
_STALE = (_XMP_TAG, _IPTC_TAG, _PHOTOSHOP_TAG, _ICC_TAG)
_UNICODE = b"UNICODE\0"
MAX_BLOCK = 65527

Thumbnail = Callable[[int], bytes]


@dataclass(frozen=True)
class Change:
    """What becomes of a block: the upright size, the thumbnail, the comment, the place.

    `thumbnail` makes a JPEG of at most that many bytes (b"" where it cannot); None takes an
    embedded one out. `comment` goes in only where the photograph has none.
    """

    width: int
    height: int
    thumbnail: Thumbnail | None = None
    comment: str = ""
    keep_location: bool = True
    drop_orientation: bool = False


def read_orientation(block: bytes | None) -> int:
    """Return the orientation of an EXIF block, 1 when it has none or says nonsense."""
    if not block:
        return 1
    try:
        tiff = read_tiff(block)
        found = tiff.number(tiff.ifd(tiff.first), ORIENTATION, 1)
    except TiffError:
        return 1
    return found if 1 <= found <= 8 else 1


def read_comment(block: bytes | None) -> str:
    """Return the EXIF user comment as text, empty when there is none."""
    try:
        tiff = read_tiff(block or b"")
        entry = _sub_ifd(tiff, tiff.ifd(tiff.first), EXIF_IFD).get(USER_COMMENT)
    except (TiffError, AttributeError):
        return ""
    return _comment_text(tiff.value(entry), tiff.order) if entry else ""


def read_ascii(block: bytes | None, tag: int) -> str:
    """Return a text tag of the main directory, empty when there is none."""
    try:
        tiff = read_tiff(block or b"")
        entry = tiff.ifd(tiff.first).get(tag)
    except TiffError:
        return ""
    if entry is None or entry.type not in (2, 7, 129):
        return ""
    return tiff.value(entry).partition(b"\0")[0].decode("utf-8", "replace").strip()


def is_adobe_rgb(block: bytes | None) -> bool:
    """Say whether EXIF names Adobe RGB as DCF cameras do: interoperability index R03."""
    try:
        tiff = read_tiff(block or b"")
        exif = _sub_ifd(tiff, tiff.ifd(tiff.first), EXIF_IFD)
        interop = _sub_ifd(tiff, exif, 0xA005)
        entry = interop.get(1)
    except TiffError:
        return False
    return entry is not None and tiff.value(entry)[:3] == b"R03"


def _sub_ifd(tiff: Tiff, ifd: Ifd, tag: int) -> Ifd:
    at = tiff.number(ifd, tag)
    if not at:
        raise TiffError("no such directory")
    return tiff.ifd(at)


def _comment_text(value: bytes, order: str) -> str:
    charset, body = value[:8], value[8:]
    if charset == _UNICODE:
        guesses = ("utf-16-be", "utf-16-le") if order == ">" else ("utf-16-le", "utf-16-be")
        texts = [body.decode(guess, "replace") for guess in guesses]
        # Programs disagree on the byte order; the right reading has far fewer foreign letters.
        text = min(texts, key=lambda text: sum(letter > "\u024f" for letter in text))
    else:
        text = body.decode("utf-8", "replace")
    return text.replace("\ufeff", "").strip("\0 \t\r\n")


def changed(block: bytes, change: Change) -> bytes | None:
    """Return the block for the edited photograph; None when nothing safe can be kept.

    A block that cannot be read at all is kept as it is, unless the place must go: then it goes.
    """
    try:
        editor = _Editor(block)
    except TiffError:
        return block if change.keep_location else None
    editor.apply(change)
    return bytes(editor.data) if editor.main().entries else None


def created(comment: str) -> bytes:
    """Return a new block that holds just a user comment."""
    block = struct.pack(">2sHIH", b"MM", 42, 8, 1)
    block += struct.pack(">HHII", EXIF_IFD, 4, 1, 26) + bytes(4)
    value = encode_comment(comment)
    block += struct.pack(">H", 1) + struct.pack(">HHII", USER_COMMENT, 7, len(value), 44)
    return block + bytes(4) + value


def encode_comment(text: str) -> bytes:
    """Return text as a user comment; big-endian, as the programs that read `parameters` expect."""
    return _UNICODE + text.encode("utf-16-be")


class _Editor:
    """One block under change. Directories that cannot be read are left alone."""

    def __init__(self, block: bytes) -> None:
        self.data = bytearray(block)
        self.order = read_tiff(block).order
        if read_tiff(block).big:
            raise TiffError("BigTIFF is no EXIF block")
        self.main()

    def tiff(self) -> Tiff:
        return read_tiff(_View(self.data))

    def main(self) -> Ifd:
        tiff = self.tiff()
        return tiff.ifd(tiff.first)

    def sub(self, ifd: Ifd, tag: int) -> Ifd | None:
        try:
            return _sub_ifd(self.tiff(), ifd, tag)
        except TiffError:
            return None

    def apply(self, change: Change) -> None:
        for tag in _STALE:
            self.remove(self.main(), tag)
        if not change.keep_location:
            self.remove_location()
        if change.drop_orientation:
            self.remove(self.main(), ORIENTATION)
        self.resize(self.main(), change)
        exif = self.sub(self.main(), EXIF_IFD)
        if exif is not None:
            self.resize(exif, change)
        self.replace_thumbnail(change.thumbnail)
        if change.comment:
            self.add_comment(change.comment)

    def resize(self, ifd: Ifd, change: Change) -> None:
        for entry in ifd.entries:
            if entry.tag == ORIENTATION:
                self.set_upright(entry)
            elif entry.tag in _WIDTHS:
                self.set_number(entry, change.width)
            elif entry.tag in _HEIGHTS:
                self.set_number(entry, change.height)

    def set_number(self, entry: Entry, value: int) -> None:
        code = {3: "H", 4: "I"}.get(entry.type)
        if code is None or entry.count != 1:
            return
        if code == "H" and value > 0xFFFF:
            # The four inline bytes hold a LONG as well as a SHORT.
            struct.pack_into(self.order + "H", self.data, entry.at + 2, 4)
            code = "I"
        struct.pack_into(self.order + code, self.data, entry.offset, value)

    def remove(self, ifd: Ifd, tag: int) -> None:
        """Take a tag out of its directory and blank its value; nothing else moves."""
        entry = ifd.get(tag)
        if entry is None:
            return
        if entry.size > 4:
            self.blank(entry.offset, entry.size)
        end = ifd.next_at + 4
        self.data[entry.at : end] = self.data[entry.at + 12 : end] + bytes(12)
        (count,) = struct.unpack_from(self.order + "H", self.data, ifd.at)
        struct.pack_into(self.order + "H", self.data, ifd.at, count - 1)

    def blank(self, at: int, size: int) -> None:
        """Zero a value, unless a false offset would blank the header or a main directory."""
        main = self.main()
        exif = self.sub(main, EXIF_IFD)
        kept = [(0, 8)] + [(ifd.at, ifd.next_at + 4) for ifd in (main, exif) if ifd is not None]
        if exif is not None and (note := exif.get(MAKER_NOTE)):
            kept.append((note.offset, note.offset + note.size))
        if all(at + size <= start or at >= stop for start, stop in kept):
            self.data[at : at + size] = bytes(len(self.data[at : at + size]))

    def remove_location(self) -> None:
        main = self.main()
        places = self.sub(main, GPS_IFD)
        self.remove(main, GPS_IFD)
        for entry in places.entries if places is not None else ():
            if entry.size > 4:
                self.blank(entry.offset, entry.size)
        if places is not None:
            self.blank(places.at, places.next_at + 4 - places.at)

    def replace_thumbnail(self, make: Thumbnail | None) -> None:
        main = self.main()
        try:
            second = self.tiff().ifd(main.next) if main.next else None
        except TiffError:
            second = None
        if second is None or second.at == main.at:
            return
        tiff = self.tiff()
        offset, size = second.get(_THUMBNAIL), second.get(_THUMBNAIL_SIZE)
        start, length = tiff.number(second, _THUMBNAIL), tiff.number(second, _THUMBNAIL_SIZE)
        is_jpeg = offset is not None and size is not None and start + length <= len(self.data)
        if is_jpeg and bytes(self.data[start : start + 2]) == b"\xff\xd8":
            self.blank(start, length)
            room = MAX_BLOCK - len(self.data)
            fresh = make(max(room, length)) if make else b""
            if offset and size and fresh and len(fresh) <= max(room, length):
                self.put_thumbnail(fresh, start, length, (offset, size))
                self.orient(second)
                return
        struct.pack_into(self.order + "I", self.data, main.next_at, 0)

    def put_thumbnail(
        self, fresh: bytes, start: int, length: int, entries: tuple[Entry, Entry]
    ) -> None:
        at = start
        if len(fresh) <= length and not any(self.data[start : start + length]):
            self.data[start : start + len(fresh)] = fresh
        else:
            at = self.append(fresh)
        self.set_number(entries[0], at)
        self.set_number(entries[1], len(fresh))

    def orient(self, ifd: Ifd) -> None:
        entry = ifd.get(ORIENTATION)
        if entry is not None:
            self.set_upright(entry)

    def set_upright(self, entry: Entry) -> None:
        struct.pack_into(self.order + "HIHH", self.data, entry.at + 2, 3, 1, 1, 0)

    def append(self, value: bytes) -> int:
        self.data += bytes(len(self.data) % 2)
        at = len(self.data)
        self.data += value
        return at

    def add_comment(self, text: str) -> None:
        value = encode_comment(text)
        main = self.main()
        if len(self.data) + len(value) + 4096 > MAX_BLOCK:
            return
        exif = self.sub(main, EXIF_IFD)
        if exif is None:
            at = self.append(self.directory((), self.record(USER_COMMENT, 7, value)))
            self.repoint_main(self.record(EXIF_IFD, 4, struct.pack(self.order + "I", at)))
            return
        entry = exif.get(USER_COMMENT)
        if entry is not None:
            if _comment_text(self.tiff().value(entry), self.order):
                return
            at = self.append(value)
            struct.pack_into(self.order + "HII", self.data, entry.at + 2, 7, len(value), at)
            return
        moved = self.append(self.directory(exif.entries, self.record(USER_COMMENT, 7, value)))
        pointer = main.get(EXIF_IFD)
        if pointer is not None:
            self.set_number(pointer, moved)

    def record(self, tag: int, kind: int, value: bytes) -> bytes:
        count = len(value) if kind == 7 else 1
        place = value if len(value) == 4 else struct.pack(self.order + "I", self.append(value))
        return struct.pack(self.order + "HHI", tag, kind, count) + place

    def directory(self, entries: tuple[Entry, ...], added: bytes, following: int = 0) -> bytes:
        records = [bytes(self.data[entry.at : entry.at + 12]) for entry in entries] + [added]
        records.sort(key=lambda record: struct.unpack_from(self.order + "H", record)[0])
        head = struct.pack(self.order + "H", len(records))
        return head + b"".join(records) + struct.pack(self.order + "I", following)

    def repoint_main(self, added: bytes) -> None:
        main = self.main()
        at = self.append(self.directory(main.entries, added, main.next))
        struct.pack_into(self.order + "I", self.data, 4, at)


class _View:
    """A bytearray as a ByteSource whose slices are bytes."""

    def __init__(self, data: bytearray) -> None:
        self._data = data

    def __len__(self) -> int:
        return len(self._data)

    def __getitem__(self, part: slice, /) -> bytes:
        return bytes(self._data[part])
