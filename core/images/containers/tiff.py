"""TIFF: which page is the photograph, its pixels (tifffile), and what it carries."""

from __future__ import annotations

import io
import struct
from dataclasses import dataclass

import numpy as np
import tifffile

from core.images import iptc, refusals
from core.images.ifd import Ifd, Tiff, TiffError, read_tiff
from core.images.photo import Alpha, Extras, Metadata, Pixels, Raster
from core.images.source import ByteSource

_MAX_PAGES = 1000
_RAW_PHOTOMETRICS = {32803, 34892}
_DNG_VERSION = 50706
_MIN_WHITE, _MIN_BLACK, _RGB, _PALETTE, _MASK, _CMYK, _YCBCR = 0, 1, 2, 3, 4, 5, 6
_NAMES = {_MIN_WHITE: "grey", _MIN_BLACK: "grey", _RGB: "RGB", _PALETTE: "palette",
          _CMYK: "CMYK", _YCBCR: "RGB"}  # fmt: skip
_OTHER_SPACES = {8: "a L*a*b*", 9: "an ICC L*a*b*", 10: "an ITU L*a*b*", 32844: "a LogLuv",
                 32845: "a LogLuv"}  # fmt: skip
_CHANNELS = {_MIN_WHITE: 1, _MIN_BLACK: 1, _RGB: 3, _PALETTE: 1, _CMYK: 4, _YCBCR: 3}
_KINDS = {0: Alpha.UNSPECIFIED, 1: Alpha.ASSOCIATED, 2: Alpha.STRAIGHT}
_JPEG = {6, 7, 34892}


@dataclass(frozen=True)
class Layout:
    """The page that is the photograph, and what its tags say."""

    tiff: Tiff
    page: Ifd
    index: int
    width: int
    height: int
    bits: int
    photometric: int
    samples: int
    orientation: int
    compression: int

    @property
    def mode(self) -> str:
        """Return the pixel kind in words."""
        return _NAMES.get(self.photometric, "other")

    @property
    def has_alpha(self) -> bool:
        """Return whether there is one channel more than colours."""
        return self.samples == _CHANNELS.get(self.photometric, 0) + 1


def read_layout(name: str, data: ByteSource) -> Layout:
    """Find the photograph among the pages.

    Thumbnails, reduced copies and masks are no pages; a file with several full pages is a
    document, and editing one of them would lose the others.

    Raises:
        ImageReadError: truncated, unsupported_mode, decode_error.
    """
    try:
        tiff = read_tiff(data)
        pages = _pages(name, tiff)
    except TiffError as error:
        raise refusals.truncated(name) from error
    full = [(index, page) for index, page in enumerate(pages) if not _is_side_page(tiff, page)]
    if len(full) != 1:
        what = f"a TIFF of {len(full)} pages" if full else "a TIFF without a full picture"
        raise refusals.unsupported(name, what, "Save each page as a file of its own.")
    index, page = full[0]
    bits = tiff.numbers(page.get(258)) or (1,)
    return Layout(
        tiff, page, index,
        width=tiff.number(page, 256), height=tiff.number(page, 257), bits=max(bits),
        photometric=tiff.number(page, 262, 1), samples=tiff.number(page, 277, 1),
        orientation=_orientation(tiff.number(page, 274, 1)),
        compression=tiff.number(page, 259, 1),
    )  # fmt: skip


def _orientation(value: int) -> int:
    return value if 1 <= value <= 8 else 1


def _pages(name: str, tiff: Tiff) -> list[Ifd]:
    pages: list[Ifd] = []
    at, seen = tiff.first, set[int]()
    while at and at not in seen:
        if len(pages) >= _MAX_PAGES:
            raise refusals.unsupported(name, f"a TIFF of more than {_MAX_PAGES} pages")
        seen.add(at)
        pages.append(tiff.ifd(at))
        at = pages[-1].next
    return pages


def _is_side_page(tiff: Tiff, page: Ifd) -> bool:
    reduced_or_mask = tiff.number(page, 254) & 0b101
    return bool(reduced_or_mask) or tiff.number(page, 262) == _MASK or page.get(256) is None


def holds_raw(data: ByteSource) -> bool:
    """Say whether a TIFF is a camera's raw file: a mosaic of colours, or a DNG."""
    try:
        tiff = read_tiff(data)
        children = [tiff.ifd(tiff.first)]
    except TiffError:
        return False
    for page in children[:1]:
        for at in tiff.numbers(page.get(330))[:8]:
            try:
                children.append(tiff.ifd(at))
            except TiffError:
                continue
    return any(
        page.get(_DNG_VERSION) is not None or tiff.number(page, 262) in _RAW_PHOTOMETRICS
        for page in children
    )


def check(name: str, data: ByteSource, layout: Layout) -> None:
    """Refuse what cannot be edited without loss or guessing, and what is cut off.

    Raises:
        ImageReadError: unsupported_mode, truncated.
    """
    tiff, page = layout.tiff, layout.page
    formats = tiff.numbers(page.get(339)) or (1,)
    if 3 in formats:
        raise refusals.unsupported(
            name, f"a floating-point TIFF ({layout.bits}-bit)", "Save it as a 16-bit TIFF."
        )
    if set(formats) - {1, 4}:
        raise refusals.unsupported(name, "a TIFF of signed or complex numbers")
    if layout.bits > 16:
        raise refusals.unsupported(name, f"a {layout.bits}-bit integer TIFF")
    if len(set(tiff.numbers(page.get(258)))) > 1:
        raise refusals.unsupported(name, "a TIFF whose channels differ in depth")
    space = layout.photometric
    if space not in _CHANNELS or (space == _YCBCR and layout.compression not in _JPEG):
        what = _OTHER_SPACES.get(space, "an unusual kind of")
        raise refusals.unsupported(name, f"{what} TIFF")
    if space == _CMYK and tiff.number(page, 332, 1) != 1:
        raise refusals.unsupported(name, "a TIFF of other inks than CMYK")
    if layout.samples not in (_CHANNELS[space], _CHANNELS[space] + 1):
        raise refusals.unsupported(name, f"a TIFF of {layout.samples} channels")
    _check_segments(name, data, layout)


