"""ICC profiles: what kind they are, the numbers of matrix profiles, and a few made here."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from core.images.photo import Floats

# D65 to D50 (Bradford) and sRGB's primaries at D50: IEC 61966-2-1 and ICC.1:2022, Annex E.
SRGB_TO_XYZ = np.array(
    [[0.4360747, 0.3850649, 0.1430804],
     [0.2225045, 0.7168786, 0.0606169],
     [0.0139322, 0.0971045, 0.7141733]]
)  # fmt: skip
XYZ_TO_SRGB = np.linalg.inv(SRGB_TO_XYZ)
_D50 = (0.9642, 1.0, 0.8249)
_BRADFORD = np.array(
    [[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]]
)
CURVE_STEPS = 65536


@dataclass(frozen=True)
class MatrixProfile:
    """A profile that is curves and a matrix: `to_linear` (channels, 65536) and RGB to XYZ D50.

    `from_linear` is tabulated over the square root of the linear value, where curves are smooth.
    `matrix` is None for a grey profile.
    """

    to_linear: Floats
    from_linear: Floats
    matrix: NDArray[np.float64] | None


def colour_space(icc: bytes | None) -> str:
    """Return the profile's device colour space, such as "RGB", "GRAY" or "CMYK"; "" for none."""
    if icc is None or len(icc) < 132 or icc[36:40] != b"acsp":
        return ""
    return icc[16:20].decode("latin-1").strip()


def tags(icc: bytes) -> dict[bytes, bytes]:
    """Return a profile's tags by signature; those that lie outside are left out."""
    count = min(int.from_bytes(icc[128:132], "big"), 1000)
    found: dict[bytes, bytes] = {}
    for index in range(count):
        record = icc[132 + 12 * index : 144 + 12 * index]
        if len(record) < 12:
            break
        name, at, size = struct.unpack(">4sII", record)
        if at + size <= len(icc):
            found[name] = icc[at : at + size]
    return found


@lru_cache(maxsize=16)
def matrix_profile(icc: bytes) -> MatrixProfile | None:
    """Return the curves and matrix of an RGB or grey profile; None where it is of another kind."""
    found = tags(icc)
    space = colour_space(icc)
    if icc[20:24] != b"XYZ " or b"A2B0" in found or b"A2B1" in found:
        return None
    try:
        if space == "GRAY":
            curves = [_curve(found[b"kTRC"])]
            matrix = None
        elif space == "RGB":
            curves = [_curve(found[key]) for key in (b"rTRC", b"gTRC", b"bTRC")]
            columns = [_xyz(found[key]) for key in (b"rXYZ", b"gXYZ", b"bXYZ")]
            matrix = np.array(columns).T
            np.linalg.inv(matrix)
        else:
            return None
    except (KeyError, ValueError, struct.error, np.linalg.LinAlgError):
        return None
    return MatrixProfile(
        np.stack(curves).astype(np.float32), np.stack([_inverse(c) for c in curves]), matrix
    )


def _xyz(tag: bytes) -> tuple[float, ...]:
    return tuple(value / 65536 for value in struct.unpack(">3i", tag[8:20]))


def _curve(tag: bytes) -> NDArray[np.float64]:
    """Return a tone curve at 65536 even steps, rising from 0 to 1.

    Raises:
        ValueError: a type unknown to ICC.1:2022, or a curve that falls or is flat.
    """
    x = np.linspace(0.0, 1.0, CURVE_STEPS)
    if tag[:4] == b"curv":
        curve = _sampled(tag, x)
    elif tag[:4] == b"para":
        curve = _parametric(tag, x)
    else:
        raise ValueError("unknown curve")
    curve = np.clip(curve, 0.0, 1.0)
    if not np.all(np.diff(curve) >= 0) or curve[-1] <= curve[0]:
        raise ValueError("a curve that falls")
    return curve


def _sampled(tag: bytes, x: NDArray[np.float64]) -> NDArray[np.float64]:
    (count,) = struct.unpack(">I", tag[8:12])
    if count == 0:
        return x
    values = np.frombuffer(tag, ">u2", count=count, offset=12).astype(np.float64)
    if count == 1:
        return np.asarray(np.power(x, values[0] / 256))
    return np.interp(x, np.linspace(0.0, 1.0, count), values / 65535)


