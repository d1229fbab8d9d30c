"""Photographs of every kind that is read, small, and ways to break them."""

from __future__ import annotations

import functools
import io
import random
import struct
import warnings
import zlib
from collections.abc import Iterator, Mapping

import imagecodecs
import numpy as np
import tifffile
from PIL import Image

from tests.core.images import samples

WIDTH, HEIGHT = 48, 32
_INTERESTING = (0, 1, 0x7F, 0x80, 0xFF, 0x7FFF, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF)


@functools.cache
def whole() -> Mapping[str, bytes]:
    """Return a file of each kind by its name; every one of them can be read."""
    scene = samples.scene(WIDTH, HEIGHT)
    deep = samples.deep_scene(WIDTH, HEIGHT)
    exif = samples.exif_block(WIDTH, HEIGHT)
    seen = np.dstack((scene, scene[..., 2]))
    camera = samples.insert_segments(
        samples.saved(scene, "jpeg", quality=90, exif=b"Exif\0\0" + exif),
        (0xE1, b"http://ns.adobe.com/xap/1.0/\0" + samples.XMP),
    )
    return {
        "camera.jpg": camera,
        "progressive.jpg": samples.saved(scene, "jpeg", quality=90, progressive=True),
        "restart.jpg": samples.saved(scene, "jpeg", restart_marker_blocks=2),
        "grey.jpg": samples.saved(scene[..., 1], "jpeg", icc_profile=samples.grey_gamma()),
        "cmyk.jpg": samples.cmyk_jpeg(seen, quality=90),
        "two.mpo": _mpo(scene),
        "plain.png": samples.saved(scene, "png", exif=exif, icc_profile=samples.adobe_rgb()),
        "deep.png": bytes(imagecodecs.png_encode(deep)),
        "alpha.png": samples.saved(seen, "png"),
        "palette.png": _palette_png(scene),
        "strips.tif": samples.tiff_bytes(scene, photometric="rgb", rowsperstrip=8),
        "deflate.tif": samples.tiff_bytes(deep, photometric="rgb", compression="deflate"),
        "tiles.tif": samples.tiff_bytes(
            scene, photometric="rgb", tile=(16, 16), compression="lzw", predictor=2
        ),
        "cmyk.tif": samples.tiff_bytes(seen, photometric="separated"),
        "exif.tif": samples.saved(scene, "tiff", exif=exif, icc_profile=samples.display_p3()),
        "lossy.webp": samples.saved(scene, "webp", exif=exif, xmp=samples.XMP),
        "lossless.webp": samples.saved(seen, "webp", lossless=True, exact=True),
        "plain.bmp": samples.saved(scene, "bmp"),
        "packed.bmp": packed_bmp(),
        "plain.avif": samples.saved(scene, "avif", exif=exif, speed=10),
    }


def _mpo(scene: np.ndarray) -> bytes:
    target = io.BytesIO()
    frames = [Image.fromarray(scene), Image.fromarray(scene[::-1].copy())]
    frames[0].save(target, "MPO", save_all=True, append_images=frames[1:])
    return target.getvalue()


def _palette_png(scene: np.ndarray) -> bytes:
    target = io.BytesIO()
    Image.fromarray(scene).quantize(16).save(target, "PNG", transparency=3)
    return target.getvalue()


def packed_bmp() -> bytes:
    """Return a BMP of run lengths, each row two runs and its end."""
    rows = b"".join(bytes((24, row % 8, 24, row % 5, 0, 0)) for row in range(HEIGHT))
    pixels = rows[:-2] + b"\0\1"
    table = b"".join(bytes((9 * i % 256, 5 * i % 256, i, 0)) for i in range(256))
    size = 54 + len(table) + len(pixels)
    head = b"BM" + struct.pack("<IHHI", size, 0, 0, 54 + len(table))
    head += struct.pack("<IiiHHIIiiII", 40, WIDTH, HEIGHT, 1, 8, 1, len(pixels), 0, 0, 256, 0)
    return head + table + pixels


