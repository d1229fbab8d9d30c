"""A photograph that comes back soft, or changed where nothing was to change, is spoiled."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import torch

from core.engine.change import blurred
from core.engine.img2img import NotFinite
from core.engine.latent.bring_back import finish_photograph
from core.engine.latent.carry import Carried, kept_detail
from core.engine.latent.working import Working, scaled_planes, working_of
from core.errors import ItemError, Reason
from core.images.photo import Photo, Pixels
from core.recipe import EditSettings, OutputSettings
from core.working_size import LEAST_TILE
from tests.core.engine.latent.pictures import detail_left, edit, photo, scene, spec

PLAIN = OutputSettings()


def worked(given: Photo, settings: EditSettings | None = None, scale: float = 1.0) -> Working:
    return working_of(given, settings or edit(), OutputSettings(scale=scale), spec())


def down_and_up(working: Working, after: torch.Tensor) -> Pixels:
    size = working.size
    plain = scaled_planes(after, size.full_height, size.full_width).clamp(0, 1)
    return np.rint(plain.permute(1, 2, 0).numpy() * 255).astype(np.uint8)


def grey() -> Pixels:
    return scene(300, 400)[..., :1]


def inks() -> Pixels:
    return np.concatenate((scene(300, 400), scene(300, 400, seed=3)[..., :1] // 2), axis=2)


@pytest.mark.parametrize("deep", [False, True])
@pytest.mark.parametrize("make", [lambda: scene(300, 400), grey, inks])
@pytest.mark.parametrize("strength", [0.3, 0.6, 0.95])
def test_no_change_gives_the_very_same_pixels_in_every_kind(
    make: object, deep: bool, strength: float
) -> None:
    pixels = make()  # type: ignore[operator]
    if deep:
        pixels = pixels.astype(np.uint16) * 257 + 100
    working = worked(photo(pixels), edit(strength))
    _, result = finish_photograph(working, working.picture)
    assert np.array_equal(result, pixels)
    assert result.dtype == pixels.dtype


def test_at_its_own_size_the_models_picture_is_the_result_to_the_value() -> None:
    """Else a result differs from the same call of diffusers, and nobody can compare."""
    working = worked(photo(scene(61, 50)))
    assert working.picture.shape == (3, 64, 56)
    after = torch.rand(3, 64, 56)
    after[:, :30] = torch.arange(30)[:, None] / 510
    _, result = finish_photograph(working, after)
    wanted = (after[:, :61, :50].permute(1, 2, 0).numpy() * 255).round().astype("uint8")
    assert np.array_equal(result, wanted)


def test_a_change_of_light_keeps_the_sources_detail() -> None:
    """What a plain way down and up loses."""
    source = scene(600, 800)
    working = worked(photo(source), edit(0.6))
    after = (working.picture * 0.8 + 0.1).clamp(0, 1)
    _, result = finish_photograph(working, after)
    assert detail_left(source, result) > 0.7
    assert detail_left(source, down_and_up(working, after)) < 0.15
    low = scaled_planes(torch.from_numpy(result.astype(np.float32)).permute(2, 0, 1), 56, 72)
    want = scaled_planes(after, 56, 72) * 255
    assert float((low - want).abs().mean()) < 2, "the change itself must arrive"


def test_detail_that_the_model_took_away_stays_away() -> None:
    """A sky that was painted smooth must not get the texture of what was there."""
    source = scene(600, 800)
    working = worked(photo(source), edit(0.6))
    after = working.picture.clone()
    after[:, :, 36:] = blurred(after, 4.0)[:, :, 36:]
    _, result = finish_photograph(working, after)
    assert detail_left(source[:, :320], result[:, :320]) > 0.9
    assert detail_left(source[:, 480:], result[:, 480:]) < 0.35


def test_at_high_strength_only_what_is_the_same_counts_as_kept() -> None:
    """At 0.95 another texture is another thing; at 0.6 it is the same grass, painted anew."""
    before, after = torch.rand(3, 64, 64), torch.rand(3, 64, 64)
    assert float(kept_detail(before, after, 0.0).mean()) > 0.9
    assert float(kept_detail(before, after, 1.0).mean()) < 0.25
    assert torch.equal(kept_detail(before, before, 1.0), torch.ones(1, 64, 64))


def test_an_instruction_replaces_what_moved_and_keeps_the_rest_sharp() -> None:
    source = scene(600, 800)
    working = worked(photo(source), EditSettings(mode="instruct"))
    after = working.picture.clone()
    after[:, :, :36] = (
        torch.rand(3, after.shape[1], 36) * 0.1 + torch.tensor([0.8, 0.1, 0.1])[:, None, None]
    )
    _, result = finish_photograph(working, after)
    assert detail_left(source[:, 480:], result[:, 480:]) > 0.95
    assert detail_left(source[:, :320], result[:, :320]) < 0.3
    assert np.abs(result[:, :320].mean((0, 1)) - [0.85 * 255, 0.15 * 255, 0.15 * 255]).max() < 3


def test_bands_leave_no_seam() -> None:
    before, after = torch.rand(3, 20, 30), torch.rand(3, 20, 30)
    carried = Carried.of(before, after, (170, 260), 0.0)
    source = torch.rand(3, 170, 260)
    whole = carried.onto(source.clone(), 0, 170)
    cuts = [0, 1, 63, 100, 170]
    bands = [carried.onto(source[:, a:b].clone(), a, b) for a, b in itertools.pairwise(cuts)]
    assert torch.allclose(torch.cat(bands, 1), whole, atol=1e-6)


def test_a_small_photograph_that_was_enlarged_for_the_model_comes_back_at_its_size() -> None:
    source = scene(30, 40)
    working = worked(photo(source), edit(0.6, size="fit"))
    assert working.picture.shape == (3, 56, 72)
    _, result = finish_photograph(working, (working.picture + 0.1).clamp(0, 1))
    assert result.shape == source.shape
    inside = (source > 5) & (source < 225)
    assert np.abs(result.astype(int) - source - 25.5)[inside].max() < 2


def test_larger_results_are_painted_over_an_enlarged_photograph_with_its_alpha() -> None:
    alpha = np.full((150, 200), 200, np.uint8)
    working = worked(photo(scene(150, 200), alpha), edit(0.3), scale=2)
    assert working.picture.shape == (3, 304, 400)
    assert working.tile == LEAST_TILE
    full, result = finish_photograph(working, working.picture)
    assert result.shape == (300, 400, 3)
    assert full.alpha is not None
    assert full.alpha.shape == (300, 400)


def test_native_cuts_the_photograph_and_its_alpha() -> None:
    source, alpha = scene(61, 50), np.full((61, 50), 255, np.uint8)
    working = worked(photo(source, alpha), edit(0.3, size="native"))
    full, result = finish_photograph(working, working.picture)
    assert np.array_equal(result, source[:56, :48])
    assert full.alpha is not None
    assert full.alpha.shape == (56, 48)


def test_holding_the_structure_keeps_light_and_shadow() -> None:
    source = scene(300, 400)
    after = worked(photo(source)).picture * 0.5
    held = []
    for share in (0, 100):
        working = worked(photo(source), edit(hold_structure=share))
        _, result = finish_photograph(working, after)
        held.append(float(np.abs(result.astype(int) - source).mean()))
    assert held[1] < 0.3 * held[0]


def test_numbers_that_are_none_and_black_pictures_are_no_results() -> None:
    working = worked(photo(scene(300, 400)))
    broken = working.picture.clone()
    broken[0, 5, 5] = torch.nan
    with pytest.raises(NotFinite):
        finish_photograph(working, broken)
    flat = worked(photo(scene(60, 80)))
    with pytest.raises(ItemError) as caught:
        finish_photograph(flat, torch.zeros_like(flat.picture))
    assert caught.value.reason is Reason.BLACK
