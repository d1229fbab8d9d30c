"""Whether a picture's file looks complete, by its container alone: no pixel is decoded."""

from __future__ import annotations

import struct

from core.images.source import ByteSource

_EDGE = 1 << 16
_BLANK = 4096
_FEW = 64
_MOST_BOXES = 10_000
# Phones put a film behind the picture, which then does not end where its file does.
_WITH_FILM = (b"MotionPhoto", b"MicroVideo")


def looks_whole(source: ByteSource) -> bool:
    """Return False for what was surely not written to its end.

    Preallocated files filled from the front, and copies that stalled. What is of no known kind is
    whole: decoding says what it is.
    """
    head = source[0:_EDGE]
    if not head.strip(b"\0"):
        return False
    if head.startswith(b"\xff\xd8"):
        return _jpeg(source, head)
    if head.startswith(b"\x89PNG"):
        return b"IEND\xaeB`\x82" in source[max(0, len(source) - _EDGE) : len(source)]
    if head.startswith(b"RIFF") and head[8:12] == b"WEBP":
        return _says(head, "<I", 4) + 8 <= len(source) and not _blank_end(source)
    if head.startswith(b"BM"):
        return _says(head, "<I", 2) <= len(source)
    if head[:4] in (b"II*\0", b"MM\0*"):
        return _tiff(source, head)
    if head[4:8] == b"ftyp":
        return _boxes(source)
    return True


def _says(head: bytes, form: str, place: int) -> int:
    """Read one number of a header; 0 where it is cut."""
    size = struct.calcsize(form)
    part = head[place : place + size]
    return int(struct.unpack(form, part)[0]) if len(part) == size else 0


def _blank_end(source: ByteSource) -> bool:
    return not source[max(0, len(source) - _BLANK) : len(source)].strip(b"\0")


def _jpeg(source: ByteSource, head: bytes) -> bool:
    """The end mark must be there; cameras pad behind it, and some put a film there."""
    tail, start = b"", len(source)
    while not tail and start > 0:
        end, start = start, max(0, start - _EDGE)
        tail = source[start:end].rstrip(b"\0")
    if tail.endswith(b"\xff\xd9"):
        return True
    padded = len(source) - start - len(tail) > _FEW
    return not padded and (b"\xff\xd9" in tail or any(word in head for word in _WITH_FILM))


def _tiff(source: ByteSource, head: bytes) -> bool:
    """The first directory must be there: programs that write from the front write it last."""
    order = "<" if head.startswith(b"II") else ">"
    place = _says(head, order + "I", 4)
    count = source[place : place + 2]
    return place >= 8 and len(count) == 2 and struct.unpack(order + "H", count)[0] > 0


def _boxes(source: ByteSource) -> bool:
    """AVIF and HEIC: the boxes, one after the other, must end where the file does."""
    place, size = 0, len(source)
    for _ in range(_MOST_BOXES):
        if place >= size:
            return place == size
        header = source[place : place + 16]
        length = _says(header, ">I", 0)
        if length == 1:
            length = _says(header, ">Q", 8)
        elif length == 0:
            return header[4:8].strip(b"\0") != b""  # to the end of the file, if it is a box
        if length < 8:
            return False
        place += length
    return True