def cuts(data: bytes, count: int) -> list[int]:
    """Return `count` places at which to cut a file: even ones, and its last bytes."""
    last = [len(data) - 1, len(data) - 2]
    even = np.linspace(1, len(data) - 3, count - len(last)).astype(int)
    return sorted({*even.tolist(), *last})


def flipped(data: bytes, chance: random.Random, most: int = 4) -> bytes:
    """Return a file with one to `most` bits turned over."""
    broken = bytearray(data)
    for _ in range(chance.randint(1, most)):
        broken[chance.randrange(len(broken))] ^= 1 << chance.randrange(8)
    return bytes(broken)


def mutations(data: bytes, other: bytes, chance: random.Random) -> Iterator[bytes]:
    """Yield, without end, files broken in the ways that have broken decoders before."""
    ways = (_flip, _put_number, _cut_out, _doubled, _zeroed, _spliced, _grown)
    while True:
        broken = data
        for _ in range(chance.choice((1, 1, 1, 2, 4))):
            broken = chance.choice(ways)(broken, other, chance)
        yield broken or b"\0"


def _flip(data: bytes, _other: bytes, chance: random.Random) -> bytes:
    return flipped(data, chance, 8) if data else data


def _put_number(data: bytes, _other: bytes, chance: random.Random) -> bytes:
    """Write an edge value of 1, 2 or 4 bytes, mostly into the header."""
    at = chance.randrange(max(1, min(len(data), chance.choice((64, 512, len(data) or 1)))))
    size = chance.choice((1, 2, 4))
    value = (chance.choice(_INTERESTING) & (1 << 8 * size) - 1).to_bytes(
        size, chance.choice(("big", "little"))
    )
    return data[:at] + value + data[at + size :]


def _part(data: bytes, chance: random.Random) -> tuple[int, int]:
    at = chance.randrange(len(data) + 1)
    return at, min(len(data), at + chance.choice((1, 2, 4, 12, 64, 500)))


def _cut_out(data: bytes, _other: bytes, chance: random.Random) -> bytes:
    start, stop = _part(data, chance)
    return data[:start] + data[stop:]


def _doubled(data: bytes, _other: bytes, chance: random.Random) -> bytes:
    start, stop = _part(data, chance)
    return data[:stop] + data[start:stop] * chance.choice((1, 1, 50)) + data[stop:]


def _zeroed(data: bytes, _other: bytes, chance: random.Random) -> bytes:
    start, stop = _part(data, chance)
    return data[:start] + bytes(stop - start) + data[stop:]


def _spliced(data: bytes, other: bytes, chance: random.Random) -> bytes:
    return data[: chance.randrange(len(data) + 1)] + other[chance.randrange(len(other)) :]


def _grown(data: bytes, _other: bytes, chance: random.Random) -> bytes:
    return data + chance.randbytes(chance.choice((1, 100, 5000)))


def odd_ones() -> Iterator[tuple[str, bytes]]:
    """Yield what Pillow writes of every mode in every format, under photographs' extensions."""
    source = Image.fromarray(samples.scene(WIDTH, HEIGHT))
    modes = "1 L LA La P PA RGB RGBX RGBA RGBa CMYK YCbCr LAB HSV I F I;16 I;16B"
    Image.init()
    for mode in modes.split():
        picture = in_mode(source, mode)
        for form in sorted(Image.SAVE):
            if data := _as_saved(picture, form):
                yield f"{form}-{mode.replace(';', '')}.jpg", data


def _as_saved(picture: Image.Image, form: str) -> bytes:
    """Return a picture in a format; nothing where that does not take its mode."""
    target = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of formats that Pillow will drop
        try:
            picture.save(target, form)
        except (OSError, ValueError, KeyError, TypeError, AttributeError, struct.error):
            return b""
    return target.getvalue()


