"""The Run button's count, time and disk space: it must follow a dial and promise nothing false."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from core.errors import SettingsError
from core.forecast import UNKNOWN_PIXELS, estimate, remaining
from core.models.family_spec import family_spec
from core.models.spec import ModelSpec, builtin_spec
from core.pace import Pace
from core.plan import DeviceSpeed, PictureSize, plan
from core.presets import find_preset, load_presets
from core.recipe import EditSettings, Mode, OutputFormat, OutputSettings, Recipe

SPEC = builtin_spec()
SIZES = [PictureSize(600, 400), PictureSize(6000, 4000), PictureSize(31, 47)]
SPEED = DeviceSpeed(0.37, 0.11)


@pytest.mark.parametrize("name", ["Clean", "Clean hard", "Paint", "Loose paint"])
def test_it_is_the_sum_of_the_plans(name: str) -> None:
    recipe = find_preset(name, load_presets())
    plans = [plan(recipe.edit, SPEC, size, SPEED) for size in SIZES]
    found = estimate(SIZES, recipe, SPEC, SPEED)
    assert (found.photographs, found.results) == (3, 3)
    assert found.seconds == pytest.approx(sum(p.seconds for p in plans))
    assert found.bytes == pytest.approx(sum(p.bytes for p in plans), abs=3)


def test_every_strength_counts_with_its_own_steps() -> None:
    recipe = Recipe(edit=EditSettings(mode=Mode.REPAINT, num_inference_steps=20))
    found = estimate(SIZES, recipe, SPEC, SPEED, (0.1, 0.4))
    single = [estimate(SIZES, recipe, SPEC, SPEED, (s,)) for s in (0.1, 0.4)]
    assert found.results == 6
    assert found.seconds == pytest.approx(sum(e.seconds for e in single))
    assert single[1].seconds > 2 * single[0].seconds
    assert found.bytes == pytest.approx(2 * single[0].bytes, abs=2)


def test_photographs_not_looked_at_yet_are_taken_for_the_mean() -> None:
    recipe = Recipe()
    known = [PictureSize(3000, 2000)] * 4
    assert (
        estimate([*known, None, PictureSize(0, 0)], recipe, SPEC).seconds
        == estimate([PictureSize(3000, 2000)] * 6, recipe, SPEC).seconds
    )
    unknown = estimate([None], recipe, SPEC, DeviceSpeed(1.0, 0.0))
    assert unknown.seconds == pytest.approx(UNKNOWN_PIXELS / 1e6)


def test_nothing_chosen_takes_nothing() -> None:
    found = estimate([], Recipe(), SPEC)
    assert (found.photographs, found.results, found.seconds, found.bytes) == (0, 0, 0, 0)


def test_smaller_results_and_formats_take_less_space() -> None:
    sizes = [PictureSize(6000, 4000)] * 10
    whole = estimate(sizes, Recipe(), SPEC).bytes
    small = Recipe(output=OutputSettings(max_side=1500))
    assert estimate(sizes, small, SPEC).bytes == pytest.approx(whole / 16, rel=0.01)
    assert estimate(sizes, Recipe(output=OutputSettings(scale=2.0)), SPEC).bytes == 4 * whole
    tiff = Recipe(output=OutputSettings(format=OutputFormat.TIFF))
    assert estimate(sizes, tiff, SPEC).bytes > whole
    assert estimate(sizes, Recipe(), SPEC).needed_bytes > whole


def test_a_setting_the_model_cannot_use_is_an_error() -> None:
    with pytest.raises(SettingsError, match="takes no prompt"):
        estimate(SIZES, Recipe(edit=EditSettings(prompt="x")), SPEC)


def test_ten_thousand_sizes_follow_a_dial() -> None:
    sizes = [PictureSize(6000, 4000 + number) for number in range(10_000)]
    took = []
    for _ in range(5):
        start = time.perf_counter()
        estimate(sizes, Recipe(), SPEC, SPEED, (0.2, 0.3))
        took.append(time.perf_counter() - start)
    assert min(took) < 0.05


def test_the_time_left_is_as_expected_until_it_is_measured() -> None:
    now = [0.0]
    pace = Pace(10, lambda: now[0])
    expected = estimate([PictureSize(1000, 1000)] * 10, Recipe(), SPEC, DeviceSpeed(2.0, 0.0))
    assert remaining(pace) is None
    assert remaining(pace, expected) == pytest.approx(20)
    pace.start()
    now[0] = 7.0
    pace.settle(worked=True)
    assert remaining(pace, expected) == pytest.approx(63)


def measured(family: str = "sd1") -> tuple[ModelSpec, DeviceSpeed]:
    return family_spec(family, id=family, name=family, folder=Path("/m")), DeviceSpeed(10.0)


def test_nothing_is_promised_of_a_model_that_was_never_timed_here() -> None:
    """`13 s` on the button, and an hour later it still runs."""
    spec, _ = measured("sdxl")
    recipe = Recipe(edit=EditSettings(mode=Mode.REPAINT))
    found = estimate(SIZES, recipe, spec)
    assert found.seconds == 0
    assert found.time() == "time not known yet"
    assert remaining(Pace(found.results), found) is None


def test_a_large_photograph_that_is_fitted_costs_what_a_fitted_one_does() -> None:
    """By its own pixels, 24 megapixels would be said to take a hundred times as long."""
    spec, speed = measured()
    recipe = Recipe(edit=EditSettings(mode=Mode.REPAINT, strength=0.6))
    large = estimate([PictureSize(6000, 4000)], recipe, spec, speed).seconds
    small = estimate([PictureSize(630, 420)], recipe, spec, speed).seconds
    assert small < large < 1.2 * small
