"""Weights in 8 bits: brought back to the numbers they stand for, one at a time."""

from __future__ import annotations

from collections.abc import Iterable

import torch

from core.errors import ModelUntrustedError

_SCALES = (".scale_weight", ".weight_scale")
"""How ComfyUI names what a layer's 8-bit weights are multiplied with, older name first."""

_NOT_WEIGHTS = (*_SCALES, ".scale_input", ".input_scale", ".comfy_quant")
_MARK = "scaled_fp8"


def is_scale(name: str) -> bool:
    """Return whether a tensor only says how others are to be read."""
    return name.endswith(_NOT_WEIGHTS) or name.rpartition(".")[2] == _MARK


def scales_of(names: Iterable[str]) -> dict[str, str]:
    """Return, for every scaled weight among `names`, the name of its scale."""
    known = set(names)
    return {
        weight: name
        for name in known
        for suffix in _SCALES
        if name.endswith(suffix) and (weight := f"{name.removesuffix(suffix)}.weight") in known
    }


def scaled(
    tensor: torch.Tensor, scale: torch.Tensor | None, device: str, dtype: torch.dtype
) -> torch.Tensor:
    """Return a copy of a tensor in `dtype`, multiplied by its scale (one number, or one a row).

    Raises:
        ModelUntrustedError: the scale is of another kind.
    """
    kept = dtype if tensor.is_floating_point() else tensor.dtype
    if scale is None:
        return tensor.to(device=device, dtype=kept, copy=True)
    if not tensor.ndim or scale.numel() not in (1, len(tensor)):
        raise ModelUntrustedError(
            "Its weights are compressed in a way that Regrain does not read.",
            hint="Download it in 16 bits, or in plain or scaled 8 bits.",
        )
    factor = scale.float().reshape(-1, *[1] * (tensor.ndim - 1)) if scale.numel() > 1 else scale
    return (tensor.float() * factor.float()).to(device=device, dtype=kept)
