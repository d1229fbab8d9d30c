"""IPTC-IIM and the Photoshop resource block that carries it in JPEG and TIFF."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

IIM = 0x0404
_DIGEST = 0x0425
_COPIES = {0x0409, 0x040C, 0x040F, 0x0422, 0x0423, 0x0424}
"""Thumbnails of the picture before the edit, and copies of profile, EXIF and XMP."""
_LOCATION = {26, 27, 90, 92, 95, 100, 101}
"""Record 2 datasets: content location code and name, city, sublocation, state, country."""


@dataclass(frozen=True)
class Resource:
    """One record of a Photoshop resource block."""

    id: int
    name: bytes
    body: bytes
    kind: bytes = b"8BIM"


def resources(block: bytes) -> Iterator[Resource]:
    """Yield the records of a block; a broken tail ends it silently, as Photoshop does."""
    at = 0
    while at + 12 <= len(block):
        kind, number = block[at : at + 4], int.from_bytes(block[at + 4 : at + 6], "big")
        if kind not in (b"8BIM", b"MeSa", b"AgHg", b"PHUT", b"DCSR"):
            return
        name_size = block[at + 6]
        body_at = at + 6 + (name_size + 2) // 2 * 2
        size = int.from_bytes(block[body_at : body_at + 4], "big")
        start = body_at + 4
        if start + size > len(block):
            return
        name = block[at + 7 : at + 7 + name_size]
        yield Resource(number, name, block[start : start + size], kind)
        at = start + size + size % 2


def pack(records: list[Resource]) -> bytes | None:
    """Return records as a block; None for none."""
    parts = []
    for record in records:
        name = bytes((len(record.name),)) + record.name
        name += b"\0" * (len(name) % 2)
        body = record.body + b"\0" * (len(record.body) % 2)
        head = record.kind + struct.pack(">H", record.id) + name
        parts += [head, struct.pack(">I", len(record.body)), body]
    return b"".join(parts) or None


def clean_block(block: bytes) -> bytes | None:
    """Return the block without the old picture's thumbnails and copies of other metadata."""
    return pack([record for record in resources(block) if record.id not in _COPIES])


def block_of(iim: bytes) -> bytes | None:
    """Return a resource block that holds just these IIM datasets."""
    return pack([Resource(IIM, b"", iim)]) if iim else None


def iim_of(block: bytes | None) -> bytes | None:
    """Return the IIM datasets of a block, or None."""
    found = [record.body for record in resources(block or b"") if record.id == IIM]
    return found[0] if found else None


def without_location(block: bytes | None) -> bytes | None:
    """Return the block without place names; datasets that cannot be read are dropped with them."""
    kept = []
    for record in resources(block or b""):
        if record.id == IIM:
            kept.append(Resource(IIM, record.name, b"".join(_placeless(record.body))))
        elif record.id != _DIGEST:
            kept.append(record)
    return pack(kept)


def _placeless(iim: bytes) -> Iterator[bytes]:
    at = 0
    while at + 5 <= len(iim) and iim[at] == 0x1C:
        record, dataset = iim[at + 1], iim[at + 2]
        size = int.from_bytes(iim[at + 3 : at + 5], "big")
        start = at + 5
        if size & 0x8000:
            count = size & 0x7FFF
            size = int.from_bytes(iim[start : start + count], "big")
            start += count
        if start + size > len(iim):
            return
        if not (record == 2 and dataset in _LOCATION):
            yield iim[at : start + size]
        at = start + size
