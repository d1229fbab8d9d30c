"""Disks that are full, read-only or away: the batch stops, no photograph fails, Resume goes on."""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from core.engine.host import RenderHost
from core.errors import StopReason
from core.events import Event, ItemDone, RunnerBlocked, Totals
from core.library.ids import JobId
from core.outputs.fsops import FsOps
from core.runner import RunOutcome
from tests.fakes import FAKE_RENDER_COMMAND, fake_environment
from tests.faults.conftest import Disk
from tests.faults.killing import COMMAND, running
from tests.faults.table import Tally
from tests.runs import Bench, make_photographs, manifest, originals

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


def resumes(bench: Bench, job: JobId, names: tuple[str, ...] = NAMES) -> None:
    """Go on with the batch, which must end complete and clean."""
    bench.sink = None
    bench.queue.unblock(job)
    assert bench.run(job) is RunOutcome.FINISHED
    assert bench.queue.totals(job) == Totals(found=len(names), done=len(names))
    assert set(manifest(bench.output)) == set(names)


@pytest.fixture
def reference(tmp_path: Path) -> dict[str, str]:
    """What an undisturbed run makes of the photographs."""
    bench = Bench(tmp_path / "reference")
    bench.photographs(*NAMES)
    bench.edit()
    bench.close()
    return manifest(bench.output)


@pytest.mark.parametrize("writer", ["render process", "parent"])
def test_a_full_disk_stops_and_goes_on_when_there_is_room(
    benches: Benches, disks: Disks, reference: dict[str, str], tally: Tally, writer: str
) -> None:
    """The parent writes when the result stands already in another folder and is only copied."""
    bench = benches()
    disk = disks(bench.output, kilobytes=16)
    bench.photographs(*NAMES)
    before = originals(bench.source)
    if writer == "parent":
        bench.edit(folder=bench.home / "elsewhere")
    job = bench.enqueue().job
    stops(bench, job, StopReason.DISK_FULL)
    early = {name: digest for name, digest in manifest(bench.output).items() if name in NAMES}
    losses = len(early.items() - reference.items())
    for kilobytes in (24, 1024):  # a little room, then enough
        disk.resize(kilobytes)
        bench.queue.unblock(job)
        bench.run(job)
    losses += manifest(bench.output) != reference
    tally(11, f"the output's disk fills up under the {writer}", 2, losses)
    assert losses == 0
    assert bench.queue.totals(job) == Totals(found=len(NAMES), done=len(NAMES))
    assert originals(bench.source) == before


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_a_full_disk_with_the_builtin_model(tmp_path: Path, disks: Disks, tally: Tally) -> None:
    """The real render process, torch and the model that ships write what the fake wrote above."""
    whole, small = (Bench(tmp_path / name, real=True) for name in ("whole", "small"))
    disk = disks(small.output, kilobytes=12)
    for bench in (whole, small):
        bench.photographs(*NAMES)
    whole.edit()
    job = small.enqueue().job
    stops(small, job, StopReason.DISK_FULL)
    disk.resize(1024)
    resumes(small, job)
    losses = int(manifest(small.output) != manifest(whole.output))
    tally(11, "the output's disk fills up under the real render process", 1, losses)
    for bench in (whole, small):
        bench.close()
    assert losses == 0


def test_a_disk_that_turns_read_only_stops_the_batch(
    benches: Benches, disks: Disks, tally: Tally
) -> None:
    bench = benches()
    disk = disks(bench.output)
    bench.sink = after(3, lambda: disk.protect("ro"))
    bench.photographs(*NAMES)
    job = bench.enqueue().job
    stops(bench, job, StopReason.READ_ONLY)
    disk.protect("rw")
    resumes(bench, job)
    tally(14, "the output's disk turns read-only", 1)


