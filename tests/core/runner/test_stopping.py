"""Stopping: at once or after the photograph in work, and nothing is lost either way."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from core.events import (
    Event,
    ItemDone,
    ItemStarted,
    JobFinished,
    ModelLoading,
    StepProgress,
    Totals,
)
from core.library.database import Database
from core.library.queue import JobQueue
from core.library.records import ItemStatus
from core.runner import RunOutcome, StopSignal, shift
from core.runner.shift import DROP_SECONDS
from tests.runs import Bench, manifest

Benches = Callable[..., Bench]
NAMES = tuple(f"{number}.png" for number in range(6))


def when(kind: type, act: Callable[[], object], *, count: int = 1) -> Callable[[Event], None]:
    """Return a sink that acts at the `count`th event of a kind."""
    seen: list[Event] = []

    def sink(event: Event) -> None:
        if isinstance(event, kind):
            seen.append(event)
            if len(seen) == count:
                act()

    return sink


def temporary_files(folder: Path) -> list[Path]:
    return list(folder.rglob(".regrain-*"))


def all_wait(bench: Bench) -> bool:
    """Whether every unfinished item waits as if it had never been begun."""
    items = bench.queue.items(bench.queue.jobs()[0].id, ItemStatus.PENDING)
    return all(item.attempts == 0 for item in items)


def test_after_this_one_the_photograph_in_work_is_finished(benches: Benches) -> None:
    stop = StopSignal()
    bench = benches(fake={"delay": 0.05}, sink=when(ItemStarted, stop.after_this_one, count=2))
    bench.photographs(*NAMES)
    job = bench.enqueue().job
    assert bench.run(job, stop) is RunOutcome.STOPPED
    assert bench.queue.totals(job) == Totals(found=6, done=2, pending=4)
    assert all_wait(bench)
    assert not temporary_files(bench.home)
    assert not bench.of(JobFinished)
    assert bench.run(job) is RunOutcome.FINISHED
    assert bench.queue.totals(job).done == 6


def test_now_drops_the_photograph_in_work_at_the_next_step(
    benches: Benches, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A busy computer may answer late; this is about what happens when it does answer.
    monkeypatch.setattr(shift, "DROP_SECONDS", 60.0)
    stop = StopSignal()
    bench = benches(fake={"delay": 0.02, "steps": 3000}, sink=when(StepProgress, stop.now))
    bench.photographs(*NAMES)
    job = bench.enqueue().job
    assert bench.run(job, stop) is RunOutcome.STOPPED
    assert bench.queue.totals(job) == Totals(found=6, pending=6)
    assert all_wait(bench)
    assert not temporary_files(bench.home)
    assert bench.hosts[0].running, "it answered in time, so it keeps its model"


def test_now_ends_a_render_process_that_does_not_answer(benches: Benches) -> None:
    """Stop means stop, even while a decoder hangs."""
    stop = StopSignal()
    begun: list[float] = []

    def ask() -> None:
        begun.append(time.monotonic())
        stop.now()

    bench = benches(sink=when(ItemStarted, ask))
    bench.photographs("hang.png", "z.png")
    job = bench.enqueue().job
    assert bench.run(job, stop) is RunOutcome.STOPPED
    assert time.monotonic() - begun[0] < DROP_SECONDS + 2
    assert not bench.hosts[0].running
    assert all_wait(bench)


def test_now_follows_after_this_one(benches: Benches) -> None:
    """A second Ctrl-C must not wait for a photograph that takes an hour."""
    stop = StopSignal()

    def sink(event: Event) -> None:
        if isinstance(event, ItemStarted):
            stop.after_this_one()
        elif isinstance(event, StepProgress):
            stop.now()

    bench = benches(fake={"delay": 0.02, "steps": 3000}, sink=sink)
    bench.photographs(*NAMES)
    job = bench.enqueue().job
    assert bench.run(job, stop) is RunOutcome.STOPPED
    assert bench.queue.totals(job).pending == 6


def test_stopping_while_the_model_loads_is_quick(benches: Benches) -> None:
    stop = StopSignal()
    bench = benches(sink=when(ModelLoading, stop.after_this_one))
    bench.photographs("a.png")
    job = bench.enqueue().job
    assert bench.run(job, stop) is RunOutcome.STOPPED
    assert all_wait(bench)
    assert bench.run(job) is RunOutcome.FINISHED
    assert bench.queue.totals(job).done == 1


def test_a_stop_before_the_start_does_nothing(bench: Bench) -> None:
    stop = StopSignal()
    stop.now()
    bench.photographs("a.png")
    job = bench.enqueue().job
    assert bench.run(job, stop) is RunOutcome.STOPPED
    assert not bench.hosts


def test_a_stopped_and_resumed_batch_ends_in_the_same_files(
    benches: Benches, tmp_path: Path
) -> None:
    stop = StopSignal()
    bench = benches(fake={"delay": 0.02}, sink=when(StepProgress, stop.now, count=5))
    bench.photographs(*NAMES)
    job = bench.enqueue().job
    bench.run(job, stop)
    bench.run(job)
    stopped = manifest(bench.output)
    reference = tmp_path / "reference"
    bench.edit(folder=reference, again=True)
    assert stopped == manifest(reference)


def test_another_process_can_cancel_the_batch(benches: Benches) -> None:
    """The window's Cancel reaches a run that goes on in a terminal."""
    bench = benches(fake={"delay": 0.02, "steps": 3000})
    bench.photographs(*NAMES)
    job = bench.enqueue().job
    other = Database(bench.database.path)
    bench.sink = when(StepProgress, lambda: JobQueue(other).cancel(job))
    begun = time.monotonic()
    try:
        assert bench.run(job) is RunOutcome.FINISHED
    finally:
        other.close()
    assert time.monotonic() - begun < 15
    assert bench.queue.totals(job) == Totals(found=6, canceled=6)
    assert not temporary_files(bench.home)
    assert len(bench.of(JobFinished)) == 1


def test_what_was_done_before_a_cancel_stays(benches: Benches) -> None:
    bench = benches(fake={"delay": 0.3})
    bench.photographs(*NAMES)
    job = bench.enqueue().job
    bench.sink = when(ItemDone, lambda: bench.queue.cancel(job))
    bench.run(job)
    totals = bench.queue.totals(job)
    assert totals.adds_up()
    assert 1 <= totals.done == len(manifest(bench.output)) < 6
    assert totals.done + totals.canceled == 6


def test_a_paused_batch_is_left_after_what_is_in_work(benches: Benches) -> None:
    bench = benches(fake={"delay": 0.02})
    bench.photographs(*NAMES)
    job = bench.enqueue().job
    bench.sink = when(ItemDone, lambda: bench.queue.pause(job))
    bench.run(job)
    totals = bench.queue.totals(job)
    assert 0 < totals.pending < 6
    bench.queue.resume(job)
    bench.run(job)
    assert bench.queue.totals(job).done == 6


@pytest.mark.parametrize("error", [KeyboardInterrupt, RuntimeError])
def test_an_exception_in_the_run_leaves_nothing_in_work(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, error: type[BaseException]
) -> None:
    """A bug, or a second Ctrl-C: the photographs wait as before, no process stays behind."""
    bench.photographs(*NAMES)
    job = bench.enqueue().job

    def fail(*arguments: object) -> None:
        raise error

    monkeypatch.setattr(bench.publisher, "publish", fail)
    with pytest.raises(error):
        bench.run(job)
    monkeypatch.undo()
    assert not bench.lock.held
    assert not bench.hosts[0].running
    bench.run(job)
    assert bench.queue.totals(job).done == 6
    assert not temporary_files(bench.home)
