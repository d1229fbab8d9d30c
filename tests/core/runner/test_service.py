"""The rendering service: works off what waits, holds, stops, follows and takes over."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator

import pytest

from core.errors import LibraryError
from core.events import (
    DevicesDetected,
    Event,
    ItemDone,
    JobFinished,
    ModelReady,
    PreviewPart,
    RunnerBlocked,
    StepProgress,
    WorkerState,
    WorkState,
)
from core.library.database import Database
from core.library.ids import JobId
from core.library.lock import RenderLock
from core.library.queue import JobQueue
from core.library.records import JobState
from core.recipe import EditSettings
from core.runner import EngineChoice, Stop
from core.runner.parts import RunOutcome
from core.runner.previews import PreviewRequest
from core.runner.service import RenderService
from core.runner.stop import StopSignal
from tests.runs import Bench, manifest

Benches = Callable[..., Bench]
NAMES = tuple(f"{number}.png" for number in range(6))


class Served:
    """A service in a thread of its own over a bench's library."""

    def __init__(self, bench: Bench, **options: object) -> None:
        self.bench = bench
        self.news = threading.Condition()
        bench.sink = self.hear
        self.service = RenderService(
            bench.queue, bench.lock, bench.runner, bench._hear, **options  # type: ignore[arg-type]
        )  # fmt: skip
        self.thread = threading.Thread(target=self.service.serve, name="service")
        self.thread.start()

    def hear(self, _event: Event) -> None:
        with self.news:
            self.news.notify_all()

    def until(self, met: Callable[[], object], seconds: float = 60) -> None:
        with self.news:
            assert self.news.wait_for(met, timeout=seconds), self.bench.events

    def until_state(self, state: WorkState) -> WorkerState:
        self.until(lambda: self.states and self.states[-1].state is state)
        return self.states[-1]

    @property
    def states(self) -> list[WorkerState]:
        return [event for event in self.bench.events if isinstance(event, WorkerState)]

    def count(self, kind: type) -> int:
        return len(self.bench.of(kind))

    def finish(self, *, now: bool = True) -> None:
        self.service.finish(now=now)
        self.thread.join(60)
        assert not self.thread.is_alive()


@pytest.fixture
def serve() -> Iterator[Callable[..., Served]]:
    made: list[Served] = []

    def make(bench: Bench, **options: object) -> Served:
        made.append(Served(bench, **options))
        return made[-1]

    yield make
    for served in made:
        served.finish()


Serve = Callable[..., Served]


def test_it_works_off_what_waits_and_what_comes(bench: Bench, serve: Serve) -> None:
    bench.photographs("a.png", "b.png")
    bench.enqueue()
    served = serve(bench)
    served.until(lambda: served.count(JobFinished) == 1)
    assert served.count(DevicesDetected) == 1
    served.until_state(WorkState.IDLE)
    bench.photographs("c.png")
    bench.enqueue()
    served.service.wake()
    served.until(lambda: served.count(JobFinished) == 2)
    assert len(manifest(bench.output)) == 3
    assert [state.state for state in served.states][:3] == ["starting", "working", "idle"]


def test_batches_of_other_processes_are_found_without_being_woken(
    bench: Bench, serve: Serve
) -> None:
    """`regrain run` beside an open window enqueues there."""
    bench.photographs("a.png")
    served = serve(bench)
    served.until_state(WorkState.IDLE)
    bench.enqueue()
    served.until(lambda: served.count(JobFinished) == 1)


def test_what_an_earlier_session_left_waits_for_resume(bench: Bench, serve: Serve) -> None:
    """Nobody wants a computer that starts working by itself; new batches do run meanwhile."""
    bench.photographs(*NAMES[:3])
    old = bench.enqueue().job
    served = serve(bench, hold=True)
    assert served.until_state(WorkState.HELD).held == (old,)
    new = bench.enqueue(strength=0.5, folder=bench.home / "new").job
    served.service.wake()
    served.until(lambda: served.count(JobFinished) == 1)
    assert bench.queue.totals(new).done == 3
    assert bench.queue.totals(old).done == 0
    served.until_state(WorkState.HELD)
    served.service.release()
    served.until(lambda: served.count(JobFinished) == 2)
    assert bench.queue.totals(old).done == 3
    served.until_state(WorkState.IDLE)


def test_one_of_the_held_batches_is_resumed(bench: Bench, serve: Serve) -> None:
    bench.photographs("a.png")
    first = bench.enqueue(strength=0.2).job
    second = bench.enqueue(strength=0.4, folder=bench.home / "second").job
    served = serve(bench, hold=True)
    served.until_state(WorkState.HELD)
    served.service.resume(second)
    served.until(lambda: served.count(JobFinished) == 1)
    assert bench.queue.totals(second).done == 1
    assert served.until_state(WorkState.HELD).held == (first,)


