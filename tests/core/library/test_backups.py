"""Backups: the way back from a damaged library, made unasked, never replaced by a bad one."""

from __future__ import annotations

import os
import sqlite3
import threading
import time
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from sqlalchemy import text

from core.errors import LibraryDamagedError, LibraryError
from core.library import sqlite
from core.library.backups import KEPT, Backups, date_words, inspect
from core.library.daily import DailyBackup
from core.library.database import Database
from core.library.lock import RenderLock
from tests.core.library.bench import Bench

DAY = 24 * 3600.0


@dataclass
class Clock:
    """Says what it is told to."""

    now: float = field(default_factory=time.time)

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def backups(bench: Bench, clock: Clock) -> Backups:
    """Of a library with one photograph in a batch."""
    bench.photo("a.jpg")
    bench.enqueue()
    return Backups(bench.database.path, clock)


def spoil(path: Path) -> None:
    """Overwrite the second page."""
    with path.open("r+b") as file:
        file.seek(4096)
        file.write(b"\xa5" * 4096)


def test_a_backup_says_when_it_was_made_and_what_is_in_it(backups: Backups) -> None:
    made = backups.make()
    assert backups.all() == [made]
    assert abs(made.made - time.time()) < 60
    contents = inspect(made.path)
    assert (contents.fault, contents.batches, contents.photographs) == ("", 1, 1)
    assert made.path.stat().st_mode & 0o077 == 0


def test_the_date_is_said_in_words() -> None:
    moment = time.mktime((2026, 11, 2, 8, 5, 0, 0, 0, -1))
    assert date_words(moment) == "2 November 2026, 08:05"


def test_ten_are_kept_and_the_oldest_goes(backups: Backups, clock: Clock) -> None:
    today = clock.now
    for days in range(KEPT + 2, 0, -1):
        clock.now = today - days * DAY
        backups.make()
    left = backups.all()
    assert len(left) == KEPT
    assert round((today - left[0].made) / DAY) == 1
    assert round((today - left[-1].made) / DAY) == KEPT


def test_several_of_one_second_have_names_of_their_own(backups: Backups) -> None:
    assert len({backups.make().path for _ in range(3)}) == 3
    assert len(backups.all()) == 3


def test_one_a_day_is_due_and_only_when_something_changed(
    bench: Bench, backups: Backups, clock: Clock
) -> None:
    today = clock.now
    clock.now = today - 2 * DAY
    assert backups.make_if_due() is not None
    clock.now = today + 5
    assert backups.make_if_due() is not None, "the library changed after that date"
    assert backups.make_if_due() is None
    clock.now = today + DAY
    assert not backups.due(), "nothing changed since"
    bench.database.write(lambda c: c.execute(text("UPDATE job SET name = 'x'")))
    os.utime(backups.library, (today + 60, today + 60))
    assert backups.due()
    clock.now = today + 3600
    assert not backups.due()


def test_an_empty_library_and_a_large_one_are_left_for_later(bench: Bench) -> None:
    """Each command would otherwise copy nothing, or hold its user up."""
    backups = Backups(bench.database.path)
    assert backups.make_if_due() is None
    bench.photo("a.jpg")
    bench.enqueue()
    assert backups.make_if_due(size=1000) is None
    assert backups.make_if_due(size=10_000_000) is not None


def test_a_damaged_library_spoils_no_backup(bench: Bench, backups: Backups) -> None:
    """Ten days of bad backups would otherwise push every good one out."""
    good = backups.make()
    bench.close()
    spoil(backups.library)
    with pytest.raises(LibraryDamagedError):
        backups.make()
    assert backups.make_if_due() is None
    assert backups.all() == [good]
    assert not list(backups.folder.glob("*part*"))


def test_the_newest_good_backup_is_found_behind_bad_ones(backups: Backups, clock: Clock) -> None:
    made = []
    for _ in range(3):
        clock.now += DAY
        made.append(backups.make())
    spoil(made[2].path)
    made[1].path.write_bytes(b"garbage")
    assert inspect(made[2].path).fault
    assert backups.newest_good() == made[0]


def test_looking_at_backups_changes_nothing(backups: Backups) -> None:
    made = backups.make()
    before = (made.path.read_bytes(), made.path.stat().st_mtime_ns)
    inspect(made.path)
    backups.newest_good()
    assert (made.path.read_bytes(), made.path.stat().st_mtime_ns) == before
    assert sorted(path.name for path in backups.folder.iterdir()) == [".lock", made.path.name]


