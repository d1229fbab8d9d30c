"""Review first: nothing reaches the output folder before the user said so, and nothing is lost."""

from __future__ import annotations

import pytest

from core.errors import SettingsError
from core.library.records import ItemStatus
from core.library.review import review_folder
from core.recipe import EditSettings, Recipe
from tests.core.library.bench import Bench


def held_for(bench: Bench) -> list[str]:
    request = bench.request(review=True)
    return [str(one.held_for.relative_to(bench.out)) for one in request.items if one.held_for]


def test_results_are_made_in_the_library_and_not_where_the_recipe_puts_them(bench: Bench) -> None:
    bench.photo("day/a.jpg")
    stored = bench.enqueue(review=True)
    assert bench.work() == 1
    (item,) = bench.queue.items(stored.job)
    assert item.output is not None
    assert item.output.is_relative_to(review_folder(bench.database.path))
    assert item.output.parts[-2:] == ("day", "a.jpg")
    assert item.output.read_bytes().startswith(b"edited")
    assert not bench.out.exists()
    assert bench.queue.job(stored.job).review


def test_each_result_knows_where_it_is_to_go(bench: Bench) -> None:
    bench.photo("day/a.jpg")
    bench.photo("b.jpg")
    assert sorted(held_for(bench)) == ["b.jpg", "day/a.jpg"]


def test_the_same_command_again_goes_on_and_finds_what_is_held(bench: Bench) -> None:
    """A restart of the application must not make the photographs a second time."""
    bench.photo("a.jpg")
    first = bench.enqueue(review=True)
    bench.work()
    bench.photo("b.jpg")
    second = bench.enqueue(review=True)
    assert bench.work() == 1
    one, two = bench.queue.items(second.job)
    assert one.status is ItemStatus.ALREADY_DONE
    assert two.status is ItemStatus.DONE
    assert one.output == bench.queue.items(first.job)[0].output


def test_an_unfinished_batch_that_writes_at_once_is_not_taken_for_one_under_review(
    bench: Bench,
) -> None:
    """Otherwise results would be written that the user wanted to see first."""
    bench.photo("a.jpg")
    direct, review = bench.enqueue(), bench.enqueue(review=True)
    assert not review.resumed
    assert direct.job != review.job
    assert bench.work() == 2
    assert bench.names() == ["a.jpg"]


def test_a_batch_with_another_recipe_takes_the_place_of_what_was_held(bench: Bench) -> None:
    """As it does in an output folder: the photograph has one held result, not a heap of them."""
    bench.photo("a.jpg")
    jobs = [bench.enqueue(bench.recipe(s), review=True).job for s in (0.3, 0.6)]
    bench.work()
    (path,) = {item.output for job in jobs for item in bench.queue.items(job)}
    assert path is not None
    assert path.read_bytes().startswith(b"edited at 0.6")
    assert bench.names(path.parent) == ["a.jpg"]


def test_results_for_other_folders_are_held_apart(bench: Bench) -> None:
    bench.photo("a.jpg")
    recipes = [bench.recipe(), bench.recipe(folder=bench.folder / "other")]
    outputs = {bench.request(recipe, review=True).items[0].output for recipe in recipes}
    assert len(outputs) == 2


def test_two_folders_with_equal_names_are_held_apart_and_go_to_their_own_places(
    bench: Bench,
) -> None:
    """Held results of two trips must not replace each other."""
    from core.library.intake import job_request
    from core.scan import scan
    from tests.core.library.bench import SPEC

    bench.photo("one/a.jpg", b"first")
    bench.photo("two/a.jpg", b"second")
    inputs = [bench.trip / "one", bench.trip / "two"]
    found = scan(inputs, take_raw=False)
    recipe = Recipe(edit=EditSettings())
    request = job_request(
        found, recipe, SPEC, bench.catalog, inputs=inputs, pictures=bench.folder, review=True
    )
    assert len({one.output for one in request.items}) == 2
    assert {one.held_for for one in request.items} == {
        bench.trip / "one-regrain" / "a.jpg",
        bench.trip / "two-regrain" / "a.jpg",
    }


def test_several_strengths_keep_the_names_and_seeds_that_they_would_have(bench: Bench) -> None:
    bench.photo("a.jpg")
    request = bench.request(review=True, strengths=(0.2, 0.4))
    plain = bench.request(strengths=(0.2, 0.4))
    assert [one.held_for for one in request.items] == [one.output for one in plain.items]
    assert [one.strength for one in request.items] == [0.2, 0.4]


def test_a_recipe_that_aims_at_the_originals_is_refused_before_anything_is_made(
    bench: Bench,
) -> None:
    bench.photo("a.jpg")
    with pytest.raises(SettingsError, match="on the originals"):
        bench.request(bench.recipe(folder=bench.trip), review=True)
