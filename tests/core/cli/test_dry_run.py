"""`--dry-run` must say what a run then does, and do nothing itself."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from core.services import RenderProgram
from tests.core.cli.commands import Ran, photograph

Regrain = Callable[..., Ran]


def plans(ran: Ran) -> dict[str, str]:
    return {Path(line["source"]).name: line["action"] for line in ran.named("plan")}


def test_it_says_what_would_happen_and_does_nothing(
    regrain: Regrain, trip: Path, tmp_path: Path, program: Callable[[RenderProgram], None]
) -> None:
    marker = tmp_path / "started"
    program(RenderProgram((sys.executable, "-c", f"open({str(marker)!r}, 'w')")))
    ran = regrain("run", trip, "-o", "out", "--dry-run", "--json")
    assert ran.code == 0
    assert ran.counts() | {"seconds": 0, "bytes": 0} == {
        "found": 4, "pending": 4, "dry_run": True, "seconds": 0, "bytes": 0,
    }  # fmt: skip
    assert ran.summary["bytes"] > 0
    assert all(line["width"] == 48 and line["seconds"] > 0 for line in ran.named("plan"))
    assert {line["output"] for line in ran.named("plan")} >= {str(tmp_path / "out" / "sub/d.png")}
    assert not marker.exists()
    assert not (tmp_path / "out").exists()
    assert regrain("batches", "list", "--all").out == ""


def test_it_foretells_what_the_run_then_does(regrain: Regrain, trip: Path, tmp_path: Path) -> None:
    regrain("run", trip, "-o", "out", "--strength", "0.3")
    (tmp_path / "out" / "b.PNG").unlink()
    photograph(trip / "new.png", 8)
    (trip / "empty.jpg").touch()
    (trip / "raw.CR2").write_bytes(b"x")
    words = ("run", trip, "-o", "out", "--strength", "0.3", "--json")
    foretold = regrain(*words, "--dry-run")
    assert plans(foretold) == {
        "a.png": "already_done", "b.PNG": "edit", "c.jpg": "already_done", "d.png": "already_done",
        "new.png": "edit", "empty.jpg": "failed", "raw.CR2": "left_out",
    }  # fmt: skip
    assert foretold.code == 1
    done = regrain(*words)
    for count in ("found", "already_done", "left_out", "failed"):
        assert done.summary[count] == foretold.summary[count]
    assert done.summary["done"] == foretold.summary["pending"]


def test_it_tells_replacing_from_lying_beside(regrain: Regrain, trip: Path, tmp_path: Path) -> None:
    regrain("run", trip, "-o", "out", "--strength", "0.3")
    photograph(tmp_path / "out" / "a.png", 99)
    words = ("run", trip, "-o", "out", "--strength", "0.4", "--dry-run")
    foretold = plans(regrain(*words, "--json"))
    assert (foretold["a.png"], foretold["b.PNG"]) == ("beside", "replace")
    assert plans(regrain(*words, "--json", "--on-conflict", "skip"))["a.png"] == "left_out"
    text = regrain(*words).out
    assert "replaces the result there" in text
    assert "which is kept" in text


def test_people_get_a_line_a_file_and_the_cost(regrain: Regrain, trip: Path) -> None:
    ran = regrain("run", trip, "--dry-run")
    lines = ran.out.splitlines()
    assert lines[0] == "trip/a.png -> trip-regrain/a.png (48 x 32, 1 s)"
    assert lines[-2] == "Found 4: 4 to do."
    assert lines[-1].startswith("4 results would take ")
    assert lines[-1].endswith(" are free.")


def test_a_disk_that_is_too_small_is_said(
    regrain: Regrain, trip: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import core.cli.dry_run

    monkeypatch.setattr(core.cli.dry_run, "free_bytes", lambda _folders: 100)
    assert "this batch needs about" in regrain("run", trip, "--dry-run").err


def test_again_would_make_all_of_them(regrain: Regrain, trip: Path) -> None:
    regrain("run", trip)
    assert set(plans(regrain("run", trip, "--dry-run", "--json")).values()) == {"already_done"}
    foretold = regrain("run", trip, "--again", "--dry-run", "--json")
    assert set(plans(foretold).values()) == {"replace"}


def test_time_comes_from_what_this_computer_did_before(regrain: Regrain, trip: Path) -> None:
    """The model's own figure is another computer's; after a batch ours is known."""
    words = ("run", trip, "--strength", "0.5", "--dry-run", "--json")
    guessed = regrain(*words).summary["seconds"]
    regrain("run", trip, "--strength", "0.3")
    assert regrain(*words).summary["seconds"] != guessed