def obeying_modes(command: tuple[str, ...]) -> list[str]:
    """Return the command as one that file modes hold for, also for root."""
    if os.geteuid() != 0:
        return list(command)
    if shutil.which("setpriv") is None:
        pytest.skip("setpriv is not installed, and file modes do not hold for root")
    without = "-dac_override,-dac_read_search"
    return ["setpriv", "--bounding-set", without, "--inh-caps", without, *command]


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_an_output_folder_that_may_not_be_written_any_more(tmp_path: Path, tally: Tally) -> None:
    make_photographs(tmp_path / "trip", NAMES)
    output = tmp_path / "out"
    command = obeying_modes((*COMMAND, str(tmp_path), "--delay", "0.05"))
    times = 0
    for count in (2, 5, 8):
        with running(command) as run:
            assert run.wait_for(3)
            output.chmod(0o555)
            while run.line():
                pass
            output.chmod(0o755)
            assert run.ended["outcome"] == "blocked", run.errors()
            assert (run.ended["failed"], run.ended["left_out"]) == (0, 0)
            times += 1
        bench = Bench(tmp_path)
        (job,) = bench.queue.jobs()
        assert job.stop_reason is StopReason.READ_ONLY, count
        bench.close()
    bench = Bench(tmp_path)
    resumes(bench, job.id)
    bench.close()
    tally(14, "the output folder's mode forbids writing", times)


@pytest.mark.parametrize("below", ["", "trip-regrain"])
def test_a_pulled_output_drive_stops_the_batch_and_its_empty_place_stays_empty(
    benches: Benches, disks: Disks, tally: Tally, below: str
) -> None:
    """Results written below the mount point would fill the system's own disk unseen."""
    bench = benches()
    disk = disks(bench.home / "usb")
    bench.output = disk.folder / below
    bench.sink = after(3, disk.pull)
    bench.photographs(*NAMES)
    job = bench.enqueue().job
    stops(bench, job, StopReason.VOLUME_MISSING)
    bench.close()
    bench.open()  # whoever resumes may be another process
    bench.queue.unblock(job)
    stops(bench, job, StopReason.VOLUME_MISSING)
    losses = len(list(disk.folder.iterdir()))
    disk.plug()
    resumes(bench, job)
    tally(15, "the output's drive is pulled", 1, losses)
    assert losses == 0


@pytest.mark.parametrize("below", ["", "DCIM"])
def test_a_pulled_source_drive_stops_the_batch_and_leaves_nobody_out(
    benches: Benches, disks: Disks, tally: Tally, below: str
) -> None:
    """An unplugged card must not turn 2,000 photographs into `vanished`."""
    bench = benches()
    disk = disks(bench.home / "card")
    bench.source = disk.folder / below
    bench.sink = after(3, disk.pull)
    bench.photographs(*NAMES)
    job = bench.enqueue().job
    stops(bench, job, StopReason.VOLUME_MISSING)
    bench.close()
    bench.open()
    bench.queue.unblock(job)
    stops(bench, job, StopReason.VOLUME_MISSING)
    disk.plug()
    resumes(bench, job)
    tally(15, "the photographs' drive is pulled", 1)


def test_the_same_command_over_a_folder_that_is_no_drive_any_more_goes_on(
    benches: Benches, disks: Disks
) -> None:
    """Whoever gave the drive up for good must not be told for ever to connect it."""
    bench = benches()
    disk = disks(bench.output)
    bench.sink = after(3, disk.pull)
    bench.photographs(*NAMES)
    stops(bench, bench.enqueue().job, StopReason.VOLUME_MISSING)
    bench.sink = None
    assert bench.edit() == Totals(found=12, done=12)


@pytest.mark.parametrize(
    ("operation", "number"),
    [("rename_noreplace", errno.ENOSPC), ("sync_folder", errno.EIO), ("stat", errno.EROFS)],
)
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


def test_writes_that_are_cut_short_leave_no_short_result(benches: Benches, tally: Tally) -> None:
    """At a file-size limit the kernel writes a part, then refuses; so do some network drives."""
    if shutil.which("prlimit") is None:
        pytest.skip("prlimit is not installed")
    limited = True

    class Limited(Bench):
        def _host(self) -> RenderHost:
            cut = ("prlimit", "--fsize=1500") if limited else ()
            environment = fake_environment(state=self.state)
            self.hosts.append(RenderHost((*cut, *FAKE_RENDER_COMMAND), environment))
            return self.hosts[-1]

    home = benches().home
    bench = Limited(home)
    bench.photographs(*NAMES)
    job = bench.enqueue().job
    stops(bench, job, StopReason.DISK_FULL)
    losses = len(manifest(bench.output))
    bench.close()
    limited = False
    bench.open()
    resumes(bench, job)
    bench.close()
    tally(16, "a result's write is cut short by the kernel", 1, losses)
    assert losses == 0


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