@pytest.mark.parametrize("how", [Stop.NOW, Stop.AFTER_THIS_ONE])
def test_a_stop_holds_and_resume_goes_on(benches: Benches, serve: Serve, how: Stop) -> None:
    bench = benches(fake={"delay": 0.05, "steps": 6})
    bench.photographs(*NAMES)
    job = bench.enqueue().job
    served = serve(bench)
    served.until(lambda: served.count(ItemDone) >= 1)
    begun = time.monotonic()
    served.service.stop(how)
    served.until_state(WorkState.HELD)
    assert time.monotonic() - begun < 10
    assert WorkState.STOPPING in [state.state for state in served.states]
    totals = bench.queue.totals(job)
    assert 0 < totals.pending < 6
    assert totals.adds_up()
    assert not list(bench.home.rglob(".regrain-*"))
    served.service.release()
    served.until(lambda: served.count(JobFinished) == 1)
    assert bench.queue.totals(job).done == 6


def test_pausing_a_batch_lets_the_next_one_run(benches: Benches, serve: Serve) -> None:
    bench = benches(fake={"delay": 0.03, "steps": 4})
    bench.photographs(*NAMES)
    first = bench.enqueue(strength=0.2).job
    second = bench.enqueue(strength=0.4, folder=bench.home / "second").job
    served = serve(bench)
    served.until(lambda: served.count(ItemDone) >= 1)
    served.service.pause(first)
    served.until(lambda: served.count(JobFinished) == 1)
    assert bench.queue.totals(second).done == 6
    assert bench.queue.job(first).state is JobState.PAUSED
    served.service.resume(first)
    served.until(lambda: served.count(JobFinished) == 2)
    assert bench.queue.totals(first).done == 6


def test_run_next_comes_after_the_batch_in_work(benches: Benches, serve: Serve) -> None:
    bench = benches(fake={"delay": 0.03})
    bench.photographs(*NAMES[:3])
    jobs = [
        bench.enqueue(strength=number / 10, folder=bench.home / f"out{number}").job
        for number in (1, 2, 3)
    ]
    served = serve(bench)
    served.until(lambda: served.count(ItemDone) >= 1)
    bench.queue.run_next(jobs[2])
    served.until(lambda: served.count(JobFinished) == 3)
    finished = [e.job for e in bench.of(JobFinished) if isinstance(e, JobFinished)]
    assert finished == [jobs[0], jobs[2], jobs[1]]


def test_a_blocked_batch_does_not_stand_in_the_way(bench: Bench, serve: Serve) -> None:
    bench.photographs("lost.png")
    first = bench.enqueue(strength=0.2).job
    (bench.source / "lost.png").rename(bench.home / "lost.png")
    bench.photographs("a.png")
    second = bench.enqueue(bench.source / "a.png", strength=0.4, folder=bench.home / "second").job
    (bench.home / "lost.png").rename(bench.source / "lost.png")
    served = serve(bench)
    served.until(lambda: served.count(JobFinished) == 1)
    assert served.count(RunnerBlocked) == 1
    assert bench.queue.job(first).state is JobState.STOPPED
    assert bench.queue.totals(second).done == 1
    served.until_state(WorkState.IDLE)


