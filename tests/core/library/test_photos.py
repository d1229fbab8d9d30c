"""A project's photographs: none is lost or there twice, and what the user said of them stays."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from core.errors import Reason
from core.library.ids import PhotoId, ProjectId
from core.library.photo import Decision, FileFacts, PhotoQuery, Shown, SortBy, Source
from core.library.photos import Photos
from core.library.projects import Projects
from core.library.records import ItemStatus
from core.scan import scan
from tests.core.library.bench import Bench
from tests.core.library.grid import add, names, shown
from tests.core.library.plans import statements


def test_each_photograph_is_added_once_however_often_it_is_dropped(
    bench: Bench, photos: Photos, trip: ProjectId
) -> None:
    one, two, three = (bench.photo(f"{n}.jpg") for n in (1, 2, 3))
    first = photos.add(trip, [one, two, one])
    assert (len(first.photos), first.already) == (2, 0)
    second = photos.add(trip, [one, three, two])
    assert (names(photos, second.photos), second.already) == (["3.jpg"], 2)
    assert shown(photos, trip) == ["1.jpg", "2.jpg", "3.jpg"]


def test_a_photograph_may_be_in_two_projects_with_stars_of_its_own_in_each(
    bench: Bench, photos: Photos, trip: ProjectId
) -> None:
    other = Projects(bench.database).create("Other").id
    (here,) = add(bench, photos, trip, "a.jpg")
    (there,) = add(bench, photos, other, "a.jpg")
    photos.rate([here], 5)
    assert [photo.rating for photo in photos.rows([here, there])] == [5, 0]


def test_size_and_time_are_known_at_once_and_a_missing_file_is_shown_as_missing(
    bench: Bench, photos: Photos, trip: ProjectId
) -> None:
    path = bench.photo("a.jpg", b"12345")
    added = photos.add(trip, [path, bench.trip / "gone.jpg"])
    here, gone = photos.rows(added.photos)
    assert (here.bytes, here.modified_ns) == (5, path.stat().st_mtime_ns)
    assert (here.missing, gone.missing, gone.bytes) == (False, True, 0)
    assert here.status is None
    assert here.decision is Decision.UNDECIDED


def test_the_folder_that_was_added_is_remembered_and_files_come_back_as_scanned(
    bench: Bench, photos: Photos, trip: ProjectId
) -> None:
    """Where results go by default and what is mirrored hangs on it, also after a restart."""
    bench.photo("a.jpg")
    bench.photo("day 1/b.jpg")
    loose = bench.folder / "loose.jpg"
    loose.write_bytes(b"loose")
    found = scan([bench.trip, loose], take_raw=False).photographs
    added = photos.add(trip, found)
    assert photos.files(added.photos) == list(found)
    assert [photo.base for photo in photos.rows(added.photos)] == [bench.trip, bench.trip, None]
    assert photos.files(list(reversed(added.photos)))[0] == found[-1]


def test_a_folder_that_was_added_through_a_link_keeps_its_name(
    bench: Bench, photos: Photos, trip: ProjectId
) -> None:
    bench.photo("day/a.jpg")
    link = bench.folder / "pictures"
    link.symlink_to(bench.trip)
    found = scan([link], take_raw=False).photographs
    added = photos.add(trip, found)
    assert photos.files(added.photos) == list(found)
    assert [source.folder.name for source in photos.sources(trip)] == ["trip", "day"]


def test_names_in_no_encoding_are_photographs_like_any_other(
    bench: Bench, photos: Photos, trip: ProjectId
) -> None:
    path = bench.photo(os.fsdecode(b"caf\xe9 \xff.jpg"))
    (which,) = photos.add(trip, [path]).photos
    assert photos.rows([which])[0].path == path
    assert photos.by_paths(trip, [path]) == {path: which}
    assert shown(photos, trip, text="CAF") == [path.name]


def test_names_are_in_natural_order_and_in_any_case(
    bench: Bench, photos: Photos, trip: ProjectId
) -> None:
    """IMG_10 after IMG_9: a camera's own order."""
    given = ["IMG_10.jpg", "b.jpg", "IMG_9.jpg", "A.jpg", "img_0100.jpg", "IMG_9a.jpg", "É.jpg"]
    add(bench, photos, trip, *given)
    wanted = ["A.jpg", "b.jpg", "IMG_9.jpg", "IMG_9a.jpg", "IMG_10.jpg", "img_0100.jpg", "É.jpg"]
    assert shown(photos, trip) == wanted
    assert shown(photos, trip, descending=True) == wanted[::-1]


