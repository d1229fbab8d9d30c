"""The built-in model's blocks in bf16 on a CPU, with a noise level's scale inside their weights.

A block scales and shifts what its first convolution gives, by numbers that only the noise level
decides. All tiles of a photograph share that level: multiplied into the convolution's weights, a
pass over memory (a tenth of the time) is saved in every block, and so is casting weights anew.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch
from torch import nn
from torch.nn import functional

from core.builtin.network import BOUND, Block


class TunedBlock:
    """A block's forward: tuned for one row in bf16, the block's own for everything else.

    The results differ by the rounding that is left out in between. Networks that compute so are
    called by one thread at a time, as the render process does.
    """

    def __init__(self, block: Block) -> None:
        self._block, self._plain = block, block.forward
        self._level: torch.Tensor | None = None

    def __call__(self, features: torch.Tensor, level: torch.Tensor) -> torch.Tensor:
        """Shapes as in Block."""
        if features.dtype is not torch.bfloat16 or len(features) != 1 or torch.is_grad_enabled():
            return self._plain(features, level)
        if self._level is None or not torch.equal(level, self._level):
            self._tune(level)
        hidden = functional.conv2d(features, self._spread, self._spread_bias, padding=1)
        hidden = functional.silu(hidden, inplace=True)
        merged = functional.conv2d(hidden, self._merge, self._merge_bias, padding=1)
        return functional.hardtanh(merged.add_(features), -BOUND, BOUND, inplace=True)

    def _tune(self, level: torch.Tensor) -> None:
        """Multiply a noise level into the first convolution, in single precision."""
        block = self._block
        with torch.autocast("cpu", enabled=False):
            scale, shift = block.modulate(level.float())[0].chunk(2)
        factor = 1 + scale
        self._spread = _lowered(block.spread.weight * factor[:, None, None, None])
        self._spread_bias = _lowered(_bias(block.spread) * factor + shift)
        self._merge, self._merge_bias = _lowered(block.merge.weight), _lowered(_bias(block.merge))
        self._level = level.clone()


def tune_blocks(*networks: nn.Module) -> bool:
    """Tune the blocks of the built-in network, wherever there are some; always done."""
    for block in _blocks(networks):
        part: Any = block
        part.forward = TunedBlock(block)
    return True


def _blocks(networks: tuple[nn.Module, ...]) -> Iterator[Block]:
    for network in networks:
        yield from (layer for layer in network.modules() if isinstance(layer, Block))


def _bias(layer: nn.Conv2d) -> torch.Tensor:
    assert layer.bias is not None
    return layer.bias


def _lowered(values: torch.Tensor) -> torch.Tensor:
    lowered = values.detach().bfloat16()
    return lowered.contiguous(memory_format=torch.channels_last) if lowered.ndim == 4 else lowered
