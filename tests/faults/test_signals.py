"""Asked to end, by a signal or by closing the window: it does, and nothing is lost or left over."""

from __future__ import annotations

import functools
import io
import json
import random
import select
import shutil
import signal
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from pytestqt.qtbot import QtBot

from core.library.watched import Existing
from core.presets import DEFAULT_PRESET, find_preset, load_presets
from core.services import open_services
from core.watch.setup import WatchWish, begin_watch, plan_watch
from tests.desktop.conftest import collect_here, qapp_args  # noqa: F401 - fixtures
from tests.desktop.driving import Driver, fake_program
from tests.fakes import fake_environment
from tests.faults.nursery import Forked
from tests.faults.table import Tally
from tests.runs import make_photographs, manifest, originals

NAMES = [f"{number}.png" for number in range(6)]
DELAY = 0.1
PROMISED_SECONDS = 10.0
RUN = ("run", "trip", "-o", "out", "--json")
SERVICE = ("service", "run", "--json")


class Command:
    """`regrain` with these words as a process of its own; its JSON lines are read as they come."""

    def __init__(self, home: Path, *words: str, delay: float = 0.0) -> None:
        environment = fake_environment(delay=delay)
        self.process = Forked("core.cli.main:main", words, folder=home, environment=environment)
        self._lines = io.BufferedReader(self.process.stdout)  # type: ignore[arg-type]

    def wait_for(self, event: str, count: int = 1) -> bool:
        """Read until this event came so often; return whether the command still goes on."""
        for text in self._lines:
            line: dict[str, Any] = json.loads(text)
            count -= line["event"] == event
            if count == 0:
                return True
        return False

    def ask(self, number: signal.Signals) -> tuple[int, float]:
        """Ask it to end; return its exit code, and after how many seconds it had ended."""
        asked = time.monotonic()
        self.process.send_signal(number)
        code = self.process.wait(120)
        return code, time.monotonic() - asked

    def finish(self) -> int:
        self._lines.read()
        return self.process.wait(120)

    def close(self) -> None:
        self.process.close()


@functools.cache
def results() -> dict[str, str]:
    """Return what an uninterrupted run makes of the photographs."""
    home = Path(tempfile.mkdtemp())
    make_photographs(home / "trip", NAMES)
    command = Command(home, *RUN)
    assert command.finish() == 0
    command.close()
    made = manifest(home / "out")
    shutil.rmtree(home)
    assert sorted(made) == NAMES
    return made


def trouble(home: Path, before: dict[str, tuple[str, int, int]]) -> list[str]:
    """Return what is wrong with the results when all is over."""
    found = []
    if manifest(home / "out") != results():
        found.append(f"results: {sorted(manifest(home / 'out'))}")
    if originals(home / "trip") != before:
        found.append("originals changed")
    return found


def left_over(home: Path) -> list[str]:
    return [f"left over: {path.name}" for path in home.glob("out/.regrain-*")]


def interrupt_run(home: Path, number: signal.Signals, wait: Callable[[Command], object]) -> Any:
    """Ask `regrain run` to end; then the same command again. Returns code, seconds and trouble."""
    make_photographs(home / "trip", NAMES)
    before = originals(home / "trip")
    command = Command(home, *RUN, delay=DELAY)
    wait(command)
    code, seconds = command.ask(number)
    command.close()
    faults = left_over(home)
    again = Command(home, *RUN)
    if again.finish() != 0:
        faults.append("the second run failed")
    again.close()
    return code, seconds, faults + trouble(home, before)


def interrupt_service(home: Path, number: signal.Signals, wait: Callable[[Command], object]) -> Any:
    """Ask the service to end while it works; then start it again. Returns as `interrupt_run`."""
    make_photographs(home / "trip", NAMES)
    before = originals(home / "trip")
    watch(home)
    command = Command(home, *SERVICE, delay=DELAY)
    wait(command)
    code, seconds = command.ask(number)
    command.close()
    faults = left_over(home)
    again = Command(home, *SERVICE)
    while len(manifest(home / "out")) < len(NAMES) or left_over(home):
        assert again.wait_for("item_done"), "the service ended by itself"
    ended, _ = again.ask(signal.SIGTERM)
    again.close()
    if ended != 0:
        faults.append(f"the second service ended with {ended}")
    return code, seconds, faults + trouble(home, before)


