"""Schedulers must start where the strength says and leave no noise; else results are ruined."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import pytest
import torch
from diffusers import (
    DDIMScheduler,
    DPMSolverMultistepScheduler,
    EulerAncestralDiscreteScheduler,
    EulerDiscreteScheduler,
    HeunDiscreteScheduler,
    UniPCMultistepScheduler,
)

from core.builtin.schedule import make_betas
from core.engine.noise import NoiseCurve, native_start, noise_ratios
from core.engine.schedulers import Sampler, calls_of
from core.errors import SettingsError
from core.models.spec import builtin_spec
from core.recipe import SchedulerName, SigmaSchedule

RUNS = builtin_spec().schedulers
DRAWS = {SchedulerName.EULER_A, SchedulerName.DPMPP_SDE}
PICTURE = torch.rand(3, 16, 16, generator=torch.Generator().manual_seed(1)) * 2 - 1

Denoise = Callable[[torch.Tensor, float], torch.Tensor]
"""The expected picture from a network input (variance preserving) at a noise ratio."""


def run(
    name: SchedulerName, ratios: tuple[float, ...], denoise: Denoise, picture: torch.Tensor
) -> torch.Tensor:
    """Repaint with a network that is an exact formula."""
    sampler = Sampler(name, ratios)
    generator = torch.Generator().manual_seed(0)
    state = sampler.start(picture, torch.randn(picture.shape, generator=generator))
    for call, level in enumerate(sampler.levels):
        ratio = ratios[level]
        signal = (1 + ratio**2) ** -0.5
        sample = state * sampler.input_scale(call)
        expected = denoise(sample, ratio)
        noise = (sample - signal * expected) / (signal * ratio)
        state = sampler.step(call, signal * noise - signal * ratio * expected, state, generator)
    return state


@pytest.mark.parametrize("name", RUNS)
@pytest.mark.parametrize("steps", [1, 2, 3, 5, 14, 15, 16, 50])
def test_every_scheduler_removes_all_noise(
    name: SchedulerName, steps: int, curve: NoiseCurve
) -> None:
    """A network that knows the picture must get it back, from any level in any number of steps."""
    for first in (0.02, 0.4, 10.0):
        ratios = noise_ratios(first, steps, SigmaSchedule.NORMAL, curve)
        result = run(name, ratios, lambda sample, ratio: PICTURE, PICTURE)
        assert (result - PICTURE).abs().max() < 2e-6
        assert result.dtype == torch.float32


@pytest.mark.parametrize("name", RUNS)
@pytest.mark.parametrize("steps", [1, 2, 7])
def test_calls_are_counted_right(name: SchedulerName, steps: int, curve: NoiseCurve) -> None:
    """The time left and the plan's calls stand on it; Heun asks twice, but once at the end."""
    ratios = noise_ratios(1.0, steps, SigmaSchedule.NORMAL, curve)
    sampler = Sampler(name, ratios)
    assert len(sampler.levels) == calls_of(name, steps)
    assert sampler.levels[0] == 0
    assert set(sampler.levels) == set(range(steps))


@pytest.mark.parametrize("name", RUNS)
@pytest.mark.parametrize("spacing", list(SigmaSchedule))
def test_pictures_of_known_statistics_keep_them(
    name: SchedulerName, spacing: SigmaSchedule, curve: NoiseCurve
) -> None:
    """For Gaussian pictures the best network is a formula, and the end of the path is known."""
    deviation, first = 0.5, 2.0

    def expected(sample: torch.Tensor, ratio: float) -> torch.Tensor:
        signal = (1 + ratio**2) ** -0.5
        return signal * deviation**2 / (signal**2 * (deviation**2 + ratio**2)) * sample

    # What draws noise at each step comes near only with many steps.
    steps = 300 if name in DRAWS else 60
    picture = deviation * torch.randn(3, 64, 64, generator=torch.Generator().manual_seed(5))
    result = run(name, noise_ratios(first, steps, spacing, curve), expected, picture)
    assert float(result.std()) == pytest.approx(deviation, rel=0.04)
    if name not in DRAWS:
        noise = torch.randn(picture.shape, generator=torch.Generator().manual_seed(0))
        shrink = deviation / (deviation**2 + first**2) ** 0.5
        assert (result - (picture + first * noise) * shrink).abs().max() < 0.15