def test_one_name_in_two_folders_is_ordered_by_the_folder(
    bench: Bench, photos: Photos, trip: ProjectId
) -> None:
    add(bench, photos, trip, "day 10/a.jpg", "day 9/a.jpg", "day 9/b.jpg")
    rows = photos.rows(photos.order(PhotoQuery(trip)))
    assert [(row.path.parent.name, row.path.name) for row in rows] == [
        ("day 9", "a.jpg"),
        ("day 10", "a.jpg"),
        ("day 9", "b.jpg"),
    ]


def test_photographs_are_sorted_by_what_is_asked_and_equal_ones_by_name(
    bench: Bench, photos: Photos, trip: ProjectId
) -> None:
    for name, size, time in (("c.jpg", 5, 30), ("a.jpg", 9, 20), ("b.jpg", 5, 10)):
        path = bench.photo(name, b"x" * size)
        os.utime(path, ns=(time, time))
        photos.add(trip, [path])
    (first,) = photos.by_paths(trip, [bench.trip / "c.jpg"]).values()
    photos.rate([first], 4)
    assert shown(photos, trip, sort=SortBy.SIZE) == ["b.jpg", "c.jpg", "a.jpg"]
    assert shown(photos, trip, sort=SortBy.SIZE, descending=True) == ["a.jpg", "b.jpg", "c.jpg"]
    assert shown(photos, trip, sort=SortBy.CHANGED) == ["b.jpg", "a.jpg", "c.jpg"]
    assert shown(photos, trip, sort=SortBy.ADDED) == ["c.jpg", "a.jpg", "b.jpg"]
    assert shown(photos, trip, sort=SortBy.RATING, descending=True) == ["c.jpg", "a.jpg", "b.jpg"]


def test_search_takes_all_words_in_names_and_folders_but_not_above_what_was_added(
    bench: Bench, photos: Photos, trip: ProjectId
) -> None:
    for name in ("Beach/IMG_1.jpg", "Beach/party.jpg", "Town/IMG_2.jpg"):
        bench.photo(name)
    photos.add(trip, scan([bench.trip], take_raw=False).photographs)
    assert shown(photos, trip, text="beach") == ["IMG_1.jpg", "party.jpg"]
    assert shown(photos, trip, text="IMG BEACH") == ["IMG_1.jpg"]
    assert shown(photos, trip, text="trip img") == ["IMG_1.jpg", "IMG_2.jpg"]
    assert shown(photos, trip, text=bench.folder.name) == []
    assert shown(photos, trip, text="%") == []


def test_a_folder_holds_what_is_below_it_and_nothing_beside_it(
    bench: Bench, photos: Photos, trip: ProjectId
) -> None:
    add(bench, photos, trip, "day/a.jpg", "day/sub/b.jpg", "day-2/c.jpg", "day0/d.jpg", "e.jpg")
    assert shown(photos, trip, folder=bench.trip / "day") == ["a.jpg", "b.jpg"]
    assert len(shown(photos, trip, folder=Path("/"))) == 5


def test_the_grid_is_narrowed_to_what_became_of_the_photographs(
    bench: Bench, photos: Photos, trip: ProjectId
) -> None:
    ids = add(bench, photos, trip, "a.jpg", "b.jpg", "c.jpg", "d.jpg")
    job = bench.enqueue(project="Trip").job
    one, two = bench.queue.claim("run", 2)
    bench.publisher.publish(one, bench.render(one))
    bench.queue.fail(two.item, two.attempt, Reason.TRUNCATED, "b.jpg ends too early.")
    (waiting,) = [which for which in bench.queue.item_ids(job) if which == two.item + 1]
    bench.queue.cancel_items([waiting])
    add(bench, photos, trip, "e.jpg")
    photos.rate([ids[0]], 3)
    assert shown(photos, trip, shown=Shown.DONE) == ["a.jpg"]
    assert shown(photos, trip, shown=Shown.UNDECIDED) == ["a.jpg"]
    assert shown(photos, trip, shown=Shown.FAILED) == ["b.jpg"]
    assert shown(photos, trip, shown=Shown.NEW) == ["c.jpg", "e.jpg"]
    assert shown(photos, trip, shown=Shown.WAITING) == ["d.jpg"]
    assert shown(photos, trip, job=job) == ["a.jpg", "b.jpg", "c.jpg", "d.jpg"]
    assert shown(photos, trip, min_rating=3) == ["a.jpg"]
    assert shown(photos, trip, sort=SortBy.STATUS) == [f"{name}.jpg" for name in "dbace"]
    photos.decide([ids[0]], Decision.REJECT)
    counts = photos.status_counts(trip)
    for heading in Shown:
        assert counts[heading] == photos.count(PhotoQuery(trip, shown=heading)), heading
    assert (counts[Shown.ALL], counts[Shown.REJECTED], counts[Shown.UNDECIDED]) == (5, 1, 0)
    failed = photos.rows([ids[1]])[0]
    assert (failed.reason, failed.message) == (Reason.TRUNCATED, "b.jpg ends too early.")


