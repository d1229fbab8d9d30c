"""Previews in the render process: right, quick to give way, and never the batch's trouble."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from PIL import Image

from core.engine import bands, preview_job, preview_view
from core.engine.messages import (
    ItemCanceled,
    Numerics,
    Rendered,
)
from core.engine.previews import Previewer
from core.engine.worker import Worker
from core.errors import Reason
from core.events import PreviewKind
from core.models.spec import ModelSpec, builtin_spec
from tests.core.engine.rig import Predict, Rig
from tests.core.engine.samples import photograph, save
from tests.core.engine.screen import Screen

FULL, DRAFT = PreviewKind.FULL, PreviewKind.DRAFT


@pytest.mark.parametrize(
    "edit",
    [
        {"amount": "auto"},
        pytest.param(
            {"amount": "more", "keep_grain": 50, "num_inference_steps": 3, "scheduler": "dpmpp-2m"},
            marks=pytest.mark.slow,
        ),
        pytest.param(
            {"mode": "repaint", "strength": 0.3, "num_inference_steps": 10}, marks=pytest.mark.slow
        ),
        {"mode": "repaint", "strength": 0.3, "num_inference_steps": 8, "scheduler": "euler-a",
         "hold_structure": 40},
    ],
)  # fmt: skip
def test_the_full_picture_of_a_part_is_what_the_batch_makes_there(
    edit: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Within two levels: same noise estimate, same noise, over bands and tiles."""
    monkeypatch.setattr(bands, "BAND_PIXELS", 60_000)
    spec = builtin_spec()
    source = save(tmp_path, "photo.png", photograph(400, 430, sigma=12))
    rig = Rig(spec, tmp_path)
    rig.numerics = Numerics(tile=256, threads=1)
    item = rig.add(source, **({"size": "tile"} | edit))
    rig.work()
    made = rig.result(item).astype(int)
    pictures: list[NDArray[np.uint8]] = []
    monkeypatch.setattr(preview_job, "coded", lambda picture, **_: pictures.append(picture) or b"")
    screen = Screen(spec, tmp_path)
    monkeypatch.setattr(screen, "hear", lambda *_: None)
    screen.previews = Previewer(lambda *_: None, screen.ready.set)
    screen.previews.use(screen.model)
    for left, top, width, height in ((150, 170, 120, 90), (300, 330, 130, 70)):
        screen.show(source, box=(left, top, width, height), **({"size": "tile"} | edit))
        apart = np.abs(pictures[-1].astype(int) - made[top : top + height, left : left + width])
        assert apart.max() <= 2


def test_a_part_and_its_facts(screen: Screen, source: Path) -> None:
    kinds = screen.show(source, box=(40, 30, 100, 80))
    assert kinds[-1] is FULL
    message, picture = screen.shown[-1]
    assert message.box == (40, 30, 100, 80)
    assert picture.shape == (80, 100, 3)
    assert 8 < float(message.facts["noise"]) < 12
    assert "1 step" in str(message.facts["note"])


