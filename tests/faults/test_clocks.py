"""Clocks that are set, computers that stand still: nothing is lost, nothing is done twice."""

from __future__ import annotations

import contextlib
import itertools
import os
import select
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from core.events import Event, ItemDone
from core.runner import RunOutcome, StopSignal
from core.watch.looking import Look
from tests.core.watch.bench import WatchBench
from tests.faults.killing import COMMAND, Run, finish, prepare, running
from tests.faults.table import Tally
from tests.runs import Bench, manifest

DAY, HOUR = 86_400.0, 3_600.0
JUMPS = (-DAY, 10 * 365 * DAY, -HOUR, HOUR)
SET = "the clock is set a day back, ten years ahead, an hour either way"
ASLEEP = "everything stands still for an hour"


class WallClock:
    """The computer's clock, which jumps when it is told to."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._jumps = itertools.cycle(JUMPS)
        self._offset = 0.0
        self.count = 0
        seconds, nanoseconds = time.time, time.time_ns
        monkeypatch.setattr(time, "time", lambda: seconds() + self._offset)
        monkeypatch.setattr(time, "time_ns", lambda: nanoseconds() + int(1e9 * self._offset))

    def jump(self) -> None:
        self._offset += next(self._jumps)
        self.count += 1


def test_a_clock_that_is_set_loses_no_claim_and_repeats_nothing(
    benches: Callable[..., Bench], monkeypatch: pytest.MonkeyPatch, tally: Tally
) -> None:
    """Also between two runs of which the first one died, and for what is found done later."""
    clock, stop = WallClock(monkeypatch), StopSignal()

    def jump(event: Event) -> None:
        if isinstance(event, ItemDone):
            clock.jump()
        if clock.count == 5:
            stop.after_this_one()

    bench = benches(sink=jump)
    names = [path.name for path in bench.photographs(*(f"{n:02}.png" for n in range(12)))]
    job = bench.enqueue().job
    assert bench.run(job, stop) is RunOutcome.STOPPED
    done = set(manifest(bench.output))
    bench.queue.claim("a run that died", 3, job)
    bench.close()
    clock.jump()
    bench.open()
    bench.edit()
    clock.jump()
    again = bench.edit()
    losses = len(set(names) ^ set(manifest(bench.output))) + len(bench.touched()) - len(names)
    tally(24, SET, clock.count, losses)
    assert losses == 0
    assert 0 < len(done) < len(names)
    assert (again.already_done, again.done) == (len(names), 0)


def test_a_clock_that_is_set_takes_nothing_twice_out_of_a_watched_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tally: Tally
) -> None:
    looks = 0
    real = Look.whole

    def whole(self: Look) -> object:
        nonlocal looks
        looks += 1
        return real(self)

    monkeypatch.setattr(Look, "whole", whole)
    bench = WatchBench(tmp_path)
    folder = bench.watch()
    before = looks
    for number, jump in enumerate(JUMPS * 2):
        bench.drop(f"{number}.png")
        bench.clock.epoch += jump
        bench.scan_and_settle(folder)
    taken = bench.taken()
    bench.close()
    losses = len(JUMPS) * 2 - len(set(taken)) + len(taken) - len(set(taken))
    tally(24, "the same, of a watched folder", len(JUMPS) * 2, losses)
    assert losses == 0
    assert looks - before <= 2 * len(JUMPS) * 2, "a storm of scans"


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_every_run_may_have_a_steady_clock_of_its_own(tmp_path: Path, tally: Tally) -> None:
    """As after a restart of the computer: nothing that is stored hangs on the time since then."""
    apart = ["unshare", "--fork", "--kill-child", "--time", "--monotonic"]
    tried = subprocess.run([*apart, "1", "true"], capture_output=True, check=False)
    if tried.returncode != 0:
        pytest.skip(f"clocks of one's own may not be made here: {tried.stderr[-200:]!r}")
    home = tmp_path / "home"
    witness = prepare(home, 24)
    command = [*COMMAND, str(home), "--delay", "0.01"]
    offsets = ("1000000", "10", "300000000", "5000")
    for offset in offsets:
        with running([*apart, offset, "--boottime", offset, *command]) as run:
            assert run.wait_for(5)
    faults = witness.faults(finish(command))
    tally(24, "unshare --time: another steady clock after each kill", len(offsets), len(faults))
    assert faults == []


def wait_until_stopped(process: int) -> None:
    """Wait until the system has really stopped it."""
    while Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()[0] != "T":
        select.select([], [], [], 0.005)


def switches(process: int) -> int:
    """Return how often the main thread has waited for something."""
    status = Path(f"/proc/{process}/task/{process}/status").read_text()
    return int(status.split("\nvoluntary_ctxt_switches:")[1].split()[0])


def stand_still(run: Run, seconds: float) -> None:
    """Stop the run and its render process, and let them go on."""
    both = (run.process.pid, run.child)
    for process in both:
        os.kill(process, signal.SIGSTOP)
        wait_until_stopped(process)
    select.select([], [], [], seconds)
    parent, child = both
    looks = switches(parent)
    os.kill(parent, signal.SIGCONT)
    while switches(parent) < looks + 10:  # it looks up before the other one says anything
        select.select([], [], [], 0.005)
    with contextlib.suppress(ProcessLookupError):
        os.kill(child, signal.SIGCONT)


def nap(home: Path, naps: int, seconds: float, *options: str, kind: str = "") -> Iterator[str]:
    """Let everything stand still again and again; yield what is wrong in the end."""
    witness = prepare(home, 2 * naps + 8, kind=kind)
    with running([*COMMAND, str(home), "--delay", "0.05", *options]) as run:
        assert run.wait_for_child() and run.wait_for(16)  # enough done to know the usual pace
        for _ in range(naps):
            assert run.wait_for(4)
            stand_still(run, seconds)
        while run.line():
            pass
        yield from witness.faults(run.ended)
        if len(run.children) != 1:
            yield f"{len(run.children) - 1} render processes were ended for standing still"


def test_a_computer_that_slept_is_no_hang(tmp_path: Path, tally: Tally) -> None:
    """The clocks jump ahead by an hour each time, as where they count time asleep."""
    faults = list(nap(tmp_path / "home", 4, 0.0, "--naps"))
    tally(25, ASLEEP, 4, len(faults))
    assert faults == []


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize("kind", ["", "pace-"], ids=["silent", "slow"])
def test_a_stop_longer_than_a_hang_may_last_is_no_hang(
    tmp_path: Path, tally: Tally, kind: str
) -> None:
    """In real time, with patience for seconds only: neither silent nor slow."""
    faults = list(nap(tmp_path / "home", 3, 12.0, "--hang", "10", kind=kind))
    tally(25, "everything stopped for 12 s, with patience for 10", 3, len(faults))
    assert faults == []
