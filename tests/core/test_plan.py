"""The plan is the promise on the button: a wrong one wastes hours or changes nothing at all."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.engine.noise import sigma_ref
from core.errors import SettingsError
from core.models.family_spec import family_spec
from core.models.spec import Capabilities, ModelSpec, builtin_spec
from core.plan import DeviceSpeed, PictureSize, check, plan, readable_seconds, step_counts
from core.recipe import EditSettings, Mode, SchedulerName, SizeMode

PICTURE = PictureSize(768, 512)


def repaint(**values: object) -> EditSettings:
    return EditSettings.model_validate({"mode": "repaint", **values})


def latent_spec() -> ModelSpec:
    builtin = builtin_spec()
    takes = Capabilities(prompt=True, negative_prompt=True, guidance=True)
    return builtin.model_copy(update={"pixel_space": False, "capabilities": takes, "min_steps": 1})


@pytest.mark.parametrize(
    ("strength", "steps", "runs"),
    [(0.58, 50, 29), (0.29, 100, 29), (0.3, 20, 6), (0.07, 100, 7), (0.01, 8, 1), (1.0, 20, 20)],
)
def test_steps_are_not_lost_to_floating_point(strength: float, steps: int, runs: int) -> None:
    """int(50 * 0.58) is 28, and int(8 * 0.01) would run nothing."""
    settings = repaint(strength=strength, num_inference_steps=steps)
    assert step_counts(settings, latent_spec()) == (steps, runs)


@given(strength=st.floats(1e-6, 1), steps=st.integers(1, 1000))
def test_only_strength_zero_runs_no_step(strength: float, steps: int) -> None:
    runs = step_counts(repaint(strength=strength, num_inference_steps=steps), builtin_spec())[1]
    assert 1 <= runs <= steps


def test_strength_zero_takes_the_file_over_as_it_is() -> None:
    result = plan(repaint(strength=0), builtin_spec(), PICTURE)
    assert result.unchanged
    assert result.calls == 0
    assert result.sentence(repaint(strength=0)) == "changes nothing"


def test_the_line_under_the_dial_says_what_runs() -> None:
    settings = repaint(strength=0.3, num_inference_steps=20)
    assert plan(settings, builtin_spec(), PICTURE).sentence(settings) == (
        "noise level 0.30, runs 6 of 20 steps"
    )


def test_heun_counts_two_calls_a_step_but_one_in_the_last() -> None:
    settings = repaint(strength=0.5, num_inference_steps=20, scheduler=SchedulerName.HEUN)
    assert plan(settings, builtin_spec(), PICTURE).calls == 19


def test_a_small_picture_is_whole_and_a_large_one_is_tiled() -> None:
    settings = repaint()
    assert plan(settings, builtin_spec(), PICTURE).tiles == 1
    large = PictureSize(6000, 4000)
    assert plan(settings, builtin_spec(), large).tiles > 30
    assert plan(repaint(size=SizeMode.NATIVE), builtin_spec(), large).tiles == 1


def test_first_sigma_grows_with_strength_on_both_scales() -> None:
    for spec in (builtin_spec(), latent_spec()):
        sigmas = [plan(repaint(strength=k / 20), spec, PICTURE).first_sigma for k in range(1, 21)]
        assert sigmas == sorted(set(sigmas))


def test_latent_models_start_at_the_reference_noise() -> None:
    result = plan(repaint(strength=0.4), latent_spec(), PICTURE)
    assert result.first_sigma == sigma_ref(0.4)


def test_time_follows_the_device(request: pytest.FixtureRequest) -> None:
    slow = plan(repaint(), builtin_spec(), PICTURE, DeviceSpeed(1.0, 0.0))
    fast = plan(repaint(), builtin_spec(), PICTURE, DeviceSpeed(0.1, 0.0))
    assert slow.seconds == pytest.approx(10 * fast.seconds)


def test_a_prompt_for_the_built_in_model_is_refused_with_a_way_out() -> None:
    with pytest.raises(SettingsError) as caught:
        check(EditSettings(prompt="watercolour"), builtin_spec())
    expected = "The built-in model takes no prompt; 'watercolour' would do nothing."
    assert caught.value.message == expected
    assert caught.value.hint == "Add a Stable Diffusion model with: regrain models add PATH."


@pytest.mark.parametrize(
    "settings",
    [
        EditSettings(negative_prompt="blur"),
        EditSettings(guidance_scale=7.5),
        EditSettings(scheduler=SchedulerName.LCM),
        EditSettings(clip_skip=2),
        EditSettings(size=SizeMode.FIT),
    ],
)
def test_settings_of_no_use_are_refused_not_ignored(settings: EditSettings) -> None:
    with pytest.raises(SettingsError) as caught:
        check(settings, builtin_spec())
    assert caught.value.hint


def test_a_model_that_cannot_clean_says_so() -> None:
    with pytest.raises(SettingsError, match="does not clean"):
        check(EditSettings(mode=Mode.CLEAN), latent_spec())


def test_durations_read_as_people_say_them() -> None:
    said = [readable_seconds(s) for s in (0.2, 40, 360, 111600)]
    assert said == ["1 s", "40 s", "about 6 min", "about 31 h"]


def family(name: str, variant: str = "") -> ModelSpec:
    return family_spec(name, variant, id=name, name=name, folder=Path("/m"))


@pytest.mark.parametrize(
    ("variant", "strength", "runs"),
    [
        ("turbo", 0.4, 2),
        ("turbo", 1.0, 4),
        ("lightning", 0.4, 3),
        ("lcm", 0.4, 4),
        ("lcm", 0.01, 1),
    ],
)
def test_distilled_models_run_the_levels_that_they_were_trained_at(
    variant: str, strength: float, runs: int
) -> None:
    """A promise of four steps where three run would be a time that never comes true."""
    assert step_counts(repaint(strength=strength), family("sdxl", variant))[1] == runs


@pytest.mark.parametrize(
    ("strength", "tiled", "size"),
    [(0.3, True, "6000 x 4000 in tiles of 512"), (0.6, False, "brought back")],
)
def test_a_photograph_far_larger_than_the_model_says_how_it_is_seen(
    strength: float, tiled: bool, size: str
) -> None:
    result = plan(repaint(strength=strength), family("sd1"), PictureSize(6000, 4000))
    assert size in result.size_words
    assert (result.tiles > 1) is tiled
    assert (result.width, result.height) == (6000, 4000)


def test_results_larger_than_the_photograph_are_painted_at_that_size() -> None:
    result = plan(repaint(strength=0.3), family("sd1"), PictureSize(800, 600), scale=2.0)
    assert (result.width, result.height) == (1600, 1200)


@pytest.mark.parametrize(
    ("values", "spec", "words"),
    [
        ({"strength": 0.3}, family("flux-kontext"), "Leave --strength out"),
        ({"mode": "instruct"}, family("flux-kontext"), "Give a prompt"),
        ({"mode": "instruct", "prompt": "x"}, family("sd1"), "Kontext"),
        ({"negative_prompt": "x", "guidance_scale": 1}, family("sd1"), "--guidance"),
        ({"negative_prompt": "x"}, family("flux"), "--true-guidance"),
        ({"guidance_scale": 5}, family("sdxl", "turbo"), "distilled"),
        ({"scheduler": "euler"}, family("flux"), "flow-euler"),
        ({"scheduler": "flow-euler"}, family("sd1"), "dpmpp-2m"),
        ({"control": {"kind": "tile", "path": "/x"}}, family("flux"), "Add a Stable Diffusion"),
        ({"mode": "clean"}, family("sd1"), "built-in"),
    ],
)
def test_what_a_model_cannot_use_is_refused_with_what_to_do(
    values: dict[str, object], spec: ModelSpec, words: str
) -> None:
    with pytest.raises(SettingsError) as caught:
        check(repaint(**values), spec)
    assert words in caught.value.hint
