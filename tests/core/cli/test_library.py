"""`regrain library`: what stands between a damaged file and the loss of a year's work."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from core.library.backups import Backups
from core.library.database import Database
from tests.core.cli.commands import Ran
from tests.core.library.bench import Bench
from tests.core.library.test_backups import spoil

Regrain = Callable[..., Ran]


@pytest.fixture
def library(own_home: Path) -> Path:
    return own_home / "library.db"


@pytest.fixture
def done(own_home: Path) -> Bench:
    """The user's library with three results, made without a render process; closed."""
    bench = Bench(own_home)
    for name in ("a.jpg", "b.jpg", "c.jpg"):
        bench.photo(name)
    bench.enqueue()
    bench.work()
    bench.close()
    return bench


def test_check_says_what_is_well_and_exits_0(regrain: Regrain, done: Bench, library: Path) -> None:
    ran = regrain("library", "check")
    assert ran.code == 0
    assert "ok    1 batch with 3 photographs; the counts add up." in ran.out
    assert "3 results are recorded: 3 there." in ran.out
    assert "All is well." in ran.err
    lines = regrain("library", "check", "--deep", "--json").lines
    assert lines[-1] == {"event": "summary", "library": str(library), "ok": True, "wrong": 0}
    assert all(line["ok"] for line in lines)


def test_check_of_a_damaged_library_exits_5_and_says_the_way_back(
    regrain: Regrain, done: Bench, library: Path
) -> None:
    spoil(library)
    ran = regrain("library", "check")
    assert ran.code == 5
    assert "WRONG The file is damaged" in ran.out
    assert "regrain library restore" in ran.out
    ran = regrain("library", "check", "--json")
    assert (ran.code, ran.lines[-1]["ok"]) == (5, False)


def test_where_there_is_no_library_nothing_is_made(regrain: Regrain, library: Path) -> None:
    for words in (("check",), ("backup",), ("restore",)):
        ran = regrain("library", *words)
        assert ran.code == 5, words
    assert "There is no backup yet" in regrain("library", "restore", "--list").err
    assert not library.exists()


def test_a_command_leaves_the_backup_of_the_day_behind(
    regrain: Regrain, done: Bench, library: Path
) -> None:
    """Nobody who loses a library had thought of backups before."""
    regrain("batches")
    (backup,) = Backups(library).all()
    regrain("batches")
    assert Backups(library).all() == [backup], "one a day"
    listed = regrain("library", "restore", "--list")
    assert listed.code == 0
    assert f"{backup.when}  1 batch, 3 photographs, 3 results  {backup.path}" in listed.out


def test_backup_into_a_folder_or_a_file_and_never_over_others(
    regrain: Regrain, done: Bench, library: Path, tmp_path: Path
) -> None:
    made = Path(regrain("library", "backup").out.strip())
    assert made.parent == library.with_name("library.db.backups")
    (tmp_path / "usb").mkdir()
    in_folder = Path(regrain("library", "backup", tmp_path / "usb").out.strip())
    assert in_folder.parent == tmp_path / "usb"
    for _ in range(2):
        ran = regrain("library", "backup", tmp_path / "mine.db", "--json")
        assert (ran.code, ran.lines[0]["photographs"]) == (0, 3)
    photograph = done.photo("a.jpg")
    before = photograph.read_bytes()
    assert regrain("library", "backup", photograph).code == 5
    assert photograph.read_bytes() == before
    assert regrain("library", "backup", library).code == 2
    assert regrain("library", "backup", tmp_path / "no" / "x.db").code == 2


def test_a_damaged_library_is_put_back_with_what_came_after(
    regrain: Regrain, trip: Path, library: Path, tmp_path: Path
) -> None:
    """Damage in the evening: the morning's backup, and the day's results are found again."""
    regrain("run", trip, "-o", tmp_path / "out")
    first = regrain("library", "backup").out.strip()
    (trip / "a.png").rename(trip / "later.png")
    regrain("run", trip, "-o", tmp_path / "out")
    results = sorted(path.name for path in (tmp_path / "out").rglob("*.*"))
    spoil(library)
    damaged = library.read_bytes()

    ran = regrain("run", trip, "-o", tmp_path / "out")
    assert ran.code == 5
    assert "Put back the backup of" in ran.err
    assert "regrain library restore" in ran.err

    ran = regrain("library", "restore", first, "--json")
    assert ran.code == 0
    (line,) = ran.lines
    assert (line["found"], line["known"]) == (1, 4)
    assert Path(line["set_aside"]).read_bytes() == damaged
    summary = regrain("run", trip, "-o", tmp_path / "out", "--json").counts()
    assert summary == {"found": 4, "already_done": 4}
    assert sorted(path.name for path in (tmp_path / "out").rglob("*.*")) == results
    assert regrain("library", "check").code == 0


def test_restore_is_refused_while_a_library_is_open(
    regrain: Regrain, done: Bench, library: Path
) -> None:
    regrain("library", "backup")
    database = Database(library)
    before = library.stat().st_ino
    ran = regrain("library", "restore")
    assert ran.code == 5
    assert "open" in ran.err
    assert "Close the window" in ran.err
    assert library.stat().st_ino == before
    database.close()
    assert "The library is as it was on" in regrain("library", "restore").out


def test_a_lost_library_is_rebuilt_from_the_results(
    regrain: Regrain, trip: Path, library: Path, tmp_path: Path
) -> None:
    regrain("run", trip, "-o", tmp_path / "out")
    library.unlink()
    ran = regrain("library", "rebuild", tmp_path / "out")
    assert ran.code == 0
    assert "Results found again: 4. Known before: 0." in ran.out
    summary = regrain("run", trip, "-o", tmp_path / "out", "--json").counts()
    assert summary == {"found": 4, "already_done": 4}
    assert regrain("library", "rebuild", tmp_path / "nowhere").code == 2


def test_another_library_than_the_users_own(
    regrain: Regrain, done: Bench, library: Path, tmp_path: Path
) -> None:
    other = library.rename(tmp_path / "other.db")
    assert regrain("library", "backup", "--library", other).code == 0
    assert regrain("library", "check", "--library", other).code == 0
    spoil(other)
    hint = regrain("batches", "list", "--library", other).err
    assert f"regrain library restore --library {other}" in hint
    assert regrain("library", "restore", "--library", other).code == 0
    assert not library.exists()
