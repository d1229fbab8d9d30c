"""Previews and devices beside a batch: the newest preview, shown or refused, never in its way."""

from __future__ import annotations

import io
import threading
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.events import (
    DeviceLost,
    DevicesDetected,
    Event,
    ItemDone,
    ItemStarted,
    ModelLoading,
    ModelReady,
    PreviewFailed,
    PreviewKind,
    PreviewPart,
    RunnerBlocked,
    StepProgress,
)
from core.models.spec import builtin_spec
from core.recipe import EditSettings
from core.runner.previews import PreviewRequest
from tests.fake_results import expected_pixels
from tests.runs import Bench

Benches = Callable[..., Bench]
EDIT = EditSettings(model="fake")


def idle_until(bench: Bench, kind: type, count: int = 1) -> None:
    """Let the runner idle until as many events of a kind came."""
    until = time.monotonic() + 60
    while len(bench.of(kind)) < count:
        assert time.monotonic() < until, f"never came; heard {bench.events}"
        bench.runner.idle(0.5)


def full(bench: Bench) -> list[int]:
    """Return the requests that were shown to their end."""
    return [e.request for e in bench.of(PreviewPart) if e.kind is PreviewKind.FULL]  # type: ignore[attr-defined]


def test_a_preview_without_any_batch(bench: Bench) -> None:
    """A photograph that was just dropped is shown edited; nothing is written or stored."""
    (source,) = bench.photographs("a.png")
    bench.runner.preview(PreviewRequest(1, source, EDIT, box=(4, 2, 16, 8)))
    idle_until(bench, PreviewPart, 2)
    draft, last = bench.of(PreviewPart)
    assert isinstance(draft, PreviewPart)
    assert isinstance(last, PreviewPart)
    assert (draft.kind, last.kind) == (PreviewKind.DRAFT, PreviewKind.FULL)
    assert (last.box, last.width, last.height) == ((4, 2, 16, 8), 16, 8)
    assert last.facts["noise"] == 11
    with Image.open(io.BytesIO(last.jpeg)) as image:
        expected = expected_pixels(source, EDIT.model_dump_json())[2:10, 4:20]
        assert np.asarray(image).shape == expected.shape
    assert [type(e) for e in bench.events[:2]] == [ModelLoading, ModelReady]
    assert not bench.output.exists()
    assert bench.queue.jobs() == []


def test_only_the_newest_of_many_is_shown(bench: Bench) -> None:
    (source,) = bench.photographs("a.png")
    for number in range(1, 30):
        bench.runner.preview(PreviewRequest(number, source, EDIT))
    idle_until(bench, PreviewPart, 2)
    assert full(bench) == [29]


def test_a_preview_while_a_batch_runs(benches: Benches) -> None:
    """It comes before the batch is done, and the batch ends as if nothing had been."""
    asked = threading.Event()

    def sink(event: Event) -> None:
        if isinstance(event, StepProgress) and not asked.is_set():
            asked.set()
            bench.runner.preview(PreviewRequest(7, source, EDIT))

    bench = benches(fake={"delay": 0.05, "steps": 10}, sink=sink)
    source, *_ = bench.photographs("a.png", "b.png", "c.png")
    assert bench.edit().done == 3
    assert full(bench) == [7]
    kinds = [type(event) for event in bench.events]
    assert kinds.index(PreviewPart) < kinds.index(ItemDone)


def test_stages_come_step_by_step(benches: Benches) -> None:
    bench = benches(fake={"steps": 3})
    (source,) = bench.photographs("a.png")
    bench.runner.preview(PreviewRequest(1, source, EDIT, stages=True))
    idle_until(bench, PreviewPart, 8)
    steps = [(e.kind, e.step, e.steps) for e in bench.of(PreviewPart)]  # type: ignore[attr-defined]
    assert steps[1:-1] == [
        (kind, step, 3) for step in (1, 2, 3) for kind in (PreviewKind.NOISY, PreviewKind.GUESS)
    ]


def test_a_file_that_cannot_be_read_is_refused_in_words(bench: Bench) -> None:
    (source,) = bench.photographs("a.png")
    source.write_bytes(source.read_bytes()[:100])
    bench.runner.preview(PreviewRequest(1, source, EDIT))
    idle_until(bench, PreviewFailed)
    (failed,) = bench.of(PreviewFailed)
    assert isinstance(failed, PreviewFailed)
    assert "a.png" in failed.message
    assert failed.hint


