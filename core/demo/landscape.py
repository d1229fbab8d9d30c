"""A generated 12-megapixel view over a lake, so that the demo has a photograph of a camera's size.

Nothing of it is drawn by hand or taken from a photograph; the same seed gives the same pixels.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from PIL import Image

Plane = npt.NDArray[np.float32]
Picture = npt.NDArray[np.float32]

WIDTH, HEIGHT = 4000, 3000
_HORIZON = 0.62
_SUN = (0.70, 0.27)
_RIDGES = 5
_OCTAVE_FALL = 0.55


def render_landscape(seed: int = 2, width: int = WIDTH, height: int = HEIGHT) -> Picture:
    """Return the view as (height, width, 3) float32, 0 to 1, meant in Display P3."""
    random = np.random.default_rng(seed)
    shore = round(height * _HORIZON)
    above = _draw_sky(random, width, shore)
    for number in range(_RIDGES):
        _draw_ridge(random, above, number / (_RIDGES - 1))
    lake = _reflect(random, above, height - shore)
    view: Picture = np.clip(np.concatenate([above, lake]), 0, 1)
    return view


def add_noise(picture: Picture, sigma: float, seed: int) -> Picture:
    """Add what a small sensor adds: noise of about `sigma` (of 255), a little more in the dark.

    Grain of luminance and blotches of colour come together, as after a camera's own processing.
    """
    random = np.random.default_rng(seed)
    level = np.float32(sigma / 255) * (1.25 - 0.5 * picture.mean(axis=2, keepdims=True))
    grain = random.standard_normal(picture.shape, dtype=np.float32)
    noisy: Picture = np.clip(picture + level * grain, 0, 1)
    return noisy


def clouds(
    random: np.random.Generator, width: int, height: int, cells: int, finest: int = 2
) -> Plane:
    """Return fractal noise (height, width), mean about 0 and spread about 1.

    `cells` grid cells across for the coarsest octave; octaves go down to `finest` pixels a cell.
    """
    total = np.zeros((height, width), np.float32)
    weight, power = 1.0, 0.0
    cells = max(1, min(cells, width // finest))
    while width / cells >= finest:
        rows = max(2, round(cells * height / width) + 1)
        grid = random.standard_normal((rows, cells + 1), dtype=np.float32)
        total += np.float32(weight) * _enlarge(grid, width, height)
        power += weight**2
        weight, cells = weight * _OCTAVE_FALL, cells * 2
    # Bicubic interpolation between grid points flattens each octave by about a third.
    return total / np.float32(0.65 * np.sqrt(power))


def _enlarge(grid: Plane, width: int, height: int) -> Plane:
    image = Image.fromarray(grid).resize((width, height), Image.Resampling.BICUBIC)
    return np.asarray(image, np.float32)


def _mix(first: Picture, second: Picture, share: Plane | float) -> Picture:
    weight = share[..., None] if isinstance(share, np.ndarray) else np.float32(share)
    return first + (second - first) * weight


def _color(*rgb: float) -> Picture:
    return np.array(rgb, np.float32)


def _draw_sky(random: np.random.Generator, width: int, height: int) -> Picture:
    """An evening sky: blue above, warm at the horizon, lit clouds, a low sun."""
    y = np.linspace(0, 1, height, dtype=np.float32)[:, None]
    sky = _mix(_color(0.16, 0.30, 0.55), _color(0.98, 0.70, 0.42), y**1.4)
    sky = np.broadcast_to(sky, (height, width, 3)).copy()
    # Drawn out along the horizon: made on a narrower plane, then stretched.
    veil = _enlarge(clouds(random, width // 4, height, 3, 4), width, height)
    cover = np.clip(veil * 0.45 - 0.12, 0, 0.8) * np.linspace(1, 0.5, height)[:, None]
    sky = _mix(sky, _color(1.0, 0.86, 0.74), cover.astype(np.float32))
    glow = _distance(width, height, _SUN[0], _SUN[1] / _HORIZON)
    sky += np.exp(-glow * 5)[..., None] * _color(0.42, 0.26, 0.06)
    return _mix(sky, _color(1.0, 0.95, 0.80), np.clip((0.022 - glow) * 220, 0, 1))


def _distance(width: int, height: int, x: float, y: float) -> Plane:
    """Return the distance to the point (x, y), in widths."""
    columns = np.linspace(0, 1, width, dtype=np.float32)[None] - np.float32(x)
    rows = (np.linspace(0, 1, height, dtype=np.float32)[:, None] - np.float32(y)) * height / width
    return np.sqrt(columns**2 + rows**2).astype(np.float32)


def _draw_ridge(random: np.random.Generator, view: Picture, nearness: float) -> None:
    """Draw one mountain range in place; `nearness` 0 is the last in the haze, 1 the shore."""
    height, width = view.shape[:2]
    outline = clouds(random, width, 8, 3 + round(5 * nearness), 3)[4]
    crest = height * (0.66 + 0.27 * nearness - 0.10 * (1 - 0.65 * nearness) * outline)
    if nearness == 1:
        crest = crest - _trees(random, width, height)
    inside = np.arange(height, dtype=np.float32)[:, None] - crest.astype(np.float32)
    top = max(0, int(crest.min()) - 1)
    cover = np.clip(inside[top:], 0, 1)
    surface = _paint_slope(random, width, height - top, nearness)
    view[top:] = _mix(view[top:], surface, cover)


def _paint_slope(random: np.random.Generator, width: int, height: int, nearness: float) -> Picture:
    """Rock and wood lit from the side of the sun: light is the slope of a fractal surface."""
    relief = clouds(random, width, height, 10 + round(30 * nearness), 2)
    light = np.gradient(relief, axis=1) * np.float32(4 * (0.3 + 0.7 * nearness))
    haze = _color(0.86, 0.60, 0.48)
    ground = _mix(_color(0.20, 0.24, 0.33), _color(0.10, 0.13, 0.09), nearness)
    base = _mix(haze, ground, 0.25 + 0.75 * nearness)
    lit = base * (1 + np.clip(light, -0.6, 1.2)[..., None] * _color(1.1, 0.9, 0.7))
    mist = np.linspace(0, 0.45 * (1 - nearness), height, dtype=np.float32)[:, None]
    return _mix(lit, haze, np.broadcast_to(mist, (height, width)))


def _trees(random: np.random.Generator, width: int, height: int) -> Plane:
    """Return how far firs rise above the shore at each column, in pixels."""
    rise = np.zeros(width, np.float32)
    columns = np.arange(width, dtype=np.float32)
    for _ in range(width // 9):
        middle, tall = random.uniform(0, width), height * random.uniform(0.015, 0.075)
        stands = 0.5 + 0.5 * np.sin(middle / width * 11)
        reach = tall * stands * (1 - np.abs(columns - middle) / (0.17 * tall))
        rise = np.maximum(rise, reach + 0.04 * tall * np.sin(columns * 0.9 + middle))
    return rise


def _reflect(random: np.random.Generator, above: Picture, height: int) -> Picture:
    """The lake: what stands above it, upside down, darker, broken by ripples."""
    width = above.shape[1]
    depth = np.linspace(0, 1, height, dtype=np.float32)[:, None]
    ripples = _enlarge(clouds(random, width // 6, height, 60, 2), width, height)
    shift = ripples * (3 + 60 * depth**1.5) * height / 1100
    rows = np.clip(np.arange(height)[:, None] * 1.3 + shift, 0, above.shape[0] - 1)
    mirrored = above[::-1][rows.astype(np.intp), np.arange(width)[None]]
    water = mirrored * (0.80 - 0.30 * depth[..., None]) * _color(0.92, 0.98, 1.06)
    glitter = np.clip(ripples - 2.2, 0, 0.7) * depth
    return _mix(water, _color(1.0, 0.85, 0.66), glitter.astype(np.float32))
