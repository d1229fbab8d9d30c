"""Schedulers on levels of our own must still lead down to a picture: pictures of known statistics,
for which the best possible network is known, have to keep them."""

from __future__ import annotations

import math

import pytest
import torch

from core.engine.latent.leveled import LeveledScheduler, model_curve
from core.engine.latent.levels import Levels
from core.engine.noise import noise_ratios, sigma_ref
from core.models.families import FAMILIES
from core.recipe import SchedulerName, SigmaSchedule

SPREAD = 0.7
CONFIG = {
    "_class_name": "DDIMScheduler", "beta_start": 0.00085, "beta_end": 0.012,
    "beta_schedule": "scaled_linear", "prediction_type": "epsilon",
}  # fmt: skip
NAMES = [*FAMILIES["sd1"].schedulers, SchedulerName.LCM, SchedulerName.TCD]

DRAWS = (
    SchedulerName.EULER_A, SchedulerName.DPMPP_SDE, SchedulerName.DPMPP_2M_SDE,
    SchedulerName.DDPM, SchedulerName.DPM2_A, SchedulerName.LCM,
)  # fmt: skip
"""They draw noise at each step, and forget the picture that much more."""


def likeness(one: torch.Tensor, other: torch.Tensor) -> float:
    return float(torch.corrcoef(torch.stack([one.flatten(), other.flatten()]))[0, 1])


def led(name: SchedulerName, levels: Levels) -> tuple[torch.Tensor, torch.Tensor]:
    """Return pictures before and after, led down as a pipeline does it."""
    curve = model_curve(CONFIG)
    scheduler = LeveledScheduler(name, levels, CONFIG)
    count, strength = scheduler.call_form
    scheduler.set_timesteps(count)
    first = count - int(count * strength)
    timesteps = scheduler.timesteps[first * scheduler.order :]
    generator = torch.Generator().manual_seed(1)
    before = torch.randn(1, 4, 64, 64, generator=generator) * SPREAD
    noise = torch.randn(before.shape, generator=generator)
    state = scheduler.add_noise(before, noise, timesteps[:1])
    for timestep in timesteps:
        seen = scheduler.scale_model_input(state, timestep)
        ratio = curve.ratio_of_timestep(float(timestep))
        signal = 1 / math.sqrt(1 + ratio**2)
        share = ratio * signal
        guess = share * seen / (signal**2 * SPREAD**2 + share**2)
        state = scheduler.step(guess, timestep, state, generator=generator)[0]
    return before, state


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize("spacing", [SigmaSchedule.NORMAL, SigmaSchedule.KARRAS])
@pytest.mark.parametrize("name", NAMES)
def test_pictures_of_known_statistics_keep_them(
    name: SchedulerName, spacing: SigmaSchedule
) -> None:
    """A level that is off by one shows as pictures too soft or with noise left in them."""
    curve = model_curve(CONFIG)
    if name in (SchedulerName.LCM, SchedulerName.TCD):
        timesteps: tuple[float, ...] = tuple(range(599, 0, -20))
        ratios = tuple(map(curve.ratio_of_timestep, timesteps))
    else:
        ratios = noise_ratios(sigma_ref(0.6), 30, spacing, curve)
        timesteps = tuple(map(curve.timestep_of_ratio, ratios))
    before, after = led(name, Levels(ratios, timesteps))
    assert bool(torch.isfinite(after).all())
    # LCM jumps to the best guess each time, which is softer than any one picture.
    low = 0.6 if name is SchedulerName.LCM else 0.88
    assert low < float(after.std()) / SPREAD < 1.06
    if name not in DRAWS:
        assert likeness(before, after) > 0.25


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize("steps", [1, 2, 3])
@pytest.mark.parametrize("name", NAMES)
def test_few_steps_end_in_numbers(name: SchedulerName, steps: int) -> None:
    """At low strength one or two steps run, where schedulers of many steps have their corners."""
    timesteps = tuple(range(99, 99 - 20 * steps, -20))
    ratios = tuple(map(model_curve(CONFIG).ratio_of_timestep, timesteps))
    before, after = led(name, Levels(ratios, tuple(map(float, timesteps))))
    assert bool(torch.isfinite(after).all())
    assert likeness(before, after) > 0.7
    assert 0.8 < float(after.std()) / SPREAD < 1.05
