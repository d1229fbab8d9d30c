"""One strength scale: 0.3 is as much noise in every family, under every scheduler, in any number
of steps. Without it a strength that suits one model destroys pictures with another."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch

from core.engine.latent.calls import schedule_of
from core.engine.latent.components import Components
from core.engine.latent.leveled import model_curve
from core.engine.latent.schedules import Schedule
from core.engine.noise import sigma_ref
from core.models.families import FAMILIES
from core.models.family_spec import family_spec
from core.models.spec import Prediction
from core.plan import network_calls
from core.recipe import SchedulerName as S
from core.recipe import SigmaSchedule
from tests.families.leading import denoising, edit_of, led_down, seen, snapshot
from tests.families.loading import Loaded

STRENGTHS = tuple(k / 10 for k in range(1, 10))
STEPS = (8, 20, 50)
LATENT = [name for name, family in FAMILIES.items() if family.capabilities.strength]
DISTILLED = [
    (name, variant)
    for name, family in FAMILIES.items()
    for variant, of in family.variants.items()
    if of.levels
]

_VP = {"beta_start": 0.00085, "beta_end": 0.012, "beta_schedule": "scaled_linear"}
_DYNAMIC = {"use_dynamic_shifting": True, "base_shift": 0.5, "max_shift": 1.15}
CONFIGS: dict[str, dict[str, Any]] = {
    "sd1": {**_VP, "_class_name": "PNDMScheduler", "skip_prk_steps": True, "steps_offset": 1},
    "sd2": {**_VP, "_class_name": "DDIMScheduler", "prediction_type": "v_prediction"},
    "sdxl": {**_VP, "_class_name": "EulerDiscreteScheduler", "timestep_spacing": "leading"},
    "sd3": {"shift": 3.0},
    "flux": {**_DYNAMIC, "shift": 3.0, "max_image_seq_len": 4096},
    "z-image": {"shift": 3.0, "use_dynamic_shifting": False},
    "qwen-image": {**_DYNAMIC, "max_shift": 0.9, "shift_terminal": 0.02},
}
"""The settings of each family's scheduler, as its models have them."""


def unloaded(family_id: str, variant: str = "") -> Components:
    """Return a model of which schedules are made, without its weights."""
    names = {"id": family_id, "name": family_id, "folder": Path("nowhere")}
    spec = family_spec(family_id, variant, **names)
    return Components(spec, {}, CONFIGS[family_id], "cpu", "fp32")


def started(schedule: Schedule, shift: float | None) -> tuple[float, Any]:
    """Return sigma / (1 + sigma) of what a pipeline would begin with, and its first timestep.

    As pipelines do: timesteps are made, the first ones left out, and noise is added to a picture.
    Of a picture of ones without noise, and of noise alone, what is left says sigma.
    """
    scheduler, count = schedule.scheduler, schedule.num_inference_steps
    assert schedule.strength is not None
    is_flow = hasattr(scheduler, "scale_noise")
    if is_flow:
        scheduler.set_timesteps(count, mu=shift)
        count = count if shift is None else len(scheduler.timesteps)
        first = int(max(count - min(count * schedule.strength, count), 0))
    else:
        scheduler.set_timesteps(count)
        first = max(count - min(int(count * schedule.strength), count), 0)
    timesteps = scheduler.timesteps[first * scheduler.order :]
    scheduler.set_begin_index(first * scheduler.order)
    one, none = torch.ones(1, 1, 1, 1), torch.zeros(1, 1, 1, 1)
    noise, signal = (
        float(
            scheduler.scale_noise(picture, timesteps[:1], added)
            if is_flow
            else scheduler.add_noise(picture, added, timesteps[:1])
        )
        for picture, added in ((none, one), (one, none))
    )
    sigma = noise / signal
    return sigma / (1 + sigma), timesteps


