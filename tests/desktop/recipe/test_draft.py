"""Undo and refusal in the recipe: without them a slip of the hand costs the user's settings."""

from __future__ import annotations

import pytest

from core.models.spec import ModelSpec, builtin_spec
from core.presets import shipped_presets
from core.recipe import Mode, OutputFormat, OutputSettings, Recipe
from desktop.recipe.draft import RecipeDraft


@pytest.fixture
def draft(qapp: object, painter_model: ModelSpec) -> RecipeDraft:
    return RecipeDraft([builtin_spec(), painter_model], shipped_presets())


def test_one_pull_of_a_dial_is_undone_at_once(draft: RecipeDraft) -> None:
    for grain in (10, 20, 30):
        draft.set_value("keep_grain", grain, gesture=True)
    draft.end_gesture()
    draft.set_value("keep_grain", 60, gesture=True)
    draft.undo_stack.undo()
    assert draft.state.edit.keep_grain == 30
    draft.undo_stack.undo()
    assert draft.state.edit.keep_grain == 0
    draft.undo_stack.redo()
    assert draft.state.edit.keep_grain == 30


def test_a_dial_that_comes_back_to_where_it_was_leaves_nothing_to_undo(draft: RecipeDraft) -> None:
    draft.set_value("keep_grain", 10, gesture=True)
    draft.set_value("keep_grain", 0, gesture=True)
    assert not draft.undo_stack.canUndo()


def test_moves_of_two_dials_are_two_steps(draft: RecipeDraft) -> None:
    draft.choose_mode(Mode.REPAINT)
    draft.set_value("strength", 0.2, gesture=True)
    draft.set_value("hold_structure", 20, gesture=True)
    draft.undo_stack.undo()
    assert (draft.state.edit.strength, draft.state.edit.hold_structure) == (0.2, 0)


def test_a_refused_value_changes_nothing_and_is_said(draft: RecipeDraft) -> None:
    told: list[tuple[str, object]] = []
    draft.refused.connect(lambda field, error: told.append((field, error)))
    before = draft.state
    draft.set_value("seed", "abc")
    assert draft.state == before
    assert "seed" in draft.problems
    draft.set_value("seed", "12")
    assert draft.state.edit.seed == 12
    assert not draft.problems
    assert [(field, error is None) for field, error in told] == [("seed", False), ("seed", True)]


def test_undo_takes_a_refused_value_back_too(draft: RecipeDraft) -> None:
    draft.set_value("keep_grain", 20)
    draft.set_value("quality", "best")
    draft.undo_stack.undo()
    assert not draft.problems


def test_a_whole_preset_is_one_step_back(draft: RecipeDraft) -> None:
    draft.set_value("keep_grain", 20)
    before = draft.state
    draft.choose_preset(shipped_presets()[2])
    draft.undo_stack.undo()
    assert draft.state == before


def test_a_pasted_recipe_without_output_keeps_the_users_output(draft: RecipeDraft) -> None:
    draft.set_value("format", OutputFormat.TIFF)
    draft.apply(Recipe(edit=shipped_presets()[4].edit), "Paste")
    assert draft.state.output.format is OutputFormat.TIFF
    assert draft.state.base.id == "paint"
    draft.apply(Recipe(output=OutputSettings(quality=70)), "Paste")
    assert draft.state.output == OutputSettings(quality=70)


def test_another_photographs_recipe_is_nothing_to_undo(draft: RecipeDraft) -> None:
    draft.set_value("keep_grain", 20)
    draft.show_state(shipped_presets()[5])
    assert not draft.undo_stack.canUndo()
    assert draft.state.recipe == shipped_presets()[5]


def test_a_recipe_whose_model_is_not_here_is_kept_as_it_is(draft: RecipeDraft) -> None:
    recipe = Recipe(edit=shipped_presets()[4].edit.model_copy(update={"model": "gone"}))
    draft.show_state(recipe)
    assert draft.spec is None
    assert draft.state.recipe == recipe
