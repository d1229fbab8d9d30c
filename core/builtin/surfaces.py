"""Whole surfaces of synthetic photographs: water and hair, boards and bricks, grass, sky.

Real pictures are mostly made of these: fine, sharp and drawn out in one direction, where scattered
shapes alone give confetti. Each maker fills a square; `photographs` cuts regions out of them.
"""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
import numpy.typing as npt

from core.builtin.textures import Field, Random, make_noise_field, make_texture

Picture = npt.NDArray[np.float32]
Palette = Callable[[Random], Picture]
"""Draws one colour, (3,) RGB 0 to 1; colours of one palette belong together."""

MOST_STRANDS = 2500
_NEAR = 0.35
"""How far the two colours of one surface lie apart, as a share of two of the palette."""


def _between(random: Random, low: float, high: float) -> float:
    """Log-uniform."""
    return float(np.exp(random.uniform(np.log(low), np.log(high))))


def _two_tones(random: Random, palette: Palette) -> tuple[Picture, Picture]:
    """Two colours of one surface: mostly one hue at two brightnesses."""
    first, other = palette(random), palette(random)
    second = first + (other - first) * np.float32(_NEAR * random.random())
    lift = np.float32(np.exp(random.normal(0, 0.35)))
    return first, np.clip(second * lift, 0, 1)


def _mix(weight: Field, dark: Picture, light: Picture) -> Picture:
    return np.asarray(dark + (light - dark) * weight[..., None], np.float32)


def _bend(random: Random, field: Field, reach: float) -> Field:
    """Shift a field's pixels smoothly by up to some `reach` pixels, as hair and water bend."""
    side = field.shape[0]
    rows, columns = np.mgrid[:side, :side].astype(np.float32)
    slope = random.uniform(1.9, 2.6)
    down = make_noise_field(random, side, slope) * np.float32(reach)
    across = make_noise_field(random, side, slope) * np.float32(reach)
    return np.asarray(
        cv2.remap(field, columns + across, rows + down, cv2.INTER_LINEAR, None, cv2.BORDER_REFLECT)
    )


def _squash(random: Random, field: Field) -> Field:
    """Turn a field of deviation 1 into weights from 0 to 1, softly or nearly in two tones."""
    return np.asarray(1 / (1 + np.exp(-field * np.float32(_between(random, 0.5, 5)))), np.float32)


def make_flow(random: Random, side: int, palette: Palette) -> Picture:
    """Water, hair, fur, wood, cloth: grain drawn out along one direction that bends slowly."""
    stretch, angle = _between(random, 2, 24), random.uniform(0, np.pi)
    grain = make_noise_field(random, side, random.uniform(0.5, 1.8), stretch, angle)
    if random.random() < 0.7:
        grain = _bend(random, grain, _between(random, 2, 60))
    dark, light = _two_tones(random, palette)
    calm = make_noise_field(random, side, 1.9) * 0.5 if random.random() < 0.5 else np.float32(0)
    return _mix(_squash(random, grain + calm), dark, light)


def _board_places(random: Random, side: int, period: float) -> tuple[Field, Field]:
    """Distances across and along boards, counted in boards; some in perspective, some bent."""
    rows, columns = np.mgrid[:side, :side].astype(np.float32)
    angle = random.normal(0, 0.1) + (np.pi / 2 if random.random() < 0.5 else 0.0)
    angle = random.uniform(0, np.pi) if random.random() < 0.4 else angle
    across = rows * np.cos(angle) - columns * np.sin(angle)
    along = columns * np.cos(angle) + rows * np.sin(angle)
    if random.random() < 0.4:
        across = across * (1 + random.uniform(-0.4, 0.4) * along / side)
    if random.random() < 0.25:
        across = across + make_noise_field(random, side, 2.5) * np.float32(0.5 * period)
    return across / np.float32(period), along / np.float32(period)


def make_boards(random: Random, side: int, palette: Palette) -> Picture:
    """Planks, bricks, tiles, shutters, stairs: parallel pieces of like tone with joints between."""
    period = _between(random, 6, 160)
    across, along = _board_places(random, side, period)
    row = np.floor(across)
    place = across - row
    length = random.uniform(1.5, 12)
    piece = np.floor(along / length + random.random() * (row % 2))
    tones = random.uniform(-1, 1, (64, 64)).astype(np.float32)
    tone = tones[row.astype(np.int32) % 64, piece.astype(np.int32) % 64]
    dark, light = _two_tones(random, palette)
    wear = _stretched_grain(random, side) * np.float32(_between(random, 0.02, 0.6))
    surface = _mix(_squash(random, tone * np.float32(_between(random, 0.1, 2)) + wear), dark, light)
    slope = np.float32(random.uniform(-0.5, 0.5)) * (place - 0.5)
    surface = surface * (1 + slope[..., None])
    joints = _joints(random, place, along / np.float32(length), period)
    return np.asarray(surface * joints[..., None], np.float32)


def _stretched_grain(random: Random, side: int) -> Field:
    return make_noise_field(
        random, side, random.uniform(0.4, 1.4), _between(random, 1, 12), random.uniform(0, np.pi)
    )