def test_the_middle_comes_first_when_the_network_is_slow(
    spec: ModelSpec, source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A dial move must show something within a third of a second on a slow computer."""
    monkeypatch.setattr(preview_job, "_LEAST_MIDDLE", 900)
    screen = Screen(spec.model_copy(update={"seconds_per_megapixel_call": 100.0}), source.parent)
    assert screen.show(source, box=(0, 0, 200, 160), amount=20) == [DRAFT, FULL]
    first, *later = screen.calls
    assert first[2] * first[3] < sum(call[2] * call[3] for call in later) / 4
    draft = screen.shown[0][1].astype(int)
    with Image.open(source) as image:
        before = np.asarray(image).astype(int)
    inner, corner = (slice(74, 86), slice(94, 106)), (slice(0, 20), slice(0, 20))
    assert np.abs(draft[inner] - screen.last[inner].astype(int)).mean() < 2
    assert np.abs(draft[corner] - before[corner]).mean() < 2, "not done yet: as it was"


def test_dials_that_only_hold_back_do_not_ask_the_network(screen: Screen, source: Path) -> None:
    """Keep grain and hold structure follow at once."""
    box = (40, 30, 100, 80)
    screen.show(source, box=box, amount=20)
    plain = screen.last
    assert screen.show(source, box=box, amount=20, keep_grain=100) == [FULL]
    assert screen.calls == []
    assert (screen.last != plain).any()


def test_an_amount_between_two_known_ones_is_drafted_from_them(
    screen: Screen, source: Path
) -> None:
    """Dragging the dial back and forth shows the whole part at once, not its middle."""
    box = (40, 30, 100, 80)
    screen.show(source, box=box, amount=10)
    screen.show(source, box=box, amount=20)
    assert screen.show(source, box=box, amount=15) == [DRAFT, FULL]
    assert len(screen.calls) == 1
    draft, full = (picture.astype(int) for _, picture in screen.shown)
    assert np.abs(draft - full).mean() < 3


def test_each_call_of_many_shows_how_far_it_is(screen: Screen, source: Path) -> None:
    edit = {"mode": "repaint", "strength": 0.4, "num_inference_steps": 10}
    kinds = screen.show(source, box=(40, 30, 60, 50), **edit)
    assert kinds == [DRAFT, DRAFT, DRAFT, FULL]
    assert [(m.step, m.steps) for m, _ in screen.shown[:3]] == [(1, 4), (2, 4), (3, 4)]


def test_the_stages_are_the_noisy_picture_and_the_guess(screen: Screen, source: Path) -> None:
    edit = {"mode": "repaint", "strength": 0.6, "num_inference_steps": 5, "stages": True}
    kinds = screen.show(source, box=(0, 0, 200, 160), max_side=64, **edit)
    stages = [PreviewKind.NOISY, PreviewKind.GUESS]
    assert kinds[-7:] == [*stages, *stages, *stages, FULL]
    assert all(max(picture.shape[:2]) == 64 for _, picture in screen.shown)
    noisy = [p.astype(int) for m, p in screen.shown if m.shows is PreviewKind.NOISY]
    assert noisy[0].std() > noisy[-1].std(), "noise goes away from step to step"


def test_a_clean_photograph_is_shown_as_it_is(screen: Screen, tmp_path: Path) -> None:
    source = save(tmp_path, "clean.png", photograph(80, 90, sigma=0))
    assert screen.show(source) == [FULL]
    assert screen.calls == []
    assert screen.shown[0][0].facts["note"] == "already clean, unchanged"


def test_a_large_view_is_reduced_and_says_so(
    screen: Screen, source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The whole of a large photograph must not take a minute to be looked at."""
    monkeypatch.setattr(preview_view, "OWN_SIZE_PIXELS", 10_000)
    monkeypatch.setattr(preview_view, "REDUCED_PIXELS", 6_000)
    screen.show(source, amount=30)
    message, picture = screen.shown[-1]
    assert message.box == (0, 0, 200, 160)
    assert picture.shape[0] * picture.shape[1] <= 6_000
    assert float(message.facts["reduced"]) == pytest.approx(picture.shape[1] / 200, rel=0.01)


def test_a_newer_request_ends_the_older_one_at_the_next_layer(screen: Screen, source: Path) -> None:
    worker = Worker(screen.model, lambda _: None, lambda _: False, previews=screen.previews)

    def newer(plain: Predict) -> Predict:
        def predict(samples: torch.Tensor, timesteps: torch.Tensor) -> torch.Tensor:
            if screen.number == 1:
                screen.ask(source, amount=25)
            return plain(samples, timesteps)

        return predict

    object.__setattr__(screen.model.pixel_denoiser, "spoil", newer)
    screen.ask(source, amount=20)
    screen.previews.work()
    assert screen.shown == []
    screen.previews.work()
    assert {message.request for message, _ in screen.shown} == {2}
    worker.close()


def test_a_preview_is_made_between_the_layers_of_a_batch(
    screen: Screen, source: Path, rig: Rig
) -> None:
    """A pass of the batch takes a second; the dial must not wait for it."""
    order: list[str] = []
    rig.add(source, num_inference_steps=2)
    worker = Worker(screen.model, rig.heard.append, lambda _: False, previews=screen.previews)

    def during(plain: Predict) -> Predict:
        def predict(samples: torch.Tensor, timesteps: torch.Tensor) -> torch.Tensor:
            if screen.number == 0:
                screen.ask(source, box=(8, 8, 32, 32), amount=20)
            order.append("begun")
            v = plain(samples, timesteps)
            order.append("ended")
            return v

        return predict

    object.__setattr__(screen.model.pixel_denoiser, "spoil", during)
    while rig.waiting or worker.has_work:
        worker.work(rig.waiting)
    worker.close()
    assert order[:3] == ["begun", "begun", "ended"]
    assert screen.shown[-1][0].shows is FULL
    assert len(rig.of(Rendered)) == 1


def test_a_preview_changes_no_bit_of_the_batch(
    screen: Screen, source: Path, spec: ModelSpec, tmp_path: Path
) -> None:
    hashes = []
    for name, with_preview in (("a", False), ("b", True)):
        folder = tmp_path / name
        folder.mkdir()
        rig = Rig(spec, folder)
        rig.add(source, mode="repaint", strength=0.4, scheduler="euler-a")
        worker = Worker(screen.model, rig.heard.append, lambda _: False, previews=screen.previews)
        if with_preview:
            screen.ask(source, box=(8, 8, 32, 32), amount=20)
        while rig.waiting or worker.has_work:
            worker.work(rig.waiting)
        worker.close()
        hashes.append(rig.of(Rendered)[0].sha256)
    assert screen.shown
    assert hashes[0] == hashes[1]


def test_a_pass_that_nobody_wants_ends_at_the_next_layer(screen: Screen, rig: Rig) -> None:
    """Stop now: a pass over a large tile takes longer than a user waits."""
    rig.add(photograph(60, 80))
    ended: list[bool] = []

    def cancel(plain: Predict) -> Predict:
        def predict(samples: torch.Tensor, timesteps: torch.Tensor) -> torch.Tensor:
            rig.canceled.add(1)
            v = plain(samples, timesteps)
            ended.append(True)
            return v

        return predict

    rig.work(cancel)
    assert ended == []
    assert [m.item for m in rig.of(ItemCanceled)] == [1]


def test_stopping_a_batch_does_not_wait_for_a_preview(
    screen: Screen, source: Path, rig: Rig
) -> None:
    """The preview is put off, the batch is stopped, then the preview is made all the same."""
    rig.add(source)
    worker = Worker(
        screen.model, rig.heard.append, rig.canceled.__contains__, previews=screen.previews
    )
    seen: list[tuple[int, ...]] = []

    def cancel(plain: Predict) -> Predict:
        def predict(samples: torch.Tensor, timesteps: torch.Tensor) -> torch.Tensor:
            if screen.number == 0:
                screen.ask(source, box=(8, 8, 32, 32), amount=20)
            elif not rig.canceled:
                rig.canceled.add(1)
                worker.hurry()
            v = plain(samples, timesteps)
            seen.append(tuple(samples.shape))
            return v

        return predict

    object.__setattr__(screen.model.pixel_denoiser, "spoil", cancel)
    while rig.waiting or worker.has_work:
        worker.work(rig.waiting)
    assert [m.item for m in rig.of(ItemCanceled)] == [1]
    assert screen.shown == []
    assert seen == []
    worker.breathe()
    assert screen.shown[-1][0].shows is FULL
    worker.close()


def test_what_only_waits_is_dropped_at_once(rig: Rig, screen: Screen) -> None:
    """Stop now with photographs read ahead: they are answered before the one in work ends."""
    for _ in range(4):
        rig.add(photograph(60, 80), num_inference_steps=3)
    worker = Worker(screen.model, rig.heard.append, rig.canceled.__contains__)

    def cancel(plain: Predict) -> Predict:
        def predict(samples: torch.Tensor, timesteps: torch.Tensor) -> torch.Tensor:
            if not rig.canceled:
                rig.canceled |= {2, 3, 4}
                worker.hurry()
            return plain(samples, timesteps)

        return predict

    object.__setattr__(screen.model.pixel_denoiser, "spoil", cancel)
    while rig.waiting or worker.has_work:
        worker.work(rig.waiting)
    worker.close()
    assert sorted(m.item for m in rig.of(ItemCanceled)) == [2, 3, 4]
    assert [m.item for m in rig.of(Rendered)] == [1]


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"prompt": "watercolour"}, "takes no prompt"),
        ({"box": (5000, 0, 10, 10)}, "outside"),
    ],
)
def test_what_cannot_be_shown_says_why(
    screen: Screen, source: Path, settings: dict[str, Any], words: str
) -> None:
    assert screen.show(source, **settings) == []
    assert words in screen.troubles[0].message
    assert screen.troubles[0].hint


