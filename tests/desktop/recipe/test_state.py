"""What choosing a preset, mode or model makes of a recipe: wrong, and users lose their settings."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.errors import SettingsError
from core.models.spec import ModelSpec, builtin_spec
from core.presets import find_preset, shipped_presets
from core.recipe import Amount, EditSettings, Mode, OutputSettings, Recipe, SchedulerName, SeedMode
from desktop.recipe.state import (
    RecipeState,
    base_of,
    changed_fields,
    effective,
    starting_recipe,
    with_mode,
    with_model,
    with_preset,
    with_values,
)

PRESETS = shipped_presets()
SPEC = builtin_spec()


def preset(name: str) -> Recipe:
    return find_preset(name, PRESETS)


def state(name: str = "clean") -> RecipeState:
    return RecipeState(preset(name), preset(name))


def test_a_value_is_taken_over_and_is_the_only_one_that_counts_as_changed() -> None:
    after = with_values(state(), {"keep_grain": 40}, SPEC)
    assert after.edit.keep_grain == 40
    assert changed_fields(after, SPEC) == ("keep_grain",)


def test_text_from_a_field_becomes_a_number() -> None:
    assert with_values(state(), {"amount": "15"}, SPEC).edit.amount == 15.0
    assert with_values(state("paint"), {"num_inference_steps": "9"}, SPEC).edit == (
        preset("paint").edit.model_copy(update={"num_inference_steps": 9})
    )


@pytest.mark.parametrize(
    "values",
    [
        {"keep_grain": 101},
        {"amount": "much"},
        {"seed": -1},
        {"seed": 2**63},
        {"prompt": "watercolour"},
        {"scheduler": SchedulerName.LCM},
        {"name_template": "../{stem}"},
        {"name_template": "{nonsense}"},
        {"strengths": (0.2, 1.5)},
    ],
)
def test_what_the_settings_or_the_model_do_not_allow_is_refused(values: dict[str, object]) -> None:
    with pytest.raises(SettingsError):
        with_values(state("paint"), values, SPEC)


def test_the_default_said_aloud_is_no_change() -> None:
    explicit = with_values(state("paint"), {"scheduler": SchedulerName.DDIM}, SPEC)
    assert changed_fields(explicit, SPEC) == ()


def test_a_setting_of_the_other_mode_is_no_change() -> None:
    repainting = with_values(state("paint"), {"keep_grain": 30}, SPEC)
    assert changed_fields(repainting, SPEC) == ()


def test_a_preset_keeps_the_users_folder_seed_and_files() -> None:
    before = with_values(
        state("paint"),
        {"seed": 7, "seed_mode": SeedMode.FIXED, "folder": Path("/out"), "quality": 80},
        SPEC,
    )
    after = with_preset(before, preset("loose-paint"), SPEC)
    assert after.edit.strength == preset("loose-paint").edit.strength
    assert after.edit.scheduler is SchedulerName.EULER_A
    assert (after.edit.seed, after.edit.seed_mode) == (7, SeedMode.FIXED)
    assert (after.output.folder, after.output.quality) == (Path("/out"), 80)


def test_a_preset_takes_back_what_was_dialed() -> None:
    dialed = with_values(state(), {"amount": Amount.MORE, "keep_grain": 20}, SPEC)
    assert with_preset(dialed, preset("clean"), SPEC).edit == preset("clean").edit


def test_a_preset_of_the_users_brings_its_format_but_not_a_folder() -> None:
    own = Recipe(
        id="web", name="Web", edit=preset("clean").edit, output=OutputSettings(max_side=2000)
    )
    before = with_values(state(), {"folder": Path("/out"), "scale": 0.5}, SPEC)
    after = with_preset(before, own, SPEC)
    assert (after.output.max_side, after.output.scale) == (2000, 1.0)
    assert after.output.folder == Path("/out")


def test_repaint_starts_from_the_preset_nearest_the_models_own_strength() -> None:
    after = with_mode(state(), Mode.REPAINT, SPEC, PRESETS)
    assert after.base.id == "paint"
    assert changed_fields(after, SPEC) == ()


def test_a_model_sets_its_defaults_except_for_what_the_user_changed(
    painter_model: ModelSpec,
) -> None:
    before = with_values(state("paint"), {"num_inference_steps": 15}, SPEC)
    switched = with_model(before, SPEC, painter_model, PRESETS)
    recipe = switched.state.recipe
    assert recipe.edit.model == "painter"
    assert recipe.edit.num_inference_steps == 15
    assert (switched.state.base.id, recipe.edit.strength) == ("refine", 0.3)
    assert effective(recipe, "scheduler", painter_model) is SchedulerName.DPMPP_2M
    assert switched.kept == ("num_inference_steps",)
    assert set(switched.taken) == {"scheduler", "sigmas", "guidance_scale"}


def test_a_model_that_cannot_clean_repaints_and_says_what_it_cannot_use(
    painter_model: ModelSpec,
) -> None:
    before = with_values(state(), {"keep_grain": 30}, SPEC)
    switched = with_model(before, SPEC, painter_model, PRESETS)
    assert switched.state.edit.mode is Mode.REPAINT
    assert switched.dropped == ("keep_grain",)


def test_a_prompt_is_dropped_with_a_word_where_the_model_takes_none(
    painter_model: ModelSpec,
) -> None:
    painting = RecipeState(
        Recipe(edit=EditSettings(model="painter", mode=Mode.REPAINT, prompt="rain")),
        starting_recipe(painter_model, PRESETS),
    )
    switched = with_model(painting, painter_model, SPEC, PRESETS)
    assert switched.state.edit.prompt == ""
    assert "prompt" in switched.dropped


def test_several_strengths_are_sorted_each_once_and_the_first_is_the_recipes() -> None:
    after = with_values(state("paint"), {"strengths": (0.45, 0.2, 0.2)}, SPEC)
    assert after.strengths == (0.2, 0.45)
    assert after.edit.strength == 0.2
    assert with_values(after, {"strength": 0.3}, SPEC).strengths == ()


def test_a_stored_recipe_is_compared_with_the_preset_it_came_from() -> None:
    dialed = with_values(state("clean-gently"), {"keep_grain": 10}, SPEC).recipe
    assert base_of(dialed, PRESETS, SPEC).id == "clean-gently"
    unnamed = Recipe(edit=preset("clean-hard").edit)
    assert base_of(unnamed, PRESETS, SPEC).id == "clean-hard"
    foreign = Recipe(edit=EditSettings(model="gone", mode=Mode.REPAINT))
    assert base_of(foreign, PRESETS, None) == foreign
