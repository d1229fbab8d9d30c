"""Mirrored views: the mean must be of the same picture, or every result would be a ghost of two."""

from __future__ import annotations

import pytest
import torch

from core.engine.loader import load_denoiser
from core.engine.views import averaged
from core.models.spec import ModelSpec

TIMESTEPS = torch.tensor([300.0])


def test_answers_are_turned_back_before_they_are_averaged() -> None:
    sample = torch.rand(2, 3, 8, 16)
    for views in (1, 2, 4):
        torch.testing.assert_close(averaged(lambda x, _: x, views)(sample, TIMESTEPS), sample)


def test_every_view_is_another_one() -> None:
    seen: list[torch.Tensor] = []

    def predict(samples: torch.Tensor, _timesteps: torch.Tensor) -> torch.Tensor:
        seen.append(samples)
        return samples

    averaged(predict, 4)(torch.rand(1, 3, 8, 8), TIMESTEPS)
    assert len(seen) == 4
    assert len({tuple(samples.flatten().tolist()) for samples in seen}) == 4


def test_the_networks_own_answer_is_left_as_it_was() -> None:
    """Networks may answer in memory that they use again."""
    kept = torch.ones(1, 3, 8, 8)
    averaged(lambda _x, _t: kept, 2)(torch.rand(1, 3, 8, 8), TIMESTEPS)
    assert bool((kept == 1).all())


@pytest.mark.parametrize("views", [2, 4])
def test_the_mean_of_views_is_nearer_to_the_photograph(spec: ModelSpec, views: int) -> None:
    """What users wait longer for must be worth it."""
    predict = load_denoiser(spec, "cpu", "fp32").predict
    generator = torch.Generator().manual_seed(3)
    truth = torch.zeros(1, 3, 96, 96)
    truth[..., 20:70, 30:60] = 0.6
    truth[..., 40:44, :] = -0.5
    ratio = 0.3
    signal = (1 + ratio**2) ** -0.5
    noisy = signal * (truth + ratio * torch.randn(truth.shape, generator=generator))
    timestep = torch.tensor([load_denoiser(spec, "cpu", "fp32").curve.timestep_of_ratio(ratio)])

    def error(count: int) -> float:
        with torch.inference_mode():
            v = averaged(predict, count)(noisy, timestep)
        return float((signal * noisy - ratio * signal * v - truth).square().mean())

    assert error(views) < error(1)
