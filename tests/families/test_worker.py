"""Photographs through the render process' own parts with other families' models, file to file."""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from PIL import Image

from core.engine.latent.bench import LatentBench
from core.engine.loaded_model import LoadedModel
from core.engine.messages import (
    Alive,
    FromRender,
    ItemTrouble,
    LoadModel,
    MakePreview,
    Numerics,
    PreviewPicture,
    PreviewTrouble,
    Render,
    Rendered,
    Stepped,
)
from core.engine.previews import Previewer
from core.engine.setup import set_up
from core.engine.worker import Worker
from core.errors import Reason, SettingsError
from core.events import PreviewKind
from core.models.spec import ModelSpec
from core.recipe import EditSettings, Mode, OutputSettings
from tests.families.leading import snapshot, spot
from tests.families.specs import folder_spec


class Rig:
    """A worker over a small model, with its parent's ear."""

    def __init__(self, spec: ModelSpec, folder: Path) -> None:
        self.folder, self.spec = folder, spec
        self.model: LoadedModel = set_up(LoadModel(model=spec, device="cpu"), "versions")
        # As many as there are cores wait for one another more than they work on small models.
        torch.set_num_threads(1)
        self.heard: list[FromRender] = []
        self.canceled: set[int] = set()
        self.waiting: deque[Render] = deque()
        self.shown: list[PreviewPicture | PreviewTrouble] = []

    def save(self, name: str, picture: Image.Image) -> Path:
        path = self.folder / name
        if not path.exists():
            picture.save(path)
        return path

    def edit(self, **edit: Any) -> EditSettings:
        mode = Mode.REPAINT if self.spec.capabilities.strength else Mode.INSTRUCT
        usual = {"mode": mode, "strength": 0.5, "num_inference_steps": 4, "prompt": "a boat"}
        return EditSettings.model_validate(usual | edit)

    def add(
        self, picture: Image.Image | Path, output: OutputSettings | None = None, **edit: Any
    ) -> int:
        item = len(self.waiting) + 1
        source = picture if isinstance(picture, Path) else self.save(f"{item}.png", picture)
        self.waiting.append(
            Render(
                item=item,
                attempt=1,
                source=source,
                source_sha256=hashlib.sha256(source.read_bytes()).hexdigest(),
                target=self.folder / f"{item}.tmp",
                edit=self.edit(**edit),
                output=output or OutputSettings(),
                provenance={"key": "k"},
            )
        )
        return item

    def work(self) -> None:
        worker = Worker(self.model, self.heard.append, self.canceled.__contains__)
        try:
            while self.waiting or worker.has_work:
                worker.work(self.waiting)
        finally:
            worker.close()

    def of(self, kind: type) -> dict[int, Any]:
        return {m.item: m for m in self.heard if isinstance(m, kind)}  # type: ignore[union-attr]

    def result(self, item: int) -> NDArray[np.uint8]:
        with Image.open(self.folder / f"{item}.tmp") as picture:
            return np.asarray(picture.convert("RGB"))

    def preview(self, path: Path, **message: Any) -> list[PreviewPicture | PreviewTrouble]:
        shown: list[Any] = []
        previews = Previewer(lambda m, _jpeg: shown.append(m), lambda: None)
        previews.use(self.model)
        edit = self.edit(**message.pop("edit", {}))
        wanted = MakePreview(request=1, model=self.spec.id, source=path, edit=edit, **message)
        previews.take(wanted)
        previews._pool.shutdown()
        previews.work()
        return shown


MakeRig = Callable[..., Rig]


@pytest.fixture
def rig(family_folder: Callable[..., Path], tmp_path: Path) -> MakeRig:
    def make(family: str = "sd1", variant: str = "") -> Rig:
        return Rig(folder_spec(family_folder(family, variant), family, variant), tmp_path)

    return make


def difference(one: NDArray[np.uint8], other: NDArray[np.uint8]) -> float:
    return float(np.abs(one.astype(float) - other).mean())


