"""Photographs that crash, hang or starve the render process cost only themselves."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from core import oom
from core.engine import watchdog
from core.engine.host import RenderHost
from core.engine.memory import MemoryGauge
from core.engine.messages import Numerics
from core.errors import Reason, StopReason
from core.events import DeviceLost, ItemDone, ItemFailed, ItemStarted, RunnerBlocked, Totals
from core.library.ids import JobId
from core.library.records import ItemStatus
from core.runner import RunOutcome, deaths
from tests.fakes import FAKE_RENDER_COMMAND, fake_environment
from tests.faults.killing import running
from tests.faults.table import Tally
from tests.runs import Bench, manifest

Benches = Callable[..., Bench]


def failures(bench: Bench) -> dict[str, tuple[Reason, bool]]:
    """Return reason and quarantine of each failed photograph, as it was told."""
    return {
        event.source.name: (event.reason, event.quarantined)
        for event in bench.of(ItemFailed)
        if isinstance(event, ItemFailed)
    }


def lost(bench: Bench, *innocent: str) -> int:
    """Return how many of the photographs that had nothing to do with it have no result."""
    return len(set(innocent) - set(manifest(bench.output)))


def attempts(bench: Bench, job: JobId) -> dict[str, int]:
    return {item.source.name: item.attempts for item in bench.queue.items(job)}


@pytest.mark.parametrize(("word", "rows"), [("abort", 3), ("exit", 1), ("garbage", 3)])
def test_a_poison_photograph_is_set_aside_and_all_others_are_done(
    benches: Benches, tally: Tally, word: str, rows: int
) -> None:
    """One cursed file in 2,000 must cost one result, whatever it shares a pass with."""
    bench = benches(fake={"rows": rows})
    bench.photographs("a.png", "b.png", f"c-{word}.png", "d.png", "e.png", "f.png")
    totals = bench.edit()
    others = ("a.png", "b.png", "d.png", "e.png", "f.png")
    tally(6, "a photograph that breaks its decoder down each time", 4, lost(bench, *others))
    assert totals == Totals(found=6, done=5, quarantined=1)
    assert failures(bench) == {f"c-{word}.png": (Reason.CRASHED_3X, True)}
    assert set(manifest(bench.output)) == set(others)
    assert len(bench.of(DeviceLost)) == 4, "once beside others, three times alone"


def test_a_quarantined_photograph_waits_for_an_explicit_retry(benches: Benches) -> None:
    bench = benches()
    bench.photographs("a.png", "b-abort.png")
    bench.edit()
    worked = len(bench.touched())
    assert bench.edit().quarantined == 1
    assert len(bench.touched()) == worked, "the same command must not walk into it again"
    (job, *_) = bench.queue.jobs()
    bench.queue.retry(job.id, quarantined=True)
    bench.run(job.id)
    assert bench.queue.totals(job.id).quarantined == 1
    assert len(bench.touched()) > worked


def test_one_crash_is_forgiven(benches: Benches, tally: Tally) -> None:
    bench = benches()
    bench.photographs("a.png", "b-abort1.png", "c.png")
    totals = bench.edit()
    tally(6, "a photograph that breaks its decoder down once", 1, 3 - totals.done)
    assert totals == Totals(found=3, done=3)
    assert not bench.of(ItemFailed)


def test_after_a_crash_its_photographs_are_rendered_alone(benches: Benches) -> None:
    """So that the next crash has one cause, and neighbours are not accused twice."""
    bench = benches(fake={"rows": 3})
    bench.photographs("a.png", "b-abort.png", "c.png", "d.png", "e.png")
    bench.edit()
    first = next(i for i, event in enumerate(bench.events) if isinstance(event, DeviceLost))
    before = bench.events[:first]
    in_work = {event.source.name for event in before if isinstance(event, ItemStarted)}
    in_work -= {event.source.name for event in before if isinstance(event, ItemDone)}
    log = (bench.state / "touched").read_text().splitlines()
    alone = [line.split()[1] for line in log if line.endswith(" 1")]
    assert alone.count("b-abort.png") == 3
    assert set(alone) == in_work


def test_three_different_crashes_stop_the_batch_and_fail_nobody(
    benches: Benches, tally: Tally
) -> None:
    """A driver that crashes on everything must not quarantine the whole night's work."""
    bench = benches()
    names = [f"{number}-abort.png" for number in range(5)]
    bench.photographs(*names)
    job = bench.enqueue().job
    assert bench.run(job) is RunOutcome.BLOCKED
    (event,) = bench.of(RunnerBlocked)
    assert isinstance(event, RunnerBlocked)
    assert event.reason is StopReason.GPU_LOST
    assert "SIGABRT" in event.message
    totals = bench.queue.totals(job)
    tally(6, "a driver that breaks down on everything", 3, totals.failed + totals.quarantined)
    assert totals == Totals(found=5, pending=5)


