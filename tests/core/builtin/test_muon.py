"""Muon: wrong steps would not fail, they would only train a worse model for days."""

from __future__ import annotations

import pytest
import torch

from core.builtin.muon import Muon, orthogonal


@pytest.mark.parametrize("shape", [(8, 72), (72, 8), (16, 16)])
def test_directions_have_singular_values_about_one(shape: tuple[int, int]) -> None:
    matrix = torch.randn(shape, generator=torch.Generator().manual_seed(1))
    values = torch.linalg.svdvals(orthogonal(matrix))
    assert 0.5 < float(values.min()) <= float(values.max()) < 1.3


def test_directions_keep_the_singular_vectors() -> None:
    matrix = torch.randn(8, 32, generator=torch.Generator().manual_seed(2))
    left, _, right = torch.linalg.svd(matrix, full_matrices=False)
    inner = left.T @ orthogonal(matrix) @ right.T
    assert float((inner - inner.diag().diag()).abs().max()) < 0.05


def test_a_step_is_of_the_size_that_adam_takes_and_goes_down() -> None:
    weight = torch.nn.Parameter(torch.zeros(16, 4, 3, 3))
    target = torch.randn(weight.shape, generator=torch.Generator().manual_seed(3))
    optimizer = Muon([weight], lr=0.01)
    losses = []
    for _ in range(40):
        loss = (weight - target).square().mean()
        losses.append(float(loss.detach()))
        weight.grad = None
        loss.backward()
        before = weight.detach().clone()
        optimizer.step()
        moved = (weight.detach() - before).square().mean().sqrt()
        assert 0.0008 < float(moved) < 0.003
    assert losses[-1] < losses[0]


def test_it_goes_on_from_its_state_as_if_it_had_never_stopped() -> None:
    def run(stop: int | None) -> torch.Tensor:
        generator = torch.Generator().manual_seed(4)
        weight = torch.nn.Parameter(torch.ones(4, 3, 3, 3))
        optimizer = Muon([weight], lr=0.1)
        for step in range(6):
            if step == stop:
                state = optimizer.state_dict()
                optimizer = Muon([weight], lr=0.1)
                optimizer.load_state_dict(state)
            weight.grad = torch.randn(weight.shape, generator=generator)
            optimizer.step()
        return weight.detach()

    assert torch.equal(run(None), run(3))


def test_weights_without_a_gradient_stay() -> None:
    weight = torch.nn.Parameter(torch.ones(4, 4))
    Muon([weight], lr=0.1).step()
    assert torch.equal(weight, torch.ones(4, 4))
