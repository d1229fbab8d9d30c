"""Photographs made for these tests: pictures, profiles, EXIF with a MakerNote, wrong files."""

from __future__ import annotations

import io
import struct
import zlib
from pathlib import Path

import imagecodecs
import numpy as np
import tifffile
from numpy.typing import NDArray
from PIL import Image

CANON_OWNER = "Maria Fotograf"
CANON_FIRMWARE = "Firmware Version 1.0.6"


def scene(width: int = 96, height: int = 64, seed: int = 1) -> NDArray[np.uint8]:
    """Return (H, W, 3): ramps, shapes and a little grain, with saturated corners."""
    y, x = np.mgrid[0:height, 0:width]
    picture = np.stack(
        [x * 255 / width, y * 255 / height, 255 - (x + y) * 255 / (width + height)], axis=2
    )
    picture[height // 4 : height // 2, width // 4 : width // 2] = (250, 20, 30)
    picture[-height // 4 :, : width // 4] = (10, 240, 20)
    grain = np.random.default_rng(seed).normal(0, 4, (height, width, 1))
    return np.clip(picture + grain, 0, 255).astype(np.uint8)


def deep_scene(width: int = 96, height: int = 64, seed: int = 1) -> NDArray[np.uint16]:
    """Return a scene whose 16 bits all matter."""
    low = np.random.default_rng(seed + 1).integers(0, 256, (height, width, 3))
    return (scene(width, height, seed).astype(np.uint16) * 256 + low).astype(np.uint16)


def adobe_rgb() -> bytes:
    return _rgb_profile((0.3127, 0.3290), (0.64, 0.33, 0.21, 0.71, 0.15, 0.06), 563 / 256)


def display_p3() -> bytes:
    return _rgb_profile((0.3127, 0.3290), (0.68, 0.32, 0.265, 0.69, 0.15, 0.06), 2.2)


def prophoto() -> bytes:
    return _rgb_profile((0.3457, 0.3585), (0.7347, 0.2653, 0.1596, 0.8404, 0.0366, 0.0001), 1.8)


def srgb() -> bytes:
    made: bytes = imagecodecs.cms_profile("srgb")
    return made


def grey_gamma(gamma: float = 1.8) -> bytes:
    made: bytes = imagecodecs.cms_profile("gray", whitepoint=[0.3457, 0.3585, 1.0], gamma=gamma)
    return made


def _rgb_profile(white: tuple[float, float], points: tuple[float, ...], gamma: float) -> bytes:
    primaries = [value for at in (0, 2, 4) for value in (*points[at : at + 2], 1.0)]
    made: bytes = imagecodecs.cms_profile(
        "rgb", whitepoint=[*white, 1.0], primaries=primaries, gamma=gamma
    )
    return made


def cmyk_profile() -> bytes:
    """Return a press profile of tables: naive inks, and a separation with little black."""
    inks = _grid(4, 9)
    rgb = (1 - inks[:, :3]) * (1 - 0.95 * inks[:, 3:])
    device_to_lab = _table(4, 3, 9, _lab_code(_to_lab(rgb)))
    codes = _grid(3, 17)
    lab = np.stack([codes[:, 0] * 100, codes[:, 1] * 255 - 128, codes[:, 2] * 255 - 128], axis=1)
    back = np.clip(_from_lab(lab), 0, 1)
    black = np.clip((1 - back.max(axis=1, keepdims=True)) * 0.6, 0, 1)
    colours = 1 - np.clip(back / np.maximum(1 - 0.95 * black, 1e-3), 0, 1)
    lab_to_device = _table(3, 4, 17, np.concatenate((colours, black), axis=1))
    return _profile({b"A2B0": device_to_lab, b"B2A0": lab_to_device})


def _grid(dimensions: int, steps: int) -> NDArray[np.float64]:
    axes = np.meshgrid(*[np.linspace(0, 1, steps)] * dimensions, indexing="ij")
    return np.stack(axes, axis=-1).reshape(-1, dimensions)


_XYZ = np.array([[0.4361, 0.3851, 0.1431], [0.2225, 0.7169, 0.0606], [0.0139, 0.0971, 0.7141]])
_WHITE = np.array([0.9642, 1.0, 0.8249])


def _to_lab(rgb: NDArray[np.float64]) -> NDArray[np.float64]:
    xyz = (np.clip(rgb, 0, 1) ** 2.2) @ _XYZ.T / _WHITE
    f = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116)
    return np.stack(
        [116 * f[:, 1] - 16, 500 * (f[:, 0] - f[:, 1]), 200 * (f[:, 1] - f[:, 2])], axis=1
    )


def _from_lab(lab: NDArray[np.float64]) -> NDArray[np.float64]:
    y = (lab[:, 0] + 16) / 116
    f = np.stack([y + lab[:, 1] / 500, y, y - lab[:, 2] / 200], axis=1)
    xyz = np.where(f > 0.2069, f**3, (f - 16 / 116) / 7.787) * _WHITE
    return np.clip(xyz @ np.linalg.inv(_XYZ).T, 0, 1) ** (1 / 2.2)


def _lab_code(lab: NDArray[np.float64]) -> NDArray[np.float64]:
    return (lab + np.array([0, 128, 128])) / np.array([100, 255, 255])


def _table(inputs: int, outputs: int, steps: int, values: NDArray[np.float64]) -> bytes:
    """Return a lut8 tag (ICC.1:2022, 10.10)."""
    ramp = bytes(range(256))
    head = b"mft1" + bytes(4) + bytes((inputs, outputs, steps, 0))
    head += struct.pack(">9i", *(65536 if i % 4 == 0 else 0 for i in range(9)))
    body = np.rint(np.clip(values, 0, 1) * 255).astype(np.uint8).tobytes()
    return head + ramp * inputs + body + ramp * outputs


def _profile(tags: dict[bytes, bytes]) -> bytes:
    white = b"XYZ " + bytes(4) + struct.pack(">3i", 63190, 65536, 54061)
    text = b"Test press\0"
    described = b"desc" + bytes(4) + struct.pack(">I", len(text)) + text + bytes(78)
    tags = {b"desc": described, b"wtpt": white, b"cprt": b"text" + bytes(4) + b"none\0", **tags}
    table, body, start = b"", b"", 132 + 12 * len(tags)
    for name, value in tags.items():
        table += struct.pack(">4sII", name, start + len(body), len(value))
        body += value + bytes(-len(value) % 4)
    head = struct.pack(
        ">I4sI4s4s4s6H4s", start + len(body), b"", 0x02400000, b"prtr", b"CMYK", b"Lab ",
        2026, 1, 1, 0, 0, 0, b"acsp",
    )  # fmt: skip
    head += bytes(28) + struct.pack(">3i", 63190, 65536, 54061) + bytes(48)
    return head + struct.pack(">I", len(tags)) + table + body


class ExifBuilder:
    """Lays out an EXIF block; the Canon MakerNote's offsets count from the block's start."""

    def __init__(self, order: str = "<") -> None:
        self.order = order
        self.data = bytearray((b"II*\0" if order == "<" else b"MM\0*") + bytes(4))

    def add(self, value: bytes) -> int:
        self.data += bytes(len(self.data) % 2)
        self.data += value
        return len(self.data) - len(value)

    def short(self, tag: int, value: int) -> bytes:
        return struct.pack(self.order + "HHIHH", tag, 3, 1, value, 0)

    def long(self, tag: int, value: int) -> bytes:
        return struct.pack(self.order + "HHII", tag, 4, 1, value)

    def raw(self, tag: int, kind: int, count: int, value: bytes) -> bytes:
        if len(value) <= 4:
            inline = value.ljust(4, b"\0")
        else:
            inline = struct.pack(self.order + "I", self.add(value))
        return struct.pack(self.order + "HHI", tag, kind, count) + inline

    def text(self, tag: int, value: str) -> bytes:
        coded = value.encode() + b"\0"
        return self.raw(tag, 2, len(coded), coded)

    def ratios(self, tag: int, *pairs: int) -> bytes:
        value = struct.pack(f"{self.order}{len(pairs)}I", *pairs)
        return self.raw(tag, 5, len(pairs) // 2, value)

    def directory(self, records: list[bytes], following: int = 0) -> int:
        records = sorted(records, key=lambda r: struct.unpack_from(self.order + "H", r)[0])
        head = struct.pack(self.order + "H", len(records))
        return self.add(head + b"".join(records) + struct.pack(self.order + "I", following))

    def maker_note(self) -> bytes:
        """Return the MakerNote record: a directory of Canon's, with values behind it."""
        model, firmware, owner = b"Canon EOS 5D\0", CANON_FIRMWARE.encode(), CANON_OWNER.encode()
        start = len(self.data) + len(self.data) % 2
        behind = start + 2 + 12 * 4 + 4
        values, records = b"", []
        for tag, value in ((6, model), (7, firmware.ljust(24, b"\0")), (9, owner.ljust(32, b"\0"))):
            records.append(
                struct.pack(self.order + "HHII", tag, 2, len(value), behind + len(values))
            )
            values += value + bytes(len(value) % 2)
        records.append(struct.pack(self.order + "HHII", 12, 4, 1, 1234567890))
        note = struct.pack(self.order + "H", 4) + b"".join(records) + bytes(4) + values
        return self.raw(0x927C, 7, len(note), note)


def thumbnail(width: int = 160, height: int = 107) -> bytes:
    target = io.BytesIO()
    Image.new("RGB", (width, height), (255, 0, 255)).save(target, "JPEG")
    return target.getvalue()


def exif_block(
    width: int = 96,
    height: int = 64,
    orientation: int = 1,
    order: str = "<",
    comment: bytes | None = None,
    gps: bool = True,
    with_thumbnail: bool = True,
) -> bytes:
    """Return EXIF as a camera writes it: camera, exposure, MakerNote, GPS, thumbnail."""
    made = ExifBuilder(order)
    exif = [
        made.ratios(0x829A, 1, 250),
        made.short(0x8827, 1600),
        made.raw(0x9000, 7, 4, b"0231"),
        made.text(0x9003, "2024:05:01 10:20:30"),
        made.maker_note(),
        made.short(0xA001, 1),
        made.long(0xA002, width),
        made.short(0xA003, height),
        made.text(0xA434, "EF24-70mm f/2.8L USM"),
    ]
    if comment is not None:
        exif.append(made.raw(0x9286, 7, len(comment), comment))
    main = [
        made.text(0x010F, "Canon"),
        made.text(0x0110, "Canon EOS 5D"),
        made.short(0x0112, orientation),
        made.ratios(0x011A, 300, 1),
        made.ratios(0x011B, 300, 1),
        made.short(0x0128, 2),
        made.text(0x013B, "Maria"),
        made.long(0x8769, made.directory(exif)),
    ]
    if gps:
        main.append(made.long(0x8825, _places(made)))
    second = _thumbnail_directory(made) if with_thumbnail else 0
    first = made.directory(main, second)
    struct.pack_into(order + "I", made.data, 4, first)
    return bytes(made.data)


def _places(made: ExifBuilder) -> int:
    records = [
        made.raw(0, 1, 4, b"\2\3\0\0"),
        made.text(1, "N"),
        made.ratios(2, 48, 1, 8, 1, 1350, 100),
        made.text(3, "E"),
        made.ratios(4, 11, 1, 34, 1, 3200, 100),
    ]
    return made.directory(records)


def _thumbnail_directory(made: ExifBuilder) -> int:
    small = thumbnail()
    at = made.add(small)
    records = [made.short(0x0103, 6), made.long(0x0201, at), made.long(0x0202, len(small))]
    return made.directory(records)


XMP = (
    '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>'
    '<x:xmpmeta xmlns:x="adobe:ns:meta/" x:xmptk="Sample">'
    '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
    '<rdf:Description rdf:about="" xmlns:xmp="http://ns.adobe.com/xap/1.0/"'
    ' xmlns:tiff="http://ns.adobe.com/tiff/1.0/" xmlns:dc="http://purl.org/dc/elements/1.1/"'
    ' xmlns:photoshop="http://ns.adobe.com/photoshop/1.0/"'
    ' xmlns:exif="http://ns.adobe.com/exif/1.0/" xmlns:mine="http://example.org/mine/"'
    ' xmp:Rating="4" tiff:Orientation="6" photoshop:City="Muenchen"'
    ' exif:GPSLatitude="48,8.225N" mine:shelf="B7">'
    "<dc:subject><rdf:Bag><rdf:li>river</rdf:li><rdf:li>Brücke</rdf:li></rdf:Bag></dc:subject>"
    "<xmp:CreatorTool>Darkroom 3</xmp:CreatorTool>"
    "</rdf:Description></rdf:RDF></x:xmpmeta>"
    '<?xpacket end="w"?>'
).encode()


def iim(*pairs: tuple[int, str]) -> bytes:
    """Return IPTC-IIM datasets of record 2."""
    return b"".join(
        struct.pack(">BBBH", 0x1C, 2, number, len(text.encode())) + text.encode()
        for number, text in pairs
    )


def insert_segments(jpeg: bytes, *segments: tuple[int, bytes]) -> bytes:
    """Return a JPEG with (marker, payload) segments behind its first marker."""
    added = b"".join(
        bytes((0xFF, marker)) + struct.pack(">H", len(body) + 2) + body for marker, body in segments
    )
    return jpeg[:2] + added + jpeg[2:]


def saved(picture: NDArray[np.uint8], kind: str, **options: object) -> bytes:
    """Return a picture as Pillow writes it."""
    target = io.BytesIO()
    shaped = picture[..., 0] if picture.ndim == 3 and picture.shape[2] == 1 else picture
    Image.fromarray(shaped).save(target, kind, **options)
    return target.getvalue()


def cmyk_jpeg(inks: NDArray[np.uint8], **options: object) -> bytes:
    target = io.BytesIO()
    size = (inks.shape[1], inks.shape[0])
    Image.frombytes("CMYK", size, inks.tobytes()).save(target, "JPEG", **options)
    return target.getvalue()


def write(folder: Path, name: str, data: bytes) -> Path:
    path = folder / name
    path.write_bytes(data)
    return path


def tiff_bytes(whole: np.ndarray, **options: object) -> bytes:
    target = io.BytesIO()
    tifffile.imwrite(target, whole, **options)
    return target.getvalue()


def png_chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def dng() -> bytes:
    """Return a small DNG with a Bayer mosaic."""
    deep = deep_scene(96, 64)
    mosaic = np.empty((64, 96), np.uint16)
    for row, column, channel in ((0, 0, 0), (0, 1, 1), (1, 0, 1), (1, 1, 2)):
        mosaic[row::2, column::2] = deep[row::2, column::2, channel]
    matrix = (3, 1, -1, 1, 0, 1, -1, 1, 2, 1, 0, 1, 0, 1, 0, 1, 1, 1)
    tags = [
        (50706, "B", 4, (1, 4, 0, 0), True),
        (50708, "s", 0, "Test Camera", True),
        (33421, "H", 2, (2, 2), True),
        (33422, "B", 4, (0, 1, 1, 2), True),
        (50717, "H", 1, 65535, True),
        (50721, "2i", 9, matrix, True),
        (50778, "H", 1, 21, True),
        (271, "s", 0, "Test", True),
    ]
    return tiff_bytes(mosaic, photometric=32803, extratags=tags, metadata=None)