def test_kills_from_outside_count_for_nothing(
    benches: Benches, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deaths, "OUTSIDE_KILLS_TO_BLOCK", 4)
    bench = benches()
    bench.photographs("a.png", "b-killed.png", "c.png")
    job = bench.enqueue().job
    assert bench.run(job) is RunOutcome.BLOCKED, "it would be killed for ever"
    totals = bench.queue.totals(job)
    assert (totals.failed, totals.quarantined) == (0, 0)
    assert attempts(bench, job)["b-killed.png"] == 0
    (bench.source / "b-killed.png").unlink()
    bench.queue.unblock(job)
    bench.run(job)
    assert bench.queue.totals(job) == Totals(found=3, done=2, left_out=1)


def test_a_photograph_that_hangs_is_given_up_after_two_tries(
    benches: Benches, tally: Tally
) -> None:
    bench = benches(hang_seconds=0.5)
    bench.photographs("a.png", "b-hang.png", "c.png")
    totals = bench.edit()
    tally(8, "a photograph at which the process hangs", 2, lost(bench, "a.png", "c.png"))
    assert totals == Totals(found=3, done=2, failed=1)
    assert failures(bench) == {"b-hang.png": (Reason.TIMED_OUT, False)}
    assert bench.touched().count("b-hang.png") == 2


def test_one_hang_is_forgiven(benches: Benches) -> None:
    bench = benches(hang_seconds=0.5)
    bench.photographs("a.png", "b-hang1.png")
    assert bench.edit() == Totals(found=2, done=2)


def test_a_photograph_that_is_worked_at_for_ever_is_given_up_too(
    benches: Benches, tally: Tally
) -> None:
    """One with progress at each step and no end, which the limit on silence never ends."""
    bench = benches()
    bench.photographs("a-pace.png", "b-pace.png", "c-pace.png", "d-crawl.png", "e.png")
    totals = bench.edit()
    innocent = ("a-pace.png", "b-pace.png", "c-pace.png", "e.png")
    tally(8, "a photograph that takes many times as long as its size", 2, lost(bench, *innocent))
    assert totals == Totals(found=5, done=4, failed=1)
    assert failures(bench) == {"d-crawl.png": (Reason.TIMED_OUT, False)}


def test_a_device_that_fails_is_taken_anew_and_its_photographs_fail_nowhere(
    benches: Benches, tally: Tally
) -> None:
    """After some errors of a card only a new process can use it; that is no photograph's fault."""
    bench = benches()
    bench.photographs("a.png", *(f"{number}-loss.png" for number in range(4)))
    job = bench.enqueue().job
    assert bench.run(job) is RunOutcome.BLOCKED
    (event,) = bench.of(RunnerBlocked)
    assert isinstance(event, RunnerBlocked)
    totals = bench.queue.totals(job)
    tally(51, "a device whose error sticks", 3, totals.failed + totals.quarantined)
    assert event.reason is StopReason.GPU_LOST
    assert "3 times within 5 minutes" in event.message
    assert "Resume" in event.hint
    assert totals == Totals(found=5, done=totals.done, pending=5 - totals.done)
    assert len(bench.of(DeviceLost)) == 3
    for path in bench.source.glob("*-loss.png"):
        path.unlink()
    bench.queue.unblock(job)
    bench.run(job)
    assert bench.queue.totals(job) == Totals(found=5, done=1, left_out=4)


@pytest.mark.slow
def test_one_photograph_that_breaks_the_device_does_not_stop_the_others(
    benches: Benches, tally: Tally
) -> None:
    bench = benches()
    bench.photographs("a.png", "b-loss.png", "c.png", "d.png")
    totals = bench.edit()
    losses = lost(bench, "a.png", "c.png", "d.png")
    tally(51, "one photograph that breaks the device each time", 4, losses)
    assert totals == Totals(found=4, done=3, quarantined=1)


