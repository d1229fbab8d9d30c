"""Two runs on one library: one renders, the other keeps off, and takes over when the first dies."""

from __future__ import annotations

import signal
from pathlib import Path

from tests.faults.killing import COMMAND, finish, running
from tests.runs import make_photographs

NAMES = [f"{number:02}.png" for number in range(8)]


def rendered(home: Path) -> list[str]:
    lines = (home / "state/touched").read_text().splitlines()
    return sorted(line.split()[1] for line in lines)


def test_exactly_one_of_two_runs_renders(tmp_path: Path) -> None:
    """A photograph rendered twice at once would be written twice under one name."""
    make_photographs(tmp_path / "trip", NAMES)
    command = [*COMMAND, str(tmp_path), "--delay", "0.05"]
    with running(command) as first:
        assert first.wait_for(1)
        first.process.send_signal(signal.SIGSTOP)  # it holds the lock, however slow the other is
        other = finish(command)
        assert other["outcome"] == "busy"
        first.process.send_signal(signal.SIGCONT)
        while first.line():
            pass
        assert first.ended["done"] == len(NAMES), first.errors()
    assert rendered(tmp_path) == NAMES


def test_the_next_run_takes_over_from_a_killed_one_at_once(tmp_path: Path) -> None:
    """No stale lock to be deleted by hand after a crash."""
    make_photographs(tmp_path / "trip", NAMES)
    command = [*COMMAND, str(tmp_path), "--delay", "0.02"]
    for _ in range(3):
        with running(command) as run:
            assert run.wait_for(3)
            run.kill()
    assert finish(command)["outcome"] == "finished"
