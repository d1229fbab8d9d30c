"""Writing a TIFF: the EXIF block first, byte for byte, so that its offsets stay true; then the
pixels; then one directory over both.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field

import imagecodecs
import numpy as np

from core.errors import OutputWriteError, Reason
from core.images import iptc
from core.images.containers.tiff_exif import STRUCTURE
from core.images.ifd import TiffError, read_tiff
from core.images.photo import Alpha, Metadata, Pixels

MAX_SIDE = (1 << 31) - 1
NONE, LZW, DEFLATE = 1, 5, 8
_STRIP_BYTES = 1 << 20
_MAX_BYTES = (1 << 32) - (1 << 16)
_PHOTOMETRIC = {1: 1, 3: 2, 4: 5}
_EXTRA = {Alpha.UNSPECIFIED: 0, Alpha.ASSOCIATED: 1, Alpha.STRAIGHT: 2}
_INCH = 2
_LEVEL = 4


@dataclass
class _Directory:
    """Tags of the directory to write; values as raw bytes in the file's order."""

    order: str
    tags: dict[int, tuple[int, int, bytes]] = field(default_factory=dict)

    def shorts(self, tag: int, *values: int) -> None:
        self.tags[tag] = (3, len(values), struct.pack(f"{self.order}{len(values)}H", *values))

    def longs(self, tag: int, *values: int) -> None:
        self.tags[tag] = (4, len(values), struct.pack(f"{self.order}{len(values)}I", *values))

    def raw(self, tag: int, kind: int, value: bytes | None) -> None:
        if value:
            self.tags[tag] = (kind, len(value), value)

    def ratio(self, tag: int, value: float) -> None:
        # A damaged source may say any number.
        above = min(round(value * 10000), 0xFFFFFFFF)
        self.tags[tag] = (5, 1, struct.pack(self.order + "II", above, 10000))

    def build(self, at: int) -> bytes:
        """Return the directory for position `at`, its long values behind it."""
        records, values = [], b""
        behind = at + 2 + 12 * len(self.tags) + 4
        for tag in sorted(self.tags):
            kind, count, value = self.tags[tag]
            inline = value.ljust(4, b"\0")
            if len(value) > 4:
                inline = struct.pack(self.order + "I", behind + len(values))
                values += value + bytes(len(value) % 2)
            records.append(struct.pack(self.order + "HHI", tag, kind, count) + inline)
        return struct.pack(self.order + "H", len(records)) + b"".join(records) + bytes(4) + values


def encode(
    pixels: Pixels,
    alpha: Pixels | None,
    metadata: Metadata,
    icc: bytes | None,
    *,
    compression: int,
    alpha_kind: Alpha = Alpha.STRAIGHT,
) -> Iterator[bytes]:
    """Yield a TIFF file in pieces: grey, RGB or CMYK, with or without alpha, 8 or 16 bits.

    Args:
        compression: the source's; none and LZW are kept, everything else becomes deflate.

    Raises:
        OutputWriteError: too_large for the 4 GB that a TIFF can hold.
    """
    whole = pixels if alpha is None else np.concatenate((pixels, alpha[..., None]), axis=2)
    prefix, directory = _begin(metadata.exif)
    method = compression if compression in (NONE, LZW) else DEFLATE
    rows = max(1, _STRIP_BYTES // max(1, whole[0].nbytes))
    strips = [
        _packed(whole[top : top + rows], method, directory.order)
        for top in range(0, whole.shape[0], rows)
    ]
    sizes = [len(strip) for strip in strips]
    _check_size(len(prefix) + sum(sizes))
    _describe(directory, whole, pixels.shape[2], method, rows)
    if alpha is not None:
        directory.shorts(338, _EXTRA[alpha_kind])
    directory.longs(273, *(np.cumsum([0, *sizes[:-1]]) + len(prefix)).tolist())
    directory.longs(279, *sizes)
    _add_blocks(directory, metadata, icc)
    end = len(prefix) + sum(sizes)
    at = end + end % 2
    yield prefix[:4] + struct.pack(directory.order + "I", at) + prefix[8:]
    yield from strips
    yield bytes(at - end) + directory.build(at)


def _check_size(total: int) -> None:
    if total > _MAX_BYTES:
        raise OutputWriteError(
            Reason.TOO_LARGE,
            "The result is larger than the 4 GB that a TIFF can hold.",
            hint="Choose another format or a smaller size.",
        )


def _begin(exif: bytes | None) -> tuple[bytes, _Directory]:
    """Return the file's first bytes and a directory that has the EXIF block's main tags."""
    try:
        tiff = read_tiff(exif or b"")
        page = tiff.ifd(tiff.first)
    except TiffError:
        return b"II*\0" + bytes(4), _Directory("<")
    directory = _Directory(tiff.order)
    for entry in page.entries:
        if entry.tag not in STRUCTURE:
            directory.tags[entry.tag] = (entry.type, entry.count, tiff.value(entry))
    block = exif or b""
    sign = b"II*\0" if tiff.order == "<" else b"MM\0*"
    return sign + block[4:] + bytes(-len(block) % 16), directory


def _packed(strip: Pixels, method: int, order: str) -> bytes:
    ordered = strip
    if method != NONE:
        # Predictor 2: each sample less its left neighbour, modulo its range.
        ordered = strip.copy()
        ordered[:, 1:] -= strip[:, :-1]
    raw = (
        np.ascontiguousarray(ordered)
        .astype(strip.dtype.newbyteorder("<" if order == "<" else ">"))
        .tobytes()
    )
    if method == NONE:
        return raw
    if method == LZW:
        return bytes(imagecodecs.lzw_encode(raw))
    return bytes(imagecodecs.deflate_encode(raw, _LEVEL))


def _describe(directory: _Directory, whole: Pixels, colours: int, method: int, rows: int) -> None:
    height, width, samples = whole.shape
    directory.longs(254, 0)
    directory.longs(256, width)
    directory.longs(257, height)
    directory.shorts(258, *[whole.dtype.itemsize * 8] * samples)
    directory.shorts(259, method)
    directory.shorts(262, _PHOTOMETRIC[colours])
    directory.shorts(274, 1)
    directory.shorts(277, samples)
    directory.longs(278, rows)
    directory.shorts(284, 1)
    if method != NONE:
        directory.shorts(317, 2)


def _add_blocks(directory: _Directory, metadata: Metadata, icc: bytes | None) -> None:
    if metadata.dpi is not None:
        directory.ratio(282, metadata.dpi[0])
        directory.ratio(283, metadata.dpi[1])
        directory.shorts(296, _INCH)
    directory.raw(700, 1, metadata.xmp)
    directory.raw(34675, 7, icc)
    records = list(iptc.resources(metadata.iptc or b""))
    directory.raw(33723, 7, iptc.iim_of(metadata.iptc))
    directory.raw(34377, 1, iptc.pack([record for record in records if record.id != iptc.IIM]))
