"""Rows 44 to 46: models made to harm, through `regrain models add` and the loader itself."""

from __future__ import annotations

import os
import resource
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from core.cli.exits import ExitCode
from core.cli.main import main
from core.errors import CoreError, ModelUntrustedError
from core.models.shelf import ModelShelf
from tests.families.original import save_single
from tests.faults import hostile
from tests.faults.table import Tally

Families = Callable[..., Path]

pytestmark = pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="made of Unix' links and pipes")
_BOUND = 300 << 20


@pytest.fixture
def shelf(own_home: Path) -> ModelShelf:
    return ModelShelf(own_home / "models")


@pytest.fixture
def spoiled(family_folder: Families, tmp_path: Path) -> Callable[[hostile.Spoil], Path]:
    """Returns a fresh copy of a good model with one thing wrong."""
    made = 0

    def make(spoil: hostile.Spoil) -> Path:
        nonlocal made
        made += 1
        folder = Path(shutil.copytree(family_folder("sd1"), tmp_path / f"model{made}"))
        spoil(folder)
        return folder

    return make


@pytest.fixture
def bounded(family_folder: Families) -> Iterator[None]:
    """The process may not grow by more than some hundred megabytes meanwhile."""
    family_folder("sd1")
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    yield
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024
    assert grown < _BOUND


def test_no_hostile_folder_is_added(
    shelf: ModelShelf,
    spoiled: Callable[[hostile.Spoil], Path],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    tally: Tally,
    bounded: None,
) -> None:
    """A model from the internet must not own the computer, nor eat its memory."""
    canary = tmp_path / "canary"
    cases = hostile.folders(canary)
    assert len(cases) >= 40
    wrong = []
    capsys.readouterr()
    for what, (spoil, word) in cases.items():
        code = main(["models", "add", str(spoiled(spoil))])
        said = capsys.readouterr().err
        if code != ExitCode.USAGE or word not in said or said.count("\n") > 2:
            wrong.append((what, code, said))
    tally(46, "a hostile folder given to models add", len(cases), len(wrong))
    assert not wrong
    assert not canary.exists()
    assert shelf.specs() == {}


def test_a_pipe_among_settings_does_not_hold_up_anything(
    spoiled: Callable[[hostile.Spoil], Path], tally: Tally
) -> None:
    def pipe(folder: Path) -> None:
        (folder / "unet/config.json").unlink()
        os.mkfifo(folder / "unet/config.json")

    assert main(["models", "add", str(spoiled(pipe))]) == ExitCode.USAGE
    tally(46, "a pipe in place of a model's file", 1)


def test_folders_that_lead_round_and_round_are_looked_through_once(
    shelf: ModelShelf, spoiled: Callable[[hostile.Spoil], Path], tmp_path: Path, tally: Tally
) -> None:
    """A scan of such a folder would never end."""
    root = tmp_path / "models"
    good = spoiled(lambda _folder: None)
    (root / "a" / "b").mkdir(parents=True)
    (root / "a" / "b" / "up").symlink_to(root)
    (root / "a" / "self").symlink_to(root / "a")
    (root / "dangling.safetensors").symlink_to(root / "nowhere")
    (root / "good").symlink_to(good)
    (root / "folder.safetensors").mkdir()
    os.mkfifo(root / "pipe.safetensors")
    (root / os.fsdecode(b"broken\xff.safetensors")).write_bytes(b"")
    below = root
    for depth in range(40):
        below = below / f"d{depth}"
    below.mkdir(parents=True)
    report = shelf.add_root(root)
    tally(46, "a folder of models with loops, pipes and odd names", 7, len(report.models) != 1)
    assert [spec.folder for spec in report.models] == [good.resolve()]
    assert len(shelf.specs()) == 1


