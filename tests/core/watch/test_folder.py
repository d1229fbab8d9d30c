"""What a user gets from a watched folder: each photograph once, whole, again when it changed."""

from __future__ import annotations

import importlib.util
import os
import shutil

import pytest

from core.errors import Reason
from core.events import WatchState
from core.library.records import ItemStatus
from core.library.watched import Existing, FileKind
from core.watch.folder import HELD_SECONDS
from core.watch.settle import PATIENCE_SECONDS
from tests.core.watch.bench import SETTLE, WatchBench


def test_a_new_photograph_is_queued_once_it_is_quiet(bench: WatchBench) -> None:
    folder = bench.watch()
    (path,) = bench.drop("a.png")
    folder.listener.heard._files[str(path)] = bench.clock.now
    begun = bench.clock.now
    due = folder.turn()
    while not bench.queued():
        bench.clock.now = due
        due = folder.turn()
        assert bench.clock.now - begun < SETTLE + 1
    assert bench.clock.now - begun == pytest.approx(SETTLE, abs=0.01)
    assert bench.taken() == ["a.png"]
    assert bench.woken == 1


def test_what_no_event_told_is_found_by_the_scan(bench: WatchBench) -> None:
    """watchdog loses events by the thousand; the folder itself is the truth."""
    folder = bench.watch()
    bench.drop("a.png", "b.png")
    bench.turns(folder, 299)
    assert bench.taken() == []
    bench.turns(folder, SETTLE + 3)
    assert bench.taken() == ["a.png", "b.png"]


def test_only_new_ones_by_default(bench: WatchBench) -> None:
    """18,000 photographs that lie there already must not be edited unasked."""
    bench.drop("old.png")
    folder = bench.watch()
    bench.drop("new.png")
    bench.scan_and_settle(folder)
    assert bench.taken() == ["new.png"]


def test_all_of_them_if_asked_for(bench: WatchBench) -> None:
    bench.drop("old.png")
    folder = bench.watch(existing=Existing.ALL)
    bench.drop("new.png")
    bench.scan_and_settle(folder)
    assert sorted(bench.taken()) == ["new.png", "old.png"]


def test_each_one_once_whatever_events_and_scans_say(bench: WatchBench) -> None:
    folder = bench.watch()
    (path,) = bench.drop("a.png")
    for _ in range(3):
        folder.listener.heard._files[str(path)] = bench.clock.now
        bench.scan_and_settle(folder)
    assert bench.taken() == ["a.png"]


def test_after_a_restart_what_came_meanwhile_is_taken_and_nothing_twice(bench: WatchBench) -> None:
    rule = bench.rule()
    bench.scan_and_settle(bench.watch(rule))
    bench.drop("a.png")
    bench.scan_and_settle(bench.watch(rule))
    bench.drop("b.png")
    bench.scan_and_settle(bench.watch(rule))
    assert bench.taken() == ["a.png", "b.png"]


def test_saved_again_over_itself_it_is_edited_again(bench: WatchBench) -> None:
    folder = bench.watch()
    (path,) = bench.drop("a.png")
    bench.scan_and_settle(folder)
    bench.finish_all()
    before = bench.items()[0]
    (other,) = bench.drop("../other.png")
    path.write_bytes(other.read_bytes())
    bench.scan_and_settle(folder)
    (item,) = bench.items()
    assert (item.id, item.status) == (before.id, ItemStatus.PENDING)
    assert item.output == bench.out / "a.png"


def test_saved_again_while_it_is_rendered_it_gets_another_turn(bench: WatchBench) -> None:
    """The render process has the earlier bytes; its result must not be the last word."""
    folder = bench.watch()
    (path,) = bench.drop("a.png")
    bench.scan_and_settle(folder)
    (claim,) = bench.queue.claim("test", 1)
    path.write_bytes(bench.drop("../other.png")[0].read_bytes())
    bench.scan_and_settle(folder)
    assert bench.taken() == ["a.png", "a.png"]
    assert [item.status for item in bench.items()] == [ItemStatus.RUNNING, ItemStatus.PENDING]
    bench.queue.release([claim])


def test_saved_anew_with_the_same_bytes_nothing_is_done(bench: WatchBench) -> None:
    """Sync programs and backups touch files by the thousand without changing them."""
    folder = bench.watch()
    (path,) = bench.drop("a.png")
    bench.scan_and_settle(folder)
    bench.finish_all()
    data = path.read_bytes()
    path.unlink()
    path.write_bytes(data)
    os.utime(path, ns=(1, 1))
    bench.scan_and_settle(folder)
    assert [item.status for item in bench.items()] == [ItemStatus.ALREADY_DONE]


def test_a_photograph_that_was_there_and_is_saved_again_is_taken(bench: WatchBench) -> None:
    (path,) = bench.drop("old.png")
    folder = bench.watch()
    path.write_bytes(bench.drop("../other.png")[0].read_bytes())
    bench.scan_and_settle(folder)
    assert bench.taken() == ["old.png"]


