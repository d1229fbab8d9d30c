"""A library of an earlier version: everything in it is there after the upgrade, and works."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from core.errors import Reason, StopReason
from core.library.backups import Backups, Contents, inspect
from core.library.catalog import Catalog
from core.library.database import Database
from core.library.ids import ItemId, JobId
from core.library.photo import Decision, PhotoQuery
from core.library.photos import Photos
from core.library.projects import Projects
from core.library.queue import JobQueue
from core.library.records import ItemStatus, JobState
from core.library.restoring import restore
from tests.core.library.test_database import schema

STORED = {version: Path(__file__).with_name(f"version_{version}.sql") for version in (1, 2)}


def stored(version: int, folder: Path) -> Path:
    """Make a library as that version left it: a stopped batch, a canceled one, results.

    From version 2 on also photographs with stars and decisions, and an earlier result.
    """
    path = folder / "library.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(STORED[version].read_text(encoding="utf-8"))
    return path


@pytest.fixture(params=sorted(STORED))
def version(request: pytest.FixtureRequest) -> int:
    return int(request.param)


@pytest.fixture
def old(tmp_path: Path, version: int) -> Path:
    return stored(version, tmp_path)


def test_an_upgraded_library_is_made_like_a_new_one(old: Path, folder: Path) -> None:
    Database(old).close()
    with (
        closing(sqlite3.connect(old)) as upgraded,
        closing(sqlite3.connect(folder / "library.db")) as new,
    ):
        assert schema(upgraded) == schema(new)
        assert upgraded.execute("PRAGMA foreign_key_check").fetchall() == []
        assert upgraded.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


def test_the_library_of_before_is_kept_beside_it(old: Path, version: int) -> None:
    with closing(sqlite3.connect(old)) as connection:
        before = list(connection.iterdump())
    Database(old).close()
    with closing(sqlite3.connect(old.parent / f"library.db.version-{version}.backup")) as kept:
        assert list(kept.iterdump()) == before


def test_the_library_of_before_can_be_put_back(old: Path) -> None:
    Database(old).close()
    (backup,) = Backups(old).all()
    assert inspect(backup.path) == Contents(batches=2, photographs=20, results=3, projects=2)
    restored = restore(old)
    assert restored.backup == backup
    database = Database(old)
    assert len(JobQueue(database).jobs()) == 2
    database.close()


def test_stars_decisions_and_earlier_results_survive_an_update(tmp_path: Path) -> None:
    database = Database(stored(2, tmp_path))
    (trip,) = Projects(database).all()
    photos = Photos(database)
    rows = {photo.path.name: photo for photo in photos.rows(photos.order(PhotoQuery(trip.id)))}
    assert (rows["IMG_9.jpg"].rating, rows["IMG_9.jpg"].decision) == (4, Decision.KEEP)
    assert rows["IMG_10.jpg"].decision is Decision.REJECT
    assert rows["IMG_9.jpg"].versions == 1
    database.close()


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


def test_photographs_added_to_an_old_project_show_what_was_made_of_them(tmp_path: Path) -> None:
    database = Database(stored(1, tmp_path))
    (trip,) = Projects(database).all()
    assert trip.name == "trip"
    photos = Photos(database)
    added = photos.add(trip.id, [Path("/photos/trip/IMG_9.jpg"), Path("/photos/trip/broken.jpg")])
    done, failed = photos.rows(added.photos)
    assert (done.status, done.output) == (ItemStatus.DONE, Path("/photos/out/IMG_9.jpg"))
    assert (failed.status, failed.reason) == (ItemStatus.FAILED, Reason.TRUNCATED)
    database.close()