@pytest.fixture
def counter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A counter of out-of-memory kills that the fake render process can raise."""
    path = tmp_path / "memory.events"
    path.write_text("oom_kill 0\n")
    monkeypatch.setenv("REGRAIN_FAKE_OOM_COUNTER", str(path))
    monkeypatch.setattr(oom, "find_counter", lambda: path)
    return path


def test_want_of_memory_makes_the_tiles_smaller_for_that_photograph_only(
    benches: Benches, counter: Path, tally: Tally
) -> None:
    bench = benches()
    bench.photographs("a.png", "b-starved512.png", "c.png")
    job = bench.enqueue().job
    bench.run(job)
    tally(7, "the kernel's memory killer, by its counter", 2, 3 - bench.queue.totals(job).done)
    assert bench.queue.totals(job) == Totals(found=3, done=3)
    lines = (bench.state / "loaded").read_text().splitlines()
    tiles = [Numerics.model_validate_json(line).tile for line in lines]
    assert tiles[0] == 768
    assert tiles[-1] == 512
    notes = {
        event.source.name: event.note for event in bench.of(ItemDone) if isinstance(event, ItemDone)
    }
    assert "tiles of 512" in notes["b-starved512.png"]
    assert notes["a.png"] == notes["c.png"] == ""
    stored = bench.queue.job(job).numerics
    assert stored is not None
    assert stored.tile == 768


def test_a_photograph_that_never_fits_fails_for_want_of_memory(
    benches: Benches, counter: Path, tally: Tally
) -> None:
    bench = benches()
    bench.photographs("a.png", "b-starved0.png", "c.png")
    totals = bench.edit()
    tally(7, "the kernel's memory killer, by its counter", 4, lost(bench, "a.png", "c.png"))
    assert totals == Totals(found=3, done=2, failed=1)
    assert failures(bench) == {"b-starved0.png": (Reason.OOM_HOST, False)}


class SmallComputer(MemoryGauge):
    """A computer on which 500 MiB are left beside everything but the render process."""

    def __init__(self, bench: Bench) -> None:
        super().__init__()
        self.bench = bench

    def total(self) -> int:
        return 4 << 30

    def free(self) -> int:
        pid = self.bench.hosts[-1].pid
        return (500 << 20) - (self.held(pid) if pid else 0)


class SmallBench(Bench):
    """Its render process really takes memory, and is watched."""

    def _host(self) -> RenderHost:
        environment = fake_environment(state=self.state)
        host = RenderHost(FAKE_RENDER_COMMAND, environment, gauge=SmallComputer(self))
        self.hosts.append(host)
        return host


def test_a_process_that_takes_the_last_memory_is_ended_before_the_kernel_must(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tally: Tally
) -> None:
    """Else the whole desktop is swapped out first, and who is killed then is anybody's guess."""
    monkeypatch.setattr(watchdog, "PERIOD_SECONDS", 0.05)
    bench = SmallBench(tmp_path)
    bench.photographs("a.png", "b-swollen512.png", "c.png")
    totals = bench.edit()
    ended = [event.message for event in bench.of(DeviceLost) if isinstance(event, DeviceLost)]
    loads = (bench.state / "loaded").read_text().splitlines()
    bench.close()
    tally(7, "a process that really takes the last memory", len(ended), 3 - totals.done)
    assert totals == Totals(found=3, done=3)
    assert ended
    assert all("last of the memory" in message for message in ended)
    assert Numerics.model_validate_json(loads[-1]).tile == 512


@pytest.fixture
def memory_box() -> Iterator[Path]:
    """A memory control group of 700 MiB, cgroup v1 or v2."""
    for parent in (Path("/sys/fs/cgroup/memory"), Path("/sys/fs/cgroup")):
        box = parent / "regrain-test"
        try:
            box.mkdir()
        except OSError:
            continue
        limit = box / ("memory.limit_in_bytes" if parent.name == "memory" else "memory.max")
        try:
            limit.write_text(str(700 << 20))
        except OSError:
            box.rmdir()
            continue
        yield box
        box.rmdir()
        return
    pytest.skip("no memory control group can be made here")


@pytest.mark.slow
def test_the_kernels_own_memory_killer_is_recognised(
    memory_box: Path, tmp_path: Path, tally: Tally
) -> None:
    """With the real killer: the photograph fails as oom_host, the parent and the rest live."""
    bench = Bench(tmp_path)
    bench.photographs("a.png", "b-hog.png", "c.png")
    bench.close()
    command = ["sh", "-c", 'echo $$ > "$0/cgroup.procs"; exec "$@"', str(memory_box)]
    command += [sys.executable, "-P", "-m", "tests.faults.driver", str(tmp_path)]
    with running(command) as run:
        while words := run.line(120):
            pass
        assert words == []
        assert run.ended, run.errors()
    tally(7, "the kernel's memory killer itself, in a control group", 4, 2 - int(run.ended["done"]))
    assert (run.ended["done"], run.ended["failed"]) == (2, 1)
    bench.open()
    (job,) = bench.queue.jobs()
    (item,) = bench.queue.items(job.id, ItemStatus.FAILED)
    assert item.reason is Reason.OOM_HOST
    bench.close()
