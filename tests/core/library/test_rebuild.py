"""Results found again by the keys in them: a lost library loses no finished work."""

from __future__ import annotations

import os
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from core.errors import ImageReadError, Reason
from core.images.texts import PictureTexts
from core.library.care import reconcile
from core.library.database import Database
from core.library.rebuild import Rebuilt, known_folders, outermost, pictures, rebuild
from core.library.records import ItemStatus
from tests.core.library.bench import Bench, sha256


@dataclass
class Reader:
    """Knows the key of each result's bytes, as if it were written in them."""

    keys: dict[str, str] = field(default_factory=dict)
    read: list[Path] = field(default_factory=list)

    def texts(self, path: Path) -> PictureTexts:
        self.read.append(path)
        digest = sha256(path.read_bytes())
        if b"unreadable" in path.read_bytes():
            raise ImageReadError(Reason.TRUNCATED, f"{path.name} ends too early.")
        key = self.keys.get(digest, "")
        return PictureTexts(regrain={"key": key} if key else {}, file_sha256=digest)

    def learn(self, bench: Bench) -> None:
        """Note the keys of all recorded results."""
        for path in pictures([bench.out]):
            recorded = bench.catalog.result_at(path)
            if recorded is not None:
                self.keys[recorded.sha256] = recorded.key


@pytest.fixture
def reader() -> Reader:
    return Reader()


def lose(bench: Bench, reader: Reader) -> None:
    """Delete the library; what is written in the results stays."""
    reader.learn(bench)
    bench.close()
    bench.database.path.unlink()
    bench.open()


@pytest.fixture
def done(bench: Bench) -> Bench:
    """Four photographs, all done; two of them have one name in two folders."""
    for name in ("a.jpg", "b.jpg", "sub/a.jpg", "c.png"):
        bench.photo(name)
    bench.enqueue()
    assert bench.work() == 4
    return bench


def test_after_the_loss_of_the_library_nothing_is_made_twice(done: Bench, reader: Reader) -> None:
    lose(done, reader)
    assert rebuild(done.database, [done.out], reader) == Rebuilt(found=4)
    job = done.enqueue().job
    assert done.work() == 0
    totals = done.queue.totals(job)
    assert (totals.already_done, totals.found) == (4, 4)
    assert done.names() == ["a.jpg", "b.jpg", "c.png", "sub"]


def test_without_the_rebuild_they_would_be_made_again(done: Bench, reader: Reader) -> None:
    """The test above finds what it is for."""
    lose(done, reader)
    done.enqueue()
    assert done.work() == 4


def test_a_second_rebuild_reads_nothing_again(done: Bench, reader: Reader) -> None:
    lose(done, reader)
    rebuild(done.database, [done.out], reader)
    reader.read.clear()
    assert rebuild(done.database, [done.out], reader) == Rebuilt(known=4)
    assert reader.read == []


def test_a_result_found_again_is_never_replaced(done: Bench, reader: Reader) -> None:
    """Whether another program has edited it since is not known: it may be the user's work."""
    lose(done, reader)
    rebuild(done.database, [done.out], reader)
    before = (done.out / "a.jpg").read_bytes()
    done.enqueue(done.recipe(strength=0.5))
    assert done.work() == 4
    assert (done.out / "a.jpg").read_bytes() == before
    assert "a-2.jpg" in done.names()


def test_what_another_program_changed_stays_its_own(done: Bench, reader: Reader) -> None:
    reader.learn(done)
    edited = done.out / "a.jpg"
    reader.keys[sha256(b"edited elsewhere")] = reader.keys[sha256(edited.read_bytes())]
    edited.write_bytes(b"edited elsewhere")
    os.utime(edited, (1, 1))
    found = rebuild(done.database, [done.out], reader)
    assert (found.known, found.changed, found.found) == (3, 1, 0)
    recorded = done.catalog.result_at(edited)
    assert recorded is not None
    assert not done.catalog.standing(recorded)


