"""Gives a network's convolutions faster ways to compute, where that pays."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import nn

from core.engine.kernels.tuned import tune_blocks
from core.engine.kernels.winograd import WinogradConvolution, Workspace, weight_bytes
from core.engine.loaded_model import LoadedModel
from core.engine.memory import MemoryGauge
from core.engine.messages import CHANNELS_LAST, PLAIN, TUNED, WINOGRAD, WINOGRAD_SMALL

_LEAST_CHANNELS = 96
"""With fewer, cutting pictures up costs what fewer multiplications save."""

_LARGE = 900_000
"""Products of channels from which filters are transformed for 2 pixels: 1.8 times the memory of
plain ones rather than 4 times, in the layers that have nearly all of it."""

_FREE_SHARE = 0.9
"""How much of the memory that working leaves free the transformed weights may take."""

_WAYS = {WINOGRAD: _LARGE, WINOGRAD_SMALL: 0}
"""Up to which product of channels filters are transformed for 4 pixels; quickest way first."""


class Quickener:
    """Makes networks on a CPU compute faster in single precision; results differ by some 1e-5.

    One object for all networks of a model: they share its buffers. The plain weights are let go
    of, so such a network computes in no other precision any more.

    Args:
        kernels: WINOGRAD, or WINOGRAD_SMALL, which takes half the memory and saves a little less.
        working: bytes that the model takes while it works; they are left free.
    """

    def __init__(self, kernels: str, working: int = 0, gauge: MemoryGauge | None = None) -> None:
        self._most = _WAYS[kernels]
        self._working = working
        self._workspace = Workspace()
        self._gauge = gauge or MemoryGauge()

    def quicken(self, *networks: nn.Module) -> bool:
        """Replace how the large 3x3 convolutions compute, in all of the networks or in none.

        Returns whether there is memory for it; it is done also where no such convolutions are.
        """
        layers = [layer for network in networks for layer in _quick(network)]
        room = _FREE_SHARE * (self._gauge.free() - self._working)
        if layers and sum(map(self._more_bytes, layers)) > room:
            return False
        # This suits oneDNN and our products alike.
        lay_by_pixels(*networks)
        for layer in layers:
            side = self._side(layer)
            fast = WinogradConvolution(layer.weight, layer.bias, side, self._workspace)
            part: Any = layer
            part.forward = _in_fp32(fast, layer.forward)
            # Whoever computed with this one all the same would be found out by its results.
            nothing = torch.full((), torch.nan).expand(layer.weight.shape)
            layer.weight = nn.Parameter(nothing, requires_grad=False)
        return True

    def _side(self, layer: nn.Conv2d) -> int:
        return 2 if layer.in_channels * layer.out_channels > self._most else 4

    def _more_bytes(self, layer: nn.Conv2d) -> int:
        made = weight_bytes(layer.in_channels, layer.out_channels, self._side(layer))
        return made - layer.weight.nbytes


def quicken_model(model: LoadedModel, working: int = 0) -> str:
    """Do what the model's numerics say to all its networks, and to those put beside them later.

    Args:
        working: as for Quickener.

    Returns:
        What was done: the next smaller way where memory does not suffice, PLAIN in the end.
    """
    wanted = model.numerics.kernels
    ways = list(_WAYS) if wanted == WINOGRAD else [wanted]
    for kernels in ways:
        prepare = Quickener(kernels, working).quicken if kernels in _WAYS else _PREPARED[kernels]
        if prepare(model.network, *model.other_networks):
            if model.bench is not None:
                model.bench.components.placing.prepare = prepare
            return kernels
    return PLAIN


def lay_by_pixels(*networks: nn.Module) -> bool:
    """Lay weights out so that pictures keep all channels of a pixel together; always done."""
    for network in networks:
        # Not diffusers' own `to`, which imports its whole machinery of hooks.
        nn.Module.to(network, memory_format=torch.channels_last)  # type: ignore[call-overload]
    return True


def _tune(*networks: nn.Module) -> bool:
    return lay_by_pixels(*networks) and tune_blocks(*networks)


def _as_it_is(*_networks: nn.Module) -> bool:
    return True


_PREPARED = {PLAIN: _as_it_is, CHANNELS_LAST: lay_by_pixels, TUNED: _tune}


def _quick(network: nn.Module) -> Iterator[nn.Conv2d]:
    for layer in network.modules():
        # Not of a class made from it: what that one does is its own.
        if type(layer) is nn.Conv2d and _is_quick(layer):
            yield layer


def _is_quick(layer: nn.Conv2d) -> bool:
    return (
        layer.kernel_size == (3, 3)
        and layer.stride == (1, 1)
        and layer.padding == (1, 1)
        and layer.dilation == (1, 1)
        and layer.groups == 1
        and layer.padding_mode == "zeros"
        and layer.weight.dtype is torch.float32
        and min(layer.in_channels, layer.out_channels) >= _LEAST_CHANNELS
    )


def _in_fp32(
    fast: WinogradConvolution, plain: Callable[[torch.Tensor], torch.Tensor]
) -> Callable[[torch.Tensor], torch.Tensor]:
    @functools.wraps(plain)
    def forward(picture: torch.Tensor) -> torch.Tensor:
        if picture.dtype is not torch.float32 or torch.is_autocast_enabled("cpu"):
            raise TypeError("a quickened network computes in single precision only")
        return fast(picture)

    return forward