def worst_of(components: Any, scheduler: S, sigmas: SigmaSchedule, shift: float | None) -> float:
    """Return the largest share by which a start differs from the scale's."""
    worst = 0.0
    for strength in STRENGTHS:
        wanted = sigma_ref(strength) / (1 + sigma_ref(strength))
        for steps in STEPS:
            edit = edit_of(
                components,
                strength=strength,
                num_inference_steps=steps,
                scheduler=scheduler,
                sigmas=sigmas,
                guidance_scale=1.0,
            )
            found, timesteps = started(schedule_of(components, edit), shift)
            worst = max(worst, abs(found / wanted - 1))
            ran = math.ceil(round(strength * steps, 6))
            assert len(timesteps) == network_calls(edit, components.spec), (strength, steps)
            assert len(timesteps) in (ran, ran + 1, 2 * ran - 1)
            assert bool((timesteps.diff() < 1e-3).all()), "it never goes up"
    return worst


def cases() -> Iterator[Any]:
    """Yield every family and scheduler; each scheduler once, and each family once, by default."""
    known: set[object] = set()
    for name in LATENT:
        for scheduler in FAMILIES[name].schedulers:
            for sigmas in SigmaSchedule:
                usual = name not in known or scheduler not in known or sigmas not in known
                known |= {name, scheduler, sigmas}
                marks = [] if usual else [pytest.mark.slow]
                yield pytest.param(name, scheduler, sigmas, marks=marks)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize(("family_id", "scheduler", "sigmas"), list(cases()))
def test_strength_means_the_same_noise_in_every_family(
    family_id: str,
    scheduler: S,
    sigmas: SigmaSchedule,
    record_property: Any,
) -> None:
    components = unloaded(family_id)
    is_flow = components.spec.prediction is Prediction.FLOW
    for shift in (None, 0.5, 1.15) if is_flow else (None,):
        worst = worst_of(components, scheduler, sigmas, shift)
        record_property("strength", [family_id, scheduler.value, sigmas.value, worst])
        assert worst < 0.02


@pytest.mark.parametrize(("family_id", "variant"), DISTILLED)
def test_distilled_models_start_at_a_level_they_know_and_say_so(
    family_id: str, variant: str
) -> None:
    """Elsewhere they have never seen a picture, and what they make is mush."""
    components = unloaded(family_id, variant)
    curve = model_curve(components.scheduler_config)
    trained = components.spec.levels
    for scheduler in components.spec.schedulers:
        for strength in STRENGTHS:
            edit = edit_of(components, strength=strength, scheduler=scheduler)
            schedule = schedule_of(components, edit)
            level = schedule.facts["level"]
            found, timesteps = started(schedule, None)
            assert {round(float(t)) for t in timesteps} <= set(trained)
            assert float(timesteps[0]) == level
            ratio = curve.ratio_of_timestep(float(level))
            assert found == pytest.approx(ratio / (1 + ratio), rel=0.02)
            wanted = curve.timestep_of_ratio(sigma_ref(strength))
            assert abs(level - wanted) == min(abs(t - wanted) for t in trained)
            assert len(timesteps) == network_calls(edit, components.spec)


@pytest.mark.parametrize(("family_id", "scheduler"), [("sd1", S.EULER), ("flux", S.FLOW_EULER)])
def test_stronger_changes_more(family_id: str, scheduler: S, loaded: Loaded) -> None:
    components, working = loaded(family_id), seen(snapshot())
    changed = []
    for strength in (0.25, 0.5, 1.0):
        stages: list[Any] = []
        edit = edit_of(components, strength=strength, num_inference_steps=4, scheduler=scheduler)
        led_down(components, {0: denoising(components, working, edit, on_stage=stages.append)})
        assert [stage.number for stage in stages] == list(range(1, len(stages) + 1))
        assert {stage.count for stage in stages} == {round(strength * 4)}
        assert stages[0].noisy.shape == stages[0].guess.shape == (3, 8, 8)
        changed.append(float((stages[0].noisy - working.picture[:, 4::8, 4::8]).abs().mean()))
    assert changed == sorted(changed)
