"""Edits as users get them: figures of any other way would promise what nobody sees."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from core.builtin.evaluate import (
    Pixels,
    add_noise,
    clean,
    load_model,
    read_picture,
    to_pixels,
    to_tensor,
)
from core.builtin.whole_path import CLEAN, WholePath, read_model_spec
from core.recipe import EditSettings, Mode


@pytest.fixture(scope="module")
def engine() -> WholePath:
    return WholePath(dtype="fp32")


@pytest.fixture
def noisy(folder: Path) -> Pixels:
    return to_pixels(add_noise(to_tensor(read_picture(folder / "0.png")), 25))


@pytest.mark.parametrize("steps", [1, 3])
def test_it_cleans_as_the_model_does(engine: WholePath, noisy: Pixels, steps: int) -> None:
    settings = CLEAN.model_copy(update={"amount": 25.0, "num_inference_steps": steps})
    edited = engine.edit(noisy, settings)
    straight = to_pixels(clean(load_model(), to_tensor(noisy), 25, steps))
    assert np.abs(edited.pixels.astype(int) - straight).max() <= 1
    assert edited.facts["steps"] == steps
    assert edited.seconds_per_megapixel > 0


def test_nothing_to_clean_changes_nothing(engine: WholePath, noisy: Pixels) -> None:
    edited = engine.edit(noisy, CLEAN.model_copy(update={"amount": 0.0}))
    assert np.array_equal(edited.pixels, noisy)
    assert edited.guarded == 0


def test_auto_says_what_noise_it_found(engine: WholePath) -> None:
    grey = np.full((96, 96, 3), 120, np.uint8)
    noisy = to_pixels(add_noise(to_tensor(grey), 20))
    assert engine.edit(noisy).noise == pytest.approx(20, rel=0.15)


def test_it_repaints_any_size(engine: WholePath, pictures: list[Pixels]) -> None:
    edited = engine.edit(pictures[0], EditSettings(mode=Mode.REPAINT, strength=0.1))
    assert edited.pixels.shape == pictures[0].shape
    assert not np.array_equal(edited.pixels, pictures[0])


def test_a_folder_of_weights_alone_is_taken_for_another_built_in_model(
    untrained: Path, tmp_path: Path
) -> None:
    spec = read_model_spec(untrained)
    assert spec.pixel_space
    assert spec.folder == untrained
    copied = tmp_path / "copied"
    shutil.copytree(untrained, copied)
    (copied / "config.json").unlink()
    with pytest.raises(FileNotFoundError):
        read_model_spec(copied)