def test_another_name_for_a_known_photograph_is_no_new_one(bench: WatchBench) -> None:
    """Importers give cards' names to 2,000 files: none of them is to be edited a second time."""
    bench.drop("old.png")
    rule = bench.rule()
    folder = bench.watch(rule)
    bench.drop("a.part.png", "a.png")
    bench.scan_and_settle(folder)
    (bench.inbox / "a.png").rename(bench.inbox / "holiday.png")
    (bench.inbox / "old.png").rename(bench.inbox / "older.png")
    bench.scan_and_settle(folder)
    assert bench.taken() == ["a.png"]
    assert set(bench.marks(rule)) == {"holiday.png", "older.png"}


def test_hard_links_are_two_photographs(bench: WatchBench) -> None:
    folder = bench.watch()
    (path,) = bench.drop("a.png")
    os.link(path, bench.inbox / "b.png")
    bench.scan_and_settle(folder)
    assert bench.taken() == ["a.png", "b.png"]


def test_photographs_of_a_day_are_one_batch(bench: WatchBench) -> None:
    """One drop every ten seconds for months must not make a million batches."""
    folder = bench.watch()
    for name in ("a.png", "b.png", "c.png"):
        bench.drop(name)
        bench.scan_and_settle(folder)
        bench.finish_all()
    assert len(bench.queue.jobs()) == 1
    assert bench.queue.totals(bench.queue.jobs()[0].id).already_done == 3


def test_a_canceled_batch_gets_no_new_photographs(bench: WatchBench) -> None:
    folder = bench.watch()
    bench.drop("a.png")
    bench.scan_and_settle(folder)
    bench.queue.cancel(bench.queue.jobs()[0].id)
    bench.drop("b.png")
    bench.scan_and_settle(folder)
    assert [item.status for item in bench.items()] == [ItemStatus.CANCELED, ItemStatus.PENDING]


def test_a_changed_recipe_is_for_new_photographs(bench: WatchBench) -> None:
    folder = bench.watch(bench.rule(bench.recipe(0.2)))
    bench.drop("a.png")
    bench.scan_and_settle(folder)
    folder = bench.watch(bench.rule(bench.recipe(0.4)))
    bench.drop("b.png")
    bench.scan_and_settle(folder)
    assert bench.taken() == ["a.png", "b.png"]
    strengths = {job.recipe.edit.strength for job in bench.queue.jobs()}
    assert strengths == {0.2, 0.4}


def test_and_for_all_if_again_is_asked_for(bench: WatchBench) -> None:
    folder = bench.watch(bench.rule(bench.recipe(0.2)))
    bench.drop("a.png")
    bench.scan_and_settle(folder)
    bench.finish_all()
    folder = bench.watch(bench.rule(bench.recipe(0.4), again=True))
    bench.scan_and_settle(folder)
    assert bench.taken() == ["a.png", "a.png"]
    assert max(bench.queue.jobs(), key=lambda job: job.id).again


# unfinished files


