"""Exports: exactly what was kept, under its own name, and no file anywhere is ever replaced."""

from __future__ import annotations

import errno
from pathlib import Path

import pytest

from core.exports import ExportReport, Exports
from core.library.ids import PhotoId, ProjectId
from core.library.photo import Decision
from core.library.photos import Photos
from core.library.projects import Projects
from core.library.records import HashedFile
from core.outputs.fsops import FsOps
from tests.core.library.bench import Bench


class Album:
    """A project whose photographs were rendered."""

    def __init__(self, bench: Bench) -> None:
        self.bench = bench
        self.photos = Photos(bench.database)
        self.project: ProjectId = Projects(bench.database).create("Trip").id
        self.to = bench.folder / "exported"

    def made(self, *names: str, keep: bool = True, **options: object) -> list[PhotoId]:
        paths = [self.bench.photo(name) for name in names]
        ids = list(self.photos.add(self.project, paths).photos)
        self.bench.enqueue(None, project="Trip", **options)
        self.bench.work()
        if keep:
            self.photos.decide(ids, Decision.KEEP)
        return ids

    def output(self, which: PhotoId) -> Path:
        (photo,) = self.photos.rows([which])
        assert photo.output is not None
        return photo.output

    def export(self, ids: list[PhotoId], folder: Path | None = None) -> ExportReport:
        return Exports(self.bench.publisher).kept(ids, folder)


@pytest.fixture
def album(bench: Bench) -> Album:
    return Album(bench)


def files(folder: Path) -> dict[str, bytes]:
    found = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return {str(path.relative_to(folder)): path.read_bytes() for path in found}


def test_exactly_the_kept_ones_are_copied_with_the_folders_that_the_output_has(
    album: Album,
) -> None:
    ids = album.made("a.jpg", "day/b.jpg", "c.jpg", keep=False)
    album.photos.decide(ids[:2], Decision.KEEP)
    album.photos.decide(ids[2:], Decision.REJECT)
    report = album.export(ids, album.to)
    assert files(album.to) == {
        "a.jpg": album.output(ids[0]).read_bytes(),
        "day/b.jpg": album.output(ids[1]).read_bytes(),
    }
    assert report.copied == (album.to / "a.jpg", album.to / "day" / "b.jpg")
    assert report.sentence == f"2 results exported to {album.to}."


def test_a_second_export_copies_nothing_again(album: Album) -> None:
    ids = album.made("a.jpg")
    album.export(ids, album.to)
    report = album.export(ids, album.to)
    assert (report.copied, report.already) == ((), (album.to / "a.jpg",))
    assert report.sentence == "0 results exported, 1 there already."
    assert list(files(album.to)) == ["a.jpg"]


def test_another_file_of_the_name_is_kept_and_ours_gets_a_number(album: Album) -> None:
    """Losing a picture that was there before would be the worst that an export can do."""
    ids = album.made("a.jpg")
    album.to.mkdir()
    (album.to / "a.jpg").write_bytes(b"somebody's picture")
    for _ in range(2):
        album.export(ids, album.to)
    assert files(album.to) == {
        "a.jpg": b"somebody's picture",
        "a-2.jpg": album.output(ids[0]).read_bytes(),
    }


def test_originals_in_the_folder_are_not_touched(album: Album) -> None:
    ids = album.made("a.jpg")
    report = album.export(ids, album.bench.trip)
    assert (album.bench.trip / "a.jpg").read_bytes() == b"photo a.jpg"
    assert report.copied == (album.bench.trip / "a-2.jpg",)


def test_photographs_of_one_name_get_names_of_their_own_even_with_equal_bytes(
    album: Album,
) -> None:
    """Two photographs of one name in two output folders: none may stand for the other."""
    bench = album.bench
    first = album.made("a.jpg")
    other = bench.folder / "other out"
    bench.trip = bench.folder / "second trip"
    bench.trip.mkdir()
    bench.photo("a.jpg", b"photo a.jpg")
    second = list(album.photos.add(album.project, [bench.trip / "a.jpg"]).photos)
    bench.enqueue(bench.recipe(folder=other), project="Trip")
    bench.work()
    album.photos.decide(second, Decision.KEEP)
    for _ in range(2):
        report = album.export(first + second, album.to)
    assert sorted(files(album.to)) == ["a-2.jpg", "a.jpg"]
    assert report.already == (album.to / "a.jpg", album.to / "a-2.jpg")