def watch(home: Path) -> None:
    """Let the service take all that is in `trip`."""
    recipe = find_preset(DEFAULT_PRESET, load_presets())
    output = recipe.output.model_copy(update={"folder": home / "out"})
    (home / "out").mkdir()
    with open_services() as services:
        wish = WatchWish(
            folder=home / "trip", recipe=recipe.model_copy(update={"output": output}), settle=0.1
        )
        plan = plan_watch(wish, services.watch, services.registry, home)
        begin_watch(plan, services.watch, Existing.ALL)


def let_pass(seconds: float, _command: Command) -> None:
    select.select([], [], [], seconds)


INTERRUPTS = {"run": (interrupt_run, 130), "service run": (interrupt_service, 0)}


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=lambda number: number.name)
@pytest.mark.parametrize("what", INTERRUPTS)
def test_a_signal_ends_it_in_good_order(
    tmp_path: Path, tally: Tally, what: str, number: signal.Signals
) -> None:
    """What was in work is dropped or done, never half there; the next start goes on."""
    interrupt, expected = INTERRUPTS[what]
    code, _, faults = interrupt(tmp_path, number, lambda command: command.wait_for("item_done"))
    if code != expected:
        faults.append(f"it ended with {code}")
    tally(5, f"{number.name} to regrain {what}", 1, len(faults))
    assert faults == []


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=lambda number: number.name)
@pytest.mark.parametrize("what", INTERRUPTS)
def test_a_signal_at_any_moment(
    tmp_path: Path,
    tally: Tally,
    what: str,
    number: signal.Signals,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Also before it has begun to listen to signals; within the promised time."""
    draw = random.Random(f"{what} {number}")
    interrupt, _ = INTERRUPTS[what]
    faults: list[str] = []
    for turn in range(20):
        home = tmp_path / str(turn)
        monkeypatch.setenv("REGRAIN_HOME", str(home / "library"))
        moment = draw.uniform(0, 2.5)
        _, seconds, wrong = interrupt(home, number, partial(let_pass, moment))
        faults += [f"after {moment:.2f} s: {one}" for one in wrong]
        if seconds > PROMISED_SECONDS:
            faults.append(f"after {moment:.2f} s: it took {seconds:.1f} s")
    tally(5, f"{number.name} to regrain {what}", 20, len(faults))
    assert faults == []


def close_window(home: Path, driver: Driver, wait: Callable[[Driver], object]) -> Any:
    """Close the window over a batch; `regrain batches resume` ends it. Returns seconds, trouble."""
    make_photographs(home / "trip", NAMES)
    before = originals(home / "trip")
    driver.open()
    driver.drop_photographs(home / "trip", expect=len(NAMES))
    driver.run()
    wait(driver)
    asked = time.monotonic()
    driver.close()
    seconds = time.monotonic() - asked
    faults = [f"left over: {path.name}" for path in home.glob("trip-regrain/.regrain-*")]
    again = Command(home, "batches", "resume", "--json")
    if again.finish() != 0:
        faults.append("resuming failed")
    again.close()
    (home / "trip-regrain").rename(home / "out")
    return seconds, faults + trouble(home, before)


def show(milliseconds: int, driver: Driver) -> None:
    driver.qtbot.wait(milliseconds)


@pytest.fixture
def driver(qtbot: QtBot) -> Driver:
    return Driver(qtbot, fake_program(delay=DELAY))


def test_closing_the_window_over_a_batch_loses_nothing(
    driver: Driver, tmp_path: Path, tally: Tally
) -> None:
    def some_done(driver: Driver) -> None:
        driver.wait(lambda: "done" in driver.statuses().values())

    _, faults = close_window(tmp_path, driver, some_done)
    tally(5, "the window is closed over a batch", 1, len(faults))
    assert faults == []


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_closing_the_window_at_any_moment(
    driver: Driver, tmp_path: Path, tally: Tally, monkeypatch: pytest.MonkeyPatch
) -> None:
    draw = random.Random(5)
    faults: list[str] = []
    for turn in range(20):
        home = tmp_path / str(turn)
        monkeypatch.setenv("REGRAIN_HOME", str(home / "library"))
        moment = draw.randrange(1500)
        seconds, wrong = close_window(home, driver, partial(show, moment))
        faults += [f"after {moment} ms: {one}" for one in wrong]
        if seconds > PROMISED_SECONDS:
            faults.append(f"after {moment} ms: it took {seconds:.1f} s")
    tally(5, "the window is closed over a batch", 20, len(faults))
    assert faults == []
