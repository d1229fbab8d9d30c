"""Sampler names of other programs; one read wrongly would render other pictures."""

from __future__ import annotations

import pytest

from core.errors import SettingsError
from core.recipe import SchedulerName, SigmaSchedule
from core.samplers import read_sampler

A1111 = {
    "DPM++ 2M": ("dpmpp-2m", None),
    "DPM++ SDE": ("dpmpp-sde", None),
    "DPM++ 2M Karras": ("dpmpp-2m", "karras"),
    "DPM++ SDE Karras": ("dpmpp-sde", "karras"),
    "DPM++ 2M Exponential": ("dpmpp-2m", "exponential"),
    "Euler": ("euler", None),
    "Euler a": ("euler-a", None),
    "Heun": ("heun", None),
    "DDIM": ("ddim", None),
    "UniPC": ("unipc", None),
    "LCM": ("lcm", None),
    "Euler Automatic": ("euler", "normal"),
    "DPM++ 2M SGM Uniform": ("dpmpp-2m", "normal"),
    "Euler Beta": ("euler", "beta"),
    "LMS Karras": ("lms", "karras"),
    "DPM2": ("dpm2", None),
    "DPM2 a Karras": ("dpm2-a", "karras"),
    "DPM++ 2M SDE Karras": ("dpmpp-2m-sde", "karras"),
    "PLMS": ("pndm", None),
}
OTHER_PROGRAMS = {
    "dpmpp_2m": ("dpmpp-2m", None),
    "dpmpp_2m_karras": ("dpmpp-2m", "karras"),
    "euler_ancestral": ("euler-a", None),
    "uni_pc": ("unipc", None),
    "k_euler_a": ("euler-a", None),
    "EulerAncestralDiscreteScheduler": ("euler-a", None),
    "EulerDiscreteScheduler": ("euler", None),
    "DDIMScheduler": ("ddim", None),
    "HeunDiscreteScheduler": ("heun", None),
    "dpm_2_ancestral": ("dpm2-a", None),
    "KDPM2DiscreteScheduler": ("dpm2", None),
    "DEISMultistepScheduler": ("deis", None),
    "UniPCMultistepScheduler": ("unipc", None),
    "FlowMatchEulerDiscreteScheduler": ("flow-euler", None),
}


@pytest.mark.parametrize(("name", "meant"), (A1111 | OTHER_PROGRAMS).items())
def test_names_of_other_programs_mean_the_same_here(
    name: str, meant: tuple[str, str | None]
) -> None:
    assert read_sampler(name) == meant
    assert read_sampler(name.lower() if " " in name else name) == meant


@pytest.mark.parametrize("name", [scheduler.value for scheduler in SchedulerName])
def test_our_own_names_are_read(name: str) -> None:
    assert read_sampler(name) == (name, None)


def test_every_name_leads_to_a_scheduler_and_sigmas_that_exist() -> None:
    for scheduler, sigmas in (A1111 | OTHER_PROGRAMS).values():
        SchedulerName(scheduler)
        assert sigmas is None or SigmaSchedule(sigmas)


@pytest.mark.parametrize(
    "name",
    [
        "DPM++ 2S a", "DPM++ 2M SDE Heun", "DPM++ 3M SDE", "DPM++ 3M SDE Exponential",
        "DPM fast", "DPM adaptive", "Restart", "DDIM CFG++",
    ],
)  # fmt: skip
def test_a_sampler_that_is_not_here_is_refused_with_the_nearest(name: str) -> None:
    """Taken silently as a neighbour, old recipes would give pictures that nobody recognises."""
    with pytest.raises(SettingsError) as caught:
        read_sampler(name)
    assert "nearest" in caught.value.hint


@pytest.mark.parametrize("name", ["", "Karras", "banana", "euler karras karras", "💥"])
def test_an_unknown_name_is_refused_with_the_known_ones(name: str) -> None:
    with pytest.raises(SettingsError) as caught:
        read_sampler(name)
    assert "euler-a" in caught.value.hint
