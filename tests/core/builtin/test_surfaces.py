"""Surfaces of synthetic photographs: without them the model knows confetti, not hair and brick."""

from __future__ import annotations

import numpy as np
import pytest

from core.builtin.surfaces import SURFACES, make_border, make_flow, make_surface

SIDE = 64


def palette(random: np.random.Generator) -> np.ndarray:
    return random.random(3).astype(np.float32)


@pytest.mark.parametrize("make", dict.fromkeys(SURFACES), ids=lambda make: str(make.__name__))
def test_surfaces_fill_the_square_with_finite_colours(make: object) -> None:
    assert callable(make)
    for seed in range(4):
        surface = make(np.random.default_rng(seed), SIDE, palette)
        assert surface.shape == (SIDE, SIDE, 3)
        assert surface.dtype == np.float32
        assert np.isfinite(surface).all()
        assert -0.5 < surface.min() <= surface.max() < 4


def test_the_same_seed_makes_the_same_surface() -> None:
    first, again = (make_surface(np.random.default_rng(5), SIDE, palette) for _ in range(2))
    assert np.array_equal(first, again)


def test_hair_and_water_run_one_way() -> None:
    """Gradients along the grain are weaker than across it; slow bends even that out in some."""
    shares = []
    for seed in range(8):
        grey = make_flow(np.random.default_rng(seed), 2 * SIDE, palette).mean(2)
        down, across = (np.gradient(grey, axis=axis).ravel() for axis in (0, 1))
        energies = np.linalg.eigvalsh(np.cov(np.stack([down, across])))
        shares.append(energies[0] / energies[1])
    assert np.median(shares) < 0.5
    assert min(shares) < 0.15


def test_borders_leave_something_on_both_sides_mostly() -> None:
    borders = [make_border(np.random.default_rng(seed), SIDE) for seed in range(30)]
    assert all(0 <= border.min() <= border.max() <= 1 for border in borders)
    assert sum(0.02 < border.mean() < 0.98 for border in borders) > 20