@pytest.mark.parametrize("name", [name for name in RUNS if name not in DRAWS])
def test_large_pictures_are_stepped_as_their_parts_are(
    name: SchedulerName, curve: NoiseCurve
) -> None:
    """Some are stepped strip by strip; a seam would run across every large photograph."""
    generator = torch.Generator().manual_seed(3)
    picture, noise, *answers = torch.randn(7, 3, 400, 300, generator=generator)

    def led(rows: slice, *, written_over: bool = True) -> torch.Tensor:
        sampler = Sampler(name, noise_ratios(0.8, 3, SigmaSchedule.NORMAL, curve))
        state = sampler.start(picture[:, rows], noise[:, rows])
        for call in range(len(sampler.levels)):
            sampler.input_scale(call)
            given = answers[call][:, rows].clone()
            state = sampler.step(call, given, state, generator)
            if written_over:  # as by the window over the tiles, which moves on
                given.zero_()
        return state

    parts = torch.cat([led(slice(0, 150)), led(slice(150, 400))], 1)
    assert torch.allclose(led(slice(0, 400)), parts, atol=1e-6)
    assert torch.equal(led(slice(0, 400), written_over=False), led(slice(0, 400)))


def test_ddim_is_the_formula_of_its_paper(curve: NoiseCurve) -> None:
    """Song, Meng, Ermon 2021, equation 12 with eta 0."""
    ratios = noise_ratios(0.8, 4, SigmaSchedule.NORMAL, curve)
    sampler = Sampler(SchedulerName.DDIM, ratios)
    generator = torch.Generator().manual_seed(0)
    noise = torch.randn(PICTURE.shape, generator=generator)
    state = sampler.start(PICTURE, noise)
    own = (PICTURE + ratios[0] * noise).double()
    for call, (now, later) in enumerate(zip(ratios, [*ratios[1:], 0.0], strict=True)):
        signal = (1 + now**2) ** -0.5
        assert (state.double() - own * signal).abs().max() < 1e-6
        v = torch.sin(3 * state)
        state = sampler.step(call, v, state, generator)
        x0 = signal * (own * signal) - signal * now * torch.sin(3 * own * signal)
        own = x0 + later * (own - x0) / now
    assert (state.double() - own).abs().max() < 1e-6


REFERENCES = {
    SchedulerName.DDIM: (DDIMScheduler, {"clip_sample": False}),
    SchedulerName.EULER: (EulerDiscreteScheduler, {}),
    SchedulerName.EULER_A: (EulerAncestralDiscreteScheduler, {}),
    SchedulerName.DPMPP_2M: (DPMSolverMultistepScheduler, {}),
    SchedulerName.UNIPC: (UniPCMultistepScheduler, {}),
    SchedulerName.HEUN: (HeunDiscreteScheduler, {}),
}


def plain_loop(name: SchedulerName, strength: float, steps: int, picture: torch.Tensor) -> Any:
    """Repaint as a diffusers pipeline does, with the whole schedule and a share of its steps."""
    made, options = REFERENCES[name]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        scheduler = made(
            trained_betas=make_betas(),
            prediction_type="v_prediction",
            timestep_spacing="trailing",
            **options,
        )
        scheduler.set_timesteps(steps)
    run_steps = int(steps * strength)
    start = (steps - run_steps) * scheduler.order
    timesteps = scheduler.timesteps[start:]
    if hasattr(scheduler, "set_begin_index"):
        scheduler.set_begin_index(start)
    generator = torch.Generator().manual_seed(0)
    noise = torch.randn(picture.shape, generator=generator)
    state = scheduler.add_noise(picture, noise, timesteps[:1])
    drawing = {"generator": generator} if name in DRAWS else {}
    for t in timesteps:
        v = torch.sin(2 * scheduler.scale_model_input(state, t)) * (0.3 + t / 2000)
        state = scheduler.step(v, t, state, **drawing).prev_sample
    return state


@pytest.mark.parametrize("name", list(REFERENCES))
@pytest.mark.parametrize("strength", [0.25, 0.5, 1.0])
def test_native_strength_equals_diffusers_own_call(
    name: SchedulerName, strength: float, curve: NoiseCurve
) -> None:
    """`--strength-scale native` promises the picture that a diffusers script makes."""
    steps, first = native_start(strength, 20, curve)
    ratios = noise_ratios(first, steps, SigmaSchedule.NORMAL, curve)
    sampler = Sampler(name, ratios)
    generator = torch.Generator().manual_seed(0)
    state = sampler.start(PICTURE, torch.randn(PICTURE.shape, generator=generator))
    for call, level in enumerate(sampler.levels):
        timestep = curve.timestep_of_ratio(ratios[level])
        v = torch.sin(2 * state * sampler.input_scale(call)) * (0.3 + timestep / 2000)
        state = sampler.step(call, v, state, generator)
    expected = plain_loop(name, strength, 20, PICTURE[None])[0]
    scale = max(1.0, float(expected.abs().max()))
    assert (state - expected).abs().max() / scale < 1e-3


def test_a_scheduler_of_other_models_is_refused_with_the_right_ones() -> None:
    with pytest.raises(SettingsError) as caught:
        Sampler(SchedulerName.LCM, (1.0,))
    assert "lcm" in caught.value.message
    assert "ddim" in caught.value.hint
