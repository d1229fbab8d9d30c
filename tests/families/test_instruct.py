"""Models that do what they are told: the result must be the photograph's size and shape."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from core.engine.latent.bring_back import finish_photograph
from core.engine.latent.working import working_of
from core.errors import ItemError
from core.images.photo import Pixels
from core.recipe import OutputSettings
from tests.core.engine.latent.pictures import photo, scene
from tests.families.leading import denoising, edit_of, in_bytes, led_down
from tests.families.loading import Loaded

FAMILIES = ("flux-kontext", "flux2-klein", "qwen-image-edit")


def instructed(
    loaded: Loaded, family: str, source: Pixels, native: int = 128
) -> tuple[Pixels, ...]:
    """Return the model's picture and the result, under a model made for so many pixels a side."""
    whole = loaded(family)
    small = replace(whole, spec=whole.spec.model_copy(update={"native_size": native}))
    edit = edit_of(small, num_inference_steps=2)
    working = working_of(photo(source), edit, OutputSettings(), small.spec)
    after = led_down(small, {0: denoising(small, working, edit)})[0]
    assert after.shape == working.picture.shape
    _, result = finish_photograph(working, after)
    return in_bytes(after), result


@pytest.mark.parametrize(
    "family",
    [
        pytest.param(name, marks=pytest.mark.slow) if name == "qwen-image-edit" else name
        for name in FAMILIES
    ],
)
def test_a_large_photograph_is_fitted_and_comes_back_at_its_own_size(
    loaded: Loaded, family: str
) -> None:
    source = scene(200, 300)
    after, result = instructed(loaded, family, source)
    assert after.shape == (112, 160, 3)
    assert result.shape == source.shape
    assert np.abs(result.astype(int) - source).mean() > 10
    means = (
        result.reshape(4, 50, 5, 60, 3).mean((1, 3)),
        after.reshape(4, 28, 5, 32, 3).mean((1, 3)),
    )
    assert np.abs(means[0] - means[1]).max() < 12, "what the model made is where it made it"


def test_a_shape_that_the_model_does_not_take_is_that_photographs_trouble(loaded: Loaded) -> None:
    spec, edit = loaded(FAMILIES[1]).spec, edit_of(loaded(FAMILIES[1]), size="native")
    with pytest.raises(ItemError, match="takes no picture of 32 x 48"):
        working_of(photo(scene(48, 32)), edit, OutputSettings(), spec)


def test_a_small_one_is_the_models_picture_to_the_value(loaded: Loaded) -> None:
    source = scene(64, 80)
    after, result = instructed(loaded, FAMILIES[0], source)
    assert np.array_equal(after, result)
