"""Watched folders while processes die, stand still and lose events: each photograph, once."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from core.library.ids import WatchRuleId
from core.library.watch import WatchRules
from core.library.watched import Existing
from core.presets import DEFAULT_PRESET, find_preset, load_presets
from core.services import open_services
from core.watch.folder import FolderWatch
from core.watch.listening import RESCAN_SECONDS
from core.watch.looking import Look
from core.watch.service import STILL_SECONDS, WatchService
from core.watch.setup import WatchWish, begin_watch, plan_watch
from tests.core.cli.commands import LAUNCHER, photograph
from tests.core.watch.bench import SETTLE as SLOW_SETTLE
from tests.core.watch.bench import WatchBench
from tests.fakes import fake_environment
from tests.faults.table import Tally
from tests.runs import manifest

SETTLE = 0.2


class Service:
    """`regrain service run` as a process; its JSON lines are read as they come."""

    def __init__(self, process: subprocess.Popen[str], errors: Path) -> None:
        self.process = process
        self.errors = errors

    def wait_for(self, event: str, **values: object) -> dict[str, Any]:
        assert self.process.stdout is not None
        for text in self.process.stdout:
            line: dict[str, Any] = json.loads(text)
            if line["event"] == event and values.items() <= line.items():
                return line
        raise AssertionError(f"it ended before {event} {values}: {self.errors.read_text()}")

    def kill(self) -> None:
        self.process.kill()

    def end(self) -> None:
        self.process.send_signal(signal.SIGTERM)
        self.process.communicate(timeout=30)
        assert self.process.returncode == 0


@contextmanager
def service(folder: Path, delay: float = 0.0) -> Iterator[Service]:
    errors = folder / "errors"
    with errors.open("a") as stream:
        process = subprocess.Popen(
            [sys.executable, "-c", LAUNCHER, "service", "run", "--json"],
            cwd=folder,
            env=os.environ | fake_environment(delay=delay, state=folder / "state"),
            text=True,
            stdout=subprocess.PIPE,
            stderr=stream,
        )
    try:
        yield Service(process, errors)
    finally:
        process.send_signal(signal.SIGCONT)
        if process.poll() is None:
            process.kill()
        if process.stdout is not None and not process.stdout.closed:
            process.communicate()


@pytest.fixture
def inbox(tmp_path: Path) -> Path:
    """A watched folder; its rule is in the user's library."""
    folder = tmp_path / "inbox"
    folder.mkdir()
    (tmp_path / "state").mkdir()
    recipe = find_preset(DEFAULT_PRESET, load_presets())
    output = recipe.output.model_copy(update={"folder": tmp_path / "out"})
    recipe = recipe.model_copy(update={"output": output})
    with open_services() as services:
        wish = WatchWish(folder=folder, recipe=recipe, settle=SETTLE)
        plan = plan_watch(wish, services.watch, services.registry, tmp_path)
        begin_watch(plan, services.watch, Existing.NEW_ONLY)
    return folder


def touched(folder: Path) -> list[str]:
    lines = (folder / "state" / "touched").read_text().splitlines()
    return [line.split()[1] for line in lines]


def wait_until_done(running: Service, count: int) -> None:
    """Wait until the library says that so many photographs are done; blocks on the lines."""
    with open_services() as services:
        while _done(services.watch, services.queue) < count:
            running.wait_for("item_done")


def _done(rules: WatchRules, queue: Any) -> int:
    job = rules.get(WatchRuleId(1)).job
    return 0 if job is None else int(queue.totals(job).done)


def test_a_service_that_is_killed_again_and_again_makes_each_result_once(
    inbox: Path, tmp_path: Path, tally: Tally
) -> None:
    """Photographs come while it runs and while it is dead."""
    names = [f"{number:02}.png" for number in range(15)]
    coming = iter(names)
    for _ in range(3):
        with service(tmp_path, delay=0.02) as running:
            for _ in range(4):
                name = next(coming)
                photograph(inbox / name, int(Path(name).stem))
            running.wait_for("item_done")
            running.kill()
        name = next(coming)
        photograph(inbox / name, int(Path(name).stem))
    with service(tmp_path) as running:
        wait_until_done(running, len(names))
        running.end()
    made = sorted(manifest(tmp_path / "out"))
    tally(1, "the watching service is killed", 3, len(set(names) ^ set(made)))
    assert made == names
    # What was in work when it died is done again, nothing else.
    assert len(touched(tmp_path)) <= len(names) + 3


