"""The six presets are what most people ever use: they must load, be valid, and be found."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.engine.models import builtin_spec
from core.errors import SettingsError
from core.plan import PictureSize, plan
from core.presets import DEFAULT_PRESET, find_preset, load_presets

NAMES = ["Clean", "Clean gently", "Clean hard", "Smooth", "Paint", "Loose paint"]


def test_the_shipped_presets_come_in_the_order_they_are_shown() -> None:
    assert [preset.name for preset in load_presets()] == NAMES
    assert load_presets()[0].id == DEFAULT_PRESET


@pytest.mark.parametrize("name", NAMES)
def test_every_preset_runs_on_the_built_in_model(name: str) -> None:
    preset = find_preset(name.upper(), load_presets())
    assert preset.sentence
    assert plan(preset.edit, builtin_spec(), PictureSize(768, 512)).calls >= 1


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
    assert len(presets) == len(NAMES) + 1
