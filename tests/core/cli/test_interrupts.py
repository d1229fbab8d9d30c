"""Interrupted and shared work: Ctrl-C in the middle, a second terminal, a window beside it."""

from __future__ import annotations

import json
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from core.library.ids import JobId
from core.runner import EngineChoice, StopSignal
from core.services import RenderProgram, open_services
from tests.core.cli.commands import Ran, finish, photograph
from tests.fakes import FAKE_RENDER_COMMAND, fake_environment

Regrain = Callable[..., Ran]
Start = Callable[..., subprocess.Popen[str]]
SLOW = {"REGRAIN_FAKE_DELAY": "0.2", "REGRAIN_FAKE_STEPS": "2"}


def wait_for_line(process: subprocess.Popen[str], event: str) -> list[dict[str, object]]:
    """Read JSON lines until one of this event comes; it blocks on the pipe, not on the clock."""
    assert process.stdout is not None
    lines = []
    for text in process.stdout:
        lines.append(json.loads(text))
        if lines[-1]["event"] == event:
            return lines
    raise AssertionError(f"no {event} in {lines}")


def make_trip(tmp_path: Path, count: int = 8) -> Path:
    for number in range(count):
        photograph(tmp_path / "trip" / f"{number}.png", number)
    return tmp_path / "trip"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_run_stops_at_once_and_goes_on_later(
    start: Start, regrain: Regrain, tmp_path: Path, number: signal.Signals
) -> None:
    trip = make_trip(tmp_path)
    process = start("run", trip, "-o", "out", "--json", **SLOW)
    first = wait_for_line(process, "item_done")
    asked = time.monotonic()
    process.send_signal(number)
    ran = finish(process)
    # Two seconds are promised; the rest is for a busy machine.
    assert time.monotonic() - asked < 10
    assert ran.code == 130
    assert "Stopping." in ran.err
    assert "regrain batches resume 1" in ran.err
    summary = ran.summary
    assert summary["pending"] + summary["done"] == 8
    assert 1 <= summary["done"] < 8
    assert first[-1]["event"] == "item_done"
    assert list((tmp_path / "out").glob(".*")) == []

    again = regrain("run", trip, "-o", "out", "--json")
    assert again.code == 0
    assert again.summary["already_done"] == summary["done"]
    assert again.summary["done"] == 8 - summary["done"]
    assert len(again.named("item_already_done")) == summary["done"]
    assert len(list((tmp_path / "out").iterdir())) == 8


def wait_for_words(process: subprocess.Popen[str], words: str) -> None:
    """Read stderr until a line holds `words`."""
    assert process.stderr is not None
    assert any(words in line for line in process.stderr)


def test_a_command_waits_for_another_batch_and_then_renders(start: Start, tmp_path: Path) -> None:
    """A window or service renders something else: the command waits its turn, then works."""
    with open_services() as services:
        assert services.lock.acquire()
        process = start("run", make_trip(tmp_path, 2), "--json")
        wait_for_words(process, "following it")
        services.lock.release()
        ran = finish(process)
    assert ran.code == 0
    assert ran.counts() == {"found": 2, "done": 2}


def test_a_command_follows_the_one_who_renders_its_batch(start: Start, tmp_path: Path) -> None:
    """A window or service renders our batch: the command shows it and ends with its result."""
    photograph(tmp_path / "trip" / "nan.png", 9)
    program = RenderProgram(FAKE_RENDER_COMMAND, fake_environment())
    with open_services(program=program) as services:
        assert services.lock.acquire()
        process = start("run", make_trip(tmp_path, 2), "--json")
        wait_for_words(process, "following it")
        runner = services.runner(lambda _event: None, EngineChoice())
        runner.run(StopSignal())
        runner.close()
        ran = finish(process)
    assert ran.code == 1
    assert ran.counts() == {"found": 3, "done": 2, "failed": 1}
    assert {Path(str(line["source"])).name for line in ran.named("item_done")} == {"0.png", "1.png"}
    assert [line["reason"] for line in ran.named("item_failed")] == ["nan"]


def test_following_can_be_interrupted(start: Start, tmp_path: Path) -> None:
    with open_services() as services:
        assert services.lock.acquire()
        process = start("run", make_trip(tmp_path, 2), "--json")
        wait_for_words(process, "following it")
        process.send_signal(signal.SIGINT)
        ran = finish(process)
    assert ran.code == 130
    assert ran.summary["pending"] == 2


def test_the_same_command_twice_at_once_shares_the_work(start: Start, tmp_path: Path) -> None:
    trip = make_trip(tmp_path, 4)
    one = start("run", trip, "--json", **SLOW)
    wait_for_line(one, "item_done")
    two = start("run", trip, "--json", **SLOW)
    first, second = finish(one), finish(two)
    assert (first.code, second.code) == (0, 0)
    assert first.summary["done"] == 4
    done = second.summary
    assert done["done"] + done["already_done"] == 4
    assert len(second.named("item_done")) + len(second.named("item_already_done")) == 4
    assert len(list((tmp_path / "trip-regrain").iterdir())) == 4


def test_a_batch_canceled_from_elsewhere_ends(start: Start, tmp_path: Path) -> None:
    process = start("run", make_trip(tmp_path), "--json", **SLOW)
    wait_for_line(process, "item_done")
    with open_services() as services:
        services.queue.cancel(JobId(1))
    ran = finish(process)
    assert ran.code == 0
    assert ran.summary["canceled"] > 0
    assert ran.summary["pending"] == 0


def test_a_reader_that_goes_away_ends_the_run(
    start: Start, regrain: Regrain, tmp_path: Path
) -> None:
    """`regrain run ... --json | head -1` must not work on for hours."""
    process = start("run", make_trip(tmp_path, 12), "--json", **SLOW)
    wait_for_line(process, "step")
    assert process.stdout is not None
    process.stdout.close()
    process.stdout = None
    _, err = process.communicate(timeout=60)
    assert "Traceback" not in err
    assert process.returncode != 0
    shown = regrain("batches", "show", "1", "--json")
    assert shown.lines[0]["pending"] > 0


def test_resume_without_a_number_takes_all_unfinished(
    start: Start, regrain: Regrain, tmp_path: Path
) -> None:
    process = start("run", make_trip(tmp_path, 4), "--json", **SLOW)
    wait_for_line(process, "item_done")
    process.send_signal(signal.SIGINT)
    stopped: Ran = finish(process)
    assert "trip" in regrain("batches", "list").out
    resumed = regrain("batches", "resume", "--json")
    assert resumed.code == 0
    assert resumed.summary["done"] == 4 - stopped.summary["done"]
    assert resumed.summary["found"] == 4
