"""A noise level inside the weights: left there for another level, photographs would be smeared."""

from __future__ import annotations

import copy

import pytest
import torch

from core.builtin.network import PhotoDenoiser
from core.engine.kernels.tuned import tune_blocks


@pytest.fixture(autouse=True)
def _one_thread() -> None:
    torch.set_num_threads(1)


@pytest.fixture
def networks() -> tuple[PhotoDenoiser, PhotoDenoiser]:
    """The same network, plain and tuned; nothing in it is zero, as after training."""
    generator = torch.Generator().manual_seed(1)
    plain = PhotoDenoiser(widths=(16, 16, 16), blocks=(1, 1, 1), embedding=16)
    for weight in plain.parameters():
        weight.data = torch.randn(weight.shape, generator=generator) * 0.08
    plain = plain.to(memory_format=torch.channels_last).eval().requires_grad_(False)
    tuned = copy.deepcopy(plain)
    assert tune_blocks(tuned)
    return plain, tuned


def picture(rows: int = 1) -> torch.Tensor:
    return torch.randn(rows, 3, 32, 40, generator=torch.Generator().manual_seed(2))


def answers(network: PhotoDenoiser, timestep: float, *, low: bool, rows: int = 1) -> torch.Tensor:
    with torch.no_grad(), torch.autocast("cpu", torch.bfloat16, enabled=low):
        return network(picture(rows), torch.full((rows,), timestep)).sample.float()


def test_tuned_blocks_round_no_more_than_plain_ones(
    networks: tuple[PhotoDenoiser, PhotoDenoiser],
) -> None:
    plain, tuned = networks
    exact = answers(plain, 300.0, low=False)
    off = (answers(tuned, 300.0, low=True) - exact).square().mean()
    rounded = (answers(plain, 300.0, low=True) - exact).square().mean()
    assert 0 < off < 1.2 * rounded


def test_every_noise_level_gets_its_own_weights(
    networks: tuple[PhotoDenoiser, PhotoDenoiser],
) -> None:
    _, tuned = networks
    first = answers(tuned, 300.0, low=True)
    other = answers(tuned, 700.0, low=True)
    assert not torch.equal(first, other)
    assert torch.equal(answers(tuned, 300.0, low=True), first)


@pytest.mark.parametrize(("low", "rows"), [(False, 1), (True, 2)])
def test_what_is_not_one_row_in_bf16_is_computed_as_ever(
    networks: tuple[PhotoDenoiser, PhotoDenoiser], low: bool, rows: int
) -> None:
    """A photograph that came out invalid is done again in fp32 by the same network."""
    answers(networks[1], 300.0, low=True)
    one, other = (answers(each, 500.0, low=low, rows=rows) for each in networks)
    assert torch.equal(one, other)