@pytest.mark.parametrize("family", ["sd1", "sdxl", "flux", "z-image", "flux-kontext"])
def test_photographs_are_edited_written_and_told_of(rig: MakeRig, family: str) -> None:
    at_work = rig(family)
    first = at_work.add(snapshot(seed=1))
    second = at_work.add(snapshot(width=96, seed=2))
    at_work.work()
    done = at_work.of(Rendered)
    assert sorted(done) == [first, second], at_work.heard
    assert (done[second].width, done[second].height) == (96, 64)
    for item, seed in ((first, 1), (second, 2)):
        width = 96 if item == second else 64
        assert difference(at_work.result(item), np.asarray(snapshot(width=width, seed=seed))) > 1
        assert "whole" in done[item].facts["size"]
        assert done[item].facts["seed"]
    assert at_work.of(Stepped)[first].step == at_work.of(Stepped)[first].steps


def test_strength_zero_and_an_empty_mask_take_the_file_over_as_it_is(rig: MakeRig) -> None:
    at_work = rig()
    black = at_work.save("black.png", Image.new("L", (64, 64)))
    items = [at_work.add(snapshot(), strength=0), at_work.add(snapshot(), mask=black)]
    at_work.work()
    for item in items:
        assert at_work.of(Rendered)[item].unchanged
        source = (at_work.folder / f"{item}.png").read_bytes()
        assert (at_work.folder / f"{item}.tmp").read_bytes() == source


def test_outside_the_mask_the_result_is_the_source(rig: MakeRig) -> None:
    at_work = rig()
    mask = at_work.save("mask.png", spot())
    item = at_work.add(snapshot(), mask=mask, strength=0.8)
    at_work.work()
    before, after = np.asarray(snapshot()), at_work.result(item)
    inside = np.asarray(spot()) > 0
    assert np.array_equal(after[~inside], before[~inside])
    assert difference(after[inside], before[inside]) > 1


def test_results_may_be_larger_than_the_photograph(rig: MakeRig) -> None:
    at_work = rig()
    item = at_work.add(snapshot(), OutputSettings(scale=2.0), strength=0.2)
    at_work.work()
    done = at_work.of(Rendered)[item]
    assert (done.width, done.height) == (128, 128)
    assert at_work.result(item).shape == (128, 128, 3)


def test_a_photograph_without_its_mask_fails_alone(rig: MakeRig) -> None:
    at_work = rig()
    lost = at_work.add(snapshot(), mask=at_work.folder / "gone.png")
    fine = at_work.add(snapshot(seed=3))
    at_work.work()
    assert sorted(at_work.of(Rendered)) == [fine]
    assert at_work.of(ItemTrouble)[lost].message


def test_settings_that_the_model_cannot_use_stop_the_batch(rig: MakeRig) -> None:
    at_work = rig("flux")
    at_work.add(snapshot(), scheduler="euler")
    with pytest.raises(SettingsError, match="euler"):
        at_work.work()


