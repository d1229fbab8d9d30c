"""Several devices at one batch: each photograph once, and a device that fails is not the end."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from core.engine.messages import Numerics
from core.errors import BatchStopped, StopReason
from core.events import (
    DeviceLost,
    Event,
    ItemDone,
    ItemFailed,
    ItemStarted,
    JobFinished,
    PreviewKind,
    PreviewPart,
    RunnerBlocked,
    Totals,
)
from core.library.ids import JobId
from core.library.records import ItemStatus
from core.runner import EngineChoice, RunOutcome, StopSignal, shift
from core.runner.previews import PreviewRequest
from tests.lanes import LANES_COMMAND, Gate
from tests.runs import Bench, make_photographs, manifest

THREE = "cuda:0,cuda:1,cuda:2,cpu"
NAMES = tuple(f"{number:02}.png" for number in range(14))
BEGUN = Numerics(device="cuda:0", dtype="bf16", rows=2, tile=512, versions="begun")

Benches = Callable[..., Bench]


@pytest.fixture
def lanes(benches: Benches, monkeypatch: pytest.MonkeyPatch) -> Benches:
    """Make a bench on a computer with several devices."""
    monkeypatch.setattr("tests.runs.FAKE_RENDER_COMMAND", LANES_COMMAND)

    def make(devices: str = "cuda:0,cuda:1", broken: str = "", **options: object) -> Bench:
        monkeypatch.setenv("REGRAIN_FAKE_DEVICES", devices)
        monkeypatch.setenv("REGRAIN_FAKE_BROKEN", broken)
        return benches(**options)

    return make


@pytest.fixture
def gate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Gate]:
    """Hold every render process at its first photograph until it is opened."""
    made = Gate(tmp_path / "gate")
    monkeypatch.setenv("REGRAIN_FAKE_GATE", str(made.path))
    yield made
    made.close()


def where(bench: Bench) -> list[tuple[str, str]]:
    """Return the device and the name of each photograph that was worked on."""
    log = bench.state / "where"
    lines = log.read_text().splitlines() if log.exists() else []
    return [(line.split()[0], line.split()[2]) for line in lines]


def when_all_hold_one(bench: Bench, count: int, act: Callable[[], object]) -> None:
    """Have something done as soon as so many devices hold a photograph and none is done."""

    def sink(event: Event) -> None:
        held = bench.state / "held"
        devices = set(held.read_text().split()) if held.exists() else set()
        if isinstance(event, ItemStarted) and len(devices) == count:
            assert not bench.of(ItemDone)
            bench.sink = None
            act()

    bench.sink = sink


def begun(bench: Bench) -> JobId:
    """Store a batch that was begun with numerics of its own."""
    job = bench.enqueue().job
    bench.queue.set_numerics(job, BEGUN)
    return job


def devices_of(bench: Bench) -> dict[str, str]:
    """Return by name on which device each result that was rendered is recorded to be made."""
    with closing(sqlite3.connect(bench.database.path)) as connection:
        rows = connection.execute("SELECT name, facts FROM result").fetchall()
    found = {name.decode(): json.loads(facts) for name, facts in rows}
    return {name: facts["device"] for name, facts in found.items() if "device" in facts}


def lost(bench: Bench) -> str:
    return " ".join(event.message for event in bench.of(DeviceLost))  # type: ignore[attr-defined]


def test_three_devices_do_one_batch_once_and_as_one_device_does(lanes: Benches, gate: Gate) -> None:
    """All three hold photographs at the same time: nobody opens the gate before that."""
    bench = lanes(THREE)
    bench.photographs(*(f"{number}.png" for number in range(58)))
    for copy in ("58.png", "59.png"):
        os.link(bench.source / "0.png", bench.source / copy)
    job = begun(bench)

    def preview_and_open() -> None:
        source = make_photographs(bench.home, ["preview.png"])[0]
        edit = bench.queue.job(job).recipe.edit
        bench.runner.preview(PreviewRequest(1, source, edit))
        gate.open()

    when_all_hold_one(bench, 3, preview_and_open)
    assert bench.run(job) is RunOutcome.FINISHED
    assert bench.queue.totals(job) == Totals(found=60, done=60)
    rendered = Counter(name for device, name in where(bench) if name != "preview.png")
    assert len(rendered) == 58
    assert set(rendered.values()) == {1}, "what has the same bytes is copied, not rendered again"
    assert Counter(event.item for event in bench.of(ItemDone)).most_common(1)[0][1] == 1  # type: ignore[attr-defined]
    assert [event.totals for event in bench.of(JobFinished)] == [Totals(found=60, done=60)]  # type: ignore[attr-defined]
    assert ("cuda:0", "preview.png") in where(bench)
    assert [e.kind for e in bench.of(PreviewPart)][-1] is PreviewKind.FULL  # type: ignore[attr-defined]
    check_numerics(bench, job)
    made = manifest(bench.output)
    bench.runner.choose(EngineChoice(device="cuda:0"))
    bench.edit(folder=bench.home / "reference", again=True)
    assert made == manifest(bench.home / "reference")


def check_numerics(bench: Bench, job: JobId) -> None:
    """Every device computed as the batch was begun, and says so of its results."""
    lines = (bench.state / "loaded").read_text().splitlines()
    loaded = {(n := Numerics.model_validate_json(line)).device: n for line in lines}
    assert set(loaded) == {"cuda:0", "cuda:1", "cuda:2"}
    assert {n.model_copy(update={"device": "cuda:0"}) for n in loaded.values()} == {BEGUN}
    assert bench.queue.job(job).numerics == BEGUN
    assert not [e.note for e in bench.of(ItemDone) if e.note]  # type: ignore[attr-defined]
    recorded = devices_of(bench)
    worked = {name: device for device, name in where(bench) if name != "preview.png"}
    assert {name: recorded[name] for name in worked} == worked


@pytest.mark.parametrize(
    ("devices", "asked", "count", "used"),
    [
        ("cuda:0,cpu", "auto", 14, "cuda:0"),
        ("cuda:0,cuda:1", "auto", 4, "cuda:0"),
        ("cuda:0,cuda:1", "cuda:1", 14, "cuda:1"),
    ],
)
def test_one_device_is_one_process(
    lanes: Benches, devices: str, asked: str, count: int, used: str
) -> None:
    """No processor beside a GPU, none that was not asked for, none for a handful of pictures."""
    bench = lanes(devices, choice=EngineChoice(asked))
    bench.photographs(*NAMES[:count])
    assert bench.edit().done == count
    assert len(bench.hosts) == 1
    assert {device for device, _ in where(bench)} == {used}
    assert not bench.of(DeviceLost)


def test_the_processes_stay_for_the_next_batch(lanes: Benches, gate: Gate) -> None:
    """A list of devices may name the processor too; models are loaded once."""
    bench = lanes("cuda:0,cpu", choice=EngineChoice("cuda, cpu, cuda:0"))
    bench.photographs(*NAMES)
    when_all_hold_one(bench, 2, gate.open)
    assert bench.edit(strength=0.2).done == 14
    assert bench.edit(strength=0.4).done == 14
    loaded = (bench.state / "loaded").read_text().splitlines()
    assert sorted(Numerics.model_validate_json(line).device for line in loaded) == ["cpu", "cuda:0"]
    assert bench.runner.end_if_idle(0)
    assert not any(host.running for host in bench.hosts)


@pytest.mark.parametrize(
    ("broken", "sentence"),
    [
        ("cuda:1=abort", "broke down on 3 photographs"),
        ("cuda:1=lost", "The GPU stopped answering."),
        ("cuda:1=memory", "Fake does not fit."),
        ("cuda:1=gone", "cuda:1 is not there any more."),
        ("cuda:0=lost", "The GPU stopped answering."),
        ("cuda:0=memory", "Fake does not fit."),
    ],
)
def test_a_device_that_fails_leaves_the_batch_to_the_others(
    lanes: Benches, gate: Gate, broken: str, sentence: str
) -> None:
    """No photograph pays for it, and the user is told in a sentence which device it was."""
    bench = lanes(broken=broken)
    bench.photographs(*NAMES)
    if broken.endswith("lost"):
        when_all_hold_one(bench, 2, gate.open)
    else:
        bench.sink = lambda _: gate.open() if "left out" in lost(bench) else None
    assert bench.edit() == Totals(found=14, done=14)
    bad = broken.partition("=")[0]
    good = "cuda:1" if bad == "cuda:0" else "cuda:0"
    assert f"{bad} is left out: " in lost(bench)
    assert sentence in lost(bench)
    assert f"The batch goes on with {good}." in lost(bench)
    assert set(devices_of(bench).values()) == {good}
    assert not bench.of(RunnerBlocked)
    assert len(bench.of(JobFinished)) == 1


def test_a_batch_is_stopped_when_no_device_is_left(lanes: Benches, gate: Gate) -> None:
    bench = lanes(broken="cuda:0=lost,cuda:1=lost")
    bench.photographs(*NAMES)
    when_all_hold_one(bench, 2, gate.open)
    job = bench.enqueue().job
    assert bench.run(job) is RunOutcome.BLOCKED
    (blocked,) = bench.of(RunnerBlocked)
    assert isinstance(blocked, RunnerBlocked)
    assert blocked.reason is StopReason.GPU_LOST
    assert bench.queue.totals(job) == Totals(found=14, pending=14)
    assert all_wait(bench, job)


def all_wait(bench: Bench, job: JobId) -> bool:
    """Whether every unfinished photograph waits as if it had never been begun, without remains."""
    assert not list(bench.home.rglob(".regrain-*"))
    claimed = bench.queue.items(job, ItemStatus.RUNNING, ItemStatus.STAGED)
    waiting = bench.queue.items(job, ItemStatus.PENDING)
    return not claimed and all(item.attempts == 0 for item in waiting)


def test_a_photograph_that_kills_its_process_takes_no_device_along(
    lanes: Benches, gate: Gate
) -> None:
    """It is set aside in the end, by deaths on both devices."""
    bench = lanes()
    bench.photographs(*NAMES, "01-abort.png")
    when_all_hold_one(bench, 2, gate.open)
    assert bench.edit() == Totals(found=15, done=14, quarantined=1)
    assert "left out" not in lost(bench)
    assert [e.source.name for e in bench.of(ItemFailed)] == ["01-abort.png"]  # type: ignore[attr-defined]
    assert all(device in lost(bench) for device in ("cuda:0: ", "cuda:1: "))


@pytest.mark.parametrize("now", [True, False])
def test_stop_stops_all_devices(
    lanes: Benches, gate: Gate, monkeypatch: pytest.MonkeyPatch, now: bool
) -> None:
    monkeypatch.setattr(shift, "DROP_SECONDS", 0.0 if now else 60.0)
    stop = StopSignal()
    bench = lanes(THREE)
    bench.photographs(*NAMES)
    job = bench.enqueue().job

    def ask() -> None:
        if now:
            stop.now()
        else:
            stop.after_this_one()
            gate.open()

    when_all_hold_one(bench, 3, ask)
    assert bench.run(job, stop) is RunOutcome.STOPPED
    totals = bench.queue.totals(job)
    assert totals.adds_up()
    assert totals.done == 0 if now else 3 <= totals.done < 14
    assert totals.done == len(manifest(bench.output)) if bench.output.exists() else now
    assert all_wait(bench, job)
    assert not bench.of(JobFinished)


def test_a_cancel_stops_all_devices(
    lanes: Benches, gate: Gate, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shift, "DROP_SECONDS", 0.0)
    monkeypatch.setattr(shift, "LOOK_SECONDS", 0.01)
    bench = lanes(THREE)
    bench.photographs(*NAMES)
    job = bench.enqueue().job
    when_all_hold_one(bench, 3, lambda: bench.queue.cancel(job))
    assert bench.run(job) is RunOutcome.FINISHED
    assert bench.queue.totals(job) == Totals(found=14, canceled=14)
    assert len(bench.of(JobFinished)) == 1
    assert all_wait(bench, job)


def test_a_full_disk_stops_the_batch_once(
    lanes: Benches, gate: Gate, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench = lanes(THREE)
    bench.photographs(*NAMES)
    job = bench.enqueue().job

    def refuse(*arguments: object) -> Path:
        raise BatchStopped(StopReason.DISK_FULL, "Stopped: injected.", hint="Free space.")

    with monkeypatch.context() as patch:
        patch.setattr(bench.publisher, "publish", refuse)
        when_all_hold_one(bench, 3, gate.open)
        assert bench.run(job) is RunOutcome.BLOCKED
    assert [event.reason for event in bench.of(RunnerBlocked)] == [StopReason.DISK_FULL]  # type: ignore[attr-defined]
    assert bench.queue.totals(job) == Totals(found=14, pending=14)
    assert all_wait(bench, job)
    bench.queue.unblock(job)
    assert bench.run(job) is RunOutcome.FINISHED
    assert bench.queue.totals(job).done == 14


def test_a_device_that_is_not_there_is_said(lanes: Benches) -> None:
    """Not passed over: the user counts on it."""
    bench = lanes("cuda:0,cuda:1", choice=EngineChoice("cuda:0,cuda:7"))
    bench.photographs("a.png")
    job = bench.enqueue().job
    assert bench.run(job) is RunOutcome.BLOCKED
    (blocked,) = bench.of(RunnerBlocked)
    assert isinstance(blocked, RunnerBlocked)
    assert blocked.reason is StopReason.SETTINGS_REFUSED
    assert blocked.message == "This computer has no device cuda:7."
    assert blocked.hint == "It has: cuda:0, cuda:1."
    assert bench.queue.totals(job).pending == 1
    assert not bench.of(DeviceLost)


RUN = """
import sys
from pathlib import Path
import tests.runs
from core.events import ItemDone
from tests.lanes import LANES_COMMAND
tests.runs.FAKE_RENDER_COMMAND = LANES_COMMAND
bench = tests.runs.Bench(Path(sys.argv[1]), fake={"delay": 0.02})
bench.sink = lambda e: print(bench.pids(), flush=True) if isinstance(e, ItemDone) else None
bench.pids = lambda: " ".join(str(host.pid) for host in bench.hosts)
bench.run(bench.enqueue().job)
"""


@pytest.mark.slow
def test_killed_amid_the_work_of_two_devices_it_goes_on_and_loses_nothing(
    lanes: Benches, tmp_path: Path
) -> None:
    make_photographs(tmp_path / "trip", [f"{number}.png" for number in range(24)])
    bench = lanes()
    command = [sys.executable, "-P", "-c", RUN, str(bench.home)]
    root = str(Path(__file__).parents[3])
    environment = os.environ | {"PYTHONPATH": root}
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, env=environment, cwd=tmp_path, text=True
    ) as killed:
        assert killed.stdout is not None
        both = next((line for line in killed.stdout if len(line.split()) == 2), "")
        killed.send_signal(signal.SIGKILL)
    assert both, "the second device had joined"
    job = bench.enqueue().job
    done = bench.queue.totals(job).done
    assert done < 24
    assert bench.run(job) is RunOutcome.FINISHED
    assert bench.queue.totals(job) == Totals(found=24, done=24)
    assert not list(bench.home.rglob(".regrain-*"))
    again = Counter(name for _, name in where(bench))
    assert sum(again.values()) - 24 <= 4, "at most what was in work was done twice"
    made = manifest(bench.output)
    bench.runner.choose(EngineChoice(device="cuda:0"))
    bench.edit(folder=bench.home / "reference", again=True)
    assert made == manifest(bench.home / "reference")