def test_no_hostile_file_is_added(
    family_folder: Families,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    tally: Tally,
    bounded: None,
) -> None:
    good = save_single(family_folder("sd1"), tmp_path / "good.safetensors", "sd1").read_bytes()
    length = int.from_bytes(good[:8], "little")
    nan = good[:-4] + b"\x00\x00\xc0\x7f"
    files = {
        "cut": (good[:-1000], "ends too early"),
        "longer": (good + bytes(1000), "belong to no tensor"),
        "nan": (nan, "no numbers"),
        "empty": (b"", "ends too early"),
        "text": (b"just words", "safetensors"),
        "gguf": (b"GGUF" + bytes(100), "GGUF"),
        "huge header": ((1 << 62).to_bytes(8, "little") + good[8:], "ends too early"),
        "other keys": (good.replace(b"_model.", b"-model."), "no model of a family"),
        "header of zeros": (good[:8] + bytes(length) + good[8 + length :], "header"),
    }
    wrong = []
    for what, (data, word) in files.items():
        path = tmp_path / f"{what}.safetensors"
        path.write_bytes(data)
        code = main(["models", "add", str(path)])
        said = capsys.readouterr().err
        # Read through only when it is complete: a file that lacks settings is read at first use.
        refused = code == ExitCode.USAGE and word in said
        later = what == "nan" and code == 0 and "needs" in said
        if not (refused or later):
            wrong.append((what, code, said))
    tally(45, "a hostile file given to models add", len(files), len(wrong))
    assert not wrong


def test_a_sparse_file_of_a_terabyte_takes_no_memory(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], tally: Tally, bounded: None
) -> None:
    path = tmp_path / "huge.safetensors"
    with path.open("wb") as file:
        file.write((1 << 39).to_bytes(8, "little") + b"{")
        try:
            file.truncate(1 << 40)
        except OSError:
            pytest.skip("no such large files here")
    assert main(["models", "add", str(path)]) == ExitCode.USAGE
    assert "header" in capsys.readouterr().err
    tally(45, "a header of a terabyte", 1)


def test_settings_that_ask_for_too_much_are_refused_by_the_loader(
    shelf: ModelShelf, spoiled: Callable[[hostile.Spoil], Path], tally: Tally, bounded: None
) -> None:
    """Nothing is built before weights and settings were seen to fit together."""
    from core.engine.latent.components import load_components

    cases = hostile.too_large()
    loaded = []
    for what, spoil in cases.items():
        try:
            spec = shelf.add(spoiled(spoil))
            load_components(spec, "cpu", "fp32")
        except CoreError as error:
            assert error.message, what
            continue
        loaded.append(what)
    tally(46, "settings that ask for more than the weights are", len(cases), len(loaded))
    assert not loaded


def test_what_changed_after_it_was_added_is_not_loaded(
    shelf: ModelShelf, spoiled: Callable[[hostile.Spoil], Path], tmp_path: Path, tally: Tally
) -> None:
    """A file that was good when it was looked at, and is another one when it is opened."""
    from core.engine.latent.components import load_components

    canary = tmp_path / "canary"
    spoils = {
        "auto_map": hostile.edit("unet/config.json", auto_map={"AutoModel": "evil.Evil"}),
        "other weights": hostile.odd_number(hostile.UNET, b"\x00\x00\x80\x3f"),
        "a pickle": hostile.put(hostile.TEXT, b"\x80\x04" + bytes(100)),
        "a link": hostile.link(hostile.VAE, "/etc/passwd"),
        "another list": hostile.edit(hostile.INDEX, unet=["evil", "Evil"]),
    }
    loaded = []
    for what, spoil in spoils.items():
        folder = spoiled(lambda _folder: None)
        spec = shelf.add(folder)
        spoil(folder)
        try:
            load_components(spec, "cpu", "fp32")
        except ModelUntrustedError:
            continue
        loaded.append(what)
    folder = spoiled(lambda _folder: None)
    spec = shelf.add(folder)
    for part in ("unet", "text_encoder", "tokenizer"):
        (folder / part / "evil.py").write_text(hostile.program(canary))
    load_components(spec, "cpu", "fp32")
    tally(46, "a model that changed after it was added", len(spoils) + 3, len(loaded))
    assert not loaded
    assert not canary.exists()
    assert "evil" not in sys.modules