def test_a_resume_during_the_last_moments_of_a_stopped_run_counts(
    bench: Bench, serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A click on Resume as soon as the banner is there must not be forgotten."""
    free = [1000]
    monkeypatch.setattr("core.outputs.fsops.FsOps.free_bytes", lambda *_args: free[0])
    bench.photographs("a.png")
    job = bench.enqueue().job
    run, idle = bench.runner.run, bench.runner.idle

    def resumed_at_once(stop: StopSignal, which: JobId | None = None) -> RunOutcome:
        outcome = run(stop, which)
        if outcome is RunOutcome.BLOCKED:
            free[0] = 10**12
            served.service.resume(job)
            idle(0.0)
        return outcome

    monkeypatch.setattr(bench.runner, "run", resumed_at_once)
    served = serve(bench)
    served.until(lambda: served.count(JobFinished) == 1)
    assert bench.queue.totals(job).done == 1


def test_it_follows_another_process_and_takes_over_when_that_one_dies(
    bench: Bench, serve: Serve
) -> None:
    bench.photographs(*NAMES[:3])
    job = bench.enqueue().job
    other = RenderLock(bench.lock.path)
    assert other.acquire()
    try:
        served = serve(bench)
        state = served.until_state(WorkState.FOLLOWING)
        assert "Another Regrain" in state.message
        # What the other one does is told here too.
        theirs = JobQueue(Database(bench.database.path))
        (claim,) = theirs.claim("other", 1, job)
        theirs.already_done(claim.item, claim.attempt, claim.planned)
        served.until(lambda: served.count(ItemDone) == 1)
        theirs.database.close()
        assert not bench.hosts
        assert served.states[-1].state is WorkState.FOLLOWING
    finally:
        other.release()
    served.until(lambda: served.count(JobFinished) == 1)
    assert bench.queue.totals(job).pending == 0
    assert served.count(ItemDone) == 3
    served.until_state(WorkState.IDLE)


def test_previews_come_while_nothing_runs_and_while_another_process_renders(
    bench: Bench, serve: Serve
) -> None:
    (source,) = bench.photographs("a.png")
    edit = EditSettings(model="fake")
    served = serve(bench)
    served.service.preview(PreviewRequest(1, source, edit))
    served.until(lambda: served.count(PreviewPart) == 2)
    bench.enqueue()
    with RenderLock(bench.lock.path):
        served.until_state(WorkState.FOLLOWING)
        served.service.preview(PreviewRequest(2, source, edit))
        served.until(lambda: served.count(PreviewPart) == 4)


def test_another_device_is_for_what_comes_next(benches: Benches, serve: Serve) -> None:
    bench = benches(fake={"delay": 0.03, "steps": 4})
    bench.photographs(*NAMES[:3])
    bench.enqueue()
    served = serve(bench)
    served.until(lambda: served.count(StepProgress) >= 1)
    served.service.choose(EngineChoice(device="cpu", batch_size=3))
    served.until(lambda: served.count(JobFinished) == 1)
    bench.enqueue(strength=0.7, folder=bench.home / "second")
    served.service.wake()
    served.until(lambda: served.count(JobFinished) == 2)
    rows = [job.numerics.rows for job in bench.queue.jobs() if job.numerics]
    assert rows == [3, 1], "newest first; the one in work kept its own"


def test_the_model_leaves_memory_when_idle_and_comes_back(bench: Bench, serve: Serve) -> None:
    bench.photographs("a.png")
    bench.enqueue()
    served = serve(bench, idle_seconds=0.01)
    served.until(lambda: served.count(JobFinished) == 1)
    served.until_state(WorkState.IDLE)
    for _ in range(100):
        served.service.wake()
        if not bench.hosts[0].running:
            break
        served.thread.join(0.05)
    assert not bench.hosts[0].running
    bench.photographs("b.png")
    bench.enqueue()
    served.service.wake()
    served.until(lambda: served.count(JobFinished) == 2)
    assert served.count(ModelReady) == 2


def test_finishing_after_the_photograph_in_work(benches: Benches, serve: Serve) -> None:
    """Closing the window: what is begun is finished if the user says so, the rest waits."""
    bench = benches(fake={"delay": 0.05, "steps": 6})
    bench.photographs(*NAMES)
    job = bench.enqueue().job
    served = serve(bench)
    served.until(lambda: served.count(StepProgress) >= 1)
    served.finish(now=False)
    totals = bench.queue.totals(job)
    assert totals.done >= 1
    assert totals.done + totals.pending == 6
    assert not bench.lock.held
    assert not bench.hosts[0].running


def test_a_library_that_fails_is_said_and_tried_again(
    bench: Bench, serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_arguments: object, **_options: object) -> None:
        raise LibraryError("The library is gone.", hint="Connect its disk.")

    monkeypatch.setattr(bench.queue, "jobs", fail)
    served = serve(bench)
    state = served.until_state(WorkState.FAILED)
    assert (state.message, state.hint) == ("The library is gone.", "Connect its disk.")
    monkeypatch.undo()
    served.service.wake()
    served.until_state(WorkState.IDLE)


def test_a_library_that_cannot_be_written_is_not_tried_for_ever(
    bench: Bench, serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A full disk under the library: one message and Resume, not one every two seconds."""
    bench.photographs("a.png")
    job = bench.enqueue().job

    def fail(*_arguments: object) -> None:
        raise LibraryError("The library cannot be written.", hint="Free space.")

    monkeypatch.setattr(bench.queue, "announce", fail)
    served = serve(bench)
    served.until_state(WorkState.HELD)
    assert served.count(RunnerBlocked) == 1
    monkeypatch.undo()
    served.service.release()
    served.until(lambda: served.count(JobFinished) == 1)
    assert bench.queue.totals(job).done == 1


def test_nothing_is_started_for_an_empty_library(bench: Bench, serve: Serve) -> None:
    """Before the window is painted, no process may take the processor."""
    served = serve(bench)
    served.until_state(WorkState.IDLE)
    served.finish()
    assert not bench.hosts
