"""Events lost, observers dead, limits reached, drives away: it is said, and nothing is lost."""

from __future__ import annotations

import errno
import logging
import os
import random
from pathlib import Path

import pytest

from core.events import WatchState
from core.watch.clock import Jumps
from core.watch.listening import NETWORK_SECONDS, POLL_SECONDS, RESCAN_SECONDS
from core.watch.mounts import Mount, mount_of
from core.watch.observe import Heard, Observation
from tests.core.watch.bench import SETTLE, FakeClock, SilentObservation, WatchBench


class Refused(SilentObservation):
    """The system lets nothing be watched."""

    number = errno.ENOSPC

    def start(self) -> None:
        raise OSError(self.number, os.strerror(self.number))


class OutOfInstances(Refused):
    number = errno.EMFILE


class Partial(SilentObservation):
    """Subfolders were passed over."""

    def complete(self) -> bool:
        return False


def test_a_dead_observer_is_replaced_and_said(
    bench: WatchBench, caplog: pytest.LogCaptureFixture
) -> None:
    folder = bench.watch()
    bench.drop("a.png")
    bench.observations[-1].stop()
    with caplog.at_level(logging.WARNING):
        bench.turns(folder, SETTLE + 2)
    assert len(bench.observations) == 2
    assert "a new one takes its place" in caplog.text
    assert any("it is begun anew" in state.message for state in bench.states())
    assert bench.states()[-1].message.startswith("Watching")
    # What came while nobody listened is found by the look that follows.
    assert bench.taken() == ["a.png"]


@pytest.mark.parametrize("kind", [Refused, OutOfInstances])
def test_at_the_systems_limit_it_looks_often_and_says_how_to_raise_it(
    bench: WatchBench, kind: type[Observation]
) -> None:
    bench.observation = kind
    folder = bench.watch()
    state = bench.states()[-1]
    assert state.state is WatchState.POLLING
    assert f"every {POLL_SECONDS:g} s" in state.message
    assert "sudo sysctl fs.inotify.max_user_" in state.hint
    bench.drop("a.png")
    bench.turns(folder, POLL_SECONDS + SETTLE + 2)
    assert bench.taken() == ["a.png"]


def test_events_are_tried_again_later(bench: WatchBench) -> None:
    bench.observation = Refused
    folder = bench.watch()
    bench.observation = SilentObservation
    bench.turns(folder, RESCAN_SECONDS + 5)
    assert bench.states()[-1].state is WatchState.WATCHING


def test_subfolders_that_were_passed_over_are_noticed(bench: WatchBench) -> None:
    """watchdog passes them over in silence: photographs in them would never be heard of."""
    from core.library.watched import Recursion

    bench.observation = Partial
    bench.watch(recursion=Recursion.MIRROR)
    assert bench.states()[-1].state is WatchState.POLLING


def test_network_folders_are_looked_at(bench: WatchBench) -> None:
    """Another computer's changes give no event here."""
    bench.mount = Mount(bench.home, "nfs4")
    folder = bench.watch()
    assert bench.observations == []
    assert "it lies on a network (nfs4)" in bench.states()[-1].message
    bench.drop("a.png")
    bench.turns(folder, NETWORK_SECONDS + SETTLE + 2)
    assert bench.taken() == ["a.png"]


def test_polling_if_asked_for(bench: WatchBench) -> None:
    folder = bench.watch(use_polling=True)
    assert bench.observations == []
    bench.drop("a.png")
    bench.turns(folder, POLL_SECONDS + SETTLE + 2)
    assert bench.taken() == ["a.png"]


def test_watchdogs_warning_of_lost_events_leads_to_a_look(bench: WatchBench) -> None:
    """The kernel's queue overflowed: watchdog hands no event to anybody, it only logs."""
    heard = Heard(bench.clock.monotonic)
    observation = Observation(bench.inbox, deep=False, heard=heard)
    observation.start()
    try:
        logging.getLogger("watchdog.observers.inotify_c").warning("Inotify queue overflowed")
        assert heard.take()[2]
        assert not heard.take()[2]
    finally:
        observation.stop()


@pytest.mark.parametrize("seed", range(20))
def test_of_events_of_which_most_are_lost_nothing_is_lost(bench: WatchBench, seed: int) -> None:
    """4 of 5 events dropped, doubled and out of order: each photograph is queued once."""
    chance = random.Random(seed)
    folder = bench.watch()
    names = [f"{number}.png" for number in range(30)]
    told = []
    for path in bench.drop(*names):
        bench.turns(folder, chance.random())
        if chance.random() < 0.2:
            told += [str(path)] * 2
            chance.shuffle(told)
            folder.listener.heard._files.update(dict.fromkeys(told[:3], bench.clock.now))
    bench.turns(folder, 2 * RESCAN_SECONDS)
    assert sorted(bench.taken()) == sorted(names)


