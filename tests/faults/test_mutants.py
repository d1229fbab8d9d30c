"""The fault tests are tested: with a rule of the program broken, some row must fail.

That the rescan is missed when it is disabled is shown in test_watch, beside the test that fails
then. Each test here does twice the same: as the program is, and with the rule broken.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.faults import mutants
from tests.faults.killing import COMMAND, finish, prepare, running
from tests.faults.power import SCENES, Cuts, Scene

Kill = Callable[[Path, list[str]], list[str]]


def scene(name: str) -> Scene:
    return next(one for one in SCENES if one.name == name)


@pytest.mark.parametrize(
    ("mutant", "where", "deep"),
    [
        (mutants.folders_are_not_synced, "a new name", 1),
        (mutants.names_before_promises, "a new name", 1),
        (mutants.names_before_promises, "our earlier result", 1),
        (mutants.names_are_replaced, "a name taken at the last moment", 1),
        (mutants.displaced_files_are_not_looked_at, "a result changed at the last moment", 1),
        (mutants.attempts_count_late, "a new name", 2),
    ],
    ids=lambda value: getattr(value, "__name__", None),
)
def test_power_cuts_show_a_broken_rule(
    memory: Path,
    monkeypatch: pytest.MonkeyPatch,
    mutant: Callable[..., None],
    where: str,
    deep: int,
) -> None:
    for name in ("right", "wrong"):
        (memory / name).mkdir()
    assert Cuts(memory / "right", scene(where), deep, every=4).make().faults == []
    mutant(monkeypatch.setattr)
    assert Cuts(memory / "wrong", scene(where), deep, first=True).make().faults != []


def kill_children_on_one_photograph(home: Path, command: list[str]) -> list[str]:
    """Kill the child each time the photograph is in work, four times."""
    witness = prepare(home, 1)
    with running([*command, "--delay", "5"]) as run:
        for _ in range(4):
            assert run.wait_for_child() and run.wait_for(1)
            run.kill_child()
        run.wait_for_child()
    return witness.faults(finish(command))


def kill_once(home: Path, command: list[str]) -> list[str]:
    """Kill the parent in the middle of the batch."""
    witness = prepare(home, 6)
    with running(command) as run:
        assert run.wait_for(4)
        run.kill()
    return witness.faults(finish(command))


def let_it_die(home: Path, command: list[str]) -> list[str]:
    """Let it end by itself, and start it again as it should be."""
    witness = prepare(home, 6)
    with running(command) as run:
        while run.line():
            pass
    return witness.faults(finish([*COMMAND, str(home)]))


@pytest.mark.parametrize(
    ("kill", "mutant"),
    [
        (kill_children_on_one_photograph, mutants.kills_count_as_crashes),
        (kill_once, mutants.nothing_is_recovered),
        (let_it_die, mutants.results_are_written_in_place),
    ],
)
def test_kills_show_a_broken_rule(tmp_path: Path, kill: Kill, mutant: Callable[..., None]) -> None:
    right, wrong = tmp_path / "right", tmp_path / "wrong"
    options = ["--delay", "0.01"]
    assert kill(right, [*COMMAND, str(right), *options]) == []
    assert kill(wrong, [*COMMAND, str(wrong), *options, "--mutant", mutant.__name__]) != []
