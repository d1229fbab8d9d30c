"""Preferences and folders: a damaged file must not be lost, nor a home folder littered."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.errors import SettingsError
from core.preferences import (
    Paths,
    Preferences,
    load_preferences,
    save_preferences,
    user_paths,
)


def test_regrain_home_moves_everything(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REGRAIN_HOME", str(tmp_path))
    paths = user_paths()
    for path in (paths.library, paths.preferences, paths.presets, paths.logs, paths.pictures):
        assert tmp_path in path.parents
    assert list(tmp_path.iterdir()) == []


def test_without_it_the_platforms_folders_are_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("REGRAIN_HOME")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    paths = user_paths()
    assert paths.library.name == "library.db"
    assert paths.pictures.is_absolute()


def test_missing_preferences_are_the_defaults(tmp_path: Path) -> None:
    assert load_preferences(tmp_path / "none.json") == Preferences()


def test_preferences_are_read_back(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "preferences.json"
    wanted = Preferences(device="cuda:0")
    save_preferences(path, wanted)
    assert load_preferences(path) == wanted
    assert [file.name for file in path.parent.iterdir()] == ["preferences.json"]


def test_what_a_newer_version_wrote_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "preferences.json"
    path.write_text('{"device": "cpu", "hologram": "on"}')
    save_preferences(path, load_preferences(path).model_copy(update={"device": "auto"}))
    assert '"hologram": "on"' in path.read_text()


@pytest.mark.parametrize("text", ["", "{", "[]", '{"device": 3}', "\x00"])
def test_damaged_preferences_are_refused_and_left_as_they_are(tmp_path: Path, text: str) -> None:
    path = tmp_path / "preferences.json"
    path.write_text(text)
    with pytest.raises(SettingsError, match="damaged") as caught:
        load_preferences(path)
    assert "\n" not in caught.value.message
    assert path.read_text() == text


def test_a_failed_save_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "preferences.json"
    save_preferences(path, Preferences(device="cpu"))

    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(SettingsError, match="cannot be saved"):
        save_preferences(path, Preferences(device="cuda:0"))
    assert load_preferences(path).device == "cpu"
    assert [file.name for file in tmp_path.iterdir()] == ["preferences.json"]


def test_what_the_window_keeps_survives(tmp_path: Path) -> None:
    path = tmp_path / "preferences.json"
    wanted = Preferences(
        idle_minutes=0, close_to_tray=True, keep_awake=False, notify=False, on_done="beep",
        theme="dark", last_project=3, thumbnail_cache_mb=500,
    )  # fmt: skip
    save_preferences(path, wanted)
    assert load_preferences(path) == wanted


@pytest.mark.parametrize(
    "wrong", ['{"theme": "pink"}', '{"thumbnail_cache_mb": 0}', '{"idle_minutes": -1}']
)
def test_wrong_values_are_named_and_left_in_the_file(tmp_path: Path, wrong: str) -> None:
    path = tmp_path / "preferences.json"
    path.write_text(wrong)
    with pytest.raises(SettingsError, match=r"preferences\.json"):
        load_preferences(path)
    assert path.read_text() == wrong


def test_the_cache_lies_with_the_rest_when_a_home_is_given(tmp_path: Path) -> None:
    assert Paths.under(tmp_path).cache == tmp_path / "cache"