def test_when_the_watching_process_dies_another_takes_over(
    inbox: Path, tmp_path: Path, tally: Tally
) -> None:
    with service(tmp_path) as one:
        one.wait_for("watch_state", state="watching")
        with service(tmp_path) as two:
            one.kill()
            photograph(inbox / "a.png", 1)
            two.wait_for("watch_state", state="watching")
            two.wait_for("item_done", source=str(inbox / "a.png"))
            two.end()
    made = sorted(manifest(tmp_path / "out"))
    tally(18, "the process that watches is killed, another takes over", 1, made != ["a.png"])
    assert made == ["a.png"]


def drop_while_it_stands_still(inbox: Path, folder: Path, count: int) -> int:
    """Return how many photographs were lost or edited twice."""
    with service(folder) as running:
        running.wait_for("watch_state", state="watching")
        running.process.send_signal(signal.SIGSTOP)
        photograph(inbox / "0.jpg", 0)
        data = (inbox / "0.jpg").read_bytes()
        for number in range(1, count):
            unique = data + number.to_bytes(4, "big") + b"\xff\xd9"
            (inbox / f"{number}.jpg").write_bytes(unique)
        running.process.send_signal(signal.SIGCONT)
        wait_until_done(running, count)
        running.end()
    names = {f"{number}.jpg" for number in range(count)}
    worked_on = touched(folder)
    return len(names ^ manifest(folder / "out").keys()) + len(worked_on) - len(set(worked_on))


def test_what_comes_while_the_process_is_stopped_is_not_lost(
    inbox: Path, tmp_path: Path, tally: Tally
) -> None:
    losses = drop_while_it_stands_still(inbox, tmp_path, 50)
    tally(25, "photographs come while the process is stopped", 50, losses)
    assert losses == 0


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_five_thousand_that_come_while_it_is_stopped(
    inbox: Path, tmp_path: Path, tally: Tally
) -> None:
    """The kernel's queue overflows: of watchdog alone a quarter of them would never be heard."""
    losses = drop_while_it_stands_still(inbox, tmp_path, 5000)
    tally(26, "5,000 come while the process is stopped: the kernel's queue overflows", 5000, losses)
    assert losses == 0


def test_after_sleep_all_folders_are_looked_through(tmp_path: Path, tally: Tally) -> None:
    """A network drive changes while the laptop sleeps, and no event ever tells."""
    bench = WatchBench(tmp_path)
    rule = bench.rule(attended=True)
    folder = FolderWatch(rule, bench.parts)
    folder.turn()
    service = WatchService(bench.parts, None)
    service.rescan = folder.rescan  # type: ignore[method-assign]
    service.turn()
    names = [f"{number}.png" for number in range(20)]
    for number, name in enumerate(names):
        bench.drop(name)
        if number % 2:
            bench.clock.asleep += 3600
        else:
            bench.clock.pass_time(STILL_SECONDS + 1)  # stopped, or swapped out
        service.turn()
        bench.turns(folder, SLOW_SETTLE + 1)
    service.stop()
    losses = len(set(names) ^ set(bench.taken()))
    tally(25, "the computer sleeps; no event tells what came", len(names), losses)
    bench.close()
    assert losses == 0


def lose_most_events(bench: WatchBench, seeds: Iterable[int]) -> int:
    """Drop photographs of which four in five give no event; return how many are lost, or twice."""
    folder, names = bench.watch(), set[str]()
    for seed in seeds:
        new = [f"{seed}-{number}.png" for number in range(10)]
        names.update(new)
        _drop(bench, folder, new, random.Random(seed))
    taken = bench.taken()
    return len(names ^ set(taken)) + len(taken) - len(set(taken))


def _drop(bench: WatchBench, folder: FolderWatch, names: list[str], chance: random.Random) -> None:
    for path in bench.drop(*names):
        bench.turns(folder, chance.random())
        if chance.random() < 0.2:
            folder.listener.heard._files[str(path)] = bench.clock.now
    bench.turns(folder, 2 * RESCAN_SECONDS)


def test_lost_events_lose_no_photograph(tmp_path: Path, tally: Tally) -> None:
    """20 seeds; each photograph is queued once."""
    bench = WatchBench(tmp_path)
    losses = lose_most_events(bench, range(20))
    tally(27, "four of five events are lost", 200, losses)
    bench.close()
    assert losses == 0


@pytest.mark.slow
def test_of_a_hundred_times_lost_events(tmp_path: Path, tally: Tally) -> None:
    bench = WatchBench(tmp_path)
    losses = lose_most_events(bench, range(100, 200))
    tally(27, "four of five events are lost", 1000, losses)
    bench.close()
    assert losses == 0


def test_without_the_rescan_photographs_would_be_lost(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The test above finds what it is for."""
    monkeypatch.setattr(Look, "whole", lambda _self: [])
    bench = WatchBench(tmp_path)
    assert lose_most_events(bench, [0]) > 0
    bench.close()
