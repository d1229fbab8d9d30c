"""Kill -9 at any moment, of any process: started again, nothing is lost and nothing differs."""

from __future__ import annotations

import os
import select
from collections import Counter
from pathlib import Path

import pytest

from tests.faults.killing import COMMAND, KillLoop, finish, prepare, running
from tests.faults.table import Tally
from tests.runs import make_photographs

ANY = "kill -9 of parent, child, both or at the start, at random moments"
CHILD = "kill -9 of the child alone, at random moments"
START = "kill -9 during the recovery after a kill"


def kill_at_random(home: Path, seed: int, kills: int, photographs: int, rows: int) -> list[str]:
    """Kill so many times in one batch; return what is wrong when it is over."""
    witness = prepare(home, photographs)
    command = [*COMMAND, str(home), "--delay", "0.005", "--rows", str(rows)]
    loop = KillLoop(command, seed, progress=5)
    loop.kill(kills)
    assert set(Counter(loop.killed)) == {"parent", "child", "both", "start"}
    return witness.faults(finish(command))


@pytest.mark.timeout(600)
def test_twenty_kills_end_in_the_same_bytes(tmp_path: Path, tally: Tally) -> None:
    """Parent alone, child alone, both, at start-up and anywhere in the work."""
    faults = kill_at_random(tmp_path / "home", seed=23, kills=20, photographs=32, rows=3)
    tally(1, ANY, 20, len(faults))
    assert faults == []


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("seed", range(10))
def test_three_hundred_kills_end_in_the_same_bytes(tmp_path: Path, tally: Tally, seed: int) -> None:
    faults = kill_at_random(tmp_path / "home", seed, kills=30, photographs=60, rows=1 + seed % 3)
    tally(1, ANY, 30, len(faults))
    assert faults == []


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_ten_kills_with_the_builtin_model_end_in_the_same_bytes(
    tmp_path: Path, tally: Tally
) -> None:
    """The same with the real render process, torch and the model that ships."""
    home = tmp_path / "home"
    witness = prepare(home, 24, "--real")
    loop = KillLoop([*COMMAND, str(home), "--real"], seed=5, jitter=0.3, progress=6)
    loop.kill(10)
    faults = witness.faults(finish([*COMMAND, str(home), "--real"]))
    tally(1, "the same with the built-in model", 10, len(faults))
    assert faults == []


def kill_children(home: Path, seed: int, kills: int, photographs: int) -> list[str]:
    """Kill the child so many times under one parent; return what is wrong at the end."""
    witness = prepare(home, photographs)
    command = [*COMMAND, str(home), "--delay", "0.005", "--rows", "2"]
    loop = KillLoop(command, seed, progress=5)
    with running(command) as run:
        children = set()
        for _ in range(kills):
            assert run.wait_for_child()
            children.add(run.child)
            loop.kill_once(run, "child")
        while run.line():
            pass
        faults = witness.faults(run.ended)
    if len(children) < kills:
        faults.append(f"{kills} kills, but only {len(children)} children")
    return faults


def test_when_the_render_process_is_killed_another_goes_on(tmp_path: Path, tally: Tally) -> None:
    """The window and the command line live on, and no photograph is blamed for it."""
    faults = kill_children(tmp_path / "home", seed=3, kills=6, photographs=16)
    tally(3, CHILD, 6, len(faults))
    assert faults == []


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_fifty_kills_of_the_render_process(tmp_path: Path, tally: Tally) -> None:
    faults = kill_children(tmp_path / "home", seed=4, kills=50, photographs=100)
    tally(3, CHILD, 50, len(faults))
    assert faults == []


def test_a_kill_while_it_is_recovering_from_a_kill(tmp_path: Path, tally: Tally) -> None:
    """Recovery may be killed as well, several times in a row and at any moment of it."""
    home = tmp_path / "home"
    witness = prepare(home, 16)
    command = [*COMMAND, str(home), "--delay", "0.01", "--rows", "4"]
    moments = [0.0, 0.005, 0.01, 0.02]
    for _ in range(2):
        with running(command) as run:
            assert run.wait_for(5)
            run.kill()
        for moment in moments:
            with running(command) as run:
                while (words := run.line()) and words[0] != "stored":
                    pass
                select.select([], [], [], moment)
                run.kill()
    faults = witness.faults(finish(command))
    tally(4, START, 2 * len(moments), len(faults))
    assert faults == []


def test_no_render_process_outlives_its_parent(tmp_path: Path, tally: Tally) -> None:
    make_photographs(tmp_path / "trip", [f"slow-{number}.png" for number in range(4)])
    with running([*COMMAND, str(tmp_path), "--delay", "0.05"]) as run:
        assert run.wait_for(1)
        handle = os.pidfd_open(run.child)
        run.kill()
        ended = bool(select.select([handle], [], [], 60)[0])
        os.close(handle)
    tally(1, "kill -9 of the parent: its child ends too", 1, not ended)
    assert ended