def test_sidecars_go_with_their_result(album: Album) -> None:
    album.bench.photo("a.xmp", b"stars")
    ids = album.made("a.jpg")
    album.export(ids, album.to)
    assert files(album.to)["a.xmp"] == b"stars"


def test_held_results_go_where_their_recipe_would_have_put_them(album: Album) -> None:
    ids = album.made("a.jpg", "day/b.jpg", review=True)
    assert not album.bench.out.exists()
    report = album.export(ids)
    assert sorted(files(album.bench.out)) == ["a.jpg", "day/b.jpg"]
    assert len(report.copied) == 2
    assert report.sentence == "2 results exported."
    assert album.output(ids[0]).exists(), "the held one stays"


def test_an_exported_held_result_is_known_as_ours(album: Album) -> None:
    """A scan of the output folder must not edit it again, and a redo may replace it."""
    ids = album.made("a.jpg", review=True)
    (path,) = album.export(ids).copied
    entry = album.bench.catalog.result_at(path)
    assert entry is not None
    assert entry.source == album.bench.trip / "a.jpg"
    assert album.bench.catalog.standing(entry)


def test_a_result_under_review_may_go_to_any_folder_under_its_own_name(album: Album) -> None:
    ids = album.made("day/a.jpg", review=True)
    album.export(ids, album.to)
    assert list(files(album.to)) == ["day/a.jpg"]


def test_what_is_not_held_is_where_it_is_to_be(album: Album) -> None:
    ids = album.made("a.jpg")
    report = album.export(ids)
    assert (report.copied, report.already) == ((), (album.bench.out / "a.jpg",))


def test_a_photograph_without_result_and_a_result_that_is_gone_are_said(album: Album) -> None:
    ids = album.made("a.jpg", "b.jpg", "c.jpg")
    album.output(ids[0]).unlink()
    new = list(album.photos.add(album.project, [album.bench.photo("new.jpg")]).photos)
    album.photos.decide(new, Decision.KEEP)
    report = album.export(ids + new, album.to)
    assert sorted(files(album.to)) == ["b.jpg", "c.jpg"]
    gone, without = report.problems
    assert (gone.photo, gone.path.name) == (ids[0], "a.jpg")
    assert "is gone or cannot be read" in gone.message
    assert without.message == "new.jpg has no finished result."
    assert report.sentence.endswith("2 could not be exported.")


class FullDisk(FsOps):
    """A disk on which nothing more than names fits."""

    def copy(self, source: Path, target: Path) -> HashedFile:
        target.write_bytes(b"half")
        raise OSError(errno.ENOSPC, "No space left on device")


def test_a_full_disk_loses_nothing_and_says_what_to_do(album: Album) -> None:
    ids = album.made("a.jpg", "b.jpg")
    album.bench.publisher.fs = FullDisk()
    report = album.export(ids, album.to)
    assert files(album.to) == {}
    assert [problem.photo for problem in report.problems] == ids
    assert "is full" in report.problems[0].message
    assert "export again" in report.problems[1].hint
    album.bench.publisher.fs = FsOps()
    assert len(album.export(ids, album.to).copied) == 2


def test_a_file_in_the_place_of_the_folder_is_a_problem_not_a_loss(album: Album) -> None:
    ids = album.made("a.jpg")
    album.to.write_bytes(b"a file")
    report = album.export(ids, album.to)
    assert album.to.read_bytes() == b"a file"
    assert "cannot be used" in report.problems[0].message


class Racing(FsOps):
    """Another program makes a file of that name in the last moment."""

    def rename_noreplace(self, source: Path, target: Path) -> None:
        if target.name == "a.jpg":
            target.write_bytes(b"faster")
        super().rename_noreplace(source, target)


def test_a_name_taken_in_the_last_moment_is_left_to_the_other(album: Album) -> None:
    ids = album.made("a.jpg")
    album.bench.publisher.fs = Racing()
    album.export(ids, album.to)
    assert files(album.to) == {
        "a.jpg": b"faster",
        "a-2.jpg": album.output(ids[0]).read_bytes(),
    }