def test_a_stalled_copy_is_waited_for(bench: WatchBench) -> None:
    """A copy over a bad network stands still for minutes; half of it is no photograph."""
    folder = bench.watch()
    (whole,) = bench.drop("../whole.png")
    data = whole.read_bytes()
    path = bench.inbox / "a.png"
    path.write_bytes(data[: len(data) // 2])
    bench.scan_and_settle(folder)
    bench.turns(folder, 300)
    assert bench.taken() == []
    path.write_bytes(data)
    bench.turns(folder, 2 * SETTLE + 1)
    assert bench.taken() == ["a.png"]


@pytest.mark.parametrize("content", [b"", b"\x89PNG\r\n\x1a\n and then nothing", bytes(5000)])
def test_what_stays_cut_is_given_to_the_engine_after_ten_minutes(
    bench: WatchBench, content: bytes
) -> None:
    """It is said why there is no result, instead of a file that waits for ever unseen."""
    folder = bench.watch()
    (bench.inbox / "cut.png").write_bytes(content)
    bench.scan_and_settle(folder)
    bench.turns(folder, PATIENCE_SECONDS - 60)
    assert bench.taken() == []
    bench.turns(folder, 120)
    assert bench.taken() == ["cut.png"]


def test_a_file_that_a_program_writes_is_waited_for(bench: WatchBench) -> None:
    """Preallocated and written through mapped memory, it has its full size from the start."""
    folder = bench.watch()
    (path,) = bench.drop("a.png")
    bench.open_files.add(str(path))
    bench.scan_and_settle(folder)
    bench.turns(folder, 100)
    assert bench.taken() == []
    bench.open_files.clear()
    bench.turns(folder, SETTLE + 1)
    assert bench.taken() == ["a.png"]


def test_deleted_while_it_settles_nothing_is_said(bench: WatchBench) -> None:
    folder = bench.watch()
    paths = bench.drop(*(f"{n}.png" for n in range(50)))
    folder.rescan()
    bench.turns(folder, 1)
    for path in paths:
        path.unlink()
    bench.turns(folder, 2 * SETTLE)
    assert bench.items() == []
    assert len(folder.book) == 0


# what is no photograph


def test_what_is_left_out_is_in_the_batch_with_its_reason(bench: WatchBench) -> None:
    rule = bench.rule()
    folder = bench.watch(rule)
    bench.drop("a.png")
    (bench.inbox / "raw.cr2").write_bytes(b"raw")
    (bench.inbox / "anim.gif").write_bytes(b"GIF89a")
    (bench.inbox / "x.jpg").mkdir()
    (bench.inbox / "notes.xmp").write_text("sidecar")
    os.mkfifo(bench.inbox / "pipe.png")
    for _ in range(3):
        bench.scan_and_settle(folder)
    reasons = {item.source.name: item.reason for item in bench.items()}
    raw = {} if importlib.util.find_spec("rawpy") else {"raw.cr2": Reason.RAW}
    assert reasons | raw == {
        "a.png": None,
        "anim.gif": Reason.ANIMATED,
        "pipe.png": Reason.NOT_A_FILE,
        **raw,
    }
    assert len(bench.items()) == len(reasons)


@pytest.mark.parametrize(
    "name",
    [".hidden.png", "._a.jpg", "a.jpg.part", "a.crdownload", "~syncthing~a.jpg", "a.part.jpg"],
)
def test_what_other_programs_have_not_finished_is_let_be(bench: WatchBench, name: str) -> None:
    folder = bench.watch()
    (whole,) = bench.drop("../whole.png")
    shutil.copy(whole, bench.inbox / name)
    bench.scan_and_settle(folder)
    assert bench.items() == []


def test_patterns_choose(bench: WatchBench) -> None:
    folder = bench.watch(patterns=("IMG_*.png", "!*_bad.png"))
    bench.drop("IMG_1.png", "img_2.png", "IMG_3_bad.png", "other.png")
    bench.scan_and_settle(folder)
    assert bench.taken() == ["IMG_1.png", "img_2.png"]


# folders that go away


def test_the_folder_goes_away_and_comes_back(bench: WatchBench) -> None:
    rule = bench.rule()
    folder = bench.watch(rule)
    bench.drop("a.png")
    bench.scan_and_settle(folder)
    first = bench.observations[-1]
    shutil.rmtree(bench.inbox)
    bench.turns(folder, 3)
    assert bench.states()[-1].state is WatchState.MISSING
    assert not first.alive()
    assert not bench.inbox.exists()
    bench.inbox.mkdir()
    bench.drop("b.png")
    bench.turns(folder, SETTLE + 2)
    assert bench.taken() == ["a.png", "b.png"]
    assert bench.states()[-1].state is WatchState.WATCHING
    assert bench.observations[-1] is not first


def test_an_output_folder_that_is_gone_is_not_made_anew(bench: WatchBench) -> None:
    """It is on a drive that was pulled: a new folder in its place would fill the system's disk."""
    folder = bench.watch()
    bench.out.rmdir()
    bench.drop("a.png")
    bench.scan_and_settle(folder)
    assert bench.items() == []
    assert not bench.out.exists()
    assert bench.states()[-1].state is WatchState.BLOCKED
    assert str(bench.out) in bench.states()[-1].message
    bench.out.mkdir()
    bench.turns(folder, HELD_SECONDS + SETTLE)
    assert bench.taken() == ["a.png"]
    assert bench.states()[-1].state is WatchState.WATCHING


def test_two_processes_that_watch_one_folder_take_each_photograph_once(bench: WatchBench) -> None:
    rule = bench.rule()
    one, two = bench.watch(rule), bench.watch(rule)
    bench.drop(*(f"{n}.png" for n in range(20)))
    one.rescan()
    two.rescan()
    for _ in range(60):
        one.turn()
        two.turn()
        bench.clock.pass_time(0.2)
    assert sorted(bench.taken()) == sorted(f"{n}.png" for n in range(20))


def test_of_marks_that_match_by_inode_alone_none_is_lost(bench: WatchBench) -> None:
    """A deleted file's inode is used again: same number, same size, another photograph."""
    rule = bench.rule()
    folder = bench.watch(rule)
    (path,) = bench.drop("a.bmp")
    os.utime(path, ns=(10**18, 10**18))
    bench.scan_and_settle(folder)
    (other,) = bench.drop("b.bmp")
    pixels = other.read_bytes()
    assert len(pixels) == path.stat().st_size and pixels != path.read_bytes()
    # Not every file system gives a number anew at once, so the deleted file lends its own.
    path.replace(other)
    with other.open("r+b") as file:
        file.write(pixels)
    os.utime(other, ns=(10**18, 10**18))
    bench.scan_and_settle(folder)
    assert bench.taken() == ["a.bmp", "b.bmp"]
    assert {mark.kind for mark in bench.marks(rule).values()} == {FileKind.TAKEN}


def test_drops_of_any_number_leave_nothing_behind(bench: WatchBench) -> None:
    """A statement kept compiled for each number of photographs would fill the memory in months."""
    folder = bench.watch()

    def kept_after(count: int) -> int:
        bench.drop(*(f"{count}-{number}.png" for number in range(count)))
        bench.scan_and_settle(folder)
        return len(bench.database._readers._compiled_cache or ())

    first = kept_after(2)
    assert [kept_after(count) for count in (3, 4, 5, 6)] == [first] * 4
