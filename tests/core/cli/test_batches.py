"""`regrain batches`: what was asked for stays known, and can be gone on with, retried, dropped."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from tests.core.cli.commands import Ran, photograph

Regrain = Callable[..., Ran]


def test_finished_batches_are_listed_on_request(regrain: Regrain, trip: Path) -> None:
    regrain("run", trip, "--preset", "paint")
    assert "No batch is unfinished." in regrain("batches").err
    listed = regrain("batches", "list", "--all")
    assert "Paint: trip" in listed.out
    assert "Finished, 4 photographs" in listed.out
    line = json.loads(regrain("batches", "list", "--all", "--json").out)
    assert (line["state"], line["found"], line["done"]) == ("finished", 4, 4)


def test_show_names_each_photograph_without_a_result(regrain: Regrain, trip: Path) -> None:
    (trip / "empty.jpg").touch()
    (trip / "raw.cr3").write_bytes(b"x")
    regrain("run", trip)
    shown = regrain("batches", "show", "1")
    assert "Found 6: 4 done, 1 left out, 1 failed." in shown.out
    assert "empty.jpg" in shown.out
    assert "raw.cr3" in shown.out
    lines = regrain("batches", "show", "1", "--json").lines
    assert lines[0]["recipe"]["edit"]["mode"] == "clean"
    assert {line["reason"] for line in lines[1:]} == {"empty", "raw"}


def test_a_batch_that_is_not_there_is_said(regrain: Regrain) -> None:
    for command in ("show", "resume", "retry", "cancel"):
        ran = regrain("batches", command, "7")
        assert ran.code == 5
        assert "7" in ran.err


def test_cancel_drops_what_waits_and_keeps_results(regrain: Regrain, tmp_path: Path) -> None:
    for number, name in enumerate(("a.png", "lost.png", "z.png")):
        photograph(tmp_path / "trip" / name, number)
    stopped = regrain("run", tmp_path / "trip", "--json")
    assert stopped.code == 4
    assert "Stopped" in regrain("batches").out
    assert regrain("batches", "cancel", "1").code == 0
    assert "No batch is unfinished." in regrain("batches").err
    assert "Canceled" in regrain("batches", "list", "--all").out
    again = regrain("batches", "cancel", "1")
    assert again.code == 0
    assert "already" in again.err


def test_retry_tries_failed_ones_again(regrain: Regrain, trip: Path) -> None:
    broken = trip / "z.png"
    broken.touch()
    regrain("run", trip)
    photograph(broken, 7)
    ran = regrain("batches", "retry", "1", "--json")
    assert ran.code == 0
    assert ran.counts() == {"found": 5, "done": 1, "already_done": 4}


def test_a_project_has_its_own_batches(regrain: Regrain, trip: Path) -> None:
    """The same command under another project is another batch, not the first one's."""
    regrain("run", trip, "--project", "One")
    regrain("run", trip, "--project", "Two")
    assert len(regrain("batches", "list", "--all").out.splitlines()) == 2
