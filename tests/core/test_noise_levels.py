"""The noise curve under the dials must show the very levels that the engine goes through."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path

import pytest

from core.engine.noise import curve_of_betas, noise_ratios, sigma_ref
from core.models.families import FAMILIES
from core.models.family_spec import family_spec
from core.models.spec import BUILTIN_ID, ModelSpec, builtin_spec
from core.noise_levels import noise_levels
from core.plan import first_sigma, step_counts
from core.recipe import EditSettings, Mode, ModelKind, SchedulerName, SigmaSchedule, StrengthScale
from core.scheduler_facts import facts_of, sentence_of, useful_steps

SPEC = builtin_spec()


def repaint(strength: float, steps: int, **more: object) -> EditSettings:
    values = {"mode": Mode.REPAINT, "strength": strength, "num_inference_steps": steps}
    return EditSettings.model_validate(values | more)


def latent() -> ModelSpec:
    return SPEC.model_copy(update={"id": "sd", "pixel_space": False})


@pytest.mark.parametrize("spacing", list(SigmaSchedule))
@pytest.mark.parametrize("strength", [0.05, 0.3, 1.0])
def test_the_steps_that_run_are_the_engines(spacing: SigmaSchedule, strength: float) -> None:
    config = json.loads((SPEC.folder / "scheduler" / "scheduler_config.json").read_text())
    edit = repaint(strength, 20, sigmas=spacing)
    _, steps = step_counts(edit, SPEC)
    curve = curve_of_betas(config["trained_betas"])
    expected = noise_ratios(first_sigma(edit, SPEC), steps, spacing, curve)
    assert SPEC.id == BUILTIN_ID
    assert noise_levels(edit, SPEC).run == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize("spec", [SPEC, latent()], ids=["pixels", "latents"])
@pytest.mark.parametrize("strength", [0.0, 0.1, 0.33, 0.7, 1.0])
def test_all_levels_together_fall_and_are_as_many_as_the_steps(
    spec: ModelSpec, strength: float
) -> None:
    levels = noise_levels(repaint(strength, 20), spec)
    whole = levels.skipped + levels.run
    assert len(whole) == 20
    assert all(above > below for above, below in pairwise(whole))
    assert len(levels.run) == step_counts(repaint(strength, 20), spec)[1]


def test_latent_models_start_on_the_common_scale() -> None:
    levels = noise_levels(repaint(0.4, 10), latent())
    assert levels.run[0] == pytest.approx(sigma_ref(0.4))
    assert levels.skipped[0] == pytest.approx(sigma_ref(1.0))
    native = noise_levels(repaint(0.4, 10, strength_scale=StrengthScale.NATIVE), latent())
    assert len(native.run) == 4


def test_clean_starts_at_the_photographs_noise_and_skips_nothing() -> None:
    levels = noise_levels(EditSettings(amount=25.5, num_inference_steps=2), SPEC)
    assert levels.skipped == ()
    assert levels.run[0] == pytest.approx(0.2)
    assert noise_levels(EditSettings(amount=0.0), SPEC).run == ()


@pytest.mark.parametrize("scheduler", list(SchedulerName))
def test_every_scheduler_has_a_sentence_and_a_range(scheduler: SchedulerName) -> None:
    assert facts_of(scheduler).sentence
    for pixel_space in (False, True):
        low, high = useful_steps(scheduler, pixel_space=pixel_space)
        assert 1 <= low < high


def test_the_sentence_does_not_contradict_the_range_beside_it() -> None:
    assert sentence_of(SchedulerName.DPMPP_2M) == "sharp, 20 to 30 steps"
    assert useful_steps(SchedulerName.DPMPP_2M) == (20, 30)
    for scheduler in SchedulerName:
        if scheduler not in (SchedulerName.LCM, SchedulerName.TCD):
            assert not any(map(str.isdigit, sentence_of(scheduler, pixel_space=True)))


@pytest.mark.parametrize("family", FAMILIES)
def test_every_family_shows_levels_that_start_at_the_strengths_own(family: str) -> None:
    spec = family_spec(family, id=family, name=family, folder=Path("/m"))
    if spec.kind is ModelKind.INSTRUCT:
        told = EditSettings(mode=Mode.INSTRUCT, prompt="x")
        assert noise_levels(told, spec).run == ()
        return
    shown = noise_levels(repaint(0.4, 20), spec)
    assert shown.run[0] == pytest.approx(sigma_ref(0.4))
    assert len(shown.run) == 8
    assert all(high > low for high, low in pairwise(shown.run))


def test_distilled_models_show_the_levels_that_they_were_trained_at() -> None:
    spec = family_spec("sdxl", "turbo", id="t", name="t", folder=Path("/m"))
    assert len(noise_levels(repaint(0.4, 4), spec).run) == 2
