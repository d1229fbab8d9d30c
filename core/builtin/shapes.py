"""Outlines of synthetic photographs: blobs, polygons, boxes and sticks of scale-invariant sizes."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from core.builtin.textures import Random

Outline = npt.NDArray[np.float64]


def draw_radii(random: Random, count: int, smallest: float, largest: float) -> Outline:
    """Sizes in pixels after a power law, so that every scale covers a like share of the picture.

    The exponent is drawn from 2.2 to 3.2 (3 is exact scale invariance). Often sorted, large first,
    so that small things lie on large ones.
    """
    power = 1 - random.uniform(2.2, 3.2)
    share = random.random(count)
    radii = ((largest**power - smallest**power) * share + smallest**power) ** (1 / power)
    if random.random() < 0.6:
        radii = np.sort(radii)[::-1] * random.uniform(0.7, 1.3, count)
    return np.asarray(radii, np.float64)


def make_blob(random: Random, radius: float) -> Outline:
    """A smooth closed curve: stones, leaves, faces."""
    angles = np.linspace(0, 2 * np.pi, 48, endpoint=False)
    reach = np.ones(48)
    for order in range(1, int(random.integers(2, 8))):
        reach += random.normal(0, 0.35 / order) * np.cos(order * angles + random.uniform(0, 6.28))
    reach = np.clip(reach, 0.15, 2) * radius
    return np.stack([reach * np.cos(angles), reach * np.sin(angles)], 1)


def make_polygon(random: Random, radius: float) -> Outline:
    """A star-shaped polygon of 3 to 23 corners."""
    corners = int(random.integers(3, 24))
    angles = np.sort(random.uniform(0, 2 * np.pi, corners))
    reach = radius * random.uniform(0.3, 1.2, corners)
    return np.stack([reach * np.cos(angles), reach * np.sin(angles)], 1)


def make_box(random: Random, radius: float) -> Outline:
    """A rectangle: walls, windows, books."""
    width, height = radius * random.uniform(0.2, 1.4, 2)
    return np.array([[-width, -height], [width, -height], [width, height], [-width, height]])


def make_stick(random: Random, radius: float) -> Outline:
    """Long and thin, often tapering: branches, wires, blades of grass."""
    length, half = radius * random.uniform(1, 3), max(1.0, radius * random.uniform(0.02, 0.2))
    upper, lower = half * random.uniform(0.1, 1, 2)
    return np.array([[-length, -half], [length, -upper], [length, lower], [-length, half]])


def make_outline(random: Random, radius: float) -> Outline:
    """One outline around (0, 0), (corners, 2) in pixels (x, y), squeezed and turned."""
    chance = random.random()
    if chance < 0.45:
        points = make_blob(random, radius)
    elif chance < 0.75:
        points = make_polygon(random, radius)
    else:
        points = make_box(random, radius) if chance < 0.9 else make_stick(random, radius)
    squeezed = points * [1, random.uniform(0.5, 1)]
    angle = random.uniform(0, 2 * np.pi)
    cosine, sine = np.cos(angle), np.sin(angle)
    return np.asarray(squeezed @ np.array([[cosine, -sine], [sine, cosine]]), np.float64)