def test_a_model_that_is_not_known_or_not_there_is_said(bench: Bench) -> None:
    (source,) = bench.photographs("a.png")
    bench.runner.preview(PreviewRequest(1, source, EditSettings(model="flux")))
    idle_until(bench, PreviewFailed)
    (bench.home / "model").rmdir()
    bench.runner.preview(PreviewRequest(2, source, EDIT))
    idle_until(bench, PreviewFailed, 2)
    messages = [e.message for e in bench.of(PreviewFailed)]  # type: ignore[attr-defined]
    assert "flux" in messages[0]
    assert "gone" in messages[1]
    assert not bench.of(RunnerBlocked)
    (bench.home / "model").mkdir()
    bench.runner.preview(PreviewRequest(3, source, EDIT))
    idle_until(bench, PreviewPart, 2)


def test_a_preview_that_kills_the_process_is_told_and_not_repeated(bench: Bench) -> None:
    bad, good = bench.photographs("peekabort.png", "b.png")
    bench.runner.preview(PreviewRequest(1, bad, EDIT))
    idle_until(bench, PreviewFailed)
    assert len(bench.hosts) == 1
    assert not bench.hosts[0].running
    assert bench.of(DeviceLost)
    bench.runner.preview(PreviewRequest(2, good, EDIT))
    idle_until(bench, PreviewPart, 2)


def test_a_preview_that_kills_the_process_is_not_blamed_on_the_batch(benches: Benches) -> None:
    """Looking at a hostile file must not set innocent photographs aside."""
    asked: list[int] = []

    def sink(event: Event) -> None:
        if isinstance(event, ItemStarted) and len(asked) < 4:
            asked.append(len(asked) + 1)
            bench.runner.preview(PreviewRequest(asked[-1], bad, EDIT))

    bench = benches(fake={"delay": 0.05, "steps": 6}, sink=sink)
    elsewhere = bench.home / "elsewhere"
    bench.photographs("a.png", "b.png")
    (bad,) = (bench.source / "a.png").parent.glob("a.png")
    elsewhere.mkdir()
    bad = bad.rename(elsewhere / "peekabort.png")
    bench.photographs("a.png")
    totals = bench.edit()
    assert totals.done == 2
    assert totals.quarantined == totals.failed == 0
    assert len(bench.of(PreviewFailed)) == 4


def test_devices_are_told_before_and_during_a_batch(benches: Benches) -> None:
    bench = benches(fake={"delay": 0.05})
    bench.runner.detect()
    idle_until(bench, DevicesDetected)
    (found,) = bench.of(DevicesDetected)
    assert isinstance(found, DevicesDetected)
    assert [device.key for device in found.devices] == ["cpu"]
    bench.photographs("a.png")
    bench.sink = lambda event: bench.runner.detect() if isinstance(event, ItemStarted) else None
    bench.edit()
    assert len(bench.of(DevicesDetected)) == 2


def test_the_model_that_was_warmed_up_serves_the_batch(bench: Bench) -> None:
    """Loading it a second time would cost the seconds that warming up was to save."""
    bench.photographs("a.png")
    (source,) = bench.source.glob("a.png")
    bench.runner.preview(PreviewRequest(1, source, EDIT))
    idle_until(bench, ModelReady)
    assert bench.edit().done == 1
    assert len((bench.state / "loaded").read_text().splitlines()) == 1
    assert all(job.numerics is not None for job in bench.queue.jobs())


def test_a_batch_that_begins_while_the_model_is_warmed_up(bench: Bench) -> None:
    bench.photographs("a.png")
    (source,) = bench.source.glob("a.png")
    bench.runner.preview(PreviewRequest(1, source, EDIT))
    bench.runner.idle(0.01)
    assert bench.edit().done == 1
    idle_until(bench, PreviewPart, 2)
    assert len((bench.state / "loaded").read_text().splitlines()) == 1


def test_warming_up_needs_the_built_in_model(bench: Bench) -> None:
    """A library of other models only starts nothing for nothing."""
    assert builtin_spec().id != bench.model.id
    bench.runner.warm_up()
    assert bench.runner.idle(5), "it was woken"
    assert not bench.hosts


def test_idle_comes_back_when_woken_from_another_thread(bench: Bench) -> None:
    (source,) = bench.photographs("a.png")
    bench.runner.preview(PreviewRequest(1, source, EDIT))
    idle_until(bench, PreviewPart, 2)
    begun = time.monotonic()
    timer = threading.Timer(0.05, bench.runner.wake)
    timer.start()
    assert bench.runner.idle(60)
    timer.join()
    assert time.monotonic() - begun < 20
    assert not bench.runner.idle(0)


def test_a_process_that_cannot_be_started_is_said(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (source,) = bench.photographs("a.png")
    monkeypatch.setattr("tests.runs.FAKE_RENDER_COMMAND", (str(tmp_path / "nothing"),))
    bench.runner.preview(PreviewRequest(1, source, EDIT))
    idle_until(bench, PreviewFailed)
    (failed,) = bench.of(PreviewFailed)
    assert isinstance(failed, PreviewFailed)
    assert "cannot be started" in failed.message
