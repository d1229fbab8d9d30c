"""What the noise is told from: a wrong measure of blocks would mislead the estimate unseen."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from core.images.noise_blocks import Blocks, measure_blocks
from core.images.noise_features import features_of
from core.images.noise_level import read_estimator


def blocks_of(levels: NDArray[np.float64]) -> Blocks:
    values = (levels / 255).astype(np.float32)
    return measure_blocks(lambda top, bottom: values[top:bottom], *values.shape[:2])


def white(sigma: float, side: int = 256) -> NDArray[np.float64]:
    return 128 + np.random.default_rng(0).standard_normal((side, side, 3)) * sigma


def test_all_measures_of_white_noise_are_its_variance() -> None:
    blocks = blocks_of(white(10))
    measures = ("luma", "chroma", "luma_fine", "chroma_fine", "low", "middle", "high")
    for name in (*measures, "luma_wide", "chroma_wide"):
        assert getattr(blocks, name).mean() == pytest.approx(100, rel=0.04), name
    assert blocks.luma.size == 32 * 32
    assert blocks.luma_wide.size == 16 * 16
    assert blocks.brightness.mean() == pytest.approx(128, abs=0.5)


def test_brightness_that_slopes_is_no_noise() -> None:
    down, across = np.mgrid[:64, :64]
    slope = np.repeat((down * 1.5 + across + 20.0)[..., None], 3, axis=2)
    blocks = blocks_of(slope)
    assert max(blocks.luma.max(), blocks.luma_wide.max(), blocks.chroma.max()) < 0.02


def test_coarse_noise_is_coarse_and_fine_noise_fine() -> None:
    noise = white(20) - 128
    coarse = (
        noise + np.roll(noise, 1, 0) + np.roll(noise, 1, 1) + np.roll(noise, (1, 1), (0, 1))
    ) / 4
    blocks = blocks_of(128 + coarse)
    assert blocks.low.mean() > 1.7 * blocks.middle.mean() > 3.4 * blocks.high.mean()
    assert blocks.luma_fine.mean() < 0.3 * blocks.luma.mean()
    assert blocks.luma_wide.mean() > 1.03 * blocks.luma.mean()


def test_clipped_blocks_and_borders_are_known() -> None:
    levels = np.clip(white(10), 0, 255)
    levels[:64] = 40
    levels[64:128] = 255
    blocks = blocks_of(levels)
    rows = blocks.clipped.reshape(32, 32)
    assert rows[8:16].all() and not rows[:8].any() and not rows[16:].any()
    assert blocks.empty.reshape(32, 32)[:16].all()
    assert not blocks.empty.reshape(32, 32)[16:].any()


def test_the_blocks_of_a_jpeg_show_in_the_steps_between_columns() -> None:
    levels = white(1)
    levels += np.repeat(np.arange(32) % 2 * 12, 8)[None, :, None]
    assert int(np.argmax(blocks_of(levels).steps.mean(axis=0))) == 7


@pytest.mark.parametrize("shape", [(8, 8), (9, 17), (16, 8), (8, 40), (24, 2100), (700, 24)])
@pytest.mark.parametrize("value", [0.0, 127.0, 255.0])
def test_any_picture_has_features(shape: tuple[int, int], value: float) -> None:
    levels = np.full((*shape, 3), value)
    features = features_of(blocks_of(levels))
    assert features.shape == read_estimator().means.shape
    assert np.isfinite(features).all()
    noisy = features_of(blocks_of(np.clip(levels + white(9, 2100)[: shape[0], : shape[1]], 0, 255)))
    assert np.isfinite(noisy).all()


def test_more_noise_raises_every_deviation() -> None:
    little, much = (features_of(blocks_of(white(sigma)))[:30] for sigma in (5, 20))
    assert (much - little > 1).all()
