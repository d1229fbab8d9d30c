"""Watched folders in which files move, vanish, come back and go round: each content once."""

from __future__ import annotations

import errno
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from core.errors import Reason, SettingsError
from core.events import Event, ItemStarted, WatchState
from core.library.records import ItemStatus
from core.library.watched import Recursion
from core.watch.folder import FolderWatch
from core.watch.mounts import Mount
from tests.core.watch.bench import SETTLE, SilentObservation, WatchBench
from tests.faults.table import Tally
from tests.runs import Bench, make_photographs


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[WatchBench]:
    made = WatchBench(tmp_path)
    yield made
    made.close()


@pytest.fixture
def bind(tmp_path: Path) -> Iterator[Callable[[Path, Path], None]]:
    """Mount a folder at a second place."""
    if os.geteuid() != 0:
        pytest.skip("a bind mount needs root")
    mounted: list[Path] = []

    def mount(folder: Path, place: Path) -> None:
        place.mkdir(parents=True, exist_ok=True)
        done = subprocess.run(["mount", "--bind", folder, place], check=False, capture_output=True)
        if done.returncode:
            pytest.skip(f"nothing can be mounted here: {done.stderr.decode()}")
        mounted.append(place)

    yield mount
    for place in reversed(mounted):
        subprocess.run(["umount", "-l", place], check=False, capture_output=True)


# row 31


def rename_dances(bench: WatchBench, folder: FolderWatch) -> int:
    """Rename in all ways, ten times each; return how often."""
    bench.drop(*(f"{number}.png" for number in range(10)))
    for number in range(10):
        (bench.inbox / f"{number}.png").rename(bench.inbox / f"{number}.png.part")
    bench.scan_and_settle(folder)
    for number in range(10):
        (bench.inbox / f"{number}.png.part").rename(bench.inbox / f"{number}.png")
    bench.scan_and_settle(folder)
    bench.render_all()
    for number in range(10):
        (bench.inbox / f"{number}.png").rename(bench.inbox / f"other-{number}.png")
    bench.scan_and_settle(folder)
    make_photographs(bench.home / "coming", [f"{number}.png" for number in range(100)])
    shutil.move(bench.home / "coming", bench.inbox / "coming")
    folder.listener.heard._folders.add(str(bench.inbox / "coming"))
    bench.scan_and_settle(folder)
    return 121


def test_each_content_is_edited_once_whatever_its_names(bench: WatchBench, tally: Tally) -> None:
    """Importers, sync clients and people rename by the thousand; nothing is edited twice for it."""
    folder = bench.watch(recursion=Recursion.MIRROR)
    times = rename_dances(bench, folder)
    taken = bench.taken()
    losses = abs(len(taken) - 110) + len(taken) - len(set(taken))
    tally(31, "renamed from .part, renamed away, moved in as a folder", times, losses)
    assert losses == 0


def test_what_is_replaced_while_it_is_in_work_is_edited_again(
    bench: WatchBench, tally: Tally
) -> None:
    """The last word is the result of the bytes that lie there now."""
    rule = bench.rule()
    folder = bench.watch(rule)
    paths = bench.drop(*(f"{number}.png" for number in range(10)))
    bench.scan_and_settle(folder)
    claims = bench.queue.claim("test", 10)
    for number, path in enumerate(paths):
        (new,) = bench.drop(f"../new-{number}.png")
        new.replace(path)
    bench.scan_and_settle(folder)
    waiting = [i.source for i in bench.items() if i.status is ItemStatus.PENDING]
    bench.queue.release(claims)
    losses = len(set(paths) ^ set(waiting)) + len(waiting) - len(set(waiting))
    tally(31, "replaced by another file while it is rendered", len(paths), losses)
    assert losses == 0


# row 32


