"""No step of a batch and no look at the grid goes through all of a library of 100,000 rows."""

from __future__ import annotations

from core.library.ids import PhotoId, ProjectId
from core.library.photo import FileFacts, PhotoQuery, Shown, SortBy
from core.library.photos import Photos
from core.library.records import ItemStatus
from tests.core.library.bench import Bench
from tests.core.library.plans import scans, statements


def test_no_step_of_a_batch_looks_through_the_photographs_of_others(bench: Bench) -> None:
    """A scan for each claim would take the day."""
    bench.photo("a.jpg")
    bench.photo("b.jpg")
    with statements() as said:
        assert len(bench.queue.uncertain(bench.request())) == 2
        job = bench.enqueue().job
        (first, second) = bench.queue.claim("run", 2)
        bench.queue.announce(first.item, first.attempt)
        bench.publisher.publish(first, bench.render(first))
        bench.queue.crashed(second.item, second.attempt)
        bench.queue.totals(job)
        bench.queue.items(job, ItemStatus.DONE)
        bench.queue.item_ids(job, (ItemStatus.DONE,))
        bench.queue.output_folders(job)
        bench.queue.jobs(unfinished=True)
        bench.recover()
        bench.enqueue()
        bench.queue.cancel(job)
    assert len(said) > 40
    assert scans(bench.database, said) == []


def test_nothing_asked_of_the_catalog_for_one_photograph_looks_through_all(bench: Bench) -> None:
    photo = bench.photo("a.jpg")
    bench.enqueue()
    bench.work()
    with statements() as said:
        bench.catalog.hash_file(photo)
        bench.catalog.known_hashes([photo])
        bench.catalog.find_standing("key", photo, bench.out / "a.jpg")
        bench.catalog.find_copy("key")
        bench.catalog.result_at(bench.out / "a.jpg")
        bench.catalog.owner_of(bench.out / "a.jpg")
        bench.catalog.is_source(photo)
        bench.catalog.names_in(bench.out)
        bench.catalog.own_outputs([photo])
    assert len(said) > 9
    assert scans(bench.database, said) == []


def test_a_project_is_shown_without_a_look_at_the_photographs_of_others(
    bench: Bench, photos: Photos, trip: ProjectId
) -> None:
    (one,) = photos.add(trip, [bench.photo("a.jpg")]).photos
    with statements() as said:
        _look(photos, trip, one)
        photos.note_files([FileFacts(bench.trip / "a.jpg", False, 4, 3)])
        photos.unchecked(trip, 10)
        photos.by_paths(trip, [bench.trip / "a.jpg"])
        photos.edits(one)
        photos.rate([one], 3)
        photos.remove([one])
        photos.restore([one])
    assert len(said) > 30
    assert scans(bench.database, said) == []


def _look(photos: Photos, trip: ProjectId, one: PhotoId) -> None:
    for sort in SortBy:
        photos.order(PhotoQuery(trip, sort=sort))
    for shown in Shown:
        photos.order(PhotoQuery(trip, shown=shown))
    photos.count(PhotoQuery(trip, text="a", min_rating=2))
    photos.status_counts(trip)
    photos.rows([one])
    photos.files([one])
