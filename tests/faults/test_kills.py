"""Kill -9 at any moment, of any process: started again, nothing is lost and nothing differs."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from tests.faults.killing import COMMAND, KillLoop, Witness, finish, running
from tests.runs import make_photographs, manifest

PHOTOGRAPHS = 60
KILLS = 30


def prepare(home: Path, count: int, *options: str) -> Witness:
    """Put photographs into `home` and find out what an uninterrupted run makes of them."""
    reference = home.with_name("reference")
    make_photographs(reference / "trip", [f"{number:03}.png" for number in range(count)])
    shutil.copytree(reference / "trip", home / "trip")
    ended = finish([*COMMAND, str(reference), *options])
    assert ended["done"] == count
    return Witness(home, manifest(reference / "out"))


@pytest.mark.timeout(600)
@pytest.mark.parametrize("rows", [1, 3])
def test_thirty_kills_end_in_the_same_bytes(tmp_path: Path, rows: int) -> None:
    """Parent alone, child alone, both, at start-up and anywhere in the work."""
    home = tmp_path / "home"
    witness = prepare(home, PHOTOGRAPHS)
    command = [*COMMAND, str(home), "--delay", "0.005", "--rows", str(rows)]
    loop = KillLoop(command, seed=20 + rows)
    loop.kill(KILLS // 2)
    assert {"parent", "child", "both", "start"} <= set(loop.killed)
    ended = finish(command)
    assert witness.faults(ended) == []


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_ten_kills_with_the_builtin_model_end_in_the_same_bytes(tmp_path: Path) -> None:
    """The same with the real render process, torch and the model that ships."""
    home = tmp_path / "home"
    witness = prepare(home, 24, "--real")
    loop = KillLoop([*COMMAND, str(home), "--real"], seed=5, jitter=0.3, progress=6)
    loop.kill(10)
    assert witness.faults(finish([*COMMAND, str(home), "--real"])) == []


def test_a_kill_while_it_is_recovering_from_a_kill(tmp_path: Path) -> None:
    """Recovery may be killed as well, twice in a row."""
    home = tmp_path / "home"
    witness = prepare(home, 12)
    command = [*COMMAND, str(home), "--delay", "0.01"]
    with running(command) as run:
        assert run.wait_for(5)
    for _ in range(3):
        with running(command) as run:
            while (words := run.line()) and words[0] != "stored":
                pass
            run.kill()
    assert witness.faults(finish(command)) == []


def test_no_render_process_outlives_its_parent(tmp_path: Path) -> None:
    make_photographs(tmp_path / "trip", [f"slow-{number}.png" for number in range(4)])
    with running([*COMMAND, str(tmp_path), "--delay", "0.05"]) as run:
        assert run.wait_for(1)
        handle = os.pidfd_open(run.child)
        run.kill()
        import select

        assert select.select([handle], [], [], 20)[0]
        os.close(handle)


def kill_child_on_one_photograph(home: Path, mutant: str, times: int) -> list[str]:
    """Kill the child each time the first photograph is in work; return what is wrong then."""
    witness = prepare(home, 6)
    command = [*COMMAND, str(home), "--delay", "0.02", "--mutant", mutant]
    with running(command) as run:
        kills = 0
        while words := run.line():
            if words[:2] == ["work", "1"] and run.child and kills < times:
                run.kill_child()
                run.child = 0
                kills += 1
    return witness.faults(finish(command))


def test_the_kill_tests_notice_kills_that_count_against_photographs(tmp_path: Path) -> None:
    faults = kill_child_on_one_photograph(tmp_path / "home", "kills_count_as_crashes", 4)
    assert any("counts" in fault for fault in faults)


def test_the_kill_tests_notice_a_missing_recovery(tmp_path: Path) -> None:
    home = tmp_path / "home"
    witness = prepare(home, 6)
    command = [*COMMAND, str(home), "--delay", "0.02", "--mutant", "nothing_is_recovered"]
    with running(command) as run:
        assert run.wait_for(4)
        run.kill()
    assert witness.faults(finish(command)) != []


def test_the_kill_tests_notice_results_written_in_place(tmp_path: Path) -> None:
    """The final name must never stand over bytes that are not whole."""
    home = tmp_path / "home"
    witness = prepare(home, 6)
    with running([*COMMAND, str(home), "--mutant", "results_are_written_in_place"]) as run:
        while run.line():
            pass
    assert (home / "out/000.png").stat().st_size > 0
    assert witness.faults(finish([*COMMAND, str(home)])) != []
