"""What is measured of a picture's blocks of 8x8 pixels to tell noise from texture. NumPy only."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from core.images.photo import Floats

ReadRows = Callable[[int, int], Floats]
"""Gives rows `top` to `bottom` of a picture as (rows, W, 3) float32 from 0 to 1."""

BLOCK = 8
LUMA = (0.2126, 0.7152, 0.0722)

_STRIP, _TALL_STRIP = 2 * BLOCK, 8 * BLOCK
_NARROW = 2000
"""Up to this width strips are taken taller: many small ones cost more than they hold."""

_MOST_PIXELS = 1_500_000
_BLACK, _WHITE = 0.5 / 255, 254.5 / 255
_MIDDLE = 127.5
_GREATEST_STEP = 12.0
_NOTHING = 1e-4
_INEXACT = 1e-6
"""What single precision leaves of a difference that is none."""

_PLANE = 3
_LOW_ORDERS, _MIDDLE_ORDERS = (2, 4), (4, 7)

Values = NDArray[np.floating]


@dataclass(frozen=True)
class Blocks:
    """Measures of blocks of 8x8, one value a block, row by row; variances in squared levels of 255.

    luma, chroma: around the block's own plane (brightness and slope); chroma: both colours' mean.
    luma_fine, chroma_fine: of differences along diagonals, the finest detail there is.
    low, middle, high: luma's, by coarseness of its cosines.
    brightness: mean luma. clipped: share of clipped pixels. empty: one colour with its neighbour.
    luma_wide, chroma_wide, clipped_wide: as above, of blocks of 16x16.
    steps: mean step between neighbours along rows by column modulo 8, (strips, 8).
    """

    luma: Values
    chroma: Values
    luma_fine: Values
    chroma_fine: Values
    low: Values
    middle: Values
    high: Values
    brightness: Values
    clipped: Values
    empty: NDArray[np.bool_]
    luma_wide: Values
    chroma_wide: Values
    clipped_wide: Values
    steps: Values


def measure_blocks(read: ReadRows, height: int, width: int) -> Blocks:
    """Return the measures of a picture of at least 8x8 pixels, from strips all over it.

    At most 1.5 megapixels are looked at, so that memory and time have a bound.
    """
    strips = [_measure_strip(read(top, bottom)) for top, bottom in _strips(height, width)]
    columns = {
        field.name: [getattr(strip, field.name) for strip in strips] for field in fields(Blocks)
    }
    return Blocks(**{name: np.concatenate(parts) for name, parts in columns.items()})


def _strips(height: int, width: int) -> Iterator[tuple[int, int]]:
    """Give strips of two blocks' height or more, evenly over the picture, not too many."""
    strip = _TALL_STRIP if width <= _NARROW and height >= 2 * _TALL_STRIP else _STRIP
    tall = min(strip, height // BLOCK * BLOCK)
    fitting = height // tall
    count = min(fitting, max(1, _MOST_PIXELS // (tall * width)))
    for k in range(count):
        top = k * fitting // count * tall
        yield top, top + tall


def _measure_strip(strip: Floats) -> Blocks:
    rows, columns = strip.shape[0] // BLOCK, strip.shape[1] // BLOCK
    whole = strip[:, : columns * BLOCK]
    planes = _opponents(whole)
    blocks = planes.reshape(3, rows, BLOCK, columns, BLOCK).transpose(0, 1, 3, 2, 4)
    blocks = np.ascontiguousarray(blocks).reshape(3, rows * columns, BLOCK * BLOCK)
    squares = np.einsum("cni,cni->cn", blocks, blocks)
    waves = blocks[0] @ _WAVES
    slopes = np.concatenate([waves[None, :, :_PLANE], blocks[1:] @ _WAVES[:, :_PLANE]])
    rest = squares - (slopes**2).sum(axis=2)
    rest[rest < _INEXACT * squares] = 0
    clipped = _clipped_shares(whole)
    fine = _fine(planes)
    wide = _wide(squares.reshape(3, rows, columns), slopes.reshape(3, rows, columns, _PLANE))
    return Blocks(
        luma=rest[0] / _FREEDOM,
        chroma=(rest[1] + rest[2]) / (2 * _FREEDOM),
        luma_fine=fine[0],
        chroma_fine=(fine[1] + fine[2]) / 2,
        **_by_coarseness(waves, rest[0]),
        brightness=slopes[0, :, 0] / BLOCK / _LUMA_LENGTH + _MIDDLE,
        clipped=clipped.ravel(),
        empty=_empty(squares, slopes, columns),
        luma_wide=wide[0],
        chroma_wide=(wide[1] + wide[2]) / 2,
        clipped_wide=_paired(clipped).max(axis=(1, 3)).ravel(),
        steps=_steps(planes[0]),
    )


def _opponents(strip: Floats) -> Floats:
    """Return luma and two colour differences, (3, rows, W), in which white noise is as strong."""
    levels = np.moveaxis(strip, 2, 0).reshape(3, -1) * np.float32(255)
    levels -= np.float32(_MIDDLE)
    return np.asarray((_OPPONENTS @ levels).reshape(3, *strip.shape[:2]), np.float32)


def _clipped_shares(strip: Floats) -> Values:
    """Return each block's share of pixels that are clipped in a channel, (rows, columns)."""
    rows, columns = strip.shape[0] // BLOCK, strip.shape[1] // BLOCK
    red, green, blue = strip[..., 0], strip[..., 1], strip[..., 2]
    least = np.minimum(np.minimum(red, green), blue)
    most = np.maximum(np.maximum(red, green), blue)
    marks = ((least <= _BLACK) | (most >= _WHITE)).view(np.uint8)
    counts = marks.reshape(rows, BLOCK, -1).sum(axis=1, dtype=np.uint8)
    shares = counts.reshape(rows, columns, BLOCK).sum(axis=2, dtype=np.float32) / BLOCK**2
    return np.asarray(shares)


def _fine(planes: Floats) -> Values:
    """Return the variance of what 2x2 pixels differ by along diagonals, (3, blocks)."""
    top, bottom = planes[:, ::2], planes[:, 1::2]
    upright = top - bottom
    turned = upright[:, :, ::2] - upright[:, :, 1::2]
    half = BLOCK // 2
    rows, columns = turned.shape[1] // half, turned.shape[2] // half
    parts = (turned * turned).reshape(3, rows, half, columns, half)
    return np.asarray(parts.mean(axis=(2, 4)).reshape(3, -1) / 4)


def _by_coarseness(waves: Floats, rest: Values) -> dict[str, Values]:
    """Return luma's variance an added cosine, from coarse to fine."""
    squares = waves[:, _PLANE:] ** 2
    low, middle = squares[:, :_LOWS].sum(axis=1), squares[:, _LOWS:].sum(axis=1)
    high = np.maximum(rest - low - middle, 0) / (_FREEDOM - _LOWS - _MIDDLES)
    return {"low": low / _LOWS, "middle": middle / _MIDDLES, "high": high}


def _empty(squares: Values, slopes: Floats, columns: int) -> NDArray[np.bool_]:
    """Return which blocks are of one colour that a block beside them has too, such as borders."""
    means = slopes[..., 0].reshape(3, -1, columns)
    even = (squares - slopes[..., 0] ** 2 <= _NOTHING * (1 + squares)).all(axis=0)
    same = (np.abs(np.diff(means, axis=2)) <= _NOTHING).all(axis=0)
    beside = np.zeros(means.shape[1:], bool)
    beside[:, 1:] |= same
    beside[:, :-1] |= same
    return np.asarray(even & beside.ravel(), np.bool_)


def _paired(values: Values) -> Values:
    """Return (rows, columns) as pairs both ways, (rows / 2, 2, columns / 2, 2); odd ones go."""
    rows, columns = (max(1, side // 2) for side in values.shape)
    if min(values.shape) < 2:
        values = np.broadcast_to(values[:1, :1], (2, 2))
    return values[: 2 * rows, : 2 * columns].reshape(min(rows, values.shape[0] // 2), 2, -1, 2)


def _wide(squares: Values, slopes: Floats) -> Values:
    """Return the variance of 2x2 blocks around their common plane, (3, wide blocks)."""
    return np.stack([_wide_of(*plane) for plane in zip(squares, slopes, strict=True)])


def _wide_of(squares: Values, slopes: Floats) -> Values:
    sums, downs, acrosses = (
        _paired(slopes[..., k]) * np.float32(norm) for k, norm in enumerate(_NORMS)
    )
    shift = np.array([-BLOCK / 2, BLOCK / 2], np.float32)
    total = sums.sum(axis=(1, 3))
    down = (downs + sums * shift[:, None, None]).sum(axis=(1, 3))
    across = (acrosses + sums * shift).sum(axis=(1, 3))
    explained = total**2 / _WIDE_PIXELS + (down**2 + across**2) / _WIDE_MOMENT
    rest = np.maximum(_paired(squares).sum(axis=(1, 3)) - explained, 0)
    return np.asarray(rest.ravel() / (_WIDE_PIXELS - _PLANE))


def _steps(plane: Floats) -> Values:
    """Return how far neighbours in a row differ, by column modulo 8: JPEG's blocks show here."""
    differences = np.minimum(np.abs(np.diff(plane, axis=1)), np.float32(_GREATEST_STEP))
    padded = np.append(differences, differences[:, -1:], axis=1)
    return np.asarray(padded.reshape(-1, padded.shape[1] // BLOCK, BLOCK).mean(axis=(0, 1))[None])


def _cosines(orders: tuple[int, int]) -> list[Values]:
    """Return the block's cosines whose two frequencies add up to within `orders`, (64,) each."""
    places = np.arange(BLOCK)
    waves = np.cos(np.pi * (2 * places[None] + 1) * places[:, None] / (2 * BLOCK)) / 2
    waves[0] /= np.sqrt(2)
    pairs = [(u, v) for u in places for v in places if orders[0] <= u + v < orders[1]]
    return [np.outer(waves[u], waves[v]).ravel() for u, v in pairs]


def _plane_waves() -> list[Values]:
    down, across = np.mgrid[:BLOCK, :BLOCK] - (BLOCK - 1) / 2
    flat = np.ones(BLOCK * BLOCK)
    return [wave / np.linalg.norm(wave) for wave in (flat, down.ravel(), across.ravel())]


def _opponent_rows() -> Values:
    rows = np.array([LUMA, (1, -1, 0), (1, 1, -2)])
    return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), np.float32)


_LUMA_LENGTH = float(np.linalg.norm(LUMA))
_OPPONENTS = _opponent_rows()
_LOWS, _MIDDLES = len(_cosines(_LOW_ORDERS)), len(_cosines(_MIDDLE_ORDERS))
_WAVES = np.stack(
    [*_plane_waves(), *_cosines(_LOW_ORDERS), *_cosines(_MIDDLE_ORDERS)], axis=1
).astype(np.float32)
_FREEDOM = BLOCK * BLOCK - _PLANE
_NORMS = (BLOCK, *2 * (float(np.sqrt(BLOCK**2 * (BLOCK**2 - 1) / 12)),))
_WIDE_PIXELS = (2 * BLOCK) ** 2
_WIDE_MOMENT = _WIDE_PIXELS * (_WIDE_PIXELS - 1) / 12
