"""Where a photograph ends before its neighbours, the next one takes its place in the passes."""

from __future__ import annotations

import queue
from collections.abc import Callable
from concurrent.futures import wait
from pathlib import Path
from typing import Any

import pytest
import torch

from core.engine.messages import Announced, Detect, ItemCanceled, Render, Rendered, Stepped
from core.engine.process import RenderProcess
from core.engine.task import Task
from core.engine.worker import Worker
from core.errors import SettingsError
from core.models.spec import ModelSpec
from tests.core.engine.rig import Predict, Rig
from tests.core.engine.samples import photograph

MIXED = (0.2, 0.5, 0.8, 0.3, 0.6, 0.4, 0.7, 0.2, 0.8, 0.5, 0.3, 0.6)
STEPS = 10
ROWS = 4

MakeRig = Callable[..., Rig]


@pytest.fixture
def make(spec: ModelSpec, tmp_path: Path) -> MakeRig:
    def rig(name: str, strengths: tuple[float, ...] = MIXED, **numerics: Any) -> Rig:
        folder = tmp_path / name
        folder.mkdir()
        made = Rig(spec, folder, **{"rows": ROWS} | numerics)
        for number, strength in enumerate(strengths):
            made.add(photograph(60, 80, seed=number), **repaint(strength))
        return made

    return rig


@pytest.fixture(autouse=True)
def quick_files(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let reading be done whenever a place is free: files are quicker than networks."""
    real = Worker._more

    def more(self: Worker, tasks: dict[int, Task]) -> Task | None:
        wait([future for _, future in self._reader._started])
        return real(self, tasks)

    monkeypatch.setattr(Worker, "_more", more)


def repaint(strength: float) -> dict[str, Any]:
    return {"mode": "repaint", "strength": strength, "num_inference_steps": STEPS}


def hashes(rig: Rig) -> dict[int, str]:
    return {m.item: m.sha256 for m in rig.of(Rendered)}


def test_mixed_strengths_need_fewer_passes_and_give_the_same_bytes(
    make: MakeRig, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Passes that are half empty at the end of each group cost as much as full ones."""
    refilled = make("refilled")
    refilled.work()
    grouped = make("grouped")
    monkeypatch.setattr(Worker, "_more", lambda *_: None)
    grouped.work()
    assert hashes(refilled) == hashes(grouped)
    assert len(hashes(refilled)) == len(MIXED)
    assert set(refilled.calls) == {(ROWS, 3, 64, 80)}
    assert len(refilled.calls) <= 0.85 * len(grouped.calls)


def test_a_canceled_one_makes_room_and_leaves_the_others_as_they_are(make: MakeRig) -> None:
    expected = make("all")
    expected.work()
    rig = make("canceled")

    def cancel(plain: Predict) -> Predict:
        def answer(samples: torch.Tensor, timesteps: torch.Tensor) -> torch.Tensor:
            if len(rig.calls) == 2:
                rig.canceled.add(3)
            return plain(samples, timesteps)

        return answer

    rig.work(cancel)
    assert [m.item for m in rig.of(ItemCanceled)] == [3]
    assert hashes(rig) == {item: h for item, h in hashes(expected).items() if item != 3}


def test_nobody_joins_one_that_must_be_alone_and_it_joins_nobody(make: MakeRig) -> None:
    """It killed the process before: whoever were beside it would be blamed with it."""
    rig = make("alone", ())
    for number, strength in enumerate((0.2, 0.6, 0.3, 0.4, 0.8)):
        rig.add(photograph(60, 80, seed=number), alone=number == 2, **repaint(strength))
    rig.work()
    order = [(type(m), m.item) for m in rig.heard if isinstance(m, Announced | Rendered)]
    at = order.index((Announced, 3))
    assert {item for kind, item in order[:at] if kind is Rendered} == {1, 2}
    assert order[at + 1] == (Rendered, 3)
    assert {m.item for m in rig.of(Rendered)} == {1, 2, 3, 4, 5}


def test_one_to_be_made_again_does_not_wait_for_the_rest_of_the_batch(make: MakeRig) -> None:
    """It would keep its memory, and its user, until thousands of others are done."""
    rig = make("again", (0.1,) * 10, rows=2, dtype="bf16")

    def spoil(plain: Predict) -> Predict:
        def answer(samples: torch.Tensor, timesteps: torch.Tensor) -> torch.Tensor:
            answers = plain(samples, timesteps)
            if len(rig.calls) == 1:
                answers[0] = float("nan")
            return answers

        return answer

    rig.work(spoil)
    done = [m.item for m in rig.of(Rendered)]
    assert sorted(done) == list(range(1, 11))
    assert done.index(1) < 5
    assert rig.of(Rendered)[done.index(1)].facts["dtype"] == "fp32"


def test_a_setting_of_no_use_stops_the_batch_after_those_in_work(make: MakeRig) -> None:
    """Photographs that were nearly done would be thrown away."""
    rig = make("stopped", (0.2, 0.8), rows=2)
    rig.add(photograph(60, 80), prompt="watercolour")
    rig.add(photograph(60, 80, seed=4))
    with pytest.raises(SettingsError):
        rig.work()
    assert {m.item for m in rig.of(Rendered)} == {1, 2}
    steps = [m for m in rig.of(Stepped) if m.item == 2]
    assert steps[-1].step == steps[-1].steps


def test_photographs_that_come_during_a_pass_are_taken_in_but_nothing_else_is() -> None:
    """Another model's loading that was heard in the middle would end those in work."""
    process: Any = RenderProcess(None)  # type: ignore[arg-type]
    process._inbox = queue.SimpleQueue()
    made: Any = Render.model_construct
    first, second = (made(item=item) for item in (1, 2))
    for message in (first, Detect(), second):
        process._inbox.put(message)
    process._take_in()
    process._take_in()
    assert list(process._waiting) == [first]
    assert process._next() == Detect()
    process._take_in()
    assert list(process._waiting) == [first, second]
