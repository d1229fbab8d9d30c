"""Synthetic photographs: occluding textured shapes with shading, shadows, focus and optics.

No photograph goes in: what the built-in model knows of pictures comes from here and `patterns`.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from core.builtin.patterns import make_pattern
from core.builtin.shapes import Outline, draw_radii, make_outline
from core.builtin.surfaces import make_border, make_surface
from core.builtin.textures import Field, Random, make_noise_field, make_texture

Picture = npt.NDArray[np.float32]
SUPERSAMPLING = 2
TEXTURES = 5
PATTERNS = 2
SHAPES = (0, 5, 20, 60, 200, 700)
"""How many shapes lie on the ground of a picture of 384 pixels a side: more is confetti."""


@dataclass(frozen=True)
class Material:
    """A family of colours in CIE Lab: centre and spread."""

    lightness: float
    a: float
    b: float
    spread: float

    def draw(self, random: Random) -> Picture:
        """One colour of the family, (3,) RGB 0 to 1."""
        lab = [
            np.clip(random.normal(self.lightness, self.spread * 1.5), 0, 100),
            random.normal(self.a, self.spread * 0.5),
            random.normal(self.b, self.spread * 0.5),
        ]
        rgb = cv2.cvtColor(np.array([[lab]], np.float32), cv2.COLOR_Lab2RGB)[0, 0]
        return np.asarray(np.clip(rgb, 0, 1), np.float32)


@dataclass(frozen=True)
class Scene:
    """What all shapes of one picture share: its side in pixels, colours and surfaces."""

    side: int
    materials: tuple[Material, ...]
    textures: tuple[Field, ...]
    patterns: tuple[Field, ...]

    def color(self, random: Random) -> Picture:
        """Draw a colour of any of the materials."""
        return self.materials[int(random.integers(len(self.materials)))].draw(random)

    def texture(self, random: Random) -> Field:
        """Draw one of the textures."""
        return self.textures[int(random.integers(len(self.textures)))]


@dataclass(frozen=True)
class Window:
    """The part of a picture that one shape touches, in pixels; right and bottom excluded."""

    left: int
    top: int
    right: int
    bottom: int

    @property
    def height(self) -> int:
        """Rows."""
        return self.bottom - self.top

    @property
    def width(self) -> int:
        """Columns."""
        return self.right - self.left

    def cut(self, field: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """Return a view of the same part of a field or picture."""
        return field[self.top : self.bottom, self.left : self.right]


def _make_materials(random: Random) -> tuple[Material, ...]:
    """Two to six calm families: most of low chroma, hues often earth, leaf or sky."""
    families = []
    for _ in range(int(random.integers(2, 7))):
        chroma = abs(random.normal(0, 11 if random.random() < 0.85 else 34))
        hue = random.uniform(0, 2 * np.pi)
        if random.random() < 0.5:
            hue = random.choice([0.9, 1.4, 4.2]) + random.normal(0, 0.25)
        lightness = float(np.clip(random.normal(50, 25), 3, 97))
        a, b = float(chroma * np.cos(hue)), float(chroma * np.sin(hue))
        families.append(Material(lightness, a, b, float(random.uniform(2, 14))))
    return tuple(families)


def _make_scene(random: Random, side: int) -> Scene:
    materials = _make_materials(random)
    textures = tuple(make_texture(random, side) for _ in range(TEXTURES))
    patterns = tuple(make_pattern(random, side, 2.0 * SUPERSAMPLING) for _ in range(PATTERNS))
    return Scene(side, materials, textures, patterns)


def _draw_contrast(random: Random) -> float:
    """Log-uniform from 0.006 to 0.22: nothing in a photograph is perfectly even."""
    return float(np.exp(random.uniform(np.log(0.006), np.log(0.22))))


def _draw_tint(random: Random) -> Picture:
    return (0.6 + 0.4 * random.random(3)).astype(np.float32)


def _make_ground(random: Random, scene: Scene) -> Picture:
    """What lies behind all shapes: one to five regions, each of its own surface."""
    ground = make_surface(random, scene.side, scene.color)
    for _ in range(int(random.integers(0, 5))):
        border = make_border(random, scene.side)[..., None]
        ground = ground + (make_surface(random, scene.side, scene.color) - ground) * border
    return ground


def _find_window(points: Outline, side: int) -> Window:
    left, top = np.maximum(np.floor(points.min(0)).astype(int) - 1, 0)
    right, bottom = np.minimum(np.ceil(points.max(0)).astype(int) + 2, side)
    return Window(int(left), int(top), int(right), int(bottom))


def _draw_mask(random: Random, points: Outline, window: Window) -> Picture:
    """Coverage of the shape within its window, 0 to 1, (height, width, 1); some see-through."""
    mask = np.zeros((window.height, window.width), np.uint8)
    corners = np.round((points - [window.left, window.top]) * 16).astype(np.int32)
    cv2.fillPoly(mask, [corners], 255, cv2.LINE_AA, 4)
    opacity = random.uniform(0.3, 0.9) if random.random() < 0.15 else 1.0
    return np.asarray(mask[..., None] * np.float32(opacity / 255), np.float32)


def _cut_anywhere(random: Random, field: Field, window: Window) -> Field:
    top = int(random.integers(0, field.shape[0] - window.height + 1))
    left = int(random.integers(0, field.shape[1] - window.width + 1))
    return field[top : top + window.height, left : left + window.width]


def _fill(random: Random, scene: Scene, window: Window) -> Picture:
    """The surface of one shape: textured, of two colours, patterned or (rarely) flat."""
    color = scene.color(random)
    chance = random.random()
    if chance < 0.62:
        texture = _cut_anywhere(random, scene.texture(random), window)[..., None]
        fill = color * (1 + texture * np.float32(_draw_contrast(random) * 1.5))
        return fill + texture * (np.float32(_draw_contrast(random) * 0.5) * _draw_tint(random))
    if chance < 0.85:
        if chance < 0.8:
            texture = window.cut(scene.texture(random))
            weight = 1 / (1 + np.exp(-texture * np.float32(random.uniform(1, 4))))
        else:
            pattern = scene.patterns[int(random.integers(PATTERNS))]
            weight = _cut_anywhere(random, pattern, window)
        other = scene.color(random)
        return np.asarray(other + (color - other) * weight[..., None], np.float32)
    return np.broadcast_to(color, (window.height, window.width, 3))


def _shade(
    random: Random, fill: Picture, window: Window, middle: Outline, radius: float
) -> Picture:
    """Light that falls off across the shape."""
    slope = random.normal(0, 0.25, 2) / max(radius, 8)
    columns = (np.arange(window.left, window.right) - middle[0]) * slope[0]
    rows = (np.arange(window.top, window.bottom) - middle[1]) * slope[1]
    light = 1 + np.clip(rows[:, None] + columns[None], -0.6, 0.8)
    return np.asarray(fill * light[..., None].astype(np.float32))


def _cast_shadow(behind: Picture, mask: Picture, radius: float) -> None:
    """Darken what lies behind, softly and a little down to the right, in place."""
    soft = cv2.GaussianBlur(mask, (0, 0), max(1.0, radius * 0.12))
    offset = int(radius * 0.15) + 1
    move = np.array([[1, 0, offset], [0, 1, offset]], np.float32)
    soft = cv2.warpAffine(soft, move, (mask.shape[1], mask.shape[0]))
    behind *= 1 - 0.5 * soft.reshape(mask.shape)


def _add_shape(random: Random, picture: Picture, scene: Scene, radius: float) -> None:
    middle = random.uniform(-0.05 * scene.side, 1.05 * scene.side, 2)
    points = make_outline(random, radius) + middle
    window = _find_window(points, scene.side)
    if window.width <= 0 or window.height <= 0:
        return
    mask = _draw_mask(random, points, window)
    fill = _fill(random, scene, window)
    if random.random() < 0.5:
        fill = _shade(random, fill, window, middle, radius)
    behind = window.cut(picture)
    if random.random() < 0.25 and radius > 12:
        _cast_shadow(behind, mask, radius)
    behind += (fill - behind) * mask


def _expose(random: Random, picture: Picture, size: int) -> npt.NDArray[np.uint8]:
    """Uneven light, the sensor's pixels (area average), sometimes a soft lens; 8 bits."""
    if random.random() < 0.3:
        light = make_noise_field(random, picture.shape[0], 1.8)[..., None]
        picture = picture * (1 + np.float32(0.25 * random.random()) * light)
    photograph = cv2.resize(np.clip(picture, 0, 1), (size, size), interpolation=cv2.INTER_AREA)
    if random.random() < 0.4:
        photograph = cv2.GaussianBlur(photograph, (0, 0), random.uniform(0.3, 0.9))
    return np.asarray(np.clip(photograph, 0, 1) * 255 + 0.5, np.uint8)


def canvas(seed: int, size: int = 384) -> npt.NDArray[np.uint8]:
    """One synthetic photograph, (size, size, 3) uint8 RGB; the same for the same seed and size."""
    random = np.random.default_rng(seed)
    scene = _make_scene(random, size * SUPERSAMPLING)
    picture = _make_ground(random, scene)
    count = int(random.choice(SHAPES) * (size / 384) ** 2) + 1
    largest = scene.side * random.uniform(0.2, 0.6)
    smallest = float(np.exp(random.uniform(np.log(3), np.log(24))))
    radii = draw_radii(random, count, smallest, largest)
    for number, radius in enumerate(radii):
        _add_shape(random, picture, scene, float(radius))
        if number == count // 2 and random.random() < 0.5:
            picture = cv2.GaussianBlur(picture, (0, 0), random.uniform(1, 8))
    return _expose(random, picture, size)
