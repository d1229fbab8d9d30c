"""`regrain models`: added, scanned, checked, removed; said in words and for programs."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from core.cli import model_downloads
from core.cli.console import Console
from core.cli.exits import ExitCode
from core.cli.main import main
from core.cli.reading import reading
from tests.core.cli.commands import Ran, photograph, ran
from tests.core.models import layouts
from tests.families.original import save_single

Families = Callable[..., Path]
Models = Callable[..., Ran]


@pytest.fixture
def models(capsys: pytest.CaptureFixture[str]) -> Models:
    def run(*words: str | Path) -> Ran:
        capsys.readouterr()
        code = main(["models", *map(str, words)])
        told = capsys.readouterr()
        return ran(code, told.out, told.err)

    return run


@pytest.fixture
def folder(family_folder: Families, tmp_path: Path) -> Path:
    return Path(shutil.copytree(family_folder("sd1"), tmp_path / "DreamShaper 8"))


def test_a_model_is_added_listed_checked_and_removed(models: Models, folder: Path) -> None:
    added = models("add", folder)
    assert added.code == 0
    assert added.out == "Added sd15-dreamshaper-8  DreamShaper 8 (Stable Diffusion 1.x, 3.8 MB)\n"
    assert "sd15-dreamshaper-8  DreamShaper 8 (Stable Diffusion 1.x" in models("list").out
    listed = [json.loads(line) for line in models("list", "--json").out.splitlines()]
    assert [one["id"] for one in listed] == ["builtin", "sd15-dreamshaper-8"]
    assert listed[1]["family"] == "sd1"
    assert listed[1]["files"][0]["sha256"]
    assert "CreativeML Open RAIL-M" in models("show", "sd15-dreamshaper-8").out
    assert models("check").out == "ok    sd15-dreamshaper-8\n"
    weights = folder / "vae" / "diffusion_pytorch_model.safetensors"
    data = bytearray(weights.read_bytes())
    stat = weights.stat()
    data[-1] ^= 1
    weights.write_bytes(data)
    os.utime(weights, ns=(stat.st_mtime_ns, stat.st_mtime_ns))
    assert models("check").code == 0, "its time is as noted"
    deep = models("check", "--deep")
    assert deep.code == 1
    assert "WRONG sd15-dreamshaper-8  vae/diffusion_pytorch_model.safetensors is not" in deep.out
    assert models("check", "nope").code == 2
    assert models("remove", "sd15-dreamshaper-8").code == 0
    assert models("check").out == ""
    assert models("remove", "sd15-dreamshaper-8").code == 2
    assert weights.exists()


def test_a_folder_of_another_program_is_scanned_and_forgotten(
    models: Models, family_folder: Families, tmp_path: Path
) -> None:
    root = layouts.a1111(tmp_path / "webui", family_folder)
    scanned = models("scan", root)
    assert scanned.code == 0
    assert "sd15-dreamshaper-8  dreamshaper_8 (Stable Diffusion 1.x, 3.8 MB, needs" in scanned.out
    assert "vae  vae-ft-mse-840000 (sd1)" in scanned.out
    assert "left out  old.ckpt can run code when opened" in scanned.err
    assert "2 models, 1 LoRA, VAE or ControlNet file, 2 left out" in scanned.err
    events = [line["event"] for line in models("scan", "--json").lines]
    assert sorted(events) == ["extra", "model", "model", "refused", "refused"]
    checked = models("check")
    assert checked.code == 0
    assert "LACKS sd15-dreamshaper-8  needs the settings" in checked.out
    assert models("remove", root).code == 0
    assert models("check").out == ""
    assert models("scan").code == 2
    assert models("scan", tmp_path / "nowhere").code == 2


def test_a_single_file_asks_before_the_network_is(
    models: Models, family_folder: Families, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is looked up on the network for somebody who only adds a file."""

    def asked(*_: object) -> Any:
        raise AssertionError("the network was asked")

    monkeypatch.setattr(model_downloads, "plan_all", asked)
    path = save_single(family_folder("sd1"), tmp_path / "photon.safetensors", "sd1")
    added = models("add", path)
    assert added.code == 0
    assert "photon needs Settings and tokenizers of Stable Diffusion 1.x (about" in added.err
    assert "regrain models download sd15-photon" in added.err
    with pytest.raises(AssertionError, match="network"):
        model_downloads.complete_model(
            Console(),
            model_downloads.opened_shelf(),
            model_downloads.opened_shelf().specs()["sd15-photon"],
            yes=True,
        )
    assert models("add", family_folder("sd1")).code == 0
    assert "sd15-photon  photon (Stable Diffusion 1.x, 3.8 MB)" in models("add", path).out, (
        "settings are there now"
    )


def test_an_unknown_download_is_answered_with_those_there_are(models: Models) -> None:
    answer = models("download", "midjourney")
    assert answer.code == 2
    assert "There are: sd15, lcm-dreamshaper, sdxl" in answer.err
    offers = [json.loads(line) for line in models("download", "--json").out.splitlines()]
    assert {"id", "licence", "gigabytes", "needs_login"} <= offers[0].keys()


def test_a_damaged_list_is_said_and_the_built_in_model_works(
    models: Models, own_home: Path
) -> None:
    path = own_home / "models" / "models.json"
    path.parent.mkdir()
    path.write_text("{")
    answer = models("list")
    assert answer.code == ExitCode.USAGE
    assert str(path) in answer.err
    assert path.read_text() == "{"


def test_large_models_say_how_far_they_are_read(capsys: pytest.CaptureFixture[str]) -> None:
    tell = reading(Console())
    for done in range(0, 1001, 5):
        tell(done * 7_000_000, 7_000_000_000)
    small = reading(Console())
    small(5, 10)
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 10
    assert lines[0] == "Reading: 10 % of 7.0 GB"
    assert lines[-1] == "Reading: 100 % of 7.0 GB"


def test_a_run_with_a_path_adds_the_model(
    models: Models, folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """`run --model PATH` needs no other command before it."""
    photograph(tmp_path / "photos" / "a.png")
    words = ["run", str(tmp_path / "photos"), "--strength", "0.3", "--prompt", "oil"]
    code = main([*words, "--model", str(folder), "--dry-run"])
    told = capsys.readouterr()
    assert code == 0, told.err
    assert "sd15-dreamshaper-8" in models("list").out
