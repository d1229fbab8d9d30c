"""The trash: only results that are as Regrain made them go there, never an original."""

from __future__ import annotations

import errno
from pathlib import Path

import pytest

from core.library.ids import PhotoId, ProjectId
from core.library.photo import PhotoQuery, Shown
from core.library.photos import Photos
from core.library.projects import Projects
from core.library.trash import Trash, send_to_trash
from tests.core.library.bench import Bench


class Bin:
    """A project with results, and a trash that is a folder."""

    def __init__(self, bench: Bench) -> None:
        self.bench = bench
        self.photos = Photos(bench.database)
        self.project: ProjectId = Projects(bench.database).create("Trip").id
        self.folder = bench.folder / "bin"
        self.folder.mkdir()
        self.trash = Trash(bench.publisher, self.send)

    def send(self, path: Path) -> None:
        path.rename(self.folder / path.name)

    def add(self, *names: str) -> list[PhotoId]:
        return list(self.photos.add(self.project, [self.bench.photo(n) for n in names]).photos)

    def run(self, **options: object) -> int:
        self.bench.enqueue(None, project="Trip", **options)
        return self.bench.work()

    def names(self) -> list[str]:
        return sorted(path.name for path in self.folder.iterdir())


@pytest.fixture
def bin(bench: Bench) -> Bin:
    return Bin(bench)


def test_results_go_originals_stay_and_the_photograph_is_as_if_new(bin: Bin) -> None:
    ids = bin.add("a.jpg", "b.jpg")
    bin.run()
    report = bin.trash.results(ids[:1])
    assert report.moved == (bin.bench.out / "a.jpg",)
    assert report.sentence == "1 result moved to the trash."
    assert bin.names() == ["a.jpg"]
    assert bin.bench.names() == ["b.jpg"]
    assert bin.bench.names(bin.bench.trip) == ["a.jpg", "b.jpg"]
    gone, there = bin.photos.rows(ids)
    assert (gone.status, gone.output) == (None, None)
    assert there.output == bin.bench.out / "b.jpg"
    assert bin.photos.order(PhotoQuery(bin.project, shown=Shown.NEW)) == ids[:1]


def test_the_next_run_makes_it_anew(bin: Bin) -> None:
    ids = bin.add("a.jpg")
    bin.run()
    before = (bin.bench.out / "a.jpg").read_bytes()
    bin.trash.results(ids)
    assert bin.run() == 1
    assert (bin.bench.out / "a.jpg").read_bytes() == before
    assert bin.photos.rows(ids)[0].output == bin.bench.out / "a.jpg"


def test_all_strengths_of_a_photograph_go(bin: Bin) -> None:
    ids = bin.add("a.jpg")
    bin.run(strengths=(0.2, 0.4))
    assert len(bin.trash.results(ids).moved) == 2
    assert bin.names() == ["a_0.2.jpg", "a_0.4.jpg"]


def test_what_another_program_changed_is_kept_and_said(bin: Bin) -> None:
    """The user's own retouching must not vanish with the results."""
    ids = bin.add("a.jpg", "b.jpg")
    bin.run()
    (bin.bench.out / "a.jpg").write_bytes(b"retouched")
    report = bin.trash.results(ids)
    assert bin.names() == ["b.jpg"]
    (problem,) = report.problems
    assert (problem.photo, problem.path) == (ids[0], bin.bench.out / "a.jpg")
    assert "changed by another program" in problem.message
    assert bin.photos.rows(ids)[0].output == bin.bench.out / "a.jpg"
    assert report.sentence.startswith("1 result moved to the trash, 1 not: a.jpg was changed")


def test_a_result_that_is_itself_a_photograph_of_a_project_is_kept(bin: Bin) -> None:
    ids = bin.add("a.jpg")
    bin.run()
    output = bin.bench.out / "a.jpg"
    other = Projects(bin.bench.database).create("Other").id
    (second,) = bin.photos.add(other, [output]).photos
    for _ in range(2):
        assert "itself a photograph" in bin.trash.results(ids).problems[0].message
        bin.photos.remove([second])  # which can be undone
    assert output.exists()


def test_a_file_that_lies_where_a_forgotten_result_was_is_kept(bin: Bin) -> None:
    ids = bin.add("a.jpg")
    bin.run()
    output = bin.bench.out / "a.jpg"
    output.unlink()
    output.symlink_to(bin.bench.trip / "a.jpg")
    report = bin.trash.results(ids)
    assert report.moved == ()
    assert (bin.bench.trip / "a.jpg").exists()
    assert "not there any more" in report.problems[0].message


def test_a_photograph_that_is_being_edited_is_left_alone(bin: Bin) -> None:
    ids = bin.add("a.jpg")
    bin.run()
    bin.bench.enqueue(bin.bench.recipe(0.8), project="Trip")
    report = bin.trash.results(ids)
    assert report.moved == ()
    assert (bin.bench.out / "a.jpg").exists()


def test_a_disk_without_trash_is_said_and_the_result_stays_known(bench: Bench) -> None:
    def refuse(path: Path) -> None:
        raise OSError(errno.EROFS, "Read-only file system", str(path))

    bin = Bin(bench)
    ids = bin.add("a.jpg")
    bin.run()
    report = Trash(bench.publisher, refuse).results(ids)
    assert "cannot be moved to the trash: Read-only file system" in report.problems[0].message
    assert bench.catalog.result_at(bench.out / "a.jpg") is not None
    assert bin.photos.rows(ids)[0].output == bench.out / "a.jpg"


def test_another_project_that_shows_the_same_result_loses_it_too(bin: Bin) -> None:
    """It would show a picture that is not there."""
    ids = bin.add("a.jpg")
    bin.run()
    other = Projects(bin.bench.database).create("Other").id
    (same,) = bin.photos.add(other, [bin.bench.trip / "a.jpg"]).photos
    bin.bench.enqueue(project="Other")
    bin.bench.work()
    assert bin.photos.rows([same])[0].output == bin.bench.out / "a.jpg"
    bin.trash.results(ids)
    assert bin.photos.rows([same])[0].output is None


def test_the_systems_own_trash_takes_a_file(bin: Bin, monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[str] = []
    monkeypatch.setattr("send2trash.send2trash", sent.append)
    path = bin.bench.photo("x.jpg")
    send_to_trash(path)
    assert sent == [str(path)]


def test_ids_that_are_gone_and_photographs_without_results_are_passed_over(bin: Bin) -> None:
    ids = bin.add("a.jpg")
    report = bin.trash.results([*ids, PhotoId(999)])
    assert (report.moved, report.problems) == ((), ())
    assert report.sentence == "0 results moved to the trash."