def _check_segments(name: str, data: ByteSource, layout: Layout) -> None:
    """Every strip or tile must lie in the file: a decoder would paint zeros instead."""
    tiff, page = layout.tiff, layout.page
    offsets = tiff.numbers(page.get(273) or page.get(324))
    counts = tiff.numbers(page.get(279) or page.get(325))
    if not offsets or len(offsets) != len(counts):
        raise refusals.truncated(name)
    if any(at + size > len(data) or not size for at, size in zip(offsets, counts, strict=True)):
        raise refusals.truncated(name)
    if len(offsets) < _segments_needed(layout):
        raise refusals.truncated(name)


def _segments_needed(layout: Layout) -> int:
    tiff, page = layout.tiff, layout.page
    planes = layout.samples if tiff.number(page, 284, 1) == 2 else 1
    across, down = tiff.number(page, 322), tiff.number(page, 323)
    if across and down:
        return -(-layout.width // across) * -(-layout.height // down) * planes
    rows = min(tiff.number(page, 278, layout.height) or 1, layout.height)
    return -(-layout.height // rows) * planes


def decode(name: str, data: bytes, layout: Layout) -> Raster:
    """Return a TIFF's pixels: 1-bit and palette as 8-bit, 9 to 15 bits spread over 16.

    Raises:
        ImageReadError: decode_error.
    """
    try:
        with tifffile.TiffFile(io.BytesIO(data)) as file:
            page = file.pages[layout.index]
            whole = page.asarray(maxworkers=1)
            if "S" in page.axes and page.axes.index("S") == 0:
                whole = np.moveaxis(whole, 0, -1)
    except MemoryError:
        raise
    except Exception as error:  # tifffile raises whatever its codecs do
        raise refusals.damaged(name, "its coded data") from error
    if whole.shape[:2] != (layout.height, layout.width):
        raise refusals.damaged(name, "its size differs from its header")
    whole = whole[..., None] if whole.ndim == 2 else whole
    pixels, alpha = _channels(layout, _spread(whole, layout.bits))
    kind = _KINDS.get((layout.tiff.numbers(layout.page.get(338)) or (0,))[0], Alpha.UNSPECIFIED)
    return Raster(
        np.ascontiguousarray(pixels), alpha, bits=layout.bits, mode=layout.mode,
        lossless=layout.compression not in _JPEG, alpha_kind=kind,
        tiff_compression=layout.compression,
    )  # fmt: skip


def _spread(whole: Pixels, bits: int) -> Pixels:
    """Return samples that fill their dtype: 12-bit values over uint16, 1 to 7 bits over uint8."""
    if whole.dtype == np.bool_:
        return whole.astype(np.uint8) * 255
    if bits in (8, 16):
        return whole
    full = 255 if bits < 8 else 65535
    wide = whole.astype(np.uint32) * full + ((1 << bits) - 1) // 2
    return (wide // ((1 << bits) - 1)).astype(np.uint8 if bits < 8 else np.uint16)


def _channels(layout: Layout, whole: Pixels) -> tuple[Pixels, Pixels | None]:
    colours = _CHANNELS[layout.photometric]
    alpha = np.ascontiguousarray(whole[..., colours]) if whole.shape[2] > colours else None
    if layout.photometric == _PALETTE:
        return _looked_up(layout, whole), alpha
    pixels = whole[..., :colours]
    if layout.photometric == _MIN_WHITE:
        pixels = np.iinfo(whole.dtype).max - pixels
    return pixels, alpha


def _looked_up(layout: Layout, whole: Pixels) -> Pixels:
    """Return palette indices as RGB; colour maps hold 16 bits, of which palettes use 8."""
    table = np.array(layout.tiff.numbers(layout.page.get(320)), dtype=np.uint32)
    colours = table.reshape(3, -1) >> 8
    indices = whole[..., 0].astype(np.uint32)
    if layout.bits < 8:
        indices = indices * ((1 << layout.bits) - 1) // 255
    return np.take(colours.T.astype(np.uint8), indices, axis=0, mode="clip")


def read_extras(layout: Layout) -> Extras:
    """Return metadata, profile and orientation of the photograph's page."""
    from core.images.containers.tiff_exif import extract_exif

    tiff, page = layout.tiff, layout.page

    def raw(tag: int) -> bytes | None:
        entry = page.get(tag)
        return tiff.value(entry) if entry and entry.size else None

    block, iim = raw(34377), raw(33723)
    resources = iptc.clean_block(block) if block else None
    if iim and iptc.iim_of(resources) is None:
        resources = (resources or b"") + (iptc.block_of(iim.rstrip(b"\0")) or b"")
    xmp = raw(700)
    metadata = Metadata(
        exif=extract_exif(tiff, page), xmp=xmp, iptc=resources or None, dpi=_density(tiff, page)
    )
    return Extras(metadata, raw(34675), layout.orientation)


def _density(tiff: Tiff, page: Ifd) -> tuple[float, float] | None:
    factor = {2: 1.0, 3: 2.54}.get(tiff.number(page, 296, 2))
    try:
        across, down = tiff.ratio(page, 282), tiff.ratio(page, 283)
    except struct.error:
        return None
    return (across * factor, down * factor) if factor and across and down else None