def test_a_broken_file_says_so_and_the_next_one_is_shown(screen: Screen, source: Path) -> None:
    broken = source.with_name("broken.png")
    broken.write_bytes(source.read_bytes()[:2000])
    screen.show(broken)
    assert screen.troubles[0].reason is Reason.TRUNCATED
    screen.show(source.with_name("gone.png"))
    assert screen.troubles[1].reason is Reason.VANISHED
    assert screen.show(source, box=(0, 0, 40, 40))[-1] is FULL


def test_a_file_that_changed_is_read_anew(screen: Screen, source: Path) -> None:
    screen.show(source, box=(0, 0, 40, 40), amount=0)
    before = screen.last
    save(source.parent, source.name, 255 - photograph(160, 200))
    screen.show(source, box=(0, 0, 40, 40), amount=0)
    assert np.abs(screen.last.astype(int) - (255 - before.astype(int))).mean() < 12


def test_too_little_memory_is_the_previews_own_trouble(screen: Screen, source: Path) -> None:
    def short(_plain: Predict) -> Predict:
        def predict(samples: torch.Tensor, timesteps: torch.Tensor) -> torch.Tensor:
            raise MemoryError

        return predict

    object.__setattr__(screen.model.pixel_denoiser, "spoil", short)
    screen.show(source, amount=20)
    assert "not enough memory" in screen.troubles[0].message


def test_another_models_preview_waits(screen: Screen, source: Path) -> None:
    screen.previews.use(None)
    screen.show(source)
    assert "model" in screen.troubles[0].message


def test_warming_up_leaves_no_trace(screen: Screen) -> None:
    """Made before the first photograph is dropped; nothing of it may be shown."""
    screen.previews.warm()
    assert screen.shown == []
    assert screen.troubles == []
