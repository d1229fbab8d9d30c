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
            for weight in group["params"]:
                if weight.grad is not None:
                    self._move(weight, weight.grad, group["lr"])
        return loss

    def _move(self, weight: torch.nn.Parameter, gradient: torch.Tensor, lr: float) -> None:
        state = self.state[weight]
        if "momentum" not in state:
            state["momentum"] = torch.zeros_like(weight)
        momentum: torch.Tensor = state["momentum"]
        momentum.lerp_(gradient, 1 - MOMENTUM)
        ahead = torch.lerp(gradient, momentum, MOMENTUM)
        direction = orthogonal(ahead.flatten(1)).view(weight.shape)
        size = _LIKE_ADAM * max(direction.flatten(1).shape) ** 0.5
        weight.add_(direction, alpha=-lr * size)


def orthogonal(matrix: torch.Tensor) -> torch.Tensor:
    """The nearest matrix whose singular values are about 1 (0.7 to 1.2), by Newton-Schulz."""
    tall = matrix.shape[0] > matrix.shape[1]
    wide = matrix.t() if tall else matrix
    wide = wide / (wide.norm() + 1e-7)
    for _ in range(_ROUNDS):
        square = wide @ wide.t()
        mixed = torch.addmm(square, square, square, beta=_B, alpha=_C)
        wide = torch.addmm(wide, mixed, wide, beta=_A)
    return wide.t() if tall else wide
