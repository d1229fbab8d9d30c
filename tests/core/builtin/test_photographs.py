"""Synthetic photographs: were they not the same each time, nobody could train the model again."""

from __future__ import annotations

import numpy as np
import pytest

from core.builtin.crops import draw_crops
from core.builtin.patterns import PATTERNS, make_checks, make_pattern_crop, make_screen
from core.builtin.photographs import canvas
from core.builtin.textures import make_noise_field


def test_a_seed_always_makes_the_same_photograph() -> None:
    first, again, other = canvas(3, 48), canvas(3, 48), canvas(4, 48)
    assert first.shape == (48, 48, 3)
    assert first.dtype == np.uint8
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_photographs_have_texture_and_colour_rather_than_one_tone() -> None:
    spreads = [float(canvas(seed, 64).std()) for seed in range(4)]
    assert min(spreads) > 5


def test_noise_fields_have_unit_contrast() -> None:
    field = make_noise_field(np.random.default_rng(0), 64, 1.2, 3.0, 0.7)
    assert abs(float(field.mean())) < 1e-4
    assert float(field.std()) == pytest.approx(1, abs=1e-3)


@pytest.mark.parametrize("make", dict.fromkeys(PATTERNS), ids=lambda make: str(make.__name__))
def test_patterns_stay_within_black_and_white(make: object) -> None:
    assert callable(make)
    for seed in range(4):
        weight = make(np.random.default_rng(seed), 40, 2.0)
        assert weight.shape == (40, 40)
        assert 0 <= float(weight.min()) <= float(weight.max()) <= 1


def test_the_finest_patterns_alternate_at_every_pixel() -> None:
    """The study's model painted coloured checks on a fence for want of such crops."""
    checks = [make_checks(np.random.default_rng(seed), 16) for seed in range(40)]
    finest = [np.abs(np.diff(weight, axis=axis)).min() for weight in checks for axis in (0, 1)]
    assert max(finest) == 1


def test_screens_repeat_after_a_few_pixels_in_tones_of_0_to_1() -> None:
    """The finest patterns of print and cloth; a network that rarely saw them tinted them."""
    screens = [make_screen(np.random.default_rng(seed), 24) for seed in range(60)]
    assert all(0 <= float(tones.min()) <= float(tones.max()) <= 1 for tones in screens)
    lively = [tones for tones in screens if np.ptp(tones) > 0]
    changes = [np.abs(np.diff(tones, axis=axis)).mean() for tones in lively for axis in (0, 1)]
    assert len(lively) > 40
    assert sum(change > 0.3 for change in changes) > len(lively) / 2
    upright = [tones for tones in screens if np.array_equal(tones[:4, :4], tones[12:16, 12:16])]
    assert len(upright) > 15


def test_pattern_crops_are_of_many_colours_and_contrasts() -> None:
    crops = [make_pattern_crop(np.random.default_rng(seed), 16) for seed in range(60)]
    assert all(crop.shape == (16, 16, 3) and crop.dtype == np.uint8 for crop in crops)
    assert {0, 255} <= {int(crop.min()) for crop in crops} | {int(crop.max()) for crop in crops}
    assert len({tuple(crop.reshape(-1, 3).mean(0).round().tolist()) for crop in crops}) > 30


def test_crops_depend_on_seed_and_step_alone() -> None:
    canvases = np.stack([canvas(seed, 48) for seed in range(2)])
    first = draw_crops(0, 7, canvases, 6, 16)
    assert first.shape == (6, 3, 16, 16)
    assert np.array_equal(first, draw_crops(0, 7, canvases, 6, 16))
    assert not np.array_equal(first, draw_crops(0, 8, canvases, 6, 16))
    assert not np.array_equal(first, draw_crops(1, 7, canvases, 6, 16))