def test_after_sleep_and_after_a_clock_was_set_it_looks(bench: WatchBench) -> None:
    clock = FakeClock()
    jumps = Jumps(clock)
    clock.pass_time(10_000)
    assert not jumps.jumped()
    clock.asleep += 3600
    assert jumps.jumped()
    assert not jumps.jumped()
    clock.epoch -= 86_400
    assert jumps.jumped()


# drives that come and go


def removable(bench: WatchBench) -> Mount:
    return Mount(Path("/media/anna/card"), "vfat")


def test_a_marker_tells_the_drive_from_its_empty_place(bench: WatchBench) -> None:
    """Unmounted, the folder is still there, and empty: it must not be watched then."""
    bench.mount = removable(bench)
    rule = bench.rule()
    marker = bench.inbox / rule.settings.marker
    assert marker.name.startswith(".regrain-watch-")
    assert marker.is_file()
    folder = bench.watch(rule)
    marker.rename(bench.home / "drive-is-away")
    bench.turns(folder, 2)
    assert bench.states()[-1].state is WatchState.MISSING
    assert "its drive is away" in bench.states()[-1].message
    bench.drop("on-the-wrong-disk.png")
    bench.scan_and_settle(folder)
    assert bench.taken() == []
    (bench.inbox / "on-the-wrong-disk.png").unlink()
    (bench.home / "drive-is-away").rename(marker)
    bench.drop("a.png")
    bench.turns(folder, SETTLE + 3)
    assert bench.taken() == ["a.png"]


def test_an_empty_place_is_not_taken_for_deleted_photographs(bench: WatchBench) -> None:
    """Of a disk that was away for months, every photograph would else be edited once more."""
    rule = bench.rule()
    folder = bench.watch(rule)
    bench.drop("a.png", "b.png")
    bench.scan_and_settle(folder)
    bench.inbox.rename(bench.home / "unmounted")
    bench.inbox.mkdir()
    bench.scan_and_settle(folder)
    bench.clock.epoch += 90 * 86_400
    bench.scan_and_settle(folder)
    assert all(mark.gone is None for mark in bench.marks(rule).values())
    bench.inbox.rmdir()
    (bench.home / "unmounted").rename(bench.inbox)
    bench.scan_and_settle(folder)
    assert bench.taken() == ["a.png", "b.png"]


def test_what_is_gone_for_a_month_is_forgotten(bench: WatchBench) -> None:
    """Months of files that came and went must not fill the library."""
    rule = bench.rule()
    folder = bench.watch(rule)
    bench.drop("a.png", "b.png")
    bench.scan_and_settle(folder)
    (bench.inbox / "a.png").unlink()
    bench.scan_and_settle(folder)
    assert bench.marks(rule)["a.png"].gone is not None
    bench.clock.epoch += 31 * 86_400
    bench.scan_and_settle(folder)
    assert set(bench.marks(rule)) == {"b.png"}


def test_on_the_computers_own_disk_no_marker_is_written(bench: WatchBench) -> None:
    assert bench.rule().settings.marker == ""
    assert list(bench.inbox.iterdir()) == []


def test_on_a_drive_without_lasting_inodes_nothing_is_edited_twice(bench: WatchBench) -> None:
    """FAT numbers its files anew whenever it is mounted."""
    bench.mount = removable(bench)
    rule = bench.rule()
    folder = bench.watch(rule)
    (path,) = bench.drop("a.png")
    bench.scan_and_settle(folder)
    stat = path.stat()
    data = path.read_bytes()
    path.rename(bench.home / "keep-the-inode.png")
    path.write_bytes(data)
    os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    folder.rescan()
    folder.turn()
    assert str(path) not in folder.book
    assert bench.taken() == ["a.png"]


def test_mounts_are_read_as_the_kernel_writes_them(tmp_path: Path) -> None:
    table = tmp_path / "mountinfo"
    here = mount_of(tmp_path).point
    shown = str(here).replace(" ", "\\040")
    table.write_text(
        "22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw\n"
        f"30 22 0:30 / {shown} rw,relatime - nfs4 server:/export rw\n"
        "31 22 0:31 / /media/anna/MY\\040CARD rw - vfat /dev/sdb1 rw\n"
    )
    assert mount_of(tmp_path, table).kind == "nfs4"
    assert mount_of(tmp_path, table).network
    assert Mount(Path("/media/anna/MY CARD"), "vfat").removable
    assert not Mount(Path("/home"), "ext4").removable
    assert not Mount(Path("/"), "ext4").removable
