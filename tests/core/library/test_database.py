"""The library's file: made whole or not at all, foreign ones left alone, written in order."""

from __future__ import annotations

import re
import sqlite3
import subprocess
import sys
import threading
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import exc, insert, select, text

from core.errors import LibraryError, LibraryTooNewError
from core.library import create, migrate, sqlite
from core.library import database as database_module
from core.library.database import Database
from core.library.tables import APPLICATION_ID, SCHEMA_VERSION, meta
from tests.core.library.bench import Bench, header, schema


def names(folder: Path) -> list[str]:
    """Return what lies in a folder, but for the lock that everybody shares."""
    return sorted(path.name for path in folder.iterdir() if path.suffix != ".open-lock")


def set_pragma(path: Path, name: str, value: int) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(f"PRAGMA {name} = {value}")


def test_a_new_library_is_marked_as_ours_with_its_folder_made(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "er" / "library.db"
    library = Database(path)
    library.close()
    assert header(path) == (APPLICATION_ID, SCHEMA_VERSION)
    assert names(path.parent) == ["library.db"]
    assert path.stat().st_mode & 0o077 == 0


def test_each_library_has_an_id_of_its_own_that_stays(tmp_path: Path) -> None:
    """Temporary files are told apart by it: another library's must never be swept."""
    ids = []
    for name in ("one.db", "two.db", "one.db"):
        library = Database(tmp_path / name)
        ids.append(library.library_id)
        library.close()
    assert ids[0] == ids[2] != ids[1]
    assert re.fullmatch("[0-9a-f]{12}", ids[0])


@pytest.mark.parametrize(
    "content",
    [b"", b"a text file", b"SQLite format 3\0 and then nothing", bytes(4096)],
    ids=["empty", "text", "cut", "zeros"],
)
def test_a_file_that_is_no_library_is_refused_and_left_as_it_is(
    tmp_path: Path, content: bytes
) -> None:
    path = tmp_path / "library.db"
    path.write_bytes(content)
    with pytest.raises(LibraryError, match="not a Regrain library; it was left as it is"):
        Database(path)
    assert path.read_bytes() == content
    assert [entry.name for entry in tmp_path.iterdir()] == ["library.db"]


def test_another_programs_database_is_refused_and_left_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "digikam4.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE Images (id INTEGER)")
        connection.commit()
    before = path.read_bytes()
    with pytest.raises(LibraryError, match="not a Regrain library"):
        Database(path)
    assert path.read_bytes() == before
    assert [entry.name for entry in tmp_path.iterdir()] == ["digikam4.db"]


def test_a_newer_library_is_refused_and_left_as_it_is(folder: Path) -> None:
    path = folder / "library.db"
    set_pragma(path, "user_version", SCHEMA_VERSION + 1)
    before = path.read_bytes()
    with pytest.raises(LibraryTooNewError, match="newer Regrain") as caught:
        Database(path)
    assert "Update Regrain" in caught.value.hint
    assert path.read_bytes() == before
    assert [entry.name for entry in folder.iterdir()] == ["library.db"]


