"""The Display P3 colour profile as ICC bytes: SMPTE RP 431-2 primaries, D65, sRGB's curve."""

from __future__ import annotations

import struct

import numpy as np
import numpy.typing as npt

Matrix = npt.NDArray[np.float64]

_PRIMARIES = ((0.680, 0.320), (0.265, 0.690), (0.150, 0.060))
_D65 = (0.3127, 0.3290)
_D50 = (0.9642, 1.0, 0.8249)
# IEC 61966-2-1, as the five parameters of an ICC parametric curve of type 3: g, a, b, c, d.
_CURVE = (2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045)
# Bradford cone responses (ICC.1:2022, annex E).
_BRADFORD = np.array(
    [[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]]
)


def display_p3_profile() -> bytes:
    """Return a version 4 display profile (ICC.1:2022, 8.3.2: three matrix columns and curves)."""
    columns = _colorants()
    curve = b"para" + bytes(4) + struct.pack(">HH", 3, 0) + b"".join(map(_fixed, _CURVE))
    tags = [
        (b"desc", _text("Display P3")),
        (b"cprt", _text("No copyright")),
        (b"wtpt", _xyz(_D50)),
        (b"chad", b"sf32" + bytes(4) + b"".join(map(_fixed, _adaptation().flatten()))),
        *((name, _xyz(columns[:, i])) for i, name in enumerate((b"rXYZ", b"gXYZ", b"bXYZ"))),
        *((name, curve) for name in (b"rTRC", b"gTRC", b"bTRC")),
    ]
    return _assemble(tags)


def _assemble(tags: list[tuple[bytes, bytes]]) -> bytes:
    table, body = b"", b""
    start = 128 + 4 + 12 * len(tags)
    for name, data in tags:
        table += name + struct.pack(">II", start + len(body), len(data))
        body += data + bytes(-len(data) % 4)
    content = struct.pack(">I", len(tags)) + table + body
    return _header(128 + len(content)) + content


def _header(size: int) -> bytes:
    """Return the 128 bytes before the tags (ICC.1:2022, 7.2)."""
    made = struct.pack(">6H", 2026, 1, 1, 0, 0, 0)
    head = struct.pack(">I4sI4s4s4s", size, bytes(4), 0x04400000, b"mntr", b"RGB ", b"XYZ ")
    white = b"".join(map(_fixed, _D50))
    return (head + made + b"acsp" + bytes(28) + white).ljust(128, b"\0")


def _adaptation() -> Matrix:
    """Return the Bradford matrix from D65 to D50."""
    target, source = _BRADFORD @ np.array(_D50), _BRADFORD @ _white(_D65)
    matrix: Matrix = np.linalg.inv(_BRADFORD) @ np.diag(target / source) @ _BRADFORD
    return matrix


def _colorants() -> Matrix:
    """Return the primaries' XYZ under D50 as columns; they add up to white."""
    primaries = np.array([_white(xy) for xy in _PRIMARIES]).T
    scale = np.linalg.solve(primaries, _white(_D65))
    columns: Matrix = _adaptation() @ (primaries * scale)
    return columns


def _white(xy: tuple[float, float]) -> Matrix:
    x, y = xy
    return np.array([x / y, 1.0, (1 - x - y) / y])


def _fixed(value: float) -> bytes:
    return struct.pack(">i", round(float(value) * 65536))


def _xyz(values: tuple[float, ...] | Matrix) -> bytes:
    return b"XYZ " + bytes(4) + b"".join(map(_fixed, values))


def _text(text: str) -> bytes:
    encoded = text.encode("utf-16-be")
    return (
        b"mluc"
        + bytes(4)
        + struct.pack(">II2s2sII", 1, 12, b"en", b"US", len(encoded), 28)
        + (encoded)
    )
