"""Whether weights are numbers at all: NaN and infinity are found without any model library."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from core.errors import ModelUntrustedError
from core.models.weights_file import BITS, Tensor, open_file

_EXPONENTS = {"BF16": 0x7F80, "F16": 0x7C00, "F32": 0x7F800000, "F64": 0x7FF0000000000000}
"""Bits that are all set in NaN and infinity, and in no other number."""

_CHUNK = 8 << 20


def check_numbers(path: Path, tensors: dict[str, Tensor]) -> None:
    """Read every weight once, about a second a gigabyte; memory stays at some megabytes.

    Args:
        path: a .safetensors file.
        tensors: what `read_header` said of it.

    Raises:
        OSError: the file cannot be read.
        ModelUntrustedError: there is NaN or infinity among the weights.
    """
    for name, tensor in tensors.items():
        if not _are_numbers(path, tensor):
            raise ModelUntrustedError(
                f"{path.name} holds weights that are no numbers (in {name[:80]!r}), so Regrain "
                "does not use it.",
                hint="Download it again, or choose another model.",
            )


def _are_numbers(path: Path, tensor: Tensor) -> bool:
    mask = _EXPONENTS.get(tensor.dtype)
    if mask is None:
        return True
    kind = np.dtype(f"<u{BITS[tensor.dtype] // 8}")
    bits = kind.type(mask)
    left = tensor.end - tensor.begin
    with open_file(path) as file:
        file.seek(tensor.begin)
        while left and (part := file.read(min(left, _CHUNK))):
            left -= len(part)
            if ((np.frombuffer(part, kind) & bits) == bits).any():
                return False
    return True