def test_a_photograph_shows_its_latest_edit_in_its_own_project_only(
    bench: Bench, photos: Photos, trip: ProjectId
) -> None:
    (which,) = add(bench, photos, trip, "a.jpg")
    bench.enqueue(bench.recipe(0.1))
    assert photos.rows([which])[0].item is None
    first = bench.enqueue(bench.recipe(0.2), project="Trip").job
    assert photos.rows([which])[0].job == first
    bench.work()
    stands = photos.rows([which])[0].output
    assert stands is not None
    second = bench.enqueue(project="Trip", strengths=(0.5, 0.6)).job
    row = photos.rows([which])[0]
    assert (row.job, row.status, row.strength, row.output) == (
        second,
        ItemStatus.PENDING,
        0.6,
        stands,
    )
    assert [edit.strength for edit in photos.edits(which)] == [0.6, 0.5, None]


def test_a_decision_is_about_a_result_and_a_new_one_is_undecided(
    bench: Bench, photos: Photos, trip: ProjectId
) -> None:
    (which,) = add(bench, photos, trip, "a.jpg")
    bench.enqueue(project="Trip")
    bench.work()
    photos.decide([which], Decision.REJECT)
    bench.enqueue(bench.recipe(0.7), project="Trip")
    assert photos.rows([which])[0].decision is Decision.REJECT, "the rejected result still stands"
    bench.work()
    assert photos.rows([which])[0].decision is Decision.UNDECIDED


def test_what_an_earlier_batch_of_the_project_made_is_seen_when_a_photograph_is_added(
    bench: Bench, photos: Photos, trip: ProjectId
) -> None:
    path = bench.photo("a.jpg")
    bench.enqueue(project="Trip")
    bench.work()
    (which,) = photos.add(trip, [path]).photos
    assert photos.rows([which])[0].status is ItemStatus.DONE


def test_removed_photographs_come_back_as_they_were(
    bench: Bench, photos: Photos, trip: ProjectId
) -> None:
    ids = add(bench, photos, trip, "a.jpg", "b.jpg", "c.jpg")
    photos.rate(ids, 4)
    photos.remove(ids[:2])
    assert shown(photos, trip) == ["c.jpg"]
    assert photos.rows(ids) == photos.rows(ids[2:])
    assert photos.status_counts(trip)[Shown.ALL] == 1
    assert photos.by_paths(trip, [bench.trip / "a.jpg"]) == {}
    photos.restore(ids[:1])
    assert shown(photos, trip) == ["a.jpg", "c.jpg"]
    again = photos.add(trip, [bench.trip / "b.jpg"])
    assert (again.photos, again.already) == ((ids[1],), 0)
    assert [photo.rating for photo in photos.rows(ids)] == [4, 4, 4]
    assert all((bench.trip / name).exists() for name in ("a.jpg", "b.jpg"))


def test_moving_to_another_project_and_back_changes_nothing_else(
    bench: Bench, photos: Photos, trip: ProjectId
) -> None:
    best = Projects(bench.database).create("Best").id
    ids = add(bench, photos, trip, "a.jpg", "b.jpg", "c.jpg")
    photos.rate(ids, 2)
    (twice, removed) = add(bench, photos, best, "b.jpg", "c.jpg")
    photos.remove([removed])
    before = photos.move(ids, best)
    assert before == {ids[0]: trip, ids[2]: trip}
    assert shown(photos, trip) == ["b.jpg"]
    assert sorted(photos.order(PhotoQuery(best))) == sorted([ids[0], ids[2], twice])
    for which, project in before.items():
        photos.move([which], project)
    assert shown(photos, trip) == ["a.jpg", "b.jpg", "c.jpg"]
    assert [photo.rating for photo in photos.rows(ids)] == [2, 2, 2]