def test_two_processes_do_not_make_the_same_backup(backups: Backups) -> None:
    backups.make()
    other = RenderLock(backups.folder / ".lock")
    assert other.acquire()
    assert backups.make_if_due() is None
    with pytest.raises(LibraryError, match="just now"):
        backups.make()
    other.release()
    backups.make()


def test_a_copy_that_was_cut_off_is_cleared_away(backups: Backups) -> None:
    backups.make()
    (backups.folder / ".library-2026-01-01-000000.db.part-77").write_bytes(b"half")
    backups.make()
    assert not list(backups.folder.glob(".*.part-*"))


def test_a_backup_is_whole_while_others_write(bench: Bench, backups: Backups) -> None:
    """A batch goes on while the backup of the day is made."""
    ended = threading.Event()
    bench.database.write(
        lambda c: c.execute(text("INSERT INTO meta VALUES ('bulk', :v)"), {"v": "x" * 9_000_000})
    )

    def work() -> None:
        number = 0
        while not ended.is_set():
            number += 1
            bench.database.write(
                lambda c, n=number: c.execute(
                    text("INSERT INTO meta VALUES (:n, '')"), {"n": f"row {n}"}
                )
            )

    writer = threading.Thread(target=work)
    writer.start()
    try:
        made = [backups.make() for _ in range(2)]
    finally:
        ended.set()
        writer.join()
    assert [inspect(one.path).fault for one in made] == ["", ""]


def test_a_copy_that_takes_too_long_is_given_up(bench: Bench, backups: Backups) -> None:
    """Nobody waits for a backup when the window is closed."""
    with (
        closing(sqlite.connect(bench.database.path, read_only=True)) as connection,
        pytest.raises(LibraryError, match="too long"),
    ):
        sqlite.copy(connection, bench.folder / "x.db", seconds=-1)
    assert not [name for name in bench.names(bench.folder) if "x.db" in name]
    assert backups.make_if_due(seconds=-1) is None
    assert backups.all() == []


def test_a_program_that_runs_for_months_makes_one_each_day(backups: Backups) -> None:
    daily = DailyBackup(backups, look_seconds=0.01)
    end = time.monotonic() + 60
    while not backups.all() and time.monotonic() < end:
        threading.Event().wait(0.01)
    daily.close()
    assert len(backups.all()) == 1


def test_damage_says_which_backup_there_is_and_how_to_put_it_back(
    bench: Bench, backups: Backups
) -> None:
    made = backups.make()
    bench.close()
    spoil(backups.library)
    with pytest.raises(LibraryDamagedError) as caught:
        Database(backups.library)
    assert made.when in caught.value.hint
    assert f"regrain library restore --library {backups.library}" in caught.value.hint


def test_damage_without_a_backup_says_what_helps_then(bench: Bench, backups: Backups) -> None:
    bench.close()
    spoil(backups.library)
    with pytest.raises(LibraryDamagedError) as caught:
        Database(backups.library)
    assert "There is no backup" in caught.value.hint
    assert "regrain library rebuild FOLDER" in caught.value.hint


@pytest.mark.parametrize("content", [b"", b"garbage", bytes(200_000)], ids=["cut", "text", "zeros"])
def test_a_library_whose_beginning_is_gone_is_damaged_not_foreign(
    bench: Bench, backups: Backups, content: bytes
) -> None:
    backups.make()
    bench.close()
    backups.library.write_bytes(content)
    with pytest.raises(LibraryDamagedError, match="beginning"):
        Database(backups.library)
    assert backups.library.read_bytes() == content


def test_damage_that_shows_while_it_is_used_is_said_alike(bench: Bench, backups: Backups) -> None:
    backups.make()
    spoil(backups.library)
    with pytest.raises(LibraryDamagedError, match="damaged"):
        bench.database.examine()


def test_reading_the_header_drops_no_lock_of_this_process(bench: Bench, backups: Backups) -> None:
    """A file that is opened and closed beside SQLite loses the process its locks on it."""
    with closing(sqlite3.connect(bench.database.path, isolation_level=None)) as writing:
        writing.execute("BEGIN EXCLUSIVE")
        sqlite.read_header(bench.database.path)
        before = _posix_locks(bench.database.path)
        assert before
        writing.execute("ROLLBACK")


def _posix_locks(path: Path) -> list[str]:
    """Return this machine's locks on a file, as the kernel lists them."""
    table = Path("/proc/locks")
    if not table.exists():
        pytest.skip("the kernel does not list locks here")
    inode = f":{path.stat().st_ino} "
    return [line for line in table.read_text().splitlines() if inode in line and "POSIX" in line]
