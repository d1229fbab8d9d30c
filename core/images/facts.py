"""What a photograph says of itself, in lines for people: camera, exposure, date, colours."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from core.images import profiles
from core.images.decode import probe, read_extras
from core.images.exif import EXIF_IFD, GPS_IFD, is_adobe_rgb
from core.images.ifd import Ifd, Tiff, TiffError, read_tiff
from core.images.photo import Container, Extras, PhotoInfo

_MAKE, _MODEL, _DATE, _SOFTWARE = 0x010F, 0x0110, 0x0132, 0x0131
_EXPOSURE, _APERTURE, _ISO, _TAKEN = 0x829A, 0x829D, 0x8827, 0x9003
_FOCAL_LENGTH, _FOCAL_LENGTH_35, _LENS = 0x920A, 0xA405, 0xA434
_LATITUDE = 2
_SHORTEST_PLAIN = 0.4
"""Seconds from which exposures are written as a number and not as a fraction."""

_FORMATS = {
    Container.JPEG: "JPEG", Container.PNG: "PNG", Container.TIFF: "TIFF", Container.WEBP: "WebP",
    Container.BMP: "BMP", Container.AVIF: "AVIF", Container.HEIC: "HEIC", Container.RAW: "Raw",
}  # fmt: skip


@dataclass(frozen=True)
class PhotoFacts:
    """What is known of a photograph without decoding it. Size in pixels, upright.

    `lines` are (label, value) in the order they are shown; a label stands only where it is known.
    """

    width: int
    height: int
    bytes: int
    has_place: bool
    lines: tuple[tuple[str, str], ...]


def read_facts(path: Path) -> PhotoFacts:
    """Read a photograph's facts from its header and metadata.

    Raises:
        ImageReadError: as `core.images.decode.probe`.
    """
    info, extras, size = probe(path), read_extras(path), path.stat().st_size
    block = _Block(extras.metadata.exif)
    lines = [
        ("Size", _size_line(info)),
        ("File", f"{_FORMATS[info.container]}, {readable_bytes(size)}"),
        ("Colours", _colours(info, extras)),
        *((label, read(block)) for label, read in _CAMERA_LINES),
        ("Place", "recorded (GPS)" if block.has_place else ""),
    ]
    shown = tuple((label, value) for label, value in lines if value)
    return PhotoFacts(info.width, info.height, size, block.has_place, shown)


def readable_bytes(count: int) -> str:
    """Return a file size as people say it: `8.4 MB`."""
    for unit, name in ((10**9, "GB"), (10**6, "MB"), (10**3, "KB")):
        if count >= unit:
            return f"{count / unit:.1f} {name}"
    return f"{count} bytes"


def profile_name(icc: bytes | None) -> str:
    """Return the name that a colour profile gives itself; empty for none."""
    tag = profiles.tags(icc).get(b"desc", b"") if icc and len(icc) >= 132 else b""
    if tag[:4] == b"desc":
        length = int.from_bytes(tag[8:12], "big")
        return tag[12 : 12 + length].partition(b"\0")[0].decode("latin-1").strip()
    if tag[:4] == b"mluc" and len(tag) >= 28:
        length, start = (int.from_bytes(tag[at : at + 4], "big") for at in (20, 24))
        return tag[start : start + length].decode("utf-16-be", "replace").strip("\0 ")
    return ""


def _size_line(info: PhotoInfo) -> str:
    megapixels = info.width * info.height / 1e6
    return f"{info.width} x {info.height} ({megapixels:.1f} megapixels)"


def _colours(info: PhotoInfo, extras: Extras) -> str:
    name = profile_name(extras.icc)
    if not name and is_adobe_rgb(extras.metadata.exif):
        name = "Adobe RGB (1998)"
    if not name:
        name = "a profile without a name" if extras.icc else "no profile, shown as sRGB"
    return f"{info.mode}, {info.bits} bits, {name}"


class _Block:
    """An EXIF block that answers for each tag, with nothing where it cannot be read."""

    def __init__(self, raw: bytes | None) -> None:
        self._tiff: Tiff | None = None
        self._ifds: list[Ifd] = []
        self.has_place = False
        try:
            self._tiff = tiff = read_tiff(raw or b"")
            main = tiff.ifd(tiff.first)
            self._ifds = [main]
            self._ifds += self._below(tiff, main, EXIF_IFD)
            self.has_place = any(i.get(_LATITUDE) for i in self._below(tiff, main, GPS_IFD))
        except TiffError:
            pass

    @staticmethod
    def _below(tiff: Tiff, ifd: Ifd, tag: int) -> list[Ifd]:
        at = tiff.number(ifd, tag)
        try:
            return [tiff.ifd(at)] if at else []
        except TiffError:
            return []

    def text(self, tag: int) -> str:
        for ifd in self._ifds:
            entry = ifd.get(tag)
            if self._tiff is not None and entry is not None and entry.type in (2, 129):
                value = self._tiff.value(entry).partition(b"\0")[0]
                return " ".join(value.decode("utf-8", "replace").split())
        return ""

    def number(self, tag: int) -> float:
        """Return a whole or broken number; 0 where there is none."""
        for ifd in self._ifds:
            if self._tiff is not None and ifd.get(tag) is not None:
                return self._tiff.number(ifd, tag) or self._tiff.ratio(ifd, tag) or 0.0
        return 0.0


def _camera(block: _Block) -> str:
    make, model = block.text(_MAKE), block.text(_MODEL)
    # Most makers write their name into the model as well: "Canon", "Canon EOS 5D".
    first = make.split(" ")[0].casefold()
    return model if first and model.casefold().startswith(first) else f"{make} {model}".strip()


def _exposure(block: _Block) -> str:
    seconds, aperture = block.number(_EXPOSURE), block.number(_APERTURE)
    time = ""
    if seconds > 0:
        plain = seconds >= _SHORTEST_PLAIN
        time = f"{seconds:g} s" if plain else f"1/{round(1 / seconds)} s"
    return ", ".join(part for part in (time, f"f/{aperture:g}" if aperture > 0 else "") if part)


def _iso(block: _Block) -> str:
    return f"{block.number(_ISO):.0f}" if block.number(_ISO) > 0 else ""


def _focal_length(block: _Block) -> str:
    own, like = block.number(_FOCAL_LENGTH), block.number(_FOCAL_LENGTH_35)
    if own <= 0:
        return ""
    return f"{own:g} mm" + (f" (like {like:g} mm)" if like > 0 and like != own else "")


def _taken(block: _Block) -> str:
    """Return `2024-06-01 12:30:00` for EXIF's `2024:06:01 12:30:00`."""
    text = block.text(_TAKEN) or block.text(_DATE)
    day, _, time = text.partition(" ")
    return f"{day.replace(':', '-')} {time}".strip() if any(map(str.isdigit, day)) else ""


_CAMERA_LINES: tuple[tuple[str, Callable[[_Block], str]], ...] = (
    ("Camera", _camera),
    ("Lens", lambda block: block.text(_LENS)),
    ("Exposure", _exposure),
    ("ISO", _iso),
    ("Focal length", _focal_length),
    ("Taken", _taken),
    ("Software", lambda block: block.text(_SOFTWARE)),
)
