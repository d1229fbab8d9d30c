"""The strength scale and the step counts are promises shown under the dial."""

from __future__ import annotations

import subprocess
import sys
from itertools import pairwise

import pytest
from diffusers.schedulers.scheduling_ddim import DDIMScheduler
from hypothesis import given, settings
from hypothesis import strategies as st

from core.engine.noise import (
    NoiseCurve,
    curve_of_alphas,
    native_start,
    noise_ratios,
    sigma_ref,
    steps_to_run,
)
from core.recipe import SigmaSchedule

every_spacing = st.sampled_from(list(SigmaSchedule))


def test_strength_means_stable_diffusions_noise() -> None:
    """One scale for all models: 0.3 must be what 0.3 is everywhere else."""
    scheduler = DDIMScheduler(beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear")
    for strength in (0.001, 0.1, 0.3, 0.5, 0.75, 0.999, 1.0):
        abar = float(scheduler.alphas_cumprod[min(round(1000 * strength), 999)])
        assert sigma_ref(strength) == pytest.approx(((1 - abar) / abar) ** 0.5, rel=1e-4)


@settings(deadline=None)
@given(low=st.floats(0, 1), high=st.floats(0, 1))
def test_more_strength_is_more_noise(low: float, high: float) -> None:
    low, high = sorted((low, high))
    assert sigma_ref(low) <= sigma_ref(high)
    assert sigma_ref(0) == 0


@pytest.mark.parametrize(
    ("strength", "steps", "least", "expected"),
    [
        (0.58, 50, 1, 29),
        (0.29, 100, 1, 29),
        (0.07, 100, 1, 7),
        (0.3, 20, 1, 6),
        (0.31, 20, 1, 7),
        (0.001, 20, 1, 1),
        (0.05, 20, 4, 4),
        (1.0, 20, 1, 20),
        (0.0, 20, 4, 0),
    ],
)
def test_steps_are_counted_without_floating_points_errors(
    strength: float, steps: int, least: int, expected: int
) -> None:
    assert steps_to_run(strength, steps, least) == expected


@settings(deadline=None)
@given(first=st.floats(1e-4, 12), steps=st.integers(1, 300), spacing=every_spacing)
def test_levels_start_exactly_and_only_fall(
    curve: NoiseCurve, first: float, steps: int, spacing: SigmaSchedule
) -> None:
    ratios = noise_ratios(first, steps, spacing, curve)
    assert len(ratios) == steps
    assert ratios[0] == first
    assert all(0 < b < a for a, b in pairwise(ratios))


def test_karras_is_the_formula_of_its_paper(curve: NoiseCurve) -> None:
    ratios = noise_ratios(10.0, 8, SigmaSchedule.KARRAS, curve)
    low, high = curve.smallest ** (1 / 7), 10.0 ** (1 / 7)
    assert ratios == pytest.approx([(high + k / 7 * (low - high)) ** 7 for k in range(8)])


def test_normal_is_even_in_the_models_own_timesteps(curve: NoiseCurve) -> None:
    """A full run takes the very timesteps of diffusers' trailing spacing."""
    ratios = noise_ratios(curve.ratios[-1], 20, SigmaSchedule.NORMAL, curve)
    assert [curve.timestep_of_ratio(r) for r in ratios] == pytest.approx(
        [1000 - 50 * k - 1 for k in range(20)]
    )


def test_beta_has_most_steps_at_both_ends(curve: NoiseCurve) -> None:
    ratios = noise_ratios(curve.ratios[-1], 20, SigmaSchedule.BETA, curve)
    gaps = [curve.timestep_of_ratio(a) - curve.timestep_of_ratio(b) for a, b in pairwise(ratios)]
    assert gaps[0] < gaps[len(gaps) // 2] > gaps[-1]


@pytest.mark.parametrize(
    ("strength", "steps", "expected"), [(0.58, 50, 29), (0.5, 20, 10), (0.04, 20, 0), (1, 20, 20)]
)
def test_native_strength_runs_the_last_share_of_the_steps(
    curve: NoiseCurve, strength: float, steps: int, expected: int
) -> None:
    run, first = native_start(strength, steps, curve)
    assert run == expected
    if run:
        timestep = curve.timestep_of_ratio(first)
        assert timestep == pytest.approx(1000 * run / steps - 1)


@settings(deadline=None)
@given(timestep=st.floats(0, 999))
def test_ratio_and_timestep_are_inverse(curve: NoiseCurve, timestep: float) -> None:
    back = curve.timestep_of_ratio(curve.ratio_of_timestep(timestep))
    assert back == pytest.approx(timestep, abs=1e-6)


def test_ratios_outside_the_training_are_held_to_it(curve: NoiseCurve) -> None:
    assert curve.timestep_of_ratio(1e-6) == 0
    assert curve.timestep_of_ratio(1e6) == 999


def test_a_curve_is_read_from_any_schedule() -> None:
    assert curve_of_alphas([0.8, 0.5]).ratios == pytest.approx((0.5, 1.0))


def test_planning_loads_no_torch() -> None:
    """The command line's help and the window would wait seconds for it."""
    code = "import core.engine.noise, core.images.tile, sys; sys.exit('torch' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)
