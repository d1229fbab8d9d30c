"""The real thing: watchdog, threads, files written as other programs write them."""

from __future__ import annotations

import mmap
import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from core.errors import StopReason
from core.events import Event, JobQueued, WatchState, WatchStateChanged
from core.library.lock import RenderLock
from core.library.records import JobState
from core.library.watched import Recursion
from core.watch.clock import Clock
from core.watch.observe import Heard, Observation
from core.watch.parts import WatchParts
from core.watch.service import LOOK_FOR_STOPPED_SECONDS, TRY_STOPPED_SECONDS, WatchService
from core.watch.writers import is_being_written
from tests.core.watch.bench import WatchBench
from tests.runs import make_photographs

PATIENCE = 30.0
QUICK = 0.1


class Events:
    """Events of watching threads, to be waited for."""

    def __init__(self) -> None:
        self.all: list[Event] = []
        self._new = threading.Condition()

    def __call__(self, event: Event) -> None:
        with self._new:
            self.all.append(event)
            self._new.notify_all()

    def wait_until(self, enough: Callable[[], bool]) -> None:
        with self._new:
            assert self._new.wait_for(enough, PATIENCE), self.all

    def wait_for_state(self, state: WatchState) -> None:
        def there() -> bool:
            last = [event for event in self.all if isinstance(event, WatchStateChanged)]
            return bool(last) and last[-1].state is state

        self.wait_until(there)

    def wait_for_photographs(self, count: int) -> None:
        def there() -> bool:
            return sum(e.items for e in self.all if isinstance(e, JobQueued)) >= count

        self.wait_until(there)


@pytest.fixture
def events() -> Events:
    return Events()


@pytest.fixture
def parts(bench: WatchBench, events: Events) -> WatchParts:
    """The system's own clock, events and leases."""
    return replace(
        bench.parts,
        sink=events,
        clock=Clock(),
        observation=Observation,
        is_open=is_being_written,
    )


@contextmanager
def running(parts: WatchParts, lock: RenderLock | None = None) -> Iterator[WatchService]:
    service = WatchService(parts, lock)
    service.start()
    try:
        yield service
    finally:
        service.stop()


def test_photographs_are_queued_as_they_come(
    bench: WatchBench, parts: WatchParts, events: Events
) -> None:
    bench.rule(settle=QUICK)
    with running(parts):
        events.wait_for_state(WatchState.WATCHING)
        bench.drop("a.png")
        events.wait_for_photographs(1)
        bench.drop("b.png")
        events.wait_for_photographs(2)
    assert bench.taken() == ["a.png", "b.png"]


def test_a_slow_writer_is_waited_for(bench: WatchBench, parts: WatchParts, events: Events) -> None:
    """It stops in the middle for longer than the settle time; its file is open all the while."""
    bench.rule(settle=QUICK)
    (whole,) = bench.drop("../whole.png")
    data = whole.read_bytes()
    with running(parts):
        events.wait_for_state(WatchState.WATCHING)
        with (bench.inbox / "slow.png").open("wb") as file:
            for start in range(0, len(data), 300):
                file.write(data[start : start + 300])
                file.flush()
            bench.drop("other.png")
            events.wait_for_photographs(1)
            assert bench.taken() == ["other.png"]
            bench.drop("more.png")
            events.wait_for_photographs(2)
            assert bench.taken() == ["other.png", "more.png"]
        events.wait_for_photographs(3)
    assert bench.taken() == ["other.png", "more.png", "slow.png"]


def test_a_writer_through_mapped_memory_is_waited_for(
    bench: WatchBench, parts: WatchParts, events: Events
) -> None:
    """Full size from the start, no event while it is filled, its descriptor closed long ago."""
    bench.rule(settle=QUICK)
    (whole,) = bench.drop("../whole.png")
    data = whole.read_bytes()
    path = bench.inbox / "mapped.png"
    with running(parts):
        events.wait_for_state(WatchState.WATCHING)
        with path.open("wb+") as file:
            file.truncate(len(data))
            memory = mmap.mmap(file.fileno(), len(data))
        memory[:] = data
        bench.drop("other.png")
        events.wait_for_photographs(1)
        bench.drop("more.png")
        events.wait_for_photographs(2)
        assert bench.taken() == ["other.png", "more.png"]
        memory.close()
        events.wait_for_photographs(3)


def test_renames_moved_folders_and_replacements(
    bench: WatchBench, parts: WatchParts, events: Events
) -> None:
    """`.part` to its name, a folder of many from outside, an atomic replacement: each once."""
    bench.rule(settle=QUICK, recursion=Recursion.MIRROR)
    (part,) = bench.drop("../a.png")
    make_photographs(bench.home / "coming", [f"{number}.png" for number in range(40)])
    with running(parts):
        events.wait_for_state(WatchState.WATCHING)
        shutil.copy(part, bench.inbox / "a.png.part")
        (bench.inbox / "a.png.part").rename(bench.inbox / "a.png")
        events.wait_for_photographs(1)
        shutil.move(bench.home / "coming", bench.inbox / "coming")
        events.wait_for_photographs(41)
        (new,) = bench.drop("../new.png")
        new.replace(bench.inbox / "a.png")
        events.wait_for_photographs(42)
    assert len(bench.taken()) == 41