def test_deleted_while_they_settle_they_leave_no_trace(bench: WatchBench, tally: Tally) -> None:
    folder = bench.watch()
    paths = bench.drop(*(f"{number}.png" for number in range(300)))
    folder.rescan()
    bench.turns(folder, 1)
    for path in paths:
        path.unlink()
    bench.turns(folder, 2 * SETTLE)
    losses = len(bench.items()) + len(folder.book)
    tally(32, "deleted while it settles", len(paths), losses)
    assert losses == 0


def test_deleted_while_they_wait_or_are_rendered_they_are_left_out(
    benches: Callable[..., Bench], tally: Tally
) -> None:
    """Somebody tidies the folder up while it is worked on: no error, and the rest is done."""
    bench = benches(fake={"rows": 8, "steps": 1})
    waiting = bench.photographs(*(f"{number}-waits.png" for number in range(120)))
    bench.photographs(*(f"{number}.png" for number in range(80)))

    def tidy(event: Event) -> None:
        if isinstance(event, ItemStarted):
            event.source.unlink()

    bench.sink = tidy
    job = bench.enqueue().job
    for path in waiting:
        path.unlink()
    bench.run(job)
    items = bench.queue.items(job)
    fine = [
        item
        for item in items
        if item.status is ItemStatus.DONE
        or (item.status is ItemStatus.LEFT_OUT and item.reason is Reason.VANISHED)
    ]
    tally(32, "deleted while it waits, or is rendered", len(items), len(items) - len(fine))
    odd = [(i.source.name, i.status, i.reason, i.message) for i in items if i not in fine]
    assert not odd and len(items) == 200
    assert all(item.status is ItemStatus.LEFT_OUT for item in items if "waits" in item.source.name)


# row 33


def test_a_folder_that_comes_and_goes_loses_nothing(bench: WatchBench, tally: Tally) -> None:
    folder = bench.watch()
    names = [f"{number}.png" for number in range(10)]
    for name in names:
        shutil.rmtree(bench.inbox)
        bench.turns(folder, 2)
        assert bench.states()[-1].state is WatchState.MISSING
        assert not bench.inbox.exists()
        bench.inbox.mkdir()
        bench.drop(name)
        bench.turns(folder, SETTLE + 2)
    losses = len(set(names) ^ set(bench.taken()))
    observers = len({id(one) for one in bench.observations})
    tally(33, "the folder is removed and made anew", len(names), losses)
    assert losses == 0
    assert observers == len(names) + 1


def test_without_its_marker_a_drive_is_away(bench: WatchBench, tally: Tally) -> None:
    """What lies in the mount point's empty folder is not the card's; it is not taken."""
    bench.mount = Mount(Path("/media/anna/card"), "vfat")
    rule = bench.rule()
    folder = bench.watch(rule)
    marker, away = bench.inbox / rule.settings.marker, bench.home / "away"
    names = [f"{number}.png" for number in range(5)]
    for name in names:
        marker.rename(away)
        (wrong,) = bench.drop(f"wrong-{name}")
        bench.turns(folder, SETTLE + 2)
        assert bench.states()[-1].state is WatchState.MISSING
        wrong.unlink()
        away.rename(marker)
        bench.drop(name)
        bench.turns(folder, SETTLE + 3)
    losses = len(set(names) ^ set(bench.taken()))
    tally(33, "the drive is away, its empty folder is there", len(names), losses)
    assert losses == 0


# row 34


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EMFILE])
def test_at_a_limit_of_the_system_nothing_is_lost(
    bench: WatchBench, tally: Tally, number: int
) -> None:
    class Refused(SilentObservation):
        def start(self) -> None:
            raise OSError(number, os.strerror(number))

    bench.observation = Refused
    folder = bench.watch()
    names = [f"{count}.png" for count in range(10)]
    for name in names:
        bench.drop(name)
        bench.turns(folder, 30)
    losses = len(set(names) ^ set(bench.taken()))
    tally(34, f"no file events: {os.strerror(number)}", len(names), losses)
    assert losses == 0
    assert "sudo sysctl fs.inotify.max_user_" in bench.states()[-1].hint


# row 35


