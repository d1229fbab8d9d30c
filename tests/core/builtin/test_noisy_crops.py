"""Training pairs: the level told must be the level there, or every measured photograph is off."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from core.builtin.noisy_crops import draw_noisy_crops, draw_ratios
from core.builtin.photographs import canvas

CANVASES = np.stack([canvas(seed, 64) for seed in range(2)])


def test_pairs_depend_on_seed_and_step_alone() -> None:
    first, again = (draw_noisy_crops(0, 5, CANVASES, 4, 32) for _ in range(2))
    other = draw_noisy_crops(0, 6, CANVASES, 4, 32)
    assert torch.equal(first.noise, again.noise)
    assert torch.equal(first.picture, again.picture)
    assert torch.equal(first.ratio, again.ratio)
    assert not torch.equal(first.noise, other.noise)


def test_white_noise_has_the_deviation_one_that_its_level_multiplies() -> None:
    crops = draw_noisy_crops(1, 0, CANVASES, 6, 48, camera_share=0.0)
    assert crops.noise.std().item() == pytest.approx(1, abs=0.02)
    assert float(crops.picture.abs().max()) <= 1


def test_camera_noise_is_told_about_as_strong_as_it_is() -> None:
    levels = []
    for step in range(12):
        crops = draw_noisy_crops(2, step, CANVASES, 4, 48, camera_share=1.0)
        noisy = crops.picture + crops.ratio.view(-1, 1, 1, 1) * crops.noise
        assert float(noisy.abs().max()) <= 1.0001
        there = (crops.noise * crops.ratio.view(-1, 1, 1, 1)).std((1, 2, 3)) * 127.5
        told = crops.ratio * 127.5
        levels += (told / there.clamp(1.5))[there > 1.5].log().tolist()
    assert abs(np.mean(levels)) < 0.1
    assert 0.1 < np.std(levels) < 0.3


def test_four_noise_levels_in_five_are_what_photographs_have() -> None:
    ratios = draw_ratios(4000, torch.Generator().manual_seed(0)) * 127.5
    cleaning = (ratios >= 2) & (ratios <= 80)
    assert 0.8 < float(cleaning.float().mean()) < 0.96
    assert float(ratios.min()) > 1
    assert float(ratios.max()) > 1000