def test_the_folder_is_removed_and_made_anew(
    bench: WatchBench, parts: WatchParts, events: Events
) -> None:
    """watchdog's observer ends for good then."""
    bench.rule(settle=QUICK)
    with running(parts):
        events.wait_for_state(WatchState.WATCHING)
        shutil.rmtree(bench.inbox)
        events.wait_for_state(WatchState.MISSING)
        bench.inbox.mkdir()
        bench.drop("a.png")
        events.wait_for_photographs(1)
        events.wait_for_state(WatchState.WATCHING)
        bench.drop("b.png")
        events.wait_for_photographs(2)
    assert bench.taken() == ["a.png", "b.png"]


def test_another_folder_takes_the_name(
    bench: WatchBench, parts: WatchParts, events: Events
) -> None:
    """Renamed away, the old one is still what the kernel watches; nobody says so."""
    bench.rule(settle=QUICK)
    with running(parts):
        events.wait_for_state(WatchState.WATCHING)
        bench.inbox.rename(bench.home / "old")
        bench.inbox.mkdir()
        bench.drop("a.png")
        events.wait_for_photographs(1)


def test_only_the_holder_of_the_lock_watches_and_another_takes_over(
    bench: WatchBench, parts: WatchParts, events: Events, tmp_path: Path
) -> None:
    bench.rule(settle=QUICK)
    with running(parts, RenderLock(tmp_path / "watch-lock")) as one:
        events.wait_for_state(WatchState.WATCHING)
        assert one.watching
        with running(parts, RenderLock(tmp_path / "watch-lock")) as two:
            bench.drop("a.png")
            events.wait_for_photographs(1)
            assert not two.watching
            one.stop()
            bench.drop("b.png")
            events.wait_for_photographs(2)
            assert two.watching
    assert bench.taken() == ["a.png", "b.png"]


def test_stopping_leaves_no_thread_and_no_descriptor(
    bench: WatchBench, parts: WatchParts, events: Events
) -> None:
    """For months, rules come and go: each leaves nothing behind."""
    bench.rule(settle=QUICK)
    threads, descriptors = threading.active_count(), len(list(Path("/proc/self/fd").iterdir()))
    for _ in range(3):
        events.all.clear()
        with running(parts):
            events.wait_for_state(WatchState.WATCHING)
    assert threading.active_count() == threads
    # The library keeps a reading connection or two for other threads.
    assert len(list(Path("/proc/self/fd").iterdir())) <= descriptors + 6


# with a clock that stands still


def test_rules_that_change_are_taken_up(bench: WatchBench) -> None:
    service = WatchService(bench.parts, None)
    rule = bench.rule()
    service.turn()
    assert set(service._workers) == {rule.id}
    bench.rules.pause(rule.id)
    service.turn()
    assert service._workers == {}
    bench.rules.resume(rule.id)
    service.turn()
    first = service._workers[rule.id]
    bench.rule(bench.recipe(0.9))
    service.turn()
    assert service._workers[rule.id] is not first
    bench.rules.remove(rule.id)
    service.turn()
    assert service._workers == {}
    service.stop()


def test_a_batch_that_a_full_disk_stopped_is_tried_again(bench: WatchBench) -> None:
    """Nobody sits there to press Resume; the disk has room again in the morning."""
    folder = bench.watch(bench.rule(attended=True))
    bench.drop("a.png")
    bench.scan_and_settle(folder)
    (job,) = bench.queue.jobs()
    service = WatchService(bench.parts, None)
    waits = []
    for _ in range(3):
        bench.queue.block(job.id, StopReason.DISK_FULL, "The disk is full.")
        began = bench.clock.now
        while bench.queue.job(job.id).state is JobState.STOPPED:
            service.turn()
            bench.clock.pass_time(LOOK_FOR_STOPPED_SECONDS)
            assert bench.clock.now - began < 3600
        waits.append(bench.clock.now - began)
    service.stop()
    assert waits[0] >= TRY_STOPPED_SECONDS
    assert waits == sorted(waits)
    assert waits[-1] > waits[0]


def test_a_lease_tells_an_open_file(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(b"data")
    assert not is_being_written(str(path))
    with path.open("ab"):
        assert is_being_written(str(path))
    with path.open("rb"):
        assert not is_being_written(str(path))
    assert not is_being_written(str(tmp_path / "missing.png"))


def test_heard_is_taken_once() -> None:
    heard = Heard(lambda: 7.0)
    heard.lose()
    assert heard.take() == ({}, set(), True)
    assert heard.take() == ({}, set(), False)
