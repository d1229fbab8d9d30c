"""Downloads: never unasked, said first, gone on with after a break, and whole in the end."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from core.models.companions import NOTE_NAME
from core.models.offers import MODELS, PARTS, SETTINGS
from core.models.shelf import ModelShelf
from tests.core.models.standin import StandIn, serving

REGRAIN = "import sys; from core.cli.main import main; sys.exit(main())"
REPO = MODELS["sd15"].repo


@pytest.fixture
def hub(family_folder: Callable[..., Path], tmp_path: Path) -> Iterator[StandIn]:
    """A hub with one model, beside which lie files that nobody wants."""
    repo = Path(shutil.copytree(family_folder("sd1"), tmp_path / "repo"))
    (repo / "README.md").write_text("About it.")
    (repo / "v1-5.ckpt").write_bytes(b"\x80\x02pickle")
    (repo / "unet" / "diffusion_pytorch_model.bin").write_bytes(b"\x80\x02pickle")
    (repo / "safety_checker").mkdir()
    (repo / "safety_checker" / "model.safetensors").write_bytes(bytes(100))
    plain = repo / "vae" / "diffusion_pytorch_model.safetensors"
    shutil.copy(plain, plain.with_name("diffusion_pytorch_model.fp16.safetensors"))
    parts = tmp_path / "parts"
    parts.mkdir()
    header = json.dumps({"a": {"dtype": "U8", "shape": [24 << 20], "data_offsets": [0, 24 << 20]}})
    head = len(header).to_bytes(8, "little") + header.encode()
    (parts / "clip_l.safetensors").write_bytes(head + bytes(24 << 20))
    with serving({REPO: repo, PARTS["clip_l"].repo: parts}) as server:
        yield server


class User:
    """Types commands, in a process that knows only the stand-in."""

    def __init__(self, hub: StandIn, folder: Path, home: Path) -> None:
        self.shelf = ModelShelf(home / "models")
        self._folder = folder
        self._environment = {
            **os.environ,
            "HF_ENDPOINT": hub.url,
            "HF_HOME": str(folder / "hf"),
            "HF_HUB_DISABLE_IMPLICIT_TOKEN": "1",
        }

    def start(self, *words: str, **more: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-c", REGRAIN, "models", *words],
            cwd=self._folder,
            env=self._environment | more,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def types(self, *words: str, **more: str) -> tuple[int, str, str]:
        process = self.start(*words, **more)
        out, err = process.communicate(timeout=120)
        return process.returncode, out, err


@pytest.fixture
def user(hub: StandIn, tmp_path: Path, own_home: Path) -> User:
    return User(hub, tmp_path, own_home)


def test_nothing_is_downloaded_without_a_yes(hub: StandIn, user: User) -> None:
    """Gigabytes over somebody's telephone, or a licence that nobody agreed to."""
    code, out, err = user.types("download", "sd15")
    assert code == 4
    assert f"{hub.url}/{REPO}: 3." in err
    assert "MB" in err
    assert "Licence: openrail." in err
    assert {method for method, _, _ in hub.asked} == {"API"}
    assert out == ""
    hub.asked.clear()
    code, out, _ = user.types("download")
    assert code == 0
    assert "sdxl  Stable Diffusion XL 1.0: about 6.9 GB" in out
    assert hub.asked == [], "the short list is known without the network"