def _joints(random: Random, place: Field, along: Field, period: float) -> Field:
    """What light is left in the joints: 1 on the pieces, less between them."""
    width = _between(random, 1.0, max(1.5, 0.3 * period)) / period
    soft = _between(random, 0.7, 2.0) / period
    depth = np.float32(random.uniform(0.15, 0.9))
    gap = np.clip((width - np.minimum(place, 1 - place)) / soft + 0.5, 0, 1)
    if random.random() < 0.5:
        end = np.abs(along - np.floor(along + 0.5)) * 6
        gap = np.maximum(gap, np.clip((width - end) / soft + 0.5, 0, 1))
    return np.asarray(1 - depth * gap, np.float32)


def make_strands(random: Random, side: int, palette: Palette) -> Picture:
    """Grass, fur, twigs, needles, wires: many thin bent strokes that run roughly one way."""
    dark, light = _two_tones(random, palette)
    picture = np.empty((side, side, 3), np.float32)
    picture[:] = dark * np.float32(random.uniform(0.3, 1))
    count = int(_between(random, 60, MOST_STRANDS))
    length, thickness = _between(random, 30, 400), _between(random, 1, 7)
    spread, main = _between(random, 0.05, 1.2), random.uniform(0, 2 * np.pi)
    roots = random.uniform(-0.1 * side, 1.1 * side, (count, 2))
    angles = main + random.normal(0, spread, count)
    turns = random.normal(0, 0.6, count)
    steps = np.linspace(0, 1, 8)[:, None]
    for root, angle, turn in zip(roots, angles, turns, strict=True):
        tone = np.clip(light + (dark - light) * random.random(), 0, 1) * random.uniform(0.6, 1.2)
        bent = angle + turn * steps
        reach = steps * length * random.uniform(0.4, 1.2)
        points = root + reach * np.concatenate([np.cos(bent), np.sin(bent)], 1)
        width = max(1, round(thickness * random.uniform(0.5, 1.3)))
        corners = np.round(points * 8).astype(np.int32)
        color = tuple(float(value) for value in tone)
        cv2.polylines(picture, [corners], False, color, width, cv2.LINE_8, 3)
    return picture


def make_sky(random: Random, side: int, palette: Palette) -> Picture:
    """Sky, walls, skin, fog, blurred grounds: slow changes and next to no grain."""
    first, second = palette(random), palette(random)
    second = first + (second - first) * np.float32(random.uniform(0.05, 0.8))
    slow = make_noise_field(random, side, random.uniform(1.6, 3.0))
    rows, columns = np.mgrid[:side, :side].astype(np.float32) / np.float32(side)
    angle = random.uniform(0, 2 * np.pi)
    ramp = rows * np.float32(np.cos(angle)) + columns * np.float32(np.sin(angle))
    weight = ramp * np.float32(random.random()) + slow * np.float32(_between(random, 0.01, 0.4))
    grain = make_texture(random, side)[..., None] * np.float32(_between(random, 0.001, 0.02))
    return _mix(weight, first, second) * (1 + grain)


def make_rough(random: Random, side: int, palette: Palette) -> Picture:
    """Stone, bark, earth, foliage from afar: grain of every scale, lit from one side."""
    height = make_noise_field(random, side, random.uniform(0.8, 1.7))
    angle = random.uniform(0, 2 * np.pi)
    lit = np.gradient(height, axis=0) * np.cos(angle) + np.gradient(height, axis=1) * np.sin(angle)
    lit = np.asarray(lit / (lit.std() + 1e-6), np.float32)
    dark, light = _two_tones(random, palette)
    relief = np.float32(_between(random, 0.03, 0.5))
    return _mix(_squash(random, height), dark, light) * np.clip(1 + relief * lit, 0, 3)[..., None]


SURFACES: tuple[Callable[[Random, int, Palette], Picture], ...] = (
    make_flow,
    make_flow,
    make_boards,
    make_boards,
    make_strands,
    make_sky,
    make_sky,
    make_rough,
)


def make_surface(random: Random, side: int, palette: Palette) -> Picture:
    """One surface of any kind, (side, side, 3) RGB about 0 to 1."""
    return SURFACES[int(random.integers(len(SURFACES)))](random, side, palette)


def make_border(random: Random, side: int) -> Field:
    """Where one region lies over the next, 0 to 1: half planes, coasts, big round or cut shapes."""
    chance = random.random()
    if chance < 0.45:
        rows, columns = np.mgrid[:side, :side].astype(np.float32)
        angle, middle = random.uniform(0, 2 * np.pi), random.uniform(0.2, 0.8, 2) * side
        height = (rows - middle[0]) * np.cos(angle) + (columns - middle[1]) * np.sin(angle)
        if random.random() < 0.6:
            height = height + make_noise_field(random, side, 2.6) * np.float32(0.15 * side)
        return np.asarray(np.clip(height + 0.5, 0, 1), np.float32)
    if chance < 0.75:
        coast = make_noise_field(random, side, random.uniform(1.8, 2.8))
        coast = coast - np.float32(random.normal(0, 0.5))
        return np.asarray(np.clip(coast * np.float32(side / 12), 0, 1), np.float32)
    mask = np.zeros((side, side), np.uint8)
    count, middle = int(random.integers(3, 9)), random.uniform(0, side, 2)
    angles = np.sort(random.uniform(0, 2 * np.pi, count))
    reach = random.uniform(0.2, 0.8, count) * side
    points = middle + np.stack([reach * np.cos(angles), reach * np.sin(angles)], 1)
    cv2.fillPoly(mask, [np.round(points * 8).astype(np.int32)], 255, cv2.LINE_AA, 3)
    return np.asarray(mask / np.float32(255), np.float32)
