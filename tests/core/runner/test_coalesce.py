"""A fast model must not drown the window in progress; no result may get lost on the way."""

from __future__ import annotations

from pathlib import Path

from core.events import Event, ItemDone, StepProgress
from core.library.ids import ItemId, JobId
from core.runner.coalesce import Coalesced


def test_at_most_ten_steps_a_second_and_the_last_one_always() -> None:
    now = 0.0
    heard: list[Event] = []
    sink = Coalesced(heard.append, lambda: now)
    for step in range(1, 101):
        sink(StepProgress(JobId(1), ItemId(1), step, 100))
        sink(StepProgress(JobId(1), ItemId(2), step, 100))
        now += 0.01
    sink(ItemDone(JobId(1), ItemId(1), Path("a"), Path("b"), 1.0))
    steps = [event.step for event in heard if isinstance(event, StepProgress) and event.item == 1]
    assert len(steps) <= 12
    assert steps[0] == 1
    assert steps[-1] == 100
    assert isinstance(heard[-1], ItemDone)


def test_every_result_passes() -> None:
    heard: list[Event] = []
    sink = Coalesced(heard.append, lambda: 0.0)
    for number in range(50):
        sink(ItemDone(JobId(1), ItemId(number), Path("a"), Path("b"), 0.0))
    assert len(heard) == 50