def test_an_older_library_is_backed_up_before_it_is_upgraded(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = folder / "library.db"
    monkeypatch.setattr(database_module, "SCHEMA_VERSION", SCHEMA_VERSION + 1)
    monkeypatch.setattr(sqlite, "SCHEMA_VERSION", SCHEMA_VERSION + 1)
    monkeypatch.setattr(create, "SCHEMA_VERSION", SCHEMA_VERSION + 1)
    Database(path).close()
    assert header(path) == (APPLICATION_ID, SCHEMA_VERSION + 1)
    copy = folder / f"library.db.version-{SCHEMA_VERSION}.backup"
    assert header(copy) == (APPLICATION_ID, SCHEMA_VERSION)


def test_an_upgrade_that_dies_half_way_leaves_the_old_library(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = folder / "library.db"
    with closing(sqlite3.connect(path)) as connection:
        before = schema(connection)

    def die(connection: object) -> None:
        connection.exec_driver_sql("CREATE TABLE half (id INTEGER)")  # type: ignore[attr-defined]
        raise KeyboardInterrupt

    for module in (database_module, sqlite, create):
        monkeypatch.setattr(module, "SCHEMA_VERSION", SCHEMA_VERSION + 1)
    monkeypatch.setattr(migrate, "upgrade", die)
    with pytest.raises(KeyboardInterrupt):
        Database(path)
    monkeypatch.undo()
    with closing(sqlite3.connect(path)) as connection:
        assert schema(connection) == before
    Database(path).close()


def test_a_library_that_dies_while_it_is_made_leaves_no_half_of_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def die(connection: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(database_module, "create_tables", die)
    with pytest.raises(KeyboardInterrupt):
        Database(tmp_path / "library.db")
    assert names(tmp_path) == []


def test_two_programs_that_make_the_library_at_once_end_up_in_the_same_one(tmp_path: Path) -> None:
    path = tmp_path / "library.db"
    opened: list[Database] = []
    barrier = threading.Barrier(2)

    def open_it() -> None:
        barrier.wait()
        opened.append(Database(path))

    threads = [threading.Thread(target=open_it) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert opened[0].library_id == opened[1].library_id
    for library in opened:
        library.close()
    assert names(tmp_path) == ["library.db"]


def test_a_damaged_library_is_said_to_be_damaged(folder: Path) -> None:
    path = folder / "library.db"
    content = bytearray(path.read_bytes())
    content[4096:] = b"\xff" * (len(content) - 4096)
    path.write_bytes(content)
    with pytest.raises(LibraryError, match="is damaged"):
        Database(path)


def test_after_an_unclean_stop_damage_is_looked_for(folder: Path) -> None:
    """Without a journal beside it the file is opened at once, however large it is."""
    path = folder / "library.db"
    assert not sqlite.stopped_uncleanly(path)
    (folder / "library.db-journal").write_bytes(b"left behind")
    assert sqlite.stopped_uncleanly(path)
    Database(path).close()


def test_writes_of_many_threads_happen_one_after_the_other_in_order(bench: Bench) -> None:
    names: list[str] = []

    def note(number: int) -> None:
        names.append(threading.current_thread().name)
        bench.database.write(
            lambda c: c.execute(text("INSERT INTO meta VALUES (:n, '1')"), {"n": f"n{number}"})
        )

    threads = [threading.Thread(target=note, args=(number,)) for number in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    order = [bench.database.submit(lambda c, n=n: names.append(str(n))) for n in range(50)]
    for future in order:
        future.result()
    assert names[20:] == [str(n) for n in range(50)]
    with bench.database.read() as connection:
        count = connection.scalar(text("SELECT count(*) FROM meta WHERE name LIKE 'n%'"))
    assert count == 20


def test_a_write_that_fails_leaves_nothing_and_the_next_one_works(bench: Bench) -> None:
    def half(connection: object) -> None:
        connection.execute(text("INSERT INTO meta VALUES ('half', '1')"))  # type: ignore[attr-defined]
        raise KeyError("no")

    with pytest.raises(KeyError):
        bench.database.write(half)
    bench.database.write(lambda c: c.execute(text("INSERT INTO meta VALUES ('whole', '1')")))
    with bench.database.read() as connection:
        names = set(connection.scalars(text("SELECT name FROM meta")))
    assert names == {"library_id", "whole"}


def test_readers_cannot_write(bench: Bench) -> None:
    with pytest.raises(LibraryError, match="readonly"), bench.database.read() as connection:
        connection.execute(text("INSERT INTO meta VALUES ('x', '1')"))


def test_a_write_inside_a_write_is_refused_instead_of_waiting_for_itself(bench: Bench) -> None:
    with pytest.raises(RuntimeError, match="wait for itself"):
        bench.database.write(lambda c: bench.database.write(lambda d: None))


def test_a_write_inside_a_read_is_refused_too(bench: Bench) -> None:
    """Without a write-ahead log the reader keeps the writer from ever committing."""
    with (
        pytest.raises(RuntimeError, match="wait for itself"),
        bench.database.read(),
    ):
        bench.queue.claim("run", 1)
    bench.queue.claim("run", 1)


def test_a_library_without_its_id_is_damaged(folder: Path) -> None:
    with closing(sqlite3.connect(folder / "library.db")) as connection:
        connection.execute("DELETE FROM meta")
        connection.commit()
    with pytest.raises(LibraryError, match="damaged"):
        Database(folder / "library.db")


def test_a_closed_library_says_so_and_may_be_closed_twice(bench: Bench) -> None:
    bench.database.close()
    with pytest.raises(LibraryError, match="closed"):
        bench.database.write(lambda c: None)
    bench.database.close()


def test_every_commit_is_synced_and_foreign_keys_are_on(bench: Bench) -> None:
    """A committed row must survive a power cut; FULL is 2."""
    assert bench.database.write(lambda c: c.scalar(text("PRAGMA synchronous"))) == 2
    assert bench.database.write(lambda c: c.scalar(text("PRAGMA foreign_keys"))) == 1
    mode = bench.database.write(lambda c: c.scalar(text("PRAGMA journal_mode")))
    assert mode == ("wal" if sqlite3.sqlite_version_info >= (3, 51, 3) else "truncate")


def test_other_processes_write_at_the_same_time_and_nothing_is_lost(bench: Bench) -> None:
    """The window, the service and the command line all enqueue into one library."""
    program = (
        "import sys; from pathlib import Path; from sqlalchemy import text\n"
        "from core.library.database import Database\n"
        "library = Database(Path(sys.argv[1]))\n"
        "for n in range(15):\n"
        "    library.write(lambda c, n=n: c.execute(\n"
        "        text('INSERT INTO meta VALUES (:n, 1)'), {'n': sys.argv[2] + str(n)}))\n"
        "library.close()\n"
    )
    path = str(bench.database.path)
    others = [
        subprocess.Popen([sys.executable, "-c", program, path, name], cwd=Path(__file__).parents[3])
        for name in ("a", "b")
    ]
    for number in range(15):
        bench.database.write(
            lambda c, n=number: c.execute(text("INSERT INTO meta VALUES (:n, '1')"), {"n": f"c{n}"})
        )
    assert [other.wait() for other in others] == [0, 0]
    with bench.database.read() as connection:
        assert connection.scalar(text("SELECT count(*) FROM meta")) == 46


def test_a_backup_is_a_whole_library_and_replaces_the_one_before(bench: Bench) -> None:
    bench.photo("a.jpg")
    job = bench.enqueue().job
    target = bench.folder / "copy.db"
    bench.database.backup(target)
    bench.database.backup(target)
    assert [name for name in bench.names(bench.folder) if "copy" in name] == ["copy.db"]
    copy = Database(target)
    with copy.read() as connection:
        assert connection.scalar(text("SELECT count(*) FROM item")) == 1
    copy.close()
    assert job == 1


def test_a_backup_that_cannot_be_written_leaves_the_one_before(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = bench.folder / "copy.db"
    bench.database.backup(target)
    before = target.read_bytes()

    def full(path: Path) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(sqlite, "sync_file", full)
    with pytest.raises(LibraryError, match="could not be copied"):
        bench.database.backup(target)
    assert target.read_bytes() == before
    assert not [name for name in bench.names(bench.folder) if "part" in name]


def test_a_full_disk_and_a_locked_library_are_said_with_what_to_do() -> None:
    path = Path("library.db")
    for text_of, hint in (("database is locked", "Close that one"), ("disk is full", "Free space")):
        error = exc.OperationalError("x", None, sqlite3.OperationalError(text_of))
        assert hint in database_module._library_error(path, error).hint


def test_what_is_noted_along_with_other_writes_is_there_afterwards(folder: Path) -> None:
    """A hash that is lost every time would be computed at every run."""
    path = folder / "library.db"
    database = Database(path)
    database.note(lambda c: c.execute(insert(meta).values(name="first", value="")))
    assert _named(database, "first") == []
    with pytest.raises(ZeroDivisionError):
        database.write(lambda _connection: 1 // 0)
    database.write(lambda _connection: None)
    assert _named(database, "first") == ["first"]
    database.note(lambda c: c.execute(insert(meta).values(name="second", value="")))
    database.catch_up()
    assert _named(database, "second") == ["second"]
    database.note(lambda c: c.execute(insert(meta).values(name="last", value="")))
    database.close()
    with closing(Database(path)) as again:
        assert _named(again, "last") == ["last"]


def _named(database: Database, name: str) -> list[str]:
    with database.read() as connection:
        return list(connection.scalars(select(meta.c.name).where(meta.c.name == name)))