def in_mode(source: Image.Image, mode: str) -> Image.Image:
    """Return a picture in one of Pillow's modes."""
    steps = {"La": "LA", "RGBa": "RGBA", "PA": "P", "LAB": "RGB"}
    if mode == "LAB":
        from PIL import ImageCms

        lab, srgb = ImageCms.createProfile("LAB"), ImageCms.createProfile("sRGB")
        return ImageCms.profileToProfile(source, srgb, lab, outputMode="LAB")  # type: ignore[return-value]
    if mode.startswith("I;16"):
        grey = np.asarray(source.convert("L")).astype(">u2" if mode.endswith("B") else "<u2")
        return Image.frombytes(mode, source.size, (grey * 257).tobytes())
    return source.convert(steps.get(mode, mode)).convert(mode)


def box(kind: bytes, body: bytes) -> bytes:
    """Return a box of an AVIF."""
    return struct.pack(">I4s", 8 + len(body), kind) + body


def avif_of_pieces(pieces: int, size: int) -> bytes:
    """Return an AVIF whose EXIF is so many pieces, all of them the same `size` bytes."""
    ftyp = box(b"ftyp", b"avif" + bytes(4) + b"avifmif1")
    at = len(ftyp) + len(_avif_meta(0, pieces, size)) + 8
    return ftyp + _avif_meta(at, pieces, size) + box(b"mdat", bytes(size))


def _avif_meta(at: int, pieces: int, size: int) -> bytes:
    places = bytes(4) + struct.pack(">HH", 0x4400, 2)
    places += struct.pack(">HHHII", 1, 0, 1, at, 100)
    places += struct.pack(">HHH", 2, 0, pieces) + struct.pack(">II", at, size) * pieces
    kinds = ((1, b"av01"), (2, b"Exif"))
    items = b"".join(
        box(b"infe", b"\2\0\0\0" + struct.pack(">HH", number, 0) + kind + b"\0")
        for number, kind in kinds
    )
    shape = box(b"ispe", bytes(4) + struct.pack(">II", 64, 64))
    uses = box(b"ipma", bytes(4) + struct.pack(">IHBB", 1, 1, 1, 0x81))
    return box(
        b"meta",
        bytes(4)
        + box(b"pitm", bytes(4) + struct.pack(">H", 1))
        + box(b"iloc", places)
        + box(b"iinf", bytes(4) + struct.pack(">H", len(kinds)) + items)
        + box(b"iprp", box(b"ipco", shape) + uses),
    )


def tiff_of(tags: dict[int, int], data: bytes = b"", *, next_at: int = 0) -> bytes:
    """Return a TIFF of one directory of LONG tags with `data` behind it; -1: where the data is."""
    start = 8 + 2 + 12 * len(tags) + 4
    records = b"".join(
        struct.pack("<HHII", tag, 4, 1, start if value == -1 else value)
        for tag, value in sorted(tags.items())
    )
    head = b"II*\0" + struct.pack("<IH", 8, len(tags))
    return head + records + struct.pack("<I", next_at) + data


def png_of(width: int, height: int, *chunks: bytes, colour: int = 2) -> bytes:
    """Return a PNG with that size in its header and these chunks behind it."""
    header = struct.pack(">IIBBBBB", width, height, 8, colour, 0, 0, 0)
    parts = (samples.png_chunk(b"IHDR", header), *chunks, samples.png_chunk(b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def zeros(megabytes: int) -> bytes:
    """Return a whole zlib stream that unfolds into so many megabytes; a thousandth of that."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    # Flushed fully, every block is the same: the first one, as often as it takes.
    block = packer.compress(bytes(1 << 20)) + packer.flush(zlib.Z_FULL_FLUSH)
    last = packer.flush()
    checksum = ((megabytes << 20) % 65521) << 16 | 1
    return b"\x78\xda" + block * megabytes + last + struct.pack(">I", checksum)


def tiff_pages(count: int) -> bytes:
    """Return a TIFF of so many small pages."""
    target = io.BytesIO()
    with tifffile.TiffWriter(target) as file:
        for _ in range(count):
            file.write(np.zeros((8, 8), np.uint8), photometric="minisblack", metadata=None)
    return target.getvalue()
