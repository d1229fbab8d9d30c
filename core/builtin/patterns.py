"""Regular and extreme pictures: gratings, checks, zone plates, fences, text, stars, flat areas.

Photographs hold them (fences, cloth, screens, night skies), textured shapes do not, and a network
that never saw the highest frequencies can answer them with colours that were never there.
"""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
import numpy.typing as npt

from core.builtin.textures import Field, Random

Picture = npt.NDArray[np.float32]
STATIC_SHARE = 0.15
SCREEN_SHARE = 0.35
"""Of the rest. At sigma 2 to 5 a network that sees them once in a thousand crops tints them."""


def _grid(size: int) -> tuple[Field, Field]:
    rows, columns = np.mgrid[:size, :size].astype(np.float32)
    return rows, columns


def _ramp(random: Random, size: int) -> Field:
    """Distance in pixels along a random direction, often exactly a row, a column or a diagonal."""
    rows, columns = _grid(size)
    angle = random.uniform(0, np.pi)
    if random.random() < 0.5:
        angle = random.integers(4) * np.pi / 4
    return np.asarray(columns * np.cos(angle) + rows * np.sin(angle), np.float32)


def _period(random: Random, finest: float) -> float:
    """Log-uniform from `finest` to 16 times that; one in five exactly the finest."""
    return finest if random.random() < 0.2 else float(finest * 2 ** random.uniform(0, 4))


def _sharpen(random: Random, waves: Field) -> Field:
    """Turn waves of -1 to 1 into tones of 0 to 1: as they are, or steeper, or hard bars."""
    steepness = random.choice([0.0, 1.5, 4.0, 50.0])
    if steepness:
        waves = np.tanh(waves * steepness) / np.tanh(steepness)
    return np.asarray(waves * 0.5 + 0.5, np.float32)


def make_grating(random: Random, size: int, finest: float = 2.0) -> Field:
    """Straight stripes whose period may change slowly, as in perspective."""
    ramp = _ramp(random, size)
    turns = ramp / _period(random, finest)
    if random.random() < 0.4:
        turns = turns * (1 - random.uniform(0, 0.5) * np.abs(ramp) / (2 * size))
    return _sharpen(random, np.sin(2 * np.pi * (turns + random.random())))


