"""Muon: momentum whose matrices are made orthogonal, for weights of convolutions.

After K. Jordan and others, "Muon: An optimizer for hidden layers in neural networks" (2024).
PyTorch has it for matrices alone and in bf16, which most processors do ten times slower.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import torch

MOMENTUM = 0.95
_ROUNDS = 5
_A, _B, _C = 3.4445, -4.7750, 2.0315
_LIKE_ADAM = 0.2
"""Steps are scaled to the size that those of Adam have, so that learning rates carry over (J. Liu
and others, "Muon is Scalable for LLM Training", 2025)."""


class Muon(torch.optim.Optimizer):
    """Takes weights of two dimensions and more; all but the first count as one.

    Args:
        parameters: weights.
        lr: as one would give Adam.
    """

    def __init__(self, parameters: Iterable[torch.nn.Parameter], lr: float) -> None:
        super().__init__(parameters, {"lr": lr})

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> float | None:  # type: ignore[override]
        """Take one step along the gradients; `closure`, if there is one, computes them first."""
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        for group in self.param_groups:
            for weights in _alike(group["params"]):
                self._move(weights, group["lr"])
        return loss

    def _move(self, weights: list[torch.nn.Parameter], lr: float) -> None:
        """One step for weights of one shape together: many small products are slow one by one."""
        ahead = torch.stack([self._look_ahead(weight) for weight in weights])
        directions = orthogonal(ahead.flatten(2)).view(ahead.shape)
        size = _LIKE_ADAM * max(weights[0].flatten(1).shape) ** 0.5
        for weight, direction in zip(weights, directions, strict=True):
            weight.add_(direction, alpha=-lr * size)

    def _look_ahead(self, weight: torch.nn.Parameter) -> torch.Tensor:
        state, gradient = self.state[weight], weight.grad
        if gradient is None:
            raise ValueError("a weight without a gradient has no direction")
        if "momentum" not in state:
            state["momentum"] = torch.zeros_like(weight)
        momentum: torch.Tensor = state["momentum"]
        momentum.lerp_(gradient, 1 - MOMENTUM)
        return torch.lerp(gradient, momentum, MOMENTUM)


def _alike(weights: Iterable[torch.nn.Parameter]) -> Iterable[list[torch.nn.Parameter]]:
    """The weights that have a gradient, by shape."""
    groups: dict[torch.Size, list[torch.nn.Parameter]] = {}
    for weight in weights:
        if weight.grad is not None:
            groups.setdefault(weight.shape, []).append(weight)
    return groups.values()


def orthogonal(matrices: torch.Tensor) -> torch.Tensor:
    """The nearest matrices whose singular values are about 1 (0.7 to 1.2), by Newton-Schulz.

    The rounds run on the small square X X' alone: their polynomials commute, so X itself is only
    multiplied once, at the end. Half the products; needs single precision.

    Args:
        matrices: (..., rows, columns).
    """
    tall = matrices.shape[-2] > matrices.shape[-1]
    wide = matrices.mT if tall else matrices
    wide = wide / (wide.norm(dim=(-2, -1), keepdim=True) + 1e-7)
    square = wide @ wide.mT
    one = torch.eye(square.shape[-1], dtype=wide.dtype, device=wide.device)
    turn = one.expand_as(square)
    for _ in range(_ROUNDS):
        mixed = _A * one + _B * square + _C * (square @ square)
        turn = mixed @ turn
        square = mixed @ square @ mixed
    nearest = torch.matmul(turn, wide)
    return nearest.mT if tall else nearest