def test_a_download_is_gone_on_with_where_it_broke_off(hub: StandIn, user: User) -> None:
    """Twenty gigabytes from the start again, because a line broke at nineteen."""
    # huggingface_hub counts ten megabytes, then writes them.
    hub.pause_at = 22_000_000
    process = user.start("download", "clip_l", "--yes", "--json")
    assert process.stdout is not None
    for line in process.stdout:
        event = json.loads(line)
        if event["event"] == "download" and event["bytes"] >= 20_000_000:
            break
    process.kill()
    process.communicate()
    hub.pause_at = None
    hub.go_on.set()
    hub.asked.clear()
    code, _, err = user.types("download", "clip_l", "--yes")
    assert code == 0, err
    asked = [range_ for method, _, range_ in hub.asked if method == "GET"]
    assert len(asked) == 1
    assert int(asked[0].removeprefix("bytes=").rstrip("-")) >= 10_000_000
    repo = hub.repos[PARTS["clip_l"].repo]
    came = user.shelf.home / "parts" / "clip_l.safetensors"
    assert came.read_bytes() == (repo / "clip_l.safetensors").read_bytes()
    hub.asked.clear()
    assert user.types("download", "clip_l", "--yes")[0] == 0
    assert hub.files() == []


def test_a_model_comes_without_what_nobody_uses(hub: StandIn, user: User) -> None:
    code, out, err = user.types("download", "sd15", "--yes")
    assert code == 0, err
    (spec,) = user.shelf.specs().values()
    assert f"Added {spec.id}" in out
    assert user.shelf.check(spec, deep=True) == ()
    assert user.shelf.get(spec.id) == spec, "it was read and pinned as it came"
    _only_what_is_used(hub, user.shelf.home / "downloads" / "sd15")


def _only_what_is_used(hub: StandIn, folder: Path) -> None:
    names = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    assert "model_index.json" in names
    # The smaller form of the weights, where there is one.
    assert "vae/diffusion_pytorch_model.fp16.safetensors" in names
    assert "vae/diffusion_pytorch_model.safetensors" not in names
    odd = ("README", ".ckpt", ".bin", "safety_checker", ".cache")
    assert not [name for name in names if any(word in name for word in odd)]


def test_a_model_that_nobody_may_have_says_what_to_do(hub: StandIn, user: User) -> None:
    hub.gated.add(REPO)
    code, _, err = user.types("download", "sd15", "--yes")
    assert code == 4
    assert "only given to those who accept its licence" in err
    assert f"{hub.url}/{REPO}" in err
    assert "hf auth login" in err
    code, _, err = user.types("download", "sdxl", "--yes")
    assert code == 4
    assert "The hub has no stabilityai/stable-diffusion-xl-base-1.0" in err
    assert "Traceback" not in err


def test_a_hub_that_cannot_be_reached_is_said(user: User) -> None:
    code, _, err = user.types("download", "sd15", "--yes", HF_HUB_OFFLINE="1")
    assert code == 4
    assert "switched off here by HF_HUB_OFFLINE" in err
    code, _, err = user.types("download", "sd15", "--yes", HF_ENDPOINT="http://127.0.0.1:9")
    assert code == 4
    assert "could not be downloaded" in err
    assert "Traceback" not in err


def test_other_bytes_than_the_hub_lists_are_not_kept(hub: StandIn, user: User) -> None:
    """A broken or forged file would be taken for the model."""
    hub.wrong.add("unet/diffusion_pytorch_model.safetensors")
    code, _, err = user.types("download", "sd15", "--yes")
    assert code == 4
    assert "did not arrive as the hub has it" in err
    assert user.shelf.specs() == {}


def test_settings_of_a_single_file_come_once_and_stay(hub: StandIn, user: User) -> None:
    code, _, err = user.types("download", SETTINGS["sd1"].id, "--yes")
    assert code == 0, err
    folder = user.shelf.home / "configs" / "sd1"
    assert (folder / "tokenizer" / "tokenizer.json").is_file()
    assert json.loads((folder / NOTE_NAME).read_text())["from"] == REPO
    assert not list(folder.rglob("*.safetensors"))


def test_every_offer_is_of_a_family_or_a_part_that_models_name() -> None:
    from core.models.assemble import NEEDS
    from core.models.families import FAMILIES

    assert {offer.family for offer in MODELS.values()} <= FAMILIES.keys()
    named = {name for needs in NEEDS.values() for name in needs.values()}
    assert PARTS.keys() <= named
    assert all(name in PARTS for name in NEEDS["flux"].values())
