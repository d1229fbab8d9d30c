"""A backup in a damaged library's place: nothing deleted, nobody beside it, no cut harms it."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import text

from core.errors import LibraryError, LibraryTooNewError
from core.library import restoring
from core.library.backups import Backups
from core.library.database import Database
from core.library.open_lock import OpenLock
from core.library.restoring import restore, set_aside
from core.library.tables import SCHEMA_VERSION
from tests.core.library.bench import Bench
from tests.core.library.test_backups import spoil


@pytest.fixture
def library(bench: Bench) -> Path:
    """A closed library with a backup of two photographs, and a third one since."""
    bench.photo("a.jpg")
    bench.photo("b.jpg")
    bench.enqueue()
    Backups(bench.database.path).make()
    bench.photo("c.jpg")
    bench.enqueue()
    bench.close()
    return bench.database.path


def photographs(library: Path) -> int:
    database = Database(library)
    with database.read() as connection:
        count = connection.scalar(text("SELECT count(*) FROM item"))
    database.close()
    return int(count or 0)


def test_the_newest_good_backup_takes_the_place_and_the_damaged_file_is_kept(
    library: Path,
) -> None:
    spoil(library)
    damaged = library.read_bytes()
    restored = restore(library)
    assert restored.set_aside is not None
    assert restored.set_aside.read_bytes() == damaged
    assert restored.set_aside.name.startswith("library.db.damaged-")
    assert photographs(library) == 2
    assert library.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("ending", ["-journal", "-wal", "-shm"])
def test_journals_of_the_damaged_file_go_with_it(library: Path, ending: str) -> None:
    """Left beside the restored file, SQLite would write their pages into it."""
    spoil(library)
    stale = library.with_name(library.name + ending)
    stale.write_bytes(b"\xd9\xd5\x05\xf9\x20\xa1\x63\xd7" + bytes(9000))
    restored = restore(library)
    assert not stale.exists()
    assert restored.set_aside is not None
    assert restored.set_aside.with_name(restored.set_aside.name + ending).stat().st_size == 9008
    assert photographs(library) == 2


def test_a_library_that_was_deleted_comes_back(library: Path) -> None:
    library.unlink()
    assert restore(library).set_aside is None
    assert photographs(library) == 2


def test_a_chosen_backup_and_a_bad_one(library: Path, tmp_path: Path) -> None:
    """A bad backup is never put back, whoever asks for it."""
    (backup,) = Backups(library).all()
    elsewhere = tmp_path / "usb.db"
    elsewhere.write_bytes(backup.path.read_bytes())
    assert restore(library, elsewhere).backup is not None
    before = library.read_bytes()
    spoil(elsewhere)
    with pytest.raises(LibraryError, match=r"damaged itself .*; nothing was changed"):
        restore(library, elsewhere)
    with pytest.raises(LibraryError, match="There is no file"):
        restore(library, tmp_path / "no.db")
    assert library.read_bytes() == before


def test_without_a_good_backup_nothing_is_touched(library: Path) -> None:
    (backup,) = Backups(library).all()
    spoil(backup.path)
    before = sorted(path.name for path in library.parent.iterdir())
    with pytest.raises(LibraryError, match="no good backup"):
        restore(library)
    assert sorted(path.name for path in library.parent.iterdir()) == before


def test_a_backup_of_a_newer_version_is_refused(library: Path, tmp_path: Path) -> None:
    newer = tmp_path / "newer.db"
    newer.write_bytes(Backups(library).all()[0].path.read_bytes())
    with closing(sqlite3.connect(newer)) as connection:
        connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION + 1}")
    with pytest.raises(LibraryTooNewError):
        restore(library, newer)


def test_a_library_that_somebody_has_open_is_not_replaced(library: Path) -> None:
    """What an open window writes would go into the file that was set aside."""
    holder = (
        "import sys; from pathlib import Path; from core.library.database import Database\n"
        "Database(Path(sys.argv[1])); print('open', flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", holder, library],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=library.parent,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"open\n"
        with pytest.raises(LibraryError, match=r"has .* open") as caught:
            restore(library)
        assert "Close the window" in caught.value.hint
        process.kill()
    assert restore(library).backup is not None


def test_an_opening_waits_for_whoever_is_alone_with_the_library(library: Path) -> None:
    lock = OpenLock(library)
    assert lock.take()
    with pytest.raises(LibraryError, match="putting a backup"):
        OpenLock(library).share(patience=0.05)
    lock.release()
    database = Database(library)
    assert not lock.take()
    database.close()
    assert lock.take()
    lock.release()


class CutError(Exception):
    """The power goes."""


@pytest.mark.parametrize("damage", ["spoilt", "gone", "journal"])
def test_cut_anywhere_it_is_seen_and_the_next_one_completes_it(
    library: Path, monkeypatch: pytest.MonkeyPatch, damage: str
) -> None:
    """Before each change of the folder; after it nothing may be opened that is half restored."""
    spoil(library)
    if damage == "gone":
        library.unlink()
    elif damage == "journal":
        library.with_name("library.db-journal").write_bytes(b"x" * 5000)
    real = {"rename": os.rename, "renameat2": restoring.FsOps.rename_noreplace}
    for moment in range(20):
        left = moment

        def rename(self: object, source: Path, target: Path) -> None:
            nonlocal left
            if left == 0:
                raise CutError
            left -= 1
            real["renameat2"](self, source, target)

        monkeypatch.setattr(restoring.FsOps, "rename_noreplace", rename)
        try:
            restore(library)
        except CutError:
            with pytest.raises(LibraryError, match="interrupted") as caught:
                Database(library)
            assert "regrain library restore" in caught.value.hint
        else:
            assert moment > 0
            break
    monkeypatch.undo()
    assert photographs(library) == 2
    assert not [path for path in library.parent.iterdir() if "restor" in path.name]


def test_a_full_disk_leaves_the_damaged_file_where_it_is(
    library: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spoil(library)
    before = library.read_bytes()

    def full(path: Path) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(restoring.sqlite, "sync_file", full)
    with pytest.raises(LibraryError, match="No space left"):
        restore(library)
    assert library.read_bytes() == before


def test_a_new_library_beside_journals_of_a_lost_one_is_sound(library: Path) -> None:
    """Who deletes library.db by hand leaves its journal; SQLite would play it back."""
    with closing(sqlite3.connect(library, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode = PERSIST")
        connection.execute("PRAGMA cache_size = 1")
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("UPDATE item SET message = hex(zeroblob(4000))")
        hot = library.with_name("library.db-journal").read_bytes()
        connection.execute("ROLLBACK")
    library.unlink()
    library.with_name("library.db-journal").write_bytes(hot)
    assert len(hot) > 4096
    database = Database(library)
    database.examine()
    database.close()
    assert photographs(library) == 0
    (kept,) = library.parent.glob("library.db.left-over-*")
    assert kept.read_bytes() == hot


def test_starting_anew_keeps_the_damaged_file(library: Path) -> None:
    spoil(library)
    restored = set_aside(library)
    assert restored.backup is None
    assert restored.set_aside is not None
    assert photographs(library) == 0
