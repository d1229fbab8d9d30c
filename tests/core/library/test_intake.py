"""From a scan to a batch: where each result would go, before anything is written."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.errors import SettingsError
from core.library.intake import job_request
from core.recipe import Recipe
from core.scan import scan
from tests.core.library.bench import SPEC, Bench


def planned(bench: Bench, recipe: Recipe, *inputs: Path, **options: object) -> list[Path]:
    request = job_request(
        scan(inputs, take_raw=False),
        recipe,
        SPEC,
        bench.catalog,
        inputs=inputs,
        pictures=bench.folder / "Pictures",
        **options,  # type: ignore[arg-type]
    )
    return [item.output for item in request.items]


def test_a_folder_gets_a_sibling_and_loose_pictures_go_to_pictures(bench: Bench) -> None:
    bench.photo("day/a.jpg")
    loose = bench.folder / "loose.png"
    loose.write_bytes(b"x")
    assert planned(bench, Recipe(), bench.trip, loose) == [
        bench.folder / "trip-regrain" / "day" / "a.jpg",
        bench.folder / "Pictures" / "Regrain" / "loose.png",
    ]


def test_planning_writes_nothing(bench: Bench) -> None:
    bench.photo("a.jpg")
    planned(bench, Recipe(), bench.trip)
    assert not (bench.folder / "trip-regrain").exists()
    assert bench.queue.jobs() == []


def test_several_strengths_have_several_names_and_equal_ones_are_one(bench: Bench) -> None:
    bench.photo("a.jpg")
    outputs = planned(bench, bench.recipe(), bench.trip, strengths=(0.15, 0.3, 0.3))
    assert [path.name for path in outputs] == ["a_0.15.jpg", "a_0.3.jpg"]
    assert planned(bench, bench.recipe(), bench.trip, strengths=(0.3,)) == [bench.out / "a.jpg"]


@pytest.mark.parametrize("how", ["same folder", "link to it", "hard link"])
def test_results_never_land_on_the_originals(bench: Bench, how: str) -> None:
    photo = bench.photo("a.jpg")
    folder = bench.trip
    if how == "link to it":
        folder = bench.folder / "link"
        folder.symlink_to(bench.trip)
    if how == "hard link":
        folder = bench.folder / "other"
        folder.mkdir()
        (folder / "a.jpg").hardlink_to(photo)
    with pytest.raises(SettingsError, match="Results would land on the originals") as caught:
        planned(bench, bench.recipe(folder=folder), bench.trip)
    assert caught.value.hint == "Choose another folder or a name such as {stem}-regrain."
    other_name = bench.recipe(folder=folder, name_template="{stem}-regrain")
    assert planned(bench, other_name, bench.trip) == [folder.resolve() / "a-regrain.jpg"]


def test_an_output_folder_is_one_whatever_way_it_is_written(bench: Bench) -> None:
    bench.photo("a.jpg")
    link = bench.folder / "link"
    bench.out.mkdir()
    link.symlink_to(bench.out)
    assert planned(bench, bench.recipe(folder=link), bench.trip) == [bench.out / "a.jpg"]
    crooked = bench.out / ".." / "out"
    assert planned(bench, bench.recipe(folder=crooked), bench.trip) == [bench.out / "a.jpg"]


def test_random_seeds_are_drawn_one_an_item(bench: Bench) -> None:
    from core.recipe import SeedMode

    bench.photo("a.jpg")
    bench.photo("b.jpg")
    recipe = bench.recipe()
    edit = recipe.edit.model_copy(update={"seed_mode": SeedMode.RANDOM})
    request = bench.request(recipe.model_copy(update={"edit": edit}))
    seeds = [item.seed for item in request.items]
    assert None not in seeds
    assert len(set(seeds)) == 2
    assert all(item.seed is None for item in bench.request().items)


def test_a_wrong_template_is_refused_before_anything_is_stored(bench: Bench) -> None:
    bench.photo("a.jpg")
    with pytest.raises(SettingsError, match="name_template"):
        planned(bench, bench.recipe(name_template="../{stem}"), bench.trip)
