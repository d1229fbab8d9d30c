"""The network with diffusers' own loop: any scheduler that users choose must work with it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from diffusers import (
    DDIMScheduler,
    DPMSolverMultistepScheduler,
    EulerAncestralDiscreteScheduler,
    EulerDiscreteScheduler,
    HeunDiscreteScheduler,
    UniPCMultistepScheduler,
)

from core.builtin.export import make_scheduler, read_model, write_model
from core.builtin.network import PhotoDenoiser

SCHEDULERS = (
    DDIMScheduler,
    EulerDiscreteScheduler,
    EulerAncestralDiscreteScheduler,
    DPMSolverMultistepScheduler,
    UniPCMultistepScheduler,
    HeunDiscreteScheduler,
)


@pytest.fixture(autouse=True)
def _one_thread() -> None:
    torch.set_num_threads(1)


def make_small() -> PhotoDenoiser:
    torch.manual_seed(0)
    model = PhotoDenoiser(widths=(8, 8, 8), blocks=(1, 1, 1), embedding=8).eval()
    torch.nn.init.normal_(model.leave.weight, std=0.05)
    return model


@pytest.mark.parametrize("size", [(8, 8), (16, 40), (72, 24)])
def test_any_multiple_of_8_comes_back_at_its_size(size: tuple[int, int]) -> None:
    sample = torch.zeros(2, 3, *size)
    predicted = make_small()(sample, torch.tensor([3.5, 700.25]))
    assert predicted.sample.shape == sample.shape


def test_other_sizes_are_refused_with_their_size() -> None:
    with pytest.raises(ValueError, match="multiples of 8"):
        make_small()(torch.zeros(1, 3, 12, 16), 0)


def test_rows_of_a_pass_do_not_see_each_other() -> None:
    """Photographs that share a pass must not leave traces in one another."""
    model = make_small()
    sample = torch.randn(2, 3, 16, 16, generator=torch.Generator().manual_seed(0))
    together = model(sample, torch.tensor([10.0, 600.0])).sample
    alone = model(sample[1:], 600.0, return_dict=False)[0]
    assert torch.allclose(together[1:], alone, atol=1e-6)


def test_fractions_of_a_timestep_matter() -> None:
    model = make_small()
    for parameter in model.parameters():
        torch.nn.init.normal_(parameter, std=0.2)
    sample = torch.ones(1, 3, 8, 8)
    with torch.inference_mode():
        whole, between, after = (model(sample, step).sample for step in (500, 500.5, 501))
    assert not torch.equal(whole, between)
    middle, step = (whole + after) / 2, (whole - after).abs().max()
    assert float((between - middle).abs().max()) < 0.1 * float(step)


# diffusers' schedulers hand tensors to numpy in a way that numpy 2 warns about.
@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
@pytest.mark.parametrize("kind", SCHEDULERS, ids=lambda kind: str(kind.__name__))
def test_the_ordinary_loop_runs_with(kind: Any) -> None:
    scheduler = kind.from_config(make_scheduler().config)
    scheduler.set_timesteps(4)
    generator = torch.Generator().manual_seed(0)
    sample = torch.randn(1, 3, 16, 16, generator=generator) * scheduler.init_noise_sigma
    for timestep in scheduler.timesteps:
        scaled = scheduler.scale_model_input(sample, timestep)
        predicted = make_small()(scaled, timestep).sample
        options = {"generator": generator} if kind is EulerAncestralDiscreteScheduler else {}
        sample = scheduler.step(predicted.detach(), timestep, sample, **options).prev_sample
    assert bool(torch.isfinite(sample).all())
    assert float(sample.abs().max()) < 50


def test_a_written_model_reads_back_the_same(tmp_path: Path) -> None:
    model = make_small()
    write_model(model, tmp_path / "model")
    read = read_model(tmp_path / "model").eval()
    sample = torch.ones(1, 3, 16, 16)
    assert torch.equal(model(sample, 5).sample, read(sample, 5).sample)
    assert (tmp_path / "model" / "scheduler" / "scheduler_config.json").exists()
    assert [path.name for path in tmp_path.iterdir()] == ["model"]
