"""The noise schedule: a wrong one would clean too much or too little everywhere."""

from __future__ import annotations

import math
import subprocess
import sys
from itertools import pairwise

import pytest
import torch
from diffusers import DDIMScheduler

from core.builtin import schedule
from core.builtin.export import make_scheduler


@pytest.mark.parametrize("timestep", [0, 0.25, 17, 500.5, 999])
def test_timesteps_and_ratios_are_each_others_inverse(timestep: float) -> None:
    ratio = schedule.ratio_of_timestep(timestep)
    assert schedule.timestep_of_ratio(ratio) == pytest.approx(timestep, abs=1e-9)


def test_the_ends_are_what_the_model_was_trained_on() -> None:
    assert schedule.ratio_of_timestep(0) == pytest.approx(schedule.MIN_RATIO)
    assert schedule.ratio_of_timestep(999) == pytest.approx(schedule.MAX_RATIO)
    assert schedule.timestep_of_ratio(1e-9) == 0
    assert schedule.timestep_of_ratio(1e9) == pytest.approx(999)


def test_sigma_of_255_and_ratio_are_each_others_inverse() -> None:
    assert schedule.ratio_of_sigma(127.5) == 1
    assert schedule.sigma_of_ratio(schedule.ratio_of_sigma(25)) == pytest.approx(25)


def test_diffusers_sees_the_same_schedule() -> None:
    scheduler = make_scheduler()
    assert isinstance(scheduler, DDIMScheduler)
    ours = torch.tensor(schedule.make_alphas_cumprod())
    assert torch.allclose(scheduler.alphas_cumprod, ours, atol=1e-4, rtol=0)
    ratios = ((1 - scheduler.alphas_cumprod) / scheduler.alphas_cumprod).sqrt()
    expected = torch.tensor([schedule.ratio_of_timestep(step) for step in range(1000)])
    assert torch.allclose(ratios, expected, rtol=5e-3)


def test_more_strength_is_always_more_noise() -> None:
    ratios = [schedule.ratio_of_strength(step / 100) for step in range(101)]
    assert ratios[0] == 0
    assert all(low < high for low, high in pairwise(ratios))
    assert ratios[-1] <= schedule.MAX_RATIO
    growth = [math.log(high / low) for low, high in pairwise(ratios[5:])]
    assert all(early > late for early, late in pairwise(growth))


def test_strength_and_ratio_are_each_others_inverse() -> None:
    for strength in (0.0, 0.1, 0.33, 1.0):
        ratio = schedule.ratio_of_strength(strength)
        assert schedule.strength_of_ratio(ratio) == pytest.approx(strength)


@pytest.mark.parametrize("strength", [-0.01, 1.01, math.nan])
def test_a_strength_outside_the_dial_is_refused(strength: float) -> None:
    with pytest.raises(ValueError, match="between 0 and 1"):
        schedule.ratio_of_strength(strength)


def test_the_parent_process_can_use_the_schedule_without_torch() -> None:
    """The window must open at once: torch alone takes seconds to load."""
    code = "import sys, core.builtin.schedule; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
