"""A disk without room is said before the work, with both figures; and nothing is lost."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from core.errors import StopReason
from core.events import RunnerBlocked
from core.library.records import JobState
from core.outputs.fsops import FsOps
from core.recipe import OutputFormat
from core.runner import RunOutcome, space
from tests.runs import Bench

Benches = Callable[..., Bench]


class SmallDisk(FsOps):
    """A disk with so many bytes left."""

    left = 10**12

    def free_bytes(self, folder: Path) -> int:
        return self.left


def test_a_disk_that_is_too_small_stops_the_batch_before_any_work(benches: Benches) -> None:
    disk = SmallDisk()
    bench = benches(fs=disk)
    bench.photographs("a.png", "b.png")
    disk.left = 1000
    job = bench.enqueue().job
    assert bench.run(job) is RunOutcome.BLOCKED
    (blocked,) = bench.of(RunnerBlocked)
    assert isinstance(blocked, RunnerBlocked)
    assert blocked.reason is StopReason.DISK_FULL
    assert "0.0 GB left, this batch needs about 0.0 GB" in blocked.message
    assert "Resume" in blocked.hint
    assert bench.touched() == []
    assert bench.queue.job(job).state is JobState.STOPPED
    assert bench.queue.totals(job).pending == 2
    disk.left = 10**12
    bench.queue.resume(job)
    assert bench.run(job) is RunOutcome.FINISHED
    assert bench.queue.totals(job).done == 2


def test_it_is_looked_at_again_while_the_batch_runs(
    benches: Benches, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another program fills the disk: the batch stops before there is no byte left."""
    monkeypatch.setattr(space, "LOOK_SECONDS", 0.0)
    disk = SmallDisk()
    bench = benches(fs=disk)
    bench.photographs(*(f"{number}.png" for number in range(6)))
    job = bench.enqueue().job
    bench.sink = lambda _event: setattr(disk, "left", 100 if bench.touched() else 10**12)
    assert bench.run(job) is RunOutcome.BLOCKED
    assert 0 < bench.queue.totals(job).pending < 6


def test_earlier_results_make_room_for_the_new_ones(benches: Benches) -> None:
    """Another strength on a nearly full disk replaces files; it needs no more than it frees."""
    disk = SmallDisk()
    bench = benches(fs=disk)
    bench.photographs("a.png", "b.png")
    bench.edit(strength=0.2)
    disk.left = 1
    job = bench.enqueue(strength=0.4).job
    assert bench.run(job) is RunOutcome.FINISHED


@pytest.mark.parametrize(
    ("format", "fits"), [(OutputFormat.WEBP, True), (OutputFormat.TIFF, False)]
)
def test_the_format_counts(benches: Benches, format: OutputFormat, fits: bool) -> None:
    disk = SmallDisk()
    bench = benches(fs=disk)
    (source,) = bench.photographs("a.jpg")
    disk.left = source.stat().st_size
    job = bench.enqueue(format=format).job
    assert (bench.run(job) is RunOutcome.FINISHED) is fits


def test_a_large_batch_is_measured_by_a_sample(
    benches: Benches, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(space, "LOOKED_AT", 2)
    disk = SmallDisk()
    bench = benches(fs=disk)
    names = [f"{number}.png" for number in range(8)]
    one = bench.photographs(*names)[0].stat().st_size
    disk.left = 3 * one
    job = bench.enqueue().job
    assert bench.run(job) is RunOutcome.BLOCKED