def test_foreign_and_unreadable_pictures_are_said(done: Bench, reader: Reader) -> None:
    lose(done, reader)
    (done.out / "holiday.jpg").write_bytes(b"from elsewhere")
    (done.out / "broken.png").write_bytes(b"unreadable")
    (done.out / "notes.txt").write_bytes(b"no picture")
    (done.out / ".hidden.jpg").write_bytes(b"hidden")
    found = rebuild(done.database, [done.out, done.folder / "gone"], reader)
    assert (found.found, found.plain) == (4, 1)
    assert found.unreadable == ((done.out / "broken.png", "broken.png ends too early."),)
    assert found.away == (done.folder / "gone",)
    assert done.catalog.result_at(done.out / "holiday.jpg") is None


def test_results_made_after_the_backup_are_found_when_it_is_put_back(
    done: Bench, reader: Reader
) -> None:
    """A batch that went on for a day after the backup must not start over."""
    backup = done.folder / "backup.db"
    done.photo("later.jpg")
    done.photo("last.jpg")
    done.enqueue()
    done.database.backup(backup)
    assert done.work() == 2
    reader.learn(done)
    done.close()
    backup.replace(done.database.path)
    done.open()
    assert reconcile(done.database, [], reader) == Rebuilt(found=2, known=4)
    assert done.work() == 0
    statuses = {item.status for item in done.queue.items(done.queue.jobs()[0].id)}
    assert ItemStatus.PENDING not in statuses


def test_a_newer_result_under_a_known_name_is_the_one_that_counts(
    done: Bench, reader: Reader
) -> None:
    """The backup knows the result of another strength, which was replaced since."""
    backup = done.folder / "backup.db"
    done.database.backup(backup)
    done.enqueue(done.recipe(strength=0.6))
    assert done.work() == 4
    reader.learn(done)
    done.close()
    backup.replace(done.database.path)
    done.open()
    assert reconcile(done.database, [], reader).found == 4
    done.enqueue(done.recipe(strength=0.6))
    assert done.work() == 0
    assert done.names() == ["a.jpg", "b.jpg", "c.png", "sub"]


def test_what_was_being_written_after_the_backup_is_swept(done: Bench, reader: Reader) -> None:
    """Its number is given anew, and the file would be in the way of another photograph's."""
    ours = done.out / f".regrain-{done.database.library_id}-9-1.tmp"
    others = done.out / ".regrain-0123456789ab-9-1.tmp"
    for path in (ours, others):
        path.write_bytes(b"half")
    reconcile(done.database, [], reader)
    assert not ours.exists()
    assert others.exists()


def test_while_another_process_renders_nothing_is_swept(done: Bench, reader: Reader) -> None:
    ours = done.out / f".regrain-{done.database.library_id}-9-1.tmp"
    ours.write_bytes(b"being written")
    lock = done.database.path.with_name("library.db.render-lock")
    from core.library.lock import RenderLock

    with RenderLock(lock):
        reconcile(done.database, [], reader)
    assert ours.exists()


def test_the_folders_of_a_library(done: Bench) -> None:
    assert known_folders(done.database) == [done.out]
    assert outermost([Path("/a/b"), Path("/a"), Path("/ab"), Path("/a")]) == [
        Path("/a"),
        Path("/ab"),
    ]


def test_the_same_photograph_twice_has_both_its_results(bench: Bench, reader: Reader) -> None:
    """Two files of the same bytes have one key; each name must be found for its own."""
    bench.photo("one.jpg", b"the same")
    bench.photo("two.jpg", b"the same")
    bench.enqueue()
    bench.work()
    lose(bench, reader)
    assert rebuild(bench.database, [bench.out], reader).found == 2
    job = bench.enqueue().job
    assert bench.work() == 0
    outputs = {item.source.name: item.output for item in bench.queue.items(job)}
    assert outputs == {name: bench.out / name for name in ("one.jpg", "two.jpg")}
    with closing(Database(bench.database.path)):
        assert bench.names() == ["one.jpg", "two.jpg"]
