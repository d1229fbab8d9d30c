"""The real render process, started as the parent starts it: what it says is all that counts."""

from __future__ import annotations

import hashlib
import io
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from core.channel import Channel
from core.engine.messages import (
    FROM_RENDER,
    Alive,
    Announced,
    CancelItems,
    Detect,
    DevicesFound,
    EngineFailed,
    FromRender,
    Hello,
    ItemCanceled,
    ItemTrouble,
    LoadModel,
    MakePreview,
    ModelLoaded,
    Numerics,
    PreviewPicture,
    PreviewTrouble,
    Render,
    Rendered,
    Shutdown,
    Stepped,
)
from core.errors import Reason, StopReason
from core.events import PreviewKind
from core.models.spec import ModelSpec
from core.recipe import EditSettings, OutputSettings
from tests.core.engine.samples import photograph, save

NUMERICS = Numerics(device="cpu", dtype="fp32", rows=2, tile=128, threads=1)


class Parent:
    """The parent's side, over a plain subprocess."""

    def __init__(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "core.engine.process"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        ends = os.dup(self.process.stdout.fileno()), os.dup(self.process.stdin.fileno())
        self.process.stdin.close()
        self.process.stdout.close()
        self.channel: Channel[FromRender] = Channel(*ends, FROM_RENDER)
        self.items = 0

    def render(self, source: Path, target: Path, **edit: Any) -> int:
        self.items += 1
        render = Render(
            item=self.items,
            attempt=1,
            source=source,
            source_sha256=hashlib.sha256(source.read_bytes()).hexdigest(),
            target=target,
            edit=EditSettings.model_validate(edit),
            output=OutputSettings(),
        )
        self.channel.send(render)
        return self.items

    def until(self, *kinds: type[Any]) -> Any:
        """Return the next message of one of these kinds."""
        while not isinstance(message := self.channel.receive(), kinds):
            assert not isinstance(message, EngineFailed), message
        return message

    def end(self) -> int:
        """Go away; return how the process ended."""
        if self.process.returncode is not None:
            return self.process.returncode
        self.channel.close_sending()
        code = self.process.wait(30)
        self.channel.close_receiving()
        assert self.process.stderr is not None
        self.process.stderr.close()
        return code


@pytest.fixture
def fresh() -> Iterator[Parent]:
    parent = Parent()
    yield parent
    parent.end()


@pytest.fixture(scope="module")
def parent(spec: ModelSpec) -> Iterator[Parent]:
    """A parent whose process has the small model loaded."""
    parent = Parent()
    hello = parent.channel.receive()
    assert isinstance(hello, Hello)
    assert hello.pid == parent.process.pid
    parent.channel.send(LoadModel(model=spec, numerics=NUMERICS))
    loaded = parent.until(ModelLoaded)
    assert loaded.numerics == NUMERICS.model_copy(update={"versions": hello.versions})
    yield parent
    assert parent.end() == 0


def test_hello_comes_before_torch(fresh: Parent) -> None:
    """Detecting a dead process must not wait for seconds of imports."""
    assert isinstance(fresh.channel.receive(), Hello)
    maps = Path(f"/proc/{fresh.process.pid}/maps")
    if maps.exists():
        assert "libtorch" not in maps.read_text()
    assert fresh.end() == 0


def test_shutdown_ends_it(fresh: Parent) -> None:
    fresh.channel.send(Shutdown())
    assert fresh.end() == 0


def test_clean_and_repaint(parent: Parent, tmp_path: Path) -> None:
    pixels = photograph(60, 80)
    source = save(tmp_path, "source.png", pixels)
    parent.render(source, tmp_path / "a.tmp", amount=10)
    parent.render(source, tmp_path / "b.tmp", mode="repaint", strength=0.3)
    for name in "ab":
        rendered = parent.until(Rendered)
        target = tmp_path / f"{name}.tmp"
        assert rendered.sha256 == hashlib.sha256(target.read_bytes()).hexdigest()
        with Image.open(target) as image:
            assert image.size == (80, 60)
            assert (np.asarray(image) != pixels).any()


def test_a_second_process_makes_the_same_bytes(
    parent: Parent, fresh: Parent, spec: ModelSpec, tmp_path: Path
) -> None:
    """Killed, started again, resumed: byte-identical."""
    source = save(tmp_path, "source.png", photograph(60, 80))
    edit = {"mode": "repaint", "strength": 0.4, "scheduler": "dpmpp-sde"}
    parent.render(source, tmp_path / "a.tmp", **edit)
    first = parent.until(Rendered).sha256
    fresh.channel.send(LoadModel(model=spec, numerics=NUMERICS))
    fresh.until(ModelLoaded)
    fresh.render(source, tmp_path / "b.tmp", **edit)
    assert fresh.until(Rendered).sha256 == first


def test_an_item_is_dropped_at_the_next_call(parent: Parent, tmp_path: Path) -> None:
    source = save(tmp_path, "source.png", photograph(120, 120))
    item = parent.render(
        source, tmp_path / "a.tmp", mode="repaint", strength=1.0, num_inference_steps=1000
    )
    later = parent.render(source, tmp_path / "b.tmp", amount=10)
    parent.until(Stepped)
    parent.channel.send(CancelItems(items=(item,)))
    assert parent.until(ItemCanceled, Rendered).item in (item, later)
    assert parent.until(ItemCanceled, Rendered).item in (item, later)
    assert not (tmp_path / "a.tmp").exists()
    assert (tmp_path / "b.tmp").exists()


def test_a_canceled_item_can_come_again(parent: Parent, tmp_path: Path) -> None:
    source = save(tmp_path, "source.png", photograph(60, 80))
    parent.channel.send(CancelItems(items=(parent.items + 1,)))
    item = parent.render(source, tmp_path / "a.tmp", amount=10)
    message = parent.until(Rendered, ItemCanceled)
    assert isinstance(message, Rendered)
    assert message.item == item


def test_trouble_is_one_photographs_own(parent: Parent, tmp_path: Path) -> None:
    text = tmp_path / "notes.jpg"
    text.write_text("shopping list")
    parent.render(text, tmp_path / "a.tmp")
    trouble = parent.until(ItemTrouble)
    assert trouble.reason is Reason.NOT_AN_IMAGE
    assert "notes.jpg" in trouble.message


def test_a_folder_that_is_gone_stops_the_batch_but_not_the_process(
    parent: Parent, tmp_path: Path
) -> None:
    source = save(tmp_path, "source.png", photograph(60, 80))
    parent.render(source, tmp_path / "unplugged" / "a.tmp", amount=10)
    while not isinstance(message := parent.channel.receive(), EngineFailed):
        assert isinstance(message, Announced | Stepped)
    assert message.reason is StopReason.VOLUME_MISSING
    parent.render(source, tmp_path / "b.tmp", amount=10)
    assert parent.until(Rendered).item == parent.items


def test_devices_are_found(parent: Parent) -> None:
    parent.channel.send(Detect())
    found = parent.until(DevicesFound)
    assert any(device.key == "cpu" for device in found.devices)


def test_a_preview_comes_while_a_photograph_is_in_work(parent: Parent, tmp_path: Path) -> None:
    """Between the layers of a pass that would go on for minutes."""
    source = save(tmp_path, "source.png", photograph(120, 120))
    long = {"mode": "repaint", "strength": 1.0, "num_inference_steps": 1000}
    item = parent.render(source, tmp_path / "a.tmp", **long)
    parent.until(Stepped)
    ask = {"model": "small", "source": source, "box": (8, 8, 64, 48)}
    parent.channel.send(MakePreview(request=1, edit=EditSettings(amount=10), **ask))
    while True:
        message, tail = parent.channel.receive_with_tail()
        assert isinstance(message, Stepped | PreviewPicture | Announced), message
        if isinstance(message, PreviewPicture):
            break
    assert message.shows is PreviewKind.FULL
    with Image.open(io.BytesIO(tail)) as image:
        assert image.size == (64, 48)
    parent.channel.send(CancelItems(items=(item,)))
    assert parent.until(ItemCanceled).item == item


def test_settings_of_no_use_are_not_called_a_missing_model(parent: Parent, tmp_path: Path) -> None:
    """Resume after "model missing" would send the user looking for files that are there."""
    source = save(tmp_path, "source.png", photograph(60, 80))
    parent.render(source, tmp_path / "a.tmp", prompt="watercolour")
    while not isinstance(message := parent.channel.receive(), EngineFailed):
        assert isinstance(message, Announced)
    assert message.reason is StopReason.SETTINGS_REFUSED


def test_a_model_that_fails_to_load_names_its_request(
    parent: Parent, spec: ModelSpec, tmp_path: Path
) -> None:
    gone = spec.model_copy(update={"folder": tmp_path / "gone"})
    parent.channel.send(LoadModel(model=gone, numerics=NUMERICS, number=17))
    message = parent.channel.receive()
    assert isinstance(message, EngineFailed)
    assert (message.reason, message.loading) == (StopReason.MODEL_MISSING, 17)
    parent.channel.send(LoadModel(model=spec, numerics=NUMERICS, number=18, warm=True))
    assert parent.until(ModelLoaded).number == 18


def test_without_a_model_it_says_so(fresh: Parent, tmp_path: Path) -> None:
    """To a preview and to a photograph alike; neither ends it."""
    source = save(tmp_path, "source.png", photograph(60, 80))
    message = MakePreview(request=1, model="small", source=source, edit=EditSettings())
    fresh.channel.send(message)
    assert "not loaded" in fresh.until(PreviewTrouble).message
    fresh.render(source, tmp_path / "a.tmp")
    while not isinstance(failed := fresh.channel.receive(), EngineFailed):
        assert isinstance(failed, Alive)
    assert "model" in failed.message


def test_it_ends_when_its_parent_is_gone(fresh: Parent) -> None:
    fresh.channel.receive()
    assert fresh.end() == 0
