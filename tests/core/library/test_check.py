"""The look over a library: what is wrong is said, what is well is not called wrong."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import text

from core.errors import LibraryError
from core.library.backups import Backups
from core.library.check import Finding, check
from tests.core.library.bench import Bench
from tests.core.library.test_backups import spoil
from tests.core.library.test_upgrade import stored


@pytest.fixture
def done(bench: Bench) -> Bench:
    for name in ("a.jpg", "b.jpg", "c.jpg"):
        bench.photo(name)
    bench.enqueue()
    bench.work()
    return bench


def findings(bench: Bench, *, deep: bool = False) -> dict[str, Finding]:
    return {finding.what: finding for finding in check(bench.database.path, deep=deep)}


def test_a_sound_library_is_called_sound(done: Bench) -> None:
    found = findings(done)
    assert all(finding.ok for finding in found.values())
    assert found["counts"].text == "1 batch with 3 photographs; the counts add up."
    assert found["results"].text == "3 results are recorded: 3 there."
    assert "no backup yet" in found["backups"].text


def test_results_that_are_gone_or_changed_are_counted_and_no_damage(done: Bench) -> None:
    (done.out / "a.jpg").unlink()
    changed = done.out / "b.jpg"
    stat = changed.stat()
    changed.write_bytes(changed.read_bytes()[::-1])
    found = findings(done)["results"]
    assert found.ok
    assert "1 there, 1 changed by another program, 1 deleted or moved" in found.text
    assert "The same batch again" in found.hint
    # Same size and time: only reading shows it.
    os.utime(changed, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    assert "2 there, 1 deleted" in findings(done)["results"].text
    assert "1 there with their hash, 1 changed" in findings(done, deep=True)["results"].text


def test_damage_is_found_wherever_it_is(done: Bench) -> None:
    Backups(done.database.path).make()
    done.close()
    spoil(done.database.path)
    found = findings(done)
    assert not found["file"].ok
    assert "regrain library restore" in found["file"].hint
    assert found["backups"].ok
    done.database.path.write_bytes(b"garbage")
    assert not findings(done)["file"].ok


def test_a_row_that_belongs_to_nothing_is_found(done: Bench) -> None:
    with closing(sqlite3.connect(done.database.path)) as connection:
        connection.execute("DELETE FROM asset WHERE id = 1")
        connection.commit()
    assert "belongs to none of asset" in findings(done)["file"].text


def test_a_broken_rule_of_ours_is_found(done: Bench) -> None:
    done.database.write(lambda c: c.execute(text("UPDATE item SET output = NULL WHERE id = 1")))
    found = findings(done)["rule"]
    assert not found.ok
    assert "Every finished photograph has its result's name: not so for 1." in found.text


def test_what_a_dead_run_had_in_hand_is_said_and_no_damage(bench: Bench) -> None:
    bench.photo("a.jpg")
    bench.enqueue()
    bench.queue.claim("run", 1)
    found = findings(bench)["in_hand"]
    assert found.ok
    assert "the next run settles them" in found.text
    lock = bench.database.path.with_name("library.db.render-lock")
    from core.library.lock import RenderLock

    with RenderLock(lock):
        assert f"in work (process {os.getpid()})" in findings(bench)["in_hand"].text


def test_a_damaged_backup_is_said(done: Bench) -> None:
    made = Backups(done.database.path).make()
    assert "1 backup, the newest good one" in findings(done)["backups"].text
    spoil(made.path)
    found = findings(done)["backups"]
    assert not found.ok
    assert "None of 1 backups is good" in found.text


def test_an_older_library_is_looked_over_without_being_upgraded(tmp_path: Path) -> None:
    path = stored(1, tmp_path)
    before = path.read_bytes()
    found = {finding.what: finding for finding in check(path)}
    assert found["version"].ok
    assert path.read_bytes() == before


def test_where_there_is_no_library_none_is_made(tmp_path: Path) -> None:
    with pytest.raises(LibraryError, match="There is no library"):
        list(check(tmp_path / "no.db"))
    assert list(tmp_path.iterdir()) == []
