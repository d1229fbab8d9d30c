"""What happens to photographs' files outside is noticed, and nothing known of them is lost."""

from __future__ import annotations

from core.library.ids import ProjectId
from core.library.photo import FileFacts, PhotoQuery, Relocated, Shown
from core.library.photos import Photos
from core.library.projects import Projects
from core.library.records import ItemStatus
from core.scan import scan
from tests.core.library.bench import Bench
from tests.core.library.grid import add, shown


def test_what_was_found_of_files_is_remembered_and_looked_at_in_turn(
    bench: Bench, photos: Photos, trip: ProjectId
) -> None:
    ids = add(bench, photos, trip, "a.jpg", "b.jpg", "c.jpg")
    path = bench.trip / "a.jpg"
    (first, *_) = photos.unchecked(trip, 1)
    stat = path.stat()
    assert first == (ids[0], path, stat.st_mtime_ns, stat.st_size)
    photos.note_files([FileFacts(path, False, 6000, 4000, first[3], first[2])])
    assert [entry[0] for entry in photos.unchecked(trip, 9)] == [ids[1], ids[2], ids[0]]
    row = photos.rows([ids[0]])[0]
    assert (row.width, row.height) == (6000, 4000)


def test_a_missing_file_keeps_what_is_known_of_it_and_a_changed_one_loses_its_pixel_size(
    bench: Bench, photos: Photos, trip: ProjectId
) -> None:
    (which,) = add(bench, photos, trip, "a.jpg")
    path = bench.trip / "a.jpg"
    photos.note_files([FileFacts(path, False, 60, 40, 5, 7)])
    photos.note_files([FileFacts(path, True)])
    row = photos.rows([which])[0]
    assert (row.missing, row.width, row.bytes, row.modified_ns) == (True, 60, 5, 7)
    assert shown(photos, trip, shown=Shown.MISSING) == ["a.jpg"]
    photos.note_files([FileFacts(path, False, bytes=5, modified_ns=7)])
    row = photos.rows([which])[0]
    assert (row.missing, row.width, row.height) == (False, 60, 40)
    photos.note_files([FileFacts(path, False, bytes=5, modified_ns=8)])
    row = photos.rows([which])[0]
    assert (row.width, row.height, row.modified_ns) == (0, 0, 8)


def test_a_moved_folder_is_found_again_with_everything_that_was_known(
    bench: Bench, photos: Photos, trip: ProjectId
) -> None:
    for name in ("day/a.jpg", "day/b.jpg", "c.jpg"):
        bench.photo(name)
    found = scan([bench.trip / "day", bench.trip / "c.jpg"], take_raw=False).photographs
    ids = photos.add(trip, found).photos
    photos.rate(ids, 3)
    bench.enqueue(project="Trip")
    bench.work()
    old, new = bench.trip / "day", bench.folder / "archive" / "2020"
    new.parent.mkdir()
    old.rename(new)
    (new / "b.jpg").unlink()
    photos.note_files([FileFacts(old / name, True) for name in ("a.jpg", "b.jpg")])
    assert photos.relocate(trip, old, new) == Relocated(found=1, still_missing=1)
    moved, missing, other = photos.rows(ids)
    assert (moved.path, moved.missing, moved.rating) == (new / "a.jpg", False, 3)
    assert (moved.status, moved.base) == (ItemStatus.DONE, new)
    assert (missing.path, missing.missing) == (old / "b.jpg", True)
    assert other.path == bench.trip / "c.jpg"
    assert shown(photos, trip, text="2020") == ["a.jpg"]
    assert photos.find_source_of(bench.out / "day" / "a.jpg") == moved


def test_a_relocated_photograph_keeps_its_results_in_the_batch_that_waits(
    bench: Bench, photos: Photos, trip: ProjectId
) -> None:
    """A waiting batch would otherwise leave out every photograph of the moved folder."""
    bench.photo("day/a.jpg")
    photos.add(trip, scan([bench.trip], take_raw=False).photographs)
    bench.enqueue(project="Trip")
    (bench.trip / "day").rename(bench.trip / "night")
    photos.relocate(trip, bench.trip / "day", bench.trip / "night")
    (claim,) = bench.queue.claim("run", 1)
    assert claim.source == bench.trip / "night" / "a.jpg"


def test_a_copied_folder_leaves_the_other_project_where_it_is(
    bench: Bench, photos: Photos, trip: ProjectId
) -> None:
    other = Projects(bench.database).create("Other").id
    (here,) = add(bench, photos, trip, "day/a.jpg")
    (there,) = add(bench, photos, other, "day/a.jpg")
    copy = bench.photo("copy/a.jpg")
    assert photos.relocate(trip, bench.trip / "day", copy.parent).found == 1
    assert [photo.path for photo in photos.rows([here, there])] == [
        copy,
        bench.trip / "day" / "a.jpg",
    ]


def test_relocating_onto_photographs_that_are_there_already_leaves_each_once(
    bench: Bench, photos: Photos, trip: ProjectId
) -> None:
    (gone,) = add(bench, photos, trip, "old/a.jpg")
    (there,) = add(bench, photos, trip, "new/a.jpg")
    bench.enqueue(project="Trip")
    bench.work()
    (bench.trip / "old" / "a.jpg").unlink()
    photos.relocate(trip, bench.trip / "old", bench.trip / "new")
    assert photos.order(PhotoQuery(trip)) == [there]
    found = photos.find_source_of(bench.out / "old" / "a.jpg")
    assert found is not None
    assert found.id == there
    assert photos.rows([gone]) == []


def test_the_original_of_a_result_is_found_by_path_by_bytes_and_by_hash(
    bench: Bench, photos: Photos, trip: ProjectId
) -> None:
    (which,) = add(bench, photos, trip, "a.jpg")
    bench.enqueue(project="Trip")
    bench.work()
    (photo,) = photos.rows([which])
    output = bench.out / "a.jpg"
    copy = bench.folder / "mailed.jpg"
    copy.write_bytes(output.read_bytes())
    result = bench.catalog.result_at(output)
    assert result is not None
    for asked in (output, str(output), copy, result.sha256, result.source_sha256):
        assert photos.find_source_of(asked) == photo, asked
    for asked in (bench.trip / "a.jpg", bench.folder / "nothing.jpg", "f" * 64):
        expected = photo if asked == bench.trip / "a.jpg" else None
        assert photos.find_source_of(asked) == expected, asked
