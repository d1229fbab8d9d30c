"""Gives a network's convolutions faster ways to compute, where that pays."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import nn

from core.engine.kernels.winograd import WinogradConvolution, Workspace, weight_bytes
from core.engine.memory import MemoryGauge
from core.engine.messages import PLAIN, WINOGRAD
from core.engine.task import LoadedModel

_LEAST_CHANNELS = 96
"""With fewer, cutting pictures up costs what fewer multiplications save."""

_LARGE = 900_000
"""Products of channels from which filters are transformed for 2 pixels: 1.8 times the memory of
plain ones rather than 4 times, in the layers that have nearly all of it."""

_MEMORY_SHARE = 0.4
"""How much of the free memory the transformed weights may take."""


class Quickener:
    """Makes networks on a CPU compute faster in single precision; results differ by some 1e-5.

    One object for all networks of a model: they share its buffers. Where memory does not suffice
    for the transformed weights, a network stays as it is.
    """

    def __init__(self, gauge: MemoryGauge | None = None) -> None:
        self._workspace = Workspace()
        self._gauge = gauge or MemoryGauge()

    def quicken(self, *networks: nn.Module) -> bool:
        """Replace how the large 3x3 convolutions compute, in all of the networks or in none.

        Returns whether it was done; it is also when there are no such convolutions.
        """
        layers = [layer for network in networks for layer in _quick(network)]
        wanted = sum(_bytes(layer) for layer in layers)
        if wanted > _MEMORY_SHARE * self._gauge.free():
            return False
        # This suits oneDNN and our products alike.
        lay_by_pixels(*networks)
        for layer in layers:
            fast = WinogradConvolution(layer.weight, layer.bias, _side(layer), self._workspace)
            part: Any = layer
            part.forward = _either(fast, layer.forward)
        return True


def quicken_model(model: LoadedModel) -> bool:
    """Do what the model's numerics say to all its networks, and to those put beside them later.

    Returns whether there is memory for it; else the model is as it was.
    """
    if model.numerics.kernels == PLAIN:
        return True
    prepare = Quickener().quicken if model.numerics.kernels == WINOGRAD else lay_by_pixels
    done = prepare(model.network, *model.other_networks)
    if done and model.bench is not None:
        model.bench.components.placing.prepare = prepare
    return done


def lay_by_pixels(*networks: nn.Module) -> bool:
    """Lay weights out so that pictures keep all channels of a pixel together; always done."""
    for network in networks:
        network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    return True


def _bytes(layer: nn.Conv2d) -> int:
    return weight_bytes(layer.in_channels, layer.out_channels, _side(layer))


def _quick(network: nn.Module) -> Iterator[nn.Conv2d]:
    for layer in network.modules():
        # Not of a class made from it: what that one does is its own.
        if type(layer) is nn.Conv2d and _side(layer):
            yield layer


def _side(layer: nn.Conv2d) -> int:
    """Return how many pixels a side are to be computed at a time; 0 for the plain way."""
    is_plain = (
        layer.kernel_size == (3, 3)
        and layer.stride == (1, 1)
        and layer.padding == (1, 1)
        and layer.dilation == (1, 1)
        and layer.groups == 1
        and layer.padding_mode == "zeros"
    )
    if not is_plain or min(layer.in_channels, layer.out_channels) < _LEAST_CHANNELS:
        return 0
    return 2 if layer.in_channels * layer.out_channels > _LARGE else 4


def _either(
    fast: WinogradConvolution, plain: Callable[[torch.Tensor], torch.Tensor]
) -> Callable[[torch.Tensor], torch.Tensor]:
    """Return what computes fast in single precision, and else as before."""

    @functools.wraps(plain)
    def forward(picture: torch.Tensor) -> torch.Tensor:
        # Lower precision is autocast's, which our matrix products would not see.
        is_single = picture.dtype is torch.float32 and not torch.is_autocast_enabled("cpu")
        return fast(picture) if is_single else plain(picture)

    return forward
