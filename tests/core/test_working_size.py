"""A model that sees a photograph at a wrong size paints doubled motifs, or throws detail away."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.errors import SettingsError
from core.models.spec import Capabilities, ModelSpec
from core.recipe import EditSettings, Mode, SchedulerName, SizeMode
from core.working_size import working_size

MEGAPIXELS_24 = (6000, 4000)


def spec(native: int = 512, multiple: int = 8, **values: object) -> ModelSpec:
    given = {
        "id": "m", "name": "M", "family": "sd1", "folder": Path("/"), "native_size": native,
        "size_multiple": multiple, "schedulers": (SchedulerName.DDIM,),
    }  # fmt: skip
    return ModelSpec.model_validate(given | values)


def edit(strength: float = 0.3, **values: object) -> EditSettings:
    return EditSettings.model_validate({"mode": "repaint", "strength": strength} | values)


@pytest.mark.parametrize("strength", [0.1, 0.3, 0.4])
def test_large_photographs_go_in_tiles_while_the_strength_is_low(strength: float) -> None:
    size = working_size(edit(strength), spec(), *MEGAPIXELS_24)
    assert (size.width, size.height, size.tile) == (6000, 4000, 512)
    assert not size.brings_back
    assert size.words == "6000 x 4000 in tiles of 512"


@pytest.mark.parametrize("strength", [0.41, 0.6, 1.0])
def test_large_photographs_are_fitted_when_tiles_would_paint_pictures_of_their_own(
    strength: float,
) -> None:
    size = working_size(edit(strength), spec(), *MEGAPIXELS_24)
    assert (size.width, size.height, size.tile) == (624, 416, 0)
    assert size.brings_back
    assert size.factor == pytest.approx(0.104)
    assert size.words == "worked on at 624 x 416, brought back to 6000 x 4000"


@pytest.mark.parametrize("strength", [0.3, 0.9])
@pytest.mark.parametrize("sides", [(200, 100), (512, 512), (768, 512), (627, 627)])
def test_photographs_up_to_half_as_much_again_are_seen_as_they_are(
    strength: float, sides: tuple[int, int]
) -> None:
    size = working_size(edit(strength), spec(), *sides)
    assert (size.width, size.height, size.tile, size.factor) == (*sides, 0, 1.0)


def test_native_is_never_resized_or_tiled_only_cut_to_the_multiple() -> None:
    size = working_size(edit(0.9, size=SizeMode.NATIVE), spec(multiple=16), 4003, 3009)
    assert (size.width, size.height, size.tile) == (4000, 3008, 0)
    assert (size.full_width, size.full_height) == (4000, 3008)
    tiny = working_size(edit(0.9, size=SizeMode.NATIVE), spec(multiple=16), 9, 33)
    assert (tiny.width, tiny.height) == (9, 32)


def test_tile_and_fit_do_as_they_are_told() -> None:
    assert working_size(edit(0.9, size=SizeMode.TILE), spec(), 300, 300).tile == 512
    assert working_size(edit(0.9, size=SizeMode.TILE), spec(), 900, 900, tile=256).tile == 256
    enlarged = working_size(edit(0.1, size=SizeMode.FIT), spec(), 100, 100)
    assert (enlarged.width, enlarged.height, enlarged.brings_back) == (512, 512, True)


@pytest.mark.parametrize("multiple", [8, 16])
@pytest.mark.parametrize("sides", [(6000, 4000), (4000, 6000), (9000, 900), (1, 3000)])
def test_fitted_sides_are_multiples_of_about_the_native_area(
    sides: tuple[int, int], multiple: int
) -> None:
    size = working_size(edit(0.9, size=SizeMode.FIT), spec(1024, multiple), *sides)
    assert size.width % multiple == size.height % multiple == 0
    if max(sides) < 20 * min(sides):
        assert 0.9 < size.width * size.height / 1024**2 < 1.1
        assert size.width / size.height == pytest.approx(sides[0] / sides[1], rel=0.03)


def test_a_result_larger_than_its_photograph_is_painted_over_an_enlarged_one() -> None:
    size = working_size(edit(0.3), spec(), 500, 400, scale=2)
    assert (size.full_width, size.full_height) == (1000, 800)
    assert (size.width, size.height, size.tile, size.factor) == (1000, 800, 512, 2.0)
    smaller = working_size(edit(0.3), spec(), 500, 400, scale=0.5)
    assert (smaller.full_width, smaller.full_height) == (500, 400)


INSTRUCT = EditSettings(mode=Mode.INSTRUCT)


def instructed() -> ModelSpec:
    return spec(1024, 16, capabilities=Capabilities(strength=False, instruct=True))


def test_models_without_strength_are_given_what_they_were_made_for() -> None:
    size = working_size(INSTRUCT, instructed(), *MEGAPIXELS_24)
    assert (size.width, size.height) == (1248, 832)
    assert not working_size(INSTRUCT, instructed(), 800, 600).brings_back
    with pytest.raises(SettingsError, match="must see the whole"):
        working_size(INSTRUCT.model_copy(update={"size": SizeMode.TILE}), instructed(), 800, 600)


@pytest.mark.parametrize("sides", [(40, 500), (500, 30), (2000, 100), (1, 1), (30, 9000)])
def test_shapes_that_a_model_without_strength_refuses_are_fitted(sides: tuple[int, int]) -> None:
    """Its pipeline would stop the whole batch over a panorama or a thumbnail."""
    size = working_size(INSTRUCT, instructed(), *sides)
    assert size.brings_back
    assert min(size.width, size.height) >= 64
    assert max(size.width, size.height) <= 8 * min(size.width, size.height)


def test_the_built_in_model_works_on_the_photograph_itself() -> None:
    size = working_size(edit(0.9), spec(768, pixel_space=True), *MEGAPIXELS_24, scale=2)
    assert (size.width, size.height, size.tile, size.brings_back) == (6000, 4000, 768, False)
