"""The texts that image programs write into pictures, raw: recipes, graphs, notes."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from core.images.decode import read_metadata
from core.images.exif import read_ascii, read_comment
from core.images.metadata import regrain_properties
from core.images.photo import Metadata
from core.images.source import opened, read_whole

MAX_TEXT = 4 << 20
"""Letters of one text that are handed on; the largest graphs known have a few hundred thousand."""

_ASCII_TAGS = {"ImageDescription": 0x010E, "Make": 0x010F, "Model": 0x0110, "Software": 0x0131}


@dataclass(frozen=True)
class PictureTexts:
    """What programs left in a picture.

    Attributes:
        texts: by keyword: PNG text as it stands, `UserComment` and other EXIF text by its tag's
            name, `Comment` of a JPEG.
        regrain: Regrain's own XMP properties.
        file_sha256: of the file's bytes, by which the library finds its own results.
    """

    texts: dict[str, str] = field(default_factory=dict)
    regrain: dict[str, str] = field(default_factory=dict)
    file_sha256: str = ""


def read_texts(path: Path) -> PictureTexts:
    """Return the texts in a picture; no pixel is decoded.

    Raises:
        ImageReadError: as `core.images.decode.probe`, and too_large.
    """
    metadata = read_metadata(path)
    with opened(path) as (fd, status):
        _, digest = read_whole(path, fd, status)
    texts = {name: text[:MAX_TEXT] for name, text in _all_texts(metadata).items() if text}
    return PictureTexts(texts, regrain_properties(metadata), digest)


def _all_texts(metadata: Metadata) -> dict[str, str]:
    found = {name: read_ascii(metadata.exif, tag) for name, tag in _ASCII_TAGS.items()}
    found["UserComment"] = read_comment(metadata.exif)
    if metadata.comment:
        found["Comment"] = metadata.comment.decode("utf-8", "replace").strip("\0")
    # Of several texts with one keyword the first counts, as for the programs that wrote them.
    found |= {name: _as_utf_8(text) for name, text in reversed(metadata.text)}
    return found


def _as_utf_8(text: str) -> str:
    """Return UTF-8 that was written where PNG wants Latin-1; other text as it is, made valid."""
    try:
        return text.encode("latin-1").decode("utf-8")
    except UnicodeError:
        return text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
