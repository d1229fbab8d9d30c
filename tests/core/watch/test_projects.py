"""If these failed, what a watched folder brings could not be looked at, rated and compared."""

from __future__ import annotations

from core.library.photo import Photo, PhotoQuery
from core.library.photos import Photos
from core.library.projects import Projects
from core.library.records import ItemStatus
from core.library.watched import Existing
from core.watch.setup import WatchWish, begin_watch, plan_watch
from tests.core.watch.bench import WatchBench
from tests.runs import make_photographs


def shown(bench: WatchBench, name: str) -> dict[str, Photo]:
    """Return the photographs of a project by name."""
    project = next(p for p in Projects(bench.database).all() if p.name == name)
    photos = Photos(bench.database)
    return {p.path.name: p for p in photos.rows(list(photos.order(PhotoQuery(project.id))))}


def test_what_comes_joins_the_project_named_as_the_folder(bench: WatchBench) -> None:
    folder = bench.watch()
    bench.drop("a.jpg", "b.jpg")
    bench.scan_and_settle(folder)
    found = shown(bench, "inbox")
    assert sorted(found) == ["a.jpg", "b.jpg"]
    assert {photo.status for photo in found.values()} == {ItemStatus.PENDING}
    assert {photo.base for photo in found.values()} == {bench.inbox}
    bench.finish_all()
    assert {p.status for p in shown(bench, "inbox").values()} == {ItemStatus.ALREADY_DONE}


def test_one_saved_again_is_the_same_photograph_with_its_new_look(bench: WatchBench) -> None:
    folder = bench.watch()
    (path,) = bench.drop("a.jpg")
    bench.scan_and_settle(folder)
    bench.finish_all()
    before = shown(bench, "inbox")["a.jpg"]
    Photos(bench.database).rate([before.id], 4)
    (other,) = make_photographs(bench.home / "other", ["new.jpg"])
    path.write_bytes(other.read_bytes())
    bench.scan_and_settle(folder)
    after = shown(bench, "inbox")["a.jpg"]
    assert (after.id, after.rating, after.status) == (before.id, 4, ItemStatus.PENDING)
    assert after.modified_ns == path.stat().st_mtime_ns != before.modified_ns


def test_a_renamed_project_goes_on_getting_them(bench: WatchBench) -> None:
    rule = bench.rule()
    folder = bench.watch(rule)
    bench.drop("a.jpg")
    bench.scan_and_settle(folder)
    projects = Projects(bench.database)
    projects.rename(projects.all()[0].id, "Tethered")
    folder = bench.watch(bench.rules.get(rule.id))
    bench.drop("b.jpg")
    bench.scan_and_settle(folder)
    assert [project.name for project in projects.all()] == ["Tethered"]
    assert sorted(shown(bench, "Tethered")) == ["a.jpg", "b.jpg"]
    assert len(bench.queue.jobs()) == 1


def test_a_rule_is_changed_by_its_number_whatever_its_output(bench: WatchBench) -> None:
    rule = bench.rule()
    wish = WatchWish(folder=bench.inbox, recipe=bench.recipe(folder=bench.home / "elsewhere"))
    pictures = bench.home / "Pictures"
    plan = plan_watch(
        wish, bench.rules, bench.registry, pictures, lambda _: bench.mount, changes=rule.id
    )
    changed = begin_watch(plan, bench.rules, Existing.NEW_ONLY)
    assert [one.id for one in bench.rules.all()] == [rule.id]
    assert changed.settings.output == bench.home / "elsewhere"