def test_stars_decisions_and_recipes_are_undone_by_what_was_told(
    bench: Bench, photos: Photos, trip: ProjectId
) -> None:
    ids = add(bench, photos, trip, "a.jpg", "b.jpg")
    photos.rate(ids[:1], 1)
    photos.decide(ids[:1], Decision.KEEP)
    photos.set_recipe(ids[:1], bench.recipe(0.1))
    before = photos.rows(ids)
    ratings = photos.rate([*ids, PhotoId(99)], 5)
    decisions = photos.decide(ids, Decision.REJECT)
    recipes = photos.set_recipe(ids, bench.recipe(0.9))
    assert ratings == {ids[0]: 1, ids[1]: 0}
    assert recipes == {ids[0]: bench.recipe(0.1), ids[1]: None}
    assert [photo.rating for photo in photos.rows(ids)] == [5, 5]
    assert [photo.own_recipe for photo in photos.rows(ids)] == [True, True]
    photos.set_ratings(ratings)
    photos.set_decisions(decisions)
    photos.set_recipes(recipes)
    assert photos.rows(ids) == before
    assert photos.recipes(ids) == recipes


def test_six_stars_are_a_bug(photos: Photos) -> None:
    with pytest.raises(ValueError, match="6 is no number of stars"):
        photos.rate([PhotoId(1)], 6)


def test_sources_are_a_tree_from_the_added_folder_with_counts_that_add_up(
    bench: Bench, photos: Photos, trip: ProjectId
) -> None:
    for name in ("day 10/a.jpg", "day 9/b.jpg", "day 9/raw/deep/c.jpg"):
        bench.photo(name)
    loose = bench.folder / "loose" / "d.jpg"
    loose.parent.mkdir()
    loose.write_bytes(b"d")
    added = photos.add(trip, scan([bench.trip, loose], take_raw=False).photographs)
    photos.note_files([FileFacts(bench.trip / "day 9" / "b.jpg", missing=True)])
    here = bench.trip
    assert photos.sources(trip) == [
        Source(loose.parent, 1),
        Source(here, 3, missing=1),
        Source(here / "day 9", 2, missing=1),
        Source(here / "day 9" / "raw", 1),
        Source(here / "day 9" / "raw" / "deep", 1),
        Source(here / "day 10", 1),
    ]
    photos.remove(added.photos)
    assert photos.sources(trip) == []


def test_a_batch_that_leaves_the_library_does_not_take_photographs_with_it(
    bench: Bench, photos: Photos, trip: ProjectId
) -> None:
    """What a scan left out is written anew each time; photographs point to those rows."""
    bench.photo("b.jpg")
    raw = bench.photo("a.nef")
    (which,) = photos.add(trip, [raw]).photos
    bench.enqueue(project="Trip")
    assert photos.rows([which])[0].status is ItemStatus.LEFT_OUT
    bench.enqueue(project="Trip")
    assert photos.rows([which])[0].status is ItemStatus.LEFT_OUT
    raw.unlink()
    bench.enqueue(project="Trip")
    assert photos.rows([which])[0].status is None


def test_the_grid_reads_its_order_out_of_an_index(
    bench: Bench, photos: Photos, trip: ProjectId
) -> None:
    """Sorting 100,000 names anew at each change of the grid would be felt."""
    ids = add(bench, photos, trip, "a.jpg", "b.jpg")
    with statements() as seen:
        photos.order(PhotoQuery(trip))
        photos.order(PhotoQuery(trip, descending=True))
        photos.rows(ids)
        photos.unchecked(trip, 10)
        photos.by_paths(trip, [bench.trip / "a.jpg"])
        bench.enqueue(project="Trip")
    asked = [one for one in seen if one[0].lstrip().startswith(("SELECT", "UPDATE"))]
    assert len(asked) > 8
    with bench.database.read() as connection:
        for number, (statement, values) in enumerate(asked):
            rows = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values).all()
            plan = "; ".join(str(row[3]) for row in rows)
            assert "SCAN photo" not in plan, (statement, plan)
            if number < 2:
                assert "COVERING INDEX photo_order" in plan, plan
                assert "TEMP B-TREE" not in plan, plan
