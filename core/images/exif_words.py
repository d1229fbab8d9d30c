"""What a photograph's EXIF says under a name, as words: `Model` gives `X100V`."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path

from PIL.ExifTags import GPS, Base

from core.images.decode import read_extras
from core.images.exif import EXIF_IFD, GPS_IFD
from core.images.ifd import Entry, Ifd, Tiff, TiffError, read_tiff

_OTHER_NAMES = {
    "iso": "ISOSpeedRatings",
    "lens": "LensModel",
    "aperture": "FNumber",
    "date": "DateTimeOriginal",
    "camera": "Model",
}
_TEXT_TYPES = (2, 129)
_FRACTIONS = {5: "II", 10: "ii", 11: "f", 12: "d"}
_LONGEST = 200
_TAGS = {name.lower(): int(Base[name]) for name in Base.__members__}
_PLACE_TAGS = {name.lower(): int(GPS[name]) for name in GPS.__members__}


def is_exif_name(name: str) -> bool:
    """Return whether EXIF has a tag of this name, in any case."""
    plain = _OTHER_NAMES.get(name.lower(), name).lower()
    return plain in _TAGS or plain in _PLACE_TAGS


def exif_word(path: Path, name: str) -> str:
    """Return what the photograph at `path` says under a tag's name; nothing where it is silent.

    Raises:
        ImageReadError: the file cannot be read.
    """
    plain = _OTHER_NAMES.get(name.lower(), name).lower()
    block = read_extras(path).metadata.exif or b""
    try:
        tiff = read_tiff(block)
        for ifd, tags in _directories(tiff):
            entry = ifd.get(tags.get(plain, -1))
            if entry is not None:
                return _words(tiff, entry)
    except TiffError:
        return ""
    return ""


def _directories(tiff: Tiff) -> Iterator[tuple[Ifd, dict[str, int]]]:
    main = tiff.ifd(tiff.first)
    yield main, _TAGS
    for pointer, tags in ((EXIF_IFD, _TAGS), (GPS_IFD, _PLACE_TAGS)):
        at = tiff.number(main, pointer)
        if at:
            yield tiff.ifd(at), tags


def _words(tiff: Tiff, entry: Entry) -> str:
    """Return a text, whole numbers or the first fraction as words; nothing for anything else."""
    if entry.type in _TEXT_TYPES:
        text = tiff.value(entry)[:_LONGEST].partition(b"\0")[0]
        return " ".join(text.decode("utf-8", "replace").split())
    if entry.type in _FRACTIONS and entry.count:
        parts = struct.unpack_from(tiff.order + _FRACTIONS[entry.type], tiff.value(entry))
        below = parts[1] if len(parts) > 1 else 1
        return f"{parts[0] / below:g}" if below else ""
    return " ".join(str(number) for number in tiff.numbers(entry)[:4])
