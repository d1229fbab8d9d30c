"""Two runs on one library: one renders, the other keeps off, and takes over when the first dies."""

from __future__ import annotations

import signal
import time
from collections import Counter
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import pytest

from tests.faults.killing import COMMAND, Witness, finish, prepare, running
from tests.faults.table import Tally

TOGETHER = "two processes started at once on one library"
NEXT = "kill -9 of the one who renders, the next started at once"
WAITING = "kill -9 of the one who renders, the next waits already"


@dataclass(frozen=True)
class Hold:
    """One process' time with the render lock, in seconds of the monotonic clock."""

    process: int
    start: float
    end: float


def holds(home: Path, died: dict[int, float]) -> list[Hold]:
    """Read who held the render lock when; who was killed held it until then."""
    found: list[Hold] = []
    open_: dict[int, float] = {}
    for line in (home / "holders").read_text().splitlines():
        sign, process, when = line[0], *(int(word) for word in line[1:].split())
        if sign == "+":
            open_[process] = when / 1e9
        else:
            found.append(Hold(process, open_.pop(process), when / 1e9))
    found += [Hold(process, start, died[process]) for process, start in open_.items()]
    return sorted(found, key=lambda hold: hold.start)


def overlaps(found: list[Hold]) -> list[str]:
    """Return every time at which two processes held the lock."""
    return [f"{one} and {two}" for one, two in pairwise(found) if two.start < one.end]


def touched(home: Path) -> Counter[str]:
    lines = (home / "state/touched").read_text().splitlines()
    return Counter(line.split()[1] for line in lines)


def start_together(home: Path, witness: Witness) -> list[str]:
    """Start two runs at the same moment and let both end; return what is wrong then."""
    command = [*COMMAND, str(home), "--delay", "0.005", "--follow"]
    with running(command, held=True) as one, running(command, held=True) as two:
        for run in (one, two):
            run.process.let_go()
        for run in (one, two):
            while run.line():
                pass
        faults = witness.faults(one.ended) + witness.faults(two.ended)
    faults += overlaps(holds(home, {}))
    if set(touched(home).values()) != {1}:
        faults.append(f"rendered more than once: {touched(home)}")
    return faults


def rounds_together(home: Path, rounds: int) -> list[str]:
    faults = []
    for number in range(rounds):
        place = home / str(number)
        faults += start_together(place, prepare(place, 2))
    return faults


def test_of_two_started_at_once_exactly_one_renders(tmp_path: Path, tally: Tally) -> None:
    """A photograph rendered twice at once would be written twice under one name."""
    faults = rounds_together(tmp_path, 10)
    tally(17, TOGETHER, 10, len(faults))
    assert faults == []


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_two_started_at_once_fifty_times(tmp_path: Path, tally: Tally) -> None:
    faults = rounds_together(tmp_path, 50)
    tally(17, TOGETHER, 50, len(faults))
    assert faults == []


def test_a_run_keeps_off_while_another_one_stands_still(tmp_path: Path, tally: Tally) -> None:
    """However long the other is silent: it holds the lock, and nobody renders beside it."""
    witness = prepare(tmp_path / "home", 8)
    command = [*COMMAND, str(tmp_path / "home"), "--delay", "0.05"]
    with running(command) as first:
        assert first.wait_for(1)
        first.process.send_signal(signal.SIGSTOP)
        other = finish(command)
        first.process.send_signal(signal.SIGCONT)
        while first.line():
            pass
        faults = witness.faults(first.ended)
    tally(17, "a second process while the first one is stopped", 1, len(faults))
    assert other["outcome"] == "busy"
    assert faults == []
    assert set(touched(tmp_path / "home").values()) == {1}


def take_over(home: Path, rounds: int, *, waiting: bool) -> tuple[list[str], list[float]]:
    """Kill whoever renders, again and again.

    Returns what is wrong at the end, and after how many seconds each next one had the lock.
    `waiting`: the next one follows already; else it is started at that moment.
    """
    witness = prepare(home, 8)
    # Slow, so that the batch lasts; each is killed in the middle of a photograph.
    command = [*COMMAND, str(home), "--delay", "2", "--follow"]
    died: dict[int, float] = {}
    with ExitStack() as processes:
        run = processes.enter_context(running(command))
        for _ in range(rounds):
            assert run.wait_for_child() and run.wait_for(1)
            after = processes.enter_context(running(command, held=True))
            if waiting:
                after.process.let_go()
                assert after.wait_for_word("busy")
            died[run.process.pid] = time.monotonic()
            run.kill()
            after.process.let_go()
            run = after
        assert run.wait_for_child()
        died[run.process.pid] = time.monotonic()
        run.kill()
    faults = witness.faults(finish([*COMMAND, str(home)]))
    found = holds(home, died)
    gaps = [two.start - one.end for one, two in pairwise(found) if one.process in died][:rounds]
    if len(gaps) != rounds:
        faults.append(f"{rounds} were killed, {len(gaps)} took over")
    return faults + overlaps(found), gaps


@pytest.mark.parametrize("waiting", [False, True], ids=["started then", "waiting already"])
def test_the_next_run_takes_over_from_a_killed_one(
    tmp_path: Path, tally: Tally, waiting: bool
) -> None:
    """No stale lock to be deleted by hand after a crash."""
    faults, _ = take_over(tmp_path / "home", 5, waiting=waiting)
    tally(18, WAITING if waiting else NEXT, 5, len(faults))
    assert faults == []


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("waiting", [False, True], ids=["started then", "waiting already"])
def test_fifty_take_overs_are_quick(tmp_path: Path, tally: Tally, waiting: bool) -> None:
    faults, gaps = take_over(tmp_path / "home", 50, waiting=waiting)
    faults += [f"took over after {gap:.2f} s" for gap in gaps if gap > 1.0]
    tally(18, WAITING if waiting else NEXT, 50, len(faults))
    assert faults == []
