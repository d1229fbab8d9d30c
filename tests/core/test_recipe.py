"""A recipe that is read wrong edits 2,000 photographs wrong: every value is checked by name."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import SettingsError
from core.recipe import (
    Amount,
    EditSettings,
    Mode,
    Recipe,
    edit_settings,
    load_recipe,
    output_settings,
    parse_recipe,
)


def test_a_recipe_survives_its_own_json() -> None:
    recipe = Recipe(name="Mine", edit=EditSettings(mode=Mode.REPAINT, strength=0.41, seed=2**62))
    assert parse_recipe(recipe.to_json()) == recipe


@given(strength=st.floats(0, 1), seed=st.integers(0, 2**63 - 1), prompt=st.text(max_size=40))
def test_any_valid_settings_survive_json(strength: float, seed: int, prompt: str) -> None:
    edit = EditSettings(strength=strength, seed=seed, prompt=prompt)
    recipe = Recipe(edit=edit)
    assert parse_recipe(recipe.to_json()).edit == edit


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"strength": 1.5}, ["strength", "1.5", "less than or equal to 1"]),
        ({"strength": float("nan")}, ["strength", "nan"]),
        ({"num_inference_steps": 0}, ["num_inference_steps", "0", "greater than or equal to 1"]),
        ({"amount": "lots"}, ["amount", "lots", "auto, less, more"]),
        ({"amount": 300}, ["amount", "300", "0 to 255"]),
        ({"scheduler": "magic"}, ["scheduler", "magic", "ddim"]),
        ({"seed": -1}, ["seed", "-1"]),
        ({"strenght": 0.3}, ["strenght", "There is no setting"]),
    ],
)
def test_a_wrong_value_is_named_with_what_is_allowed(
    values: dict[str, object], words: list[str]
) -> None:
    with pytest.raises(SettingsError) as caught:
        edit_settings(values)
    for word in words:
        assert word in caught.value.message


def test_two_sizes_at_once_are_refused() -> None:
    with pytest.raises(SettingsError, match="exclude each other"):
        output_settings({"max_side": 2000, "scale": 2.0})


def test_amount_reads_as_a_word_or_a_number() -> None:
    assert edit_settings({"amount": "less"}).amount is Amount.LESS
    assert edit_settings({"amount": "15"}).amount == 15.0


def test_a_newer_recipe_is_refused_with_the_way_out(tmp_path: Path) -> None:
    path = tmp_path / "future.json"
    path.write_text(json.dumps({"version": 9}))
    with pytest.raises(SettingsError, match="newer Regrain") as caught:
        load_recipe(path)
    assert "Update" in caught.value.hint


@pytest.mark.parametrize("text", ["", "[1,2]", "{", '"x"', "null"])
def test_what_is_no_recipe_is_refused_in_words(tmp_path: Path, text: str) -> None:
    path = tmp_path / "broken.json"
    path.write_text(text)
    with pytest.raises(SettingsError):
        load_recipe(path)


def test_toml_recipes_are_read(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text('name = "Mine"\n[edit]\nmode = "repaint"\nstrength = 0.2\n')
    assert load_recipe(path).edit.strength == 0.2


def test_recipes_that_were_stored_with_views_are_still_read() -> None:
    """Libraries and results hold such: one that could not be read would be lost to its owner."""
    stored = json.loads(Recipe().model_dump_json())
    stored["edit"]["views"] = 4
    assert Recipe.model_validate(stored) == Recipe()