def make_checks(random: Random, size: int, finest: float = 2.0) -> Field:
    """Checkerboards from single pixels up, upright or turned."""
    rows, columns = _grid(size)
    period = _period(random, finest)
    if random.random() < 0.5:
        cell = max(1, round(period / 2))
        return np.asarray((rows // cell + columns // cell) % 2, np.float32)
    angle, period = random.uniform(0, np.pi), period * 1.5
    along = columns * np.cos(angle) + rows * np.sin(angle)
    across = rows * np.cos(angle) - columns * np.sin(angle)
    waves = np.sin(2 * np.pi * along / period) * np.sin(2 * np.pi * across / period)
    return _sharpen(random, np.asarray(waves, np.float32))


def make_zone_plate(random: Random, size: int, finest: float = 2.0) -> Field:
    """Rings that become finer outwards, up to the finest period at the far side."""
    rows, columns = _grid(size)
    top, left = random.uniform(-0.5, 1.5, 2) * size
    squeeze = random.uniform(0.3, 1.0)
    distance = (rows - top) ** 2 + squeeze * (columns - left) ** 2
    reach = size * random.uniform(0.5, 2.0)
    return _sharpen(random, np.cos(np.pi * distance / (finest * reach)))


def make_moire(random: Random, size: int, finest: float = 2.0) -> Field:
    """Two gratings over each other: mesh, nets, photographed screens."""
    first, second = make_grating(random, size, finest), make_grating(random, size, finest)
    mixed = first * second if random.random() < 0.5 else 0.5 * (first + second)
    return np.asarray(mixed, np.float32)


def make_fence(random: Random, size: int, finest: float = 2.0) -> Field:
    """Pickets: bars with gaps of another width, bar tones that differ, rails and a slope."""
    ramp = _ramp(random, size) - min(0.0, float(-size))
    period = finest * 2 ** random.uniform(0.6, 3.5)
    ramp = ramp * (1 + random.uniform(-0.3, 0.3) * ramp / (3 * size))
    place, width = ramp / period, random.uniform(0.3, 0.8)
    soft = random.uniform(1.0, 2.0) / period
    bars = np.clip((width / 2 - np.abs(place % 1 - 0.5)) / soft + 0.5, 0, 1)
    tones = random.uniform(0.7, 1.0, 4096)[np.abs(place.astype(np.int32)) % 4096]
    fence = bars * tones
    if random.random() < 0.5:
        rows = _grid(size)[0]
        fence = np.maximum(fence, (rows % (period * 8) < period * random.uniform(0.5, 1.5)) * 0.8)
    return np.asarray(fence, np.float32)


def make_writing(random: Random, size: int, finest: float = 2.0) -> Field:
    """Lines of letters in several sizes: signs, books, labels."""
    page = np.zeros((size, size), np.uint8)
    scale = random.uniform(0.12, 0.7) * finest
    thickness = 1 if scale < 0.8 else int(random.integers(1, 4))
    face, line = int(random.integers(8)), 10 + 26 * scale
    for row in np.arange(random.uniform(0, line), size + line, line):
        letters = "".join(chr(code) for code in random.integers(33, 127, 60))
        place = (int(random.integers(-20, 5)), int(row))
        cv2.putText(page, letters, place, face, scale, 255, thickness, cv2.LINE_AA)
    return np.asarray(page / 255.0, np.float32)


def make_stars(random: Random, size: int, finest: float = 2.0) -> Field:
    """Bright points on an even ground: stars, distant lamps, sparks, dead pixels."""
    sky = np.zeros((size, size), np.float32)
    count = int(size * size * np.exp(random.uniform(np.log(2e-4), np.log(2e-2)))) + 1
    rows, columns = random.integers(0, size, (2, count))
    sky[rows, columns] = random.uniform(0.1, 1.0, count) ** 2
    if random.random() < 0.5:
        spread = random.uniform(0.4, 1.0) * finest / 2
        sky = cv2.GaussianBlur(sky, (0, 0), spread) * (2 * np.pi * spread**2)
    return np.clip(sky, 0, 1)


def make_edge(random: Random, size: int, finest: float = 2.0) -> Field:
    """One straight border, hard or soft, somewhere in the picture."""
    ramp = _ramp(random, size)
    border = random.uniform(float(ramp.min()), float(ramp.max()))
    softness = finest * random.choice([0.01, 0.3, 2.0])
    return np.asarray(np.clip((ramp - border) / softness + 0.5, 0, 1), np.float32)


def make_flat(random: Random, size: int, _finest: float = 2.0) -> Field:
    """Nothing at all, or a slow gradient: skies, walls, studio grounds."""
    if random.random() < 0.5:
        return np.zeros((size, size), np.float32)
    ramp = _ramp(random, size)
    return np.asarray((ramp - ramp.min()) / (np.ptp(ramp) + 1e-6), np.float32)


def make_screen(random: Random, size: int) -> Field:
    """Two tones that repeat after 2 to 5 pixels, unsoftened: dither, halftones, cloth, displays."""
    rows, columns = _grid(size)
    choice = random.random()
    if choice < 0.4:
        down, across = ((0, 1), (1, 0), (1, 1), (1, -1))[int(random.integers(4))]
        period = int(random.integers(2, 6))
        width = random.integers(1, period)
        return np.asarray((down * rows + across * columns) % period < width, np.float32)
    if choice < 0.7:
        angle, pixels = random.uniform(0, np.pi), random.uniform(2, 5)
        turns = (columns * np.cos(angle) + rows * np.sin(angle)) / pixels + random.random()
        return np.asarray(turns % 1 < 0.5, np.float32)
    sides = random.integers(1, 6, 2)
    tile = random.random(sides) if random.random() < 0.3 else random.integers(0, 2, sides)
    return np.asarray(tile[rows.astype(int) % sides[0], columns.astype(int) % sides[1]], np.float32)


PATTERNS: tuple[Callable[[Random, int, float], Field], ...] = (
    make_grating,
    make_checks,
    make_zone_plate,
    make_moire,
    make_fence,
    make_fence,
    make_writing,
    make_stars,
    make_edge,
    make_flat,
)


def make_pattern(random: Random, size: int, finest: float = 2.0) -> Field:
    """One pattern of any kind, (size, size), tones 0 to 1; no period below `finest` pixels."""
    return PATTERNS[int(random.integers(len(PATTERNS)))](random, size, finest)


def _pick_colors(random: Random) -> tuple[Picture, Picture]:
    """The two colours of a pattern: black and white, any, or two of one hue close together."""
    chance = random.random()
    if chance < 0.3:
        colors = np.array([[0, 0, 0], [1, 1, 1]], np.float32)
    elif chance < 0.6:
        colors = random.random((2, 3)).astype(np.float32)
    elif chance < 0.75:
        colors = random.integers(0, 2, (2, 3)).astype(np.float32)
    else:
        middle = random.random(3) * 0.8 + 0.1
        gap = random.uniform(0.02, 0.4) * (0.7 + 0.3 * random.random(3))
        colors = np.stack([middle - gap / 2, middle + gap / 2]).astype(np.float32)
    if random.random() < 0.5:
        colors = colors[::-1]
    return np.clip(colors[0], 0, 1), np.clip(colors[1], 0, 1)


def make_static(random: Random, size: int) -> Picture:
    """Independent pixels of any contrast, coloured or grey: what looks like noise but is not."""
    channels = 3 if random.random() < 0.7 else 1
    static = random.random((size, size, channels)) if random.random() < 0.6 else None
    if static is None:
        static = random.normal(0.5, 0.3, (size, size, channels))
    contrast = random.uniform(0.2, 1.0)
    level = random.uniform(0.5 * contrast, 1 - 0.5 * contrast)
    return np.asarray(np.broadcast_to((static - 0.5) * contrast + level, (size, size, 3)))


def make_pattern_crop(random: Random, size: int) -> npt.NDArray[np.uint8]:
    """A crop that is nothing but static or a pattern in two colours, (size, size, 3) uint8."""
    if random.random() < STATIC_SHARE:
        return np.asarray(np.clip(make_static(random, size), 0, 1) * 255 + 0.5, np.uint8)
    make = make_screen if random.random() < SCREEN_SHARE else make_pattern
    weight = make(random, size)[..., None]
    dark, light = _pick_colors(random)
    crop = dark * (1 - weight) + light * weight
    if random.random() < 0.3:
        border = make_edge(random, size)[..., None]
        crop = crop * border + random.random(3).astype(np.float32) * (1 - border)
    return np.asarray(np.clip(crop, 0, 1) * 255 + 0.5, np.uint8)
