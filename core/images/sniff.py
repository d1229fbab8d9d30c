"""Telling a file's format by its first bytes; its name is not asked."""

from __future__ import annotations

from core.errors import ImageReadError
from core.images import refusals
from core.images.photo import Container
from core.images.source import looks_like_text

_TIFF = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
_RAW_HEADS = (b"FUJIFILMCCD-RAW", b"IIRO", b"IIRS", b"MMOR", b"IIU\0", b"FOVb", b"\0MRM")
_OTHERS = (
    (b"%!PS", "an EPS drawing"),
    (b"\xc5\xd0\xd3\xc6", "an EPS drawing"),
    (b"%PDF", "a PDF document"),
    (b"PK\x03\x04", "a ZIP archive or office document"),
    (b"\x1f\x8b", "a compressed archive"),
    (b"\x7fELF", "a program"),
    (b"MZ", "a program"),
    (b"SQLite format 3", "a database"),
    (b"\x1aE\xdf\xa3", "a film"),
    (b"ID3", "a sound file"),
)
_OTHER_PICTURES = (
    (b"8BPS", "a Photoshop document"),
    (b"\xff\x0a", "a JPEG XL picture"),
    (b"\0\0\0\x0cJXL ", "a JPEG XL picture"),
    (b"\0\0\0\x0cjP  ", "a JPEG 2000 picture"),
    (b"\xff\x4f\xff\x51", "a JPEG 2000 picture"),
    (b"v/1\x01", "an OpenEXR picture"),
    (b"#?RADIANCE", "a Radiance HDR picture"),
    (b"SIMPLE  =", "a FITS picture"),
    (b"gimp xcf", "a GIMP document"),
    (b"II\xbc", "a JPEG XR picture"),
)
_DIB_SIZES = {12, 40, 52, 56, 64, 108, 124}
_AVIF_BRANDS = {b"avif", b"avis"}
_HEIC_BRANDS = {b"heic", b"heix", b"hevc", b"heim", b"heis", b"mif1", b"msf1"}


def container_of(name: str, head: bytes) -> Container:
    """Return the format of a file that begins with `head` (the first 4096 bytes, or all).

    Raises:
        ImageReadError: not_an_image, unsupported_mode, animated (GIF).
    """
    if head.startswith(b"\xff\xd8\xff"):
        return Container.JPEG
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return Container.PNG
    if head.startswith(_RAW_HEADS) or (head[:2] in (b"II", b"MM") and head[6:10] == b"HEAP"):
        return Container.RAW
    if head.startswith(_TIFF):
        return Container.RAW if head[8:10] == b"CR" else Container.TIFF
    if head.startswith(b"RIFF") and head[8:12] == b"WEBP":
        return Container.WEBP
    if head[4:8] == b"ftyp":
        return _by_brand(name, head)
    if head.startswith(b"BM") and head[15:18] == b"\0\0\0" and head[14] in _DIB_SIZES:
        return Container.BMP
    raise _refusal(name, head)


def _by_brand(name: str, head: bytes) -> Container:
    size = min(int.from_bytes(head[:4], "big"), 256)
    brands = {head[8:12]} | {head[at : at + 4] for at in range(16, size, 4)}
    if brands & _AVIF_BRANDS:
        return Container.AVIF
    if b"crx " in brands:
        return Container.RAW
    if brands & _HEIC_BRANDS:
        return Container.HEIC
    raise refusals.not_an_image(name, "a film or sound file")


def _refusal(name: str, head: bytes) -> ImageReadError:
    if head.startswith((b"GIF87a", b"GIF89a")):
        return refusals.animated(name, "a GIF, a format for animations and drawings")
    if len(head) < 16 and _begins_a_picture(head):
        return refusals.truncated(name)
    for magic, what in _OTHERS:
        if head.startswith(magic):
            return refusals.not_an_image(name, what)
    for magic, what in _OTHER_PICTURES:
        if head.startswith(magic):
            return refusals.unsupported(name, what)
    if looks_like_text(head):
        return refusals.not_an_image(name, "text")
    if not any(head):
        return refusals.not_an_image(name, "nothing but zeros (a failed copy)")
    return refusals.not_an_image(name, "something else")


def _begins_a_picture(head: bytes) -> bool:
    begins = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"RIFF", b"BM", *_TIFF)
    return any(whole.startswith(head) or head.startswith(whole) for whole in begins)