def _parametric(tag: bytes, x: NDArray[np.float64]) -> NDArray[np.float64]:
    kind = int.from_bytes(tag[8:10], "big")
    counts = {0: 1, 1: 3, 2: 4, 3: 5, 4: 7}
    if kind not in counts:
        raise ValueError("unknown curve")
    raw = struct.unpack(f">{counts[kind]}i", tag[12 : 12 + 4 * counts[kind]])
    g, a, b, c, d, e, f = ([value / 65536 for value in raw] + [0.0] * 7)[:7]
    if kind == 0:
        return np.asarray(np.power(x, g))
    upper = np.asarray(np.power(np.maximum(a * x + b, 0.0), g))
    if kind in (1, 2):
        return np.where(x >= -b / a, upper + (c if kind == 2 else 0), c if kind == 2 else 0.0)
    return np.asarray(np.where(x >= d, upper + e, c * x + f))


def _inverse(curve: NDArray[np.float64]) -> Floats:
    root = np.linspace(0.0, 1.0, CURVE_STEPS)
    rising, where = np.unique(curve, return_index=True)
    return np.interp(root**2, rising, where / (CURVE_STEPS - 1)).astype(np.float32)


def primaries_profile(
    white: Sequence[float], primaries: Sequence[float], gamma: float
) -> bytes | None:
    """Return a matrix profile (ICC 2.4) from chromaticities: (x, y) of white, then of R, G, B."""
    try:
        columns = np.array([_from_xy(*primaries[at : at + 2]) for at in (0, 2, 4)]).T
        target = _from_xy(*white)
        to_xyz = columns * np.linalg.solve(columns, target)
        cones = (_BRADFORD @ np.array(_D50)) / (_BRADFORD @ target)
        adapted = np.linalg.inv(_BRADFORD) @ np.diag(cones) @ _BRADFORD @ to_xyz
    except (np.linalg.LinAlgError, ZeroDivisionError):
        return None
    if not np.all(np.abs(adapted) < 4):
        return None
    curve = b"curv" + bytes(4) + struct.pack(">IH", 1, min(65535, round(gamma * 256))) + bytes(2)
    parts = {
        b"desc": _description(b"From the picture's own chromaticities"),
        b"cprt": b"text" + bytes(4) + b"No copyright\0",
        b"wtpt": _xyz_tag(_D50),
        **{key: _xyz_tag(adapted[:, i]) for i, key in enumerate((b"rXYZ", b"gXYZ", b"bXYZ"))},
        **dict.fromkeys((b"rTRC", b"gTRC", b"bTRC"), curve),
    }
    return _assemble(parts)


def adobe_rgb() -> bytes | None:
    """Return a profile of the Adobe RGB (1998) encoding, from its published figures."""
    return primaries_profile((0.3127, 0.3290), (0.64, 0.33, 0.21, 0.71, 0.15, 0.06), 563 / 256)


def _from_xy(x: float, y: float) -> NDArray[np.float64]:
    return np.array([x / y, 1.0, (1 - x - y) / y])


def _xyz_tag(values: Sequence[float] | NDArray[np.float64]) -> bytes:
    return b"XYZ " + bytes(4) + struct.pack(">3i", *(round(v * 65536) for v in values))


def _description(text: bytes) -> bytes:
    body = b"desc" + bytes(4) + struct.pack(">I", len(text) + 1) + text + b"\0"
    return body + bytes(8 + 3 + 67)


def _assemble(parts: dict[bytes, bytes]) -> bytes:
    table, body = b"", b""
    start = 132 + 12 * len(parts)
    for name, part in parts.items():
        table += struct.pack(">4sII", name, start + len(body), len(part))
        body += part + bytes(-len(part) % 4)
    header = struct.pack(
        ">I4sI4s4s4s", start + len(body), b"", 0x02400000, b"mntr", b"RGB ", b"XYZ "
    )
    # A fixed date: the same picture gives the same bytes, today and tomorrow.
    header += struct.pack(">6H4s", 2026, 1, 1, 0, 0, 0, b"acsp") + bytes(28)
    header += struct.pack(">3i", *(round(v * 65536) for v in _D50)) + bytes(48)
    return header + struct.pack(">I", len(parts)) + table + body