def test_what_a_result_costs_in_memory_is_tried_smaller_before_it_fails(
    rig: MakeRig, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A card that is full for whole pictures may have room for tiles."""
    at_work = rig()
    real, sides = LatentBench.predict, []

    def scarce(self: LatentBench, requests: Any, timesteps: torch.Tensor) -> list[Any]:
        side = max(requests[0].values["sample"].shape[-2:])
        sides.append(side)
        if side > 256 // 8:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return real(self, requests, timesteps)

    monkeypatch.setattr(LatentBench, "predict", scarce)
    item = at_work.add(snapshot(320), num_inference_steps=2)
    at_work.work()
    assert at_work.of(Rendered)[item].facts["memory"].startswith("memory was short")
    assert max(sides) > 32 >= min(sides)


def test_numbers_that_are_none_are_tried_again_in_single_precision(
    rig: MakeRig, monkeypatch: pytest.MonkeyPatch
) -> None:
    at_work = rig()
    numerics = Numerics(device="cpu", dtype="bf16", rows=1, tile=512, threads=1)
    at_work.model = set_up(LoadModel(model=at_work.spec, device="cpu", numerics=numerics), "v")
    real = LatentBench.predict

    def broken(self: LatentBench, requests: Any, timesteps: torch.Tensor) -> list[Any]:
        answers = real(self, requests, timesteps)
        low = answers[0].dtype is torch.bfloat16
        return [answer * float("nan") for answer in answers] if low else answers

    monkeypatch.setattr(LatentBench, "predict", broken)
    item = at_work.add(snapshot())
    at_work.work()
    assert at_work.of(Rendered)[item].facts["dtype"] == "fp32"


def test_a_photograph_that_gives_no_numbers_fails_with_the_reason(
    rig: MakeRig, monkeypatch: pytest.MonkeyPatch
) -> None:
    at_work = rig()
    real = LatentBench.predict
    monkeypatch.setattr(
        LatentBench,
        "predict",
        lambda self, requests, t: [a * float("nan") for a in real(self, requests, t)],
    )
    item = at_work.add(snapshot())
    at_work.work()
    assert at_work.of(ItemTrouble)[item].reason is Reason.NAN


def test_long_work_is_told_between_the_layers_of_every_network(
    rig: MakeRig, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A parent that hears nothing for two minutes ends the process as one that hangs."""
    monkeypatch.setattr("core.engine.between.ALIVE_SECONDS", 0.0)
    at_work = rig("flux")
    at_work.add(snapshot(), num_inference_steps=2)
    at_work.work()
    told = [type(message) for message in at_work.heard]
    # Before the first call there are text encoders and the VAE's encoder; Stepped comes after it.
    networks = 3
    assert told[: told.index(Stepped)].count(Alive) > networks


def test_a_canceled_photograph_is_dropped_between_two_calls(rig: MakeRig) -> None:
    at_work = rig()
    first, second = at_work.add(snapshot(seed=1)), at_work.add(snapshot(seed=2))

    class Ear(list[Any]):
        def append(self, message: Any) -> None:
            super().append(message)
            if isinstance(message, Stepped) and message.item == first:
                at_work.canceled.add(first)

    at_work.heard = Ear()
    at_work.work()
    assert sorted(at_work.of(Rendered)) == [second]
    assert not (at_work.folder / f"{first}.tmp").exists()


def test_a_preview_shows_a_draft_and_then_what_the_batch_will_make(rig: MakeRig) -> None:
    """Draft and final that differ would make choosing by the preview useless."""
    at_work = rig()
    item = at_work.add(snapshot(), num_inference_steps=12)
    at_work.work()
    shown = at_work.preview(at_work.folder / "1.png", edit={"num_inference_steps": 12})
    assert [one.shows for one in shown] == [PreviewKind.DRAFT, PreviewKind.FULL]  # type: ignore[union-attr]
    assert at_work.of(Rendered)[item].facts["note"].startswith("noise level 0.50")


def test_the_stages_of_a_preview_are_shown_call_by_call(rig: MakeRig) -> None:
    at_work = rig()
    path = at_work.save("a.png", snapshot())
    shown = at_work.preview(path, stages=True, edit={"num_inference_steps": 6})
    kinds = [one.shows for one in shown]  # type: ignore[union-attr]
    assert kinds == [PreviewKind.NOISY, PreviewKind.GUESS] * 3 + [PreviewKind.FULL]


def test_a_preview_with_other_loras_waits_while_a_batch_is_at_work(rig: MakeRig) -> None:
    """Switching LoRAs in the middle of a pass would spoil the batch's photographs."""
    at_work = rig()
    path = at_work.save("a.png", snapshot())
    assert at_work.model.bench is not None
    with at_work.model.bench.held("the batch's"):
        (told,) = at_work.preview(path)
    assert isinstance(told, PreviewTrouble)
    assert "batch is at work" in told.message
