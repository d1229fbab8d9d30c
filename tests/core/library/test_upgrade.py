"""A library of an earlier version: everything in it is there after the upgrade, and works."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from core.errors import Reason, StopReason
from core.library.catalog import Catalog
from core.library.database import Database
from core.library.ids import ItemId, JobId
from core.library.photos import Photos
from core.library.projects import Projects
from core.library.queue import JobQueue
from core.library.records import ItemStatus, JobState
from tests.core.library.test_database import schema

STORED = Path(__file__).with_name("version_1.sql")


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """A library as version 1 left it: a stopped batch, a canceled one, results."""
    path = tmp_path / "library.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(STORED.read_text(encoding="utf-8"))
    return path


def test_an_upgraded_library_is_made_like_a_new_one(old: Path, folder: Path) -> None:
    Database(old).close()
    with (
        closing(sqlite3.connect(old)) as upgraded,
        closing(sqlite3.connect(folder / "library.db")) as new,
    ):
        assert schema(upgraded) == schema(new)
        assert upgraded.execute("PRAGMA foreign_key_check").fetchall() == []
        assert upgraded.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


def test_the_library_of_before_is_kept_beside_it(old: Path) -> None:
    with closing(sqlite3.connect(old)) as connection:
        before = list(connection.iterdump())
    Database(old).close()
    with closing(sqlite3.connect(old.parent / "library.db.version-1.backup")) as kept:
        assert list(kept.iterdump()) == before


def test_batches_photographs_and_results_of_an_old_library_are_all_there(old: Path) -> None:
    """The user's queue and what was done must survive an update of the program."""
    database = Database(old)
    queue = JobQueue(database)
    jobs = {job.id: job for job in queue.jobs()}
    assert list(jobs) == [2, 1]
    assert (jobs[JobId(1)].state, jobs[JobId(1)].stop_reason) == (
        JobState.STOPPED,
        StopReason.DISK_FULL,
    )
    assert jobs[JobId(2)].state is JobState.CANCELED
    totals = queue.totals(JobId(1))
    assert totals.adds_up()
    assert (totals.done, totals.failed, totals.pending, totals.left_out) == (3, 1, 2, 1)
    failed = queue.item(ItemId(1))
    assert (failed.status, failed.reason) == (ItemStatus.FAILED, Reason.TRUNCATED)
    result = Catalog(database).result_at(Path("/photos/out/IMG_9.jpg"))
    assert result is not None
    assert result.source == Path("/photos/trip/IMG_9.jpg")
    database.close()


def test_an_old_batch_goes_on_where_it_stopped(old: Path) -> None:
    database = Database(old)
    queue = JobQueue(database)
    queue.resume(JobId(1))
    names = [claim.source.name for claim in queue.claim("run", 9)]
    assert names == ["waiting.jpg", "IMG_1.jpg"]
    database.close()


def test_photographs_added_to_an_old_project_show_what_was_made_of_them(old: Path) -> None:
    database = Database(old)
    (trip,) = Projects(database).all()
    assert trip.name == "trip"
    photos = Photos(database)
    added = photos.add(trip.id, [Path("/photos/trip/IMG_9.jpg"), Path("/photos/trip/broken.jpg")])
    done, failed = photos.rows(added.photos)
    assert (done.status, done.output) == (ItemStatus.DONE, Path("/photos/out/IMG_9.jpg"))
    assert (failed.status, failed.reason) == (ItemStatus.FAILED, Reason.TRUNCATED)
    database.close()
