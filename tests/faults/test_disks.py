"""Disks that are full, read-only or away: the batch stops, no photograph fails, Resume goes on."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from core.errors import StopReason
from core.events import Event, ItemDone, RunnerBlocked, Totals
from core.library.ids import JobId
from core.outputs.fsops import FsOps
from core.runner import RunOutcome
from tests.faults.conftest import Disk
from tests.runs import Bench, manifest, originals

Benches = Callable[..., Bench]
Disks = Callable[..., Disk]
NAMES = tuple(f"{number:02}.png" for number in range(12))


def after(count: int, act: Callable[[], object]) -> Callable[[Event], None]:
    """Return a sink that acts once, after so many results."""
    done: list[Event] = []

    def sink(event: Event) -> None:
        if isinstance(event, ItemDone):
            done.append(event)
            if len(done) == count:
                act()

    return sink


def stops(bench: Bench, job: JobId, reason: StopReason) -> RunnerBlocked:
    """Run the batch, which must stop for `reason` with nothing failed."""
    assert bench.run(job) is RunOutcome.BLOCKED
    event = bench.of(RunnerBlocked)[-1]
    assert isinstance(event, RunnerBlocked)
    assert event.reason is reason, event
    assert event.hint
    totals = bench.queue.totals(job)
    assert totals.found == totals.done + totals.pending
    assert totals.pending > 0
    assert bench.queue.job(job).stop_reason is reason
    return event


def resumes(bench: Bench, job: JobId) -> None:
    """Go on with the batch, which must end complete and clean."""
    bench.sink = None
    bench.queue.unblock(job)
    assert bench.run(job) is RunOutcome.FINISHED
    assert bench.queue.totals(job) == Totals(found=len(NAMES), done=len(NAMES))
    assert set(manifest(bench.output)) == set(NAMES)


def test_a_full_disk_stops_and_goes_on_when_there_is_room(benches: Benches, disks: Disks) -> None:
    bench = benches()
    disk = disks(bench.output, kilobytes=16)
    bench.photographs(*NAMES)
    before = originals(bench.source)
    job = bench.enqueue().job
    stops(bench, job, StopReason.DISK_FULL)
    whole = {path.name for path in bench.output.glob("*.png") if path.stat().st_size == 0}
    assert not whole, "no result without its bytes"
    disk.remount("size=1024k")
    resumes(bench, job)
    assert originals(bench.source) == before


def test_a_disk_that_turns_read_only_stops_the_batch(benches: Benches, disks: Disks) -> None:
    bench = benches()
    disk = disks(bench.output)
    bench.sink = after(3, lambda: disk.remount("ro"))
    bench.photographs(*NAMES)
    job = bench.enqueue().job
    stops(bench, job, StopReason.READ_ONLY)
    disk.remount("rw")
    resumes(bench, job)


def test_a_pulled_output_drive_stops_the_batch_and_its_empty_place_stays_empty(
    benches: Benches, disks: Disks
) -> None:
    """Results written below the mount point would fill the system's own disk unseen."""
    bench = benches()
    disk = disks(bench.home / "usb")
    bench.output = disk.folder / "trip-regrain"
    bench.sink = after(3, disk.pull)
    bench.photographs(*NAMES)
    job = bench.enqueue().job
    stops(bench, job, StopReason.VOLUME_MISSING)
    assert list(disk.folder.iterdir()) == []


def test_a_pulled_source_drive_stops_the_batch_and_leaves_nobody_out(
    benches: Benches, disks: Disks
) -> None:
    """An unplugged card must not turn 2,000 photographs into `vanished`."""
    bench = benches()
    disk = disks(bench.source)
    bench.sink = after(3, disk.pull)
    bench.photographs(*NAMES)
    job = bench.enqueue().job
    stops(bench, job, StopReason.VOLUME_MISSING)
    bench.photographs(*NAMES)  # the card is back
    resumes(bench, job)


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EROFS, errno.EIO])
@pytest.mark.parametrize("operation", ["rename_noreplace", "sync_folder", "stat"])
def test_a_disk_that_refuses_once_in_the_parent(
    benches: Benches, operation: str, number: int
) -> None:
    """Whatever step of publishing is refused, the result is neither lost nor doubled."""

    class Refusing(FsOps):
        armed = False

    def refuse(self: Refusing, *arguments: Path) -> object:
        if Refusing.armed and "out" in arguments[0].parts:
            Refusing.armed = False
            raise OSError(number, os.strerror(number))
        return getattr(FsOps, operation)(self, *arguments)

    setattr(Refusing, operation, refuse)
    bench = benches(fs=Refusing())
    bench.sink = after(2, lambda: setattr(Refusing, "armed", True))
    bench.photographs(*NAMES)
    job = bench.enqueue().job
    assert bench.run(job) is RunOutcome.BLOCKED
    assert bench.queue.totals(job).failed == 0
    resumes(bench, job)


def test_a_file_that_appears_at_the_last_moment_is_kept(benches: Benches) -> None:
    class Racing(FsOps):
        def rename_noreplace(self, source: Path, target: Path) -> None:
            if target.name == "05.png" and not target.exists():
                target.write_bytes(b"saved by another program just now")
            super().rename_noreplace(source, target)

    bench = benches(fs=Racing())
    bench.photographs(*NAMES)
    assert bench.edit() == Totals(found=12, done=12)
    assert (bench.output / "05.png").read_bytes() == b"saved by another program just now"
    assert set(manifest(bench.output)) == {*NAMES, "05-2.png"}
