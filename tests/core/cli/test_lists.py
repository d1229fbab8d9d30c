"""`regrain models`, `devices` and `presets`: what there is, in words and for programs."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from core.cli.console import Console
from core.cli.device_table import describe, show_devices
from core.device import DeviceInfo, DeviceKind
from core.engine.host import RenderHost
from core.errors import CoreError
from core.recipe import load_recipe
from tests.core.cli.commands import Ran
from tests.fakes import FAKE_RENDER_COMMAND, fake_environment

Regrain = Callable[..., Ran]


def test_models_are_listed_with_what_they_do(regrain: Regrain) -> None:
    assert "builtin" in regrain("models").out
    assert "cleans, repaints" in regrain("models", "list").out
    shown = regrain("models", "show", "builtin")
    assert "Apache-2.0" in shown.out
    assert json.loads(regrain("models", "show", "builtin", "--json").out)["id"] == "builtin"
    assert regrain("models", "show", "nope").code == 2


def test_presets_are_listed_shown_and_exported(regrain: Regrain, tmp_path: Path) -> None:
    assert regrain("presets").out.splitlines()[0].startswith("Clean  ")
    assert 'scheduler = "euler-a"' in regrain("presets", "show", "LOOSE PAINT").out
    for name in ("mine.toml", "mine.json"):
        assert regrain("presets", "export", "loose-paint", name).out == f"{name}\n"
        assert load_recipe(tmp_path / name).name == "Loose paint"
    again = regrain("presets", "export", "paint", "mine.toml")
    assert again.code == 2
    assert load_recipe(tmp_path / "mine.toml").name == "Loose paint"
    assert regrain("presets", "export", "paint", "mine.txt").code == 2


def test_an_exported_preset_runs(regrain: Regrain, trip: Path) -> None:
    regrain("presets", "export", "paint", "mine.toml")
    assert regrain("run", trip, "--recipe", "mine.toml", "--json").counts()["done"] == 4


def test_own_presets_are_found_by_name(regrain: Regrain, own_home: Path, trip: Path) -> None:
    folder = own_home / "presets"
    folder.mkdir()
    (folder / "evening.toml").write_text('[edit]\nmode = "repaint"\nstrength = 0.2\n')
    assert "evening" in regrain("presets").out
    assert regrain("run", trip, "--preset", "Evening").code == 0


def test_devices_are_asked_of_the_render_process(capfd: pytest.CaptureFixture[str]) -> None:
    host = RenderHost(FAKE_RENDER_COMMAND, fake_environment())
    assert show_devices(Console(), host) == 0
    assert capfd.readouterr().out.startswith("cpu ")
    assert not host.running


def test_a_render_process_that_dies_is_said() -> None:
    host = RenderHost((sys.executable, "-c", "raise SystemExit(3)"))
    with pytest.raises(CoreError, match="Looking for devices failed"):
        show_devices(Console(), host)


def test_a_device_that_cannot_be_used_says_why_and_what_helps() -> None:
    card = DeviceInfo(
        kind=DeviceKind.CUDA,
        name="NVIDIA RTX 4070",
        total_memory=12 << 30,
        free_memory=11 << 30,
        dtype="fp16",
        usable=False,
        problem="The installed PyTorch can only use the processor.",
        repair="pip install torch",
    )
    lines = describe(card)
    assert "not used" in lines[0]
    assert "only use the processor" in lines[1]
    assert "To use it: pip install torch" in lines[1]
    usable = describe(card.model_copy(update={"usable": True}))
    assert usable == ["cuda:0   NVIDIA RTX 4070, 11.0 of 12.0 GB free, fp16"]
