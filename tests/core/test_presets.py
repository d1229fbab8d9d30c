"""The presets are what most people ever use: they must load, be valid, and be found."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import SettingsError
from core.models.families import FAMILIES
from core.models.family_spec import family_spec
from core.models.spec import ModelSpec, builtin_spec
from core.plan import PictureSize, check, plan
from core.presets import (
    DEFAULT_PRESET,
    default_preset,
    delete_preset,
    export_preset,
    find_preset,
    import_preset,
    is_for,
    is_shipped,
    load_presets,
    readable_presets,
    rename_preset,
    save_preset,
)
from core.recipe import EditSettings, Mode, ModelKind, OutputSettings, Recipe

NAMES = ["Clean", "Clean gently", "Clean hard", "Smooth", "Paint", "Loose paint"]
OTHERS = ["Touch up", "Refine", "Restyle", "Reinvent", "Fast", "Flow", "Edit by instruction"]
"""For models that understand a prompt."""


def family_specs() -> list[ModelSpec]:
    """Return a spec of each family, and of each of its distilled forms."""
    return [
        family_spec(family.id, variant, id=f"{family.id}{variant}", name="x", folder=Path("/x"))
        for family in FAMILIES.values()
        for variant in ("", *family.variants)
    ]


def test_the_shipped_presets_come_in_the_order_they_are_shown() -> None:
    assert [preset.name for preset in load_presets()] == NAMES + OTHERS
    assert load_presets()[0].id == DEFAULT_PRESET


@pytest.mark.parametrize("name", NAMES)
def test_every_preset_runs_on_the_built_in_model(name: str) -> None:
    preset = find_preset(name.upper(), load_presets())
    assert preset.sentence
    assert plan(preset.edit, builtin_spec(), PictureSize(768, 512)).calls >= 1


@pytest.mark.parametrize("name", OTHERS)
def test_every_other_preset_runs_on_every_model_of_its_kind(name: str) -> None:
    """A preset that its own models refuse would be a button that only gives errors."""
    preset = find_preset(name, load_presets())
    specs = [spec for spec in family_specs() if is_for(preset, spec.kind)]
    assert specs
    for spec in specs:
        told = preset.edit.model_copy(update={"model": spec.id, "prompt": "a boat"})
        check(told, spec)


@pytest.mark.parametrize("kind", ModelKind)
def test_every_kind_of_model_has_a_preset_to_start_with(kind: ModelKind) -> None:
    assert is_for(default_preset(kind), kind)


def test_repainting_presets_stay_in_their_measured_zones() -> None:
    spec = builtin_spec()
    for name, zone in (("smooth", "Smooth"), ("paint", "Paint"), ("loose-paint", "Loose paint")):
        assert spec.zone(find_preset(name, load_presets()).edit.strength) == zone


def test_an_unknown_preset_is_answered_with_the_known_ones() -> None:
    with pytest.raises(SettingsError, match="Sharpen") as caught:
        find_preset("Sharpen", load_presets())
    assert "Clean gently" in caught.value.hint


def test_own_presets_stand_after_the_shipped_ones(tmp_path: Path) -> None:
    (tmp_path / "Old phone.toml").write_text('[edit]\namount = "more"\n')
    presets = load_presets(tmp_path)
    assert find_preset("old phone", presets).edit.amount == "more"
    assert len(presets) == len(NAMES + OTHERS) + 1


def test_an_own_preset_is_kept_found_renamed_and_deleted(tmp_path: Path) -> None:
    folder = tmp_path / "not yet there"
    edit = EditSettings(mode=Mode.REPAINT, strength=0.22, prompt='a "b" \\ ü')
    stored = save_preset(folder, "  My  look ", Recipe(id="x", name="y", edit=edit))
    assert (stored.id, stored.name) == ("my-look", "My look")
    assert find_preset("my look", load_presets(folder)) == stored
    renamed = rename_preset(folder, "My look", "Über mich")
    assert [preset.name for preset in load_presets(folder)][len(NAMES + OTHERS) :] == ["Über mich"]
    assert renamed.edit == edit
    deleted = delete_preset(folder, "über mich")
    assert len(load_presets(folder)) == len(NAMES + OTHERS)
    assert save_preset(folder, deleted.name, deleted).edit == edit


@pytest.mark.parametrize("name", ["Clean", "clean GENTLY", "Clean!", "loose_paint", "", "x" * 99])
def test_names_that_are_shipped_or_none_are_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(SettingsError, match="name"):
        save_preset(tmp_path, name, Recipe())
    assert list(tmp_path.iterdir()) == []


def test_shipped_presets_are_neither_renamed_nor_deleted(tmp_path: Path) -> None:
    for change in (
        lambda: delete_preset(tmp_path, "Paint"),
        lambda: rename_preset(tmp_path, "Paint", "Mine"),
    ):
        with pytest.raises(SettingsError, match="comes with Regrain"):
            change()
    assert is_shipped(load_presets()[0])
    assert not is_shipped(save_preset(tmp_path, "Mine", load_presets()[0]))


def test_a_taken_name_is_refused_unless_it_is_to_be_replaced(tmp_path: Path) -> None:
    """Two names that make the same file would silently lose the first preset."""
    (tmp_path / "hand made.toml").write_text('name = "Mine?"\n[edit]\namount = "less"\n')
    for name in ("Mine?", "mine!", "MINE"):
        with pytest.raises(SettingsError, match="already"):
            save_preset(tmp_path, name, Recipe())
    save_preset(tmp_path, "Mine?", Recipe(edit=EditSettings(keep_grain=7)), replace=True)
    (own,) = load_presets(tmp_path)[len(NAMES + OTHERS) :]
    assert own.edit.keep_grain == 7
    save_preset(tmp_path, "Other", Recipe())
    with pytest.raises(SettingsError, match="already"):
        rename_preset(tmp_path, "Other", "mine")
    assert rename_preset(tmp_path, "Other", "OTHER").name == "OTHER"
    assert len(load_presets(tmp_path)) == len(NAMES + OTHERS) + 2


def test_presets_travel_without_this_computers_folder(tmp_path: Path) -> None:
    output = OutputSettings(folder=Path("/home/me/out"), quality=80)
    recipe = Recipe(name="Mine", sentence="For rain.", output=output)
    for name in ("a.toml", "a.json"):
        export_preset(recipe, tmp_path / name)
        assert "/home/me" not in (tmp_path / name).read_text()
        imported = import_preset(tmp_path / "presets", tmp_path / name)
        assert imported.output == OutputSettings(quality=80)
    names = [preset.name for preset in load_presets(tmp_path / "presets")][len(NAMES + OTHERS) :]
    assert names == ["Mine 2", "Mine"]
    with pytest.raises(SettingsError, match="already"):
        export_preset(recipe, tmp_path / "a.toml")
    with pytest.raises(SettingsError, match="recipe"):
        export_preset(recipe, tmp_path / "a.txt")


def test_an_imported_preset_with_a_shipped_name_gets_a_number(tmp_path: Path) -> None:
    export_preset(load_presets()[0], tmp_path / "clean.toml")
    assert import_preset(tmp_path / "own", tmp_path / "clean.toml").name == "Clean 2"


def test_one_broken_preset_does_not_hide_the_others(tmp_path: Path) -> None:
    (tmp_path / "broken.toml").write_text("edit = [")
    save_preset(tmp_path, "Mine", Recipe())
    presets, troubles = readable_presets(tmp_path)
    assert presets[-1].name == "Mine"
    assert [trouble.message for trouble in troubles if "broken.toml" in trouble.message]
    assert delete_preset(tmp_path, "Mine").name == "Mine"


@given(st.text(min_size=1, max_size=80) | st.sampled_from(["NUL", "com1", "!?", "\U0001d400" * 80]))
def test_any_name_makes_a_file_that_every_system_takes(name: str) -> None:
    with TemporaryDirectory() as folder:
        try:
            stored = save_preset(Path(folder), name, Recipe())
        except SettingsError:
            return
        (file,) = Path(folder).iterdir()
        assert not set(file.name) & set('<>:"/\\|?*\n\0')
        assert find_preset(stored.name, load_presets(Path(folder))) == stored