def test_a_loop_is_refused_however_it_is_disguised(
    bench: WatchBench, bind: Callable[[Path, Path], None], tally: Tally
) -> None:
    """Each result would be a new photograph, for ever, until the disk is full."""
    (bench.inbox / "deep").mkdir()
    link = bench.home / "link"
    link.symlink_to(bench.inbox)
    bind(bench.inbox, bench.home / "mounted")
    # On a disk that does not tell case, another spelling is the same folder, as here.
    bind(bench.inbox, bench.home / "INBOX")
    loops = [
        bench.inbox,
        bench.inbox / "deep" / "new",
        link,
        link / "deep",
        bench.home / "mounted",
        bench.home / "mounted" / "deep" / "er",
        bench.home / "INBOX" / "done",
    ]
    refused = 0
    for output in loops:
        with pytest.raises(SettingsError, match="would"):
            bench.plan(bench.recipe(folder=output), recursion=Recursion.MIRROR)
        refused += 1
    second = bench.home / "second"
    second.mkdir()
    bench.rule(bench.recipe(folder=second))
    for output in (bench.inbox, link, bench.home / "mounted"):
        with pytest.raises(SettingsError, match="circle"):
            bench.plan(bench.recipe(folder=output), folder=second)
        refused += 1
    tally(35, "results would come back: refused", refused, 10 - refused)


def test_a_loop_made_afterwards_ends_after_one_generation(
    bench: WatchBench, bind: Callable[[Path, Path], None], tally: Tally
) -> None:
    """The folders are checked when the rule is made; links and mounts may come later."""
    folder = bench.watch(recursion=Recursion.MIRROR)
    (bench.inbox / "back").mkdir()
    bind(bench.inbox / "back", bench.out)
    names = [f"{number}.png" for number in range(5)]
    bench.drop(*names)
    for _ in range(4):
        bench.scan_and_settle(folder)
        bench.render_all()
    results = [path for path in bench.inbox.rglob("*.png") if path.parent != bench.inbox]
    losses = abs(len(results) - len(names)) + abs(len(bench.taken()) - len(names))
    tally(35, "results come back all the same: one generation", len(names), losses)
    assert losses == 0


def test_copied_back_under_other_names_results_are_not_edited(
    bench: WatchBench, tally: Tally
) -> None:
    """A sync client between two computers, or a script that copies everything everywhere."""
    folder = bench.watch()
    bench.drop(*(f"{number}.png" for number in range(5)))
    for generation in range(3):
        bench.scan_and_settle(folder)
        bench.render_all()
        for path in sorted(bench.out.iterdir()):
            shutil.copy(path, bench.inbox / f"copy{generation}-{path.name}")
    losses = abs(len(bench.taken()) - 5)
    tally(35, "copied back by another program, under other names", 15, losses)
    assert losses == 0


# row 36


def test_links_lead_nowhere_and_hard_links_are_two(bench: WatchBench, tally: Tally) -> None:
    make_photographs(bench.home / "private", ["secret.png"])
    (bench.inbox / "a" / "b").mkdir(parents=True)
    (bench.inbox / "a" / "a").symlink_to("..")
    (bench.inbox / "a" / "b" / "up").symlink_to(bench.inbox)
    (bench.inbox / "out").symlink_to(bench.home / "private")
    (bench.inbox / "etc").symlink_to("/etc")
    (bench.inbox / "self").symlink_to("self")
    (bench.inbox / "gone.png").symlink_to("nowhere.png")
    (bench.inbox / "zero.png").symlink_to("/dev/zero")
    folder = bench.watch(recursion=Recursion.MIRROR)
    (path,) = bench.drop("a/b/c.png")
    os.link(path, bench.inbox / "twin.png")
    for _ in range(3):
        bench.scan_and_settle(folder)
    wrong = set(bench.taken()) ^ {"a/b/c.png", "twin.png"}
    tally(36, "links in circles, to outside, to nothing; hard links", 9, len(wrong))
    assert not wrong
    assert len(bench.taken()) == 2
