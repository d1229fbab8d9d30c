"""Projects: photographs stay where they were put; no name is lost or there twice."""

from __future__ import annotations

import pytest

from core.errors import CoreError, LibraryError, SettingsError
from core.library.ids import ProjectId
from core.library.photo import PhotoQuery
from core.library.photos import Photos
from core.library.projects import DEFAULT_NAME, Projects
from core.library.records import ItemStatus
from tests.core.library.bench import Bench


@pytest.fixture
def projects(bench: Bench) -> Projects:
    return Projects(bench.database)


def test_the_first_start_has_one_project_and_every_later_one_the_same(projects: Projects) -> None:
    assert projects.all() == []
    first = projects.default()
    assert first.name == DEFAULT_NAME
    assert projects.default() == first
    assert projects.all() == [first]


def test_projects_stay_in_the_order_in_which_they_were_made(projects: Projects) -> None:
    for name in ("Zebras", "Ants", "Bees"):
        projects.create(name)
    assert [project.name for project in projects.all()] == ["Zebras", "Ants", "Bees"]


@pytest.mark.parametrize("name", ["Trip", "trip", "  TRIP  ", "", "   "])
def test_an_empty_name_and_one_that_is_taken_are_refused(projects: Projects, name: str) -> None:
    """Two projects of one name could not be told apart, nor could `--project` name one."""
    projects.create("Trip")
    other = projects.create("Other")
    with pytest.raises(SettingsError):
        projects.create(name)
    with pytest.raises(SettingsError):
        projects.rename(other.id, name)
    assert [project.name for project in projects.all()] == ["Trip", "Other"]


def test_a_project_may_be_renamed_to_itself_in_other_case_and_back(projects: Projects) -> None:
    trip = projects.create("Trip")
    assert projects.rename(trip.id, "TRIP") == trip
    assert projects.get(trip.id).name == "TRIP"
    projects.rename(trip.id, trip.name)
    assert projects.get(trip.id).name == "Trip"


def test_an_archived_project_is_put_away_and_comes_back_whole(
    projects: Projects, bench: Bench
) -> None:
    trip = projects.create("Trip")
    Photos(bench.database).add(trip.id, [bench.photo("a.jpg")])
    projects.archive(trip.id, True)
    assert projects.all() == []
    (put_away,) = projects.all(archived=True)
    assert (put_away.archived, put_away.photographs) == (True, 1)
    assert projects.default().name == DEFAULT_NAME
    with pytest.raises(SettingsError) as caught:
        projects.create("trip")
    assert "archived" in caught.value.hint
    projects.archive(trip.id, False)
    assert [project.name for project in projects.all(archived=None)] == ["Trip", DEFAULT_NAME]


def test_the_default_project_finds_a_name_when_its_own_is_archived(projects: Projects) -> None:
    projects.archive(projects.default().id, True)
    assert projects.default().name == f"{DEFAULT_NAME} 2"


def test_batches_of_the_command_line_make_no_project(projects: Projects, bench: Bench) -> None:
    bench.photo("a.jpg")
    bench.enqueue()
    assert projects.all(archived=None) == []
    bench.enqueue(project="Trip")
    assert [project.name for project in projects.all()] == ["Trip"]


def test_a_project_keeps_its_recipe(projects: Projects, bench: Bench) -> None:
    trip = projects.create("Trip")
    assert projects.recipe(trip.id) is None
    projects.set_recipe(trip.id, bench.recipe(0.4))
    assert projects.recipe(trip.id) == bench.recipe(0.4)


def test_a_deleted_project_is_forgotten_and_every_file_stays(
    projects: Projects, bench: Bench
) -> None:
    path = bench.photo("a.jpg")
    trip = projects.create("Trip")
    Photos(bench.database).add(trip.id, [path])
    job = bench.enqueue(project="Trip").job
    bench.work()
    projects.delete(trip.id)
    assert projects.all(archived=None) == []
    assert bench.queue.jobs() == []
    with pytest.raises(LibraryError):
        bench.queue.job(job)
    assert path.exists()
    assert bench.names() == ["a.jpg"]
    assert bench.catalog.result_at(bench.out / "a.jpg") is not None
    projects.delete(trip.id)


def test_a_project_with_an_unfinished_batch_is_not_deleted(
    projects: Projects, bench: Bench
) -> None:
    bench.photo("a.jpg")
    job = bench.enqueue(project="Trip").job
    (trip,) = projects.all()
    with pytest.raises(CoreError, match="Trip has an unfinished batch") as caught:
        projects.delete(trip.id)
    assert "cancel it" in caught.value.hint
    assert bench.queue.totals(job).pending == 1
    bench.queue.cancel(job)
    projects.delete(trip.id)
    assert projects.all() == []


def test_photographs_that_were_moved_away_keep_their_results_when_the_project_goes(
    projects: Projects, bench: Bench
) -> None:
    photos = Photos(bench.database)
    trip, best = projects.create("Trip"), projects.create("Best")
    (photo,) = photos.add(trip.id, [bench.photo("a.jpg")]).photos
    bench.enqueue(project="Trip")
    bench.work()
    photos.move([photo], best.id)
    projects.delete(trip.id)
    (row,) = photos.rows(photos.order(PhotoQuery(best.id)))
    assert (row.status, row.output) == (ItemStatus.DONE, bench.out / "a.jpg")
    assert bench.queue.jobs() == []


def test_a_project_that_is_gone_is_said_plainly(projects: Projects) -> None:
    with pytest.raises(LibraryError, match="not in the library any more"):
        projects.get(ProjectId(77))
