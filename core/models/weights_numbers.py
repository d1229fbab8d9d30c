"""Whether weights are numbers at all: NaN and infinity are found without any model library."""

from __future__ import annotations

from pathlib import Path

from core.errors import ModelUntrustedError
from core.models.weights_file import BITS, Tensor, open_file

_EXPONENTS = {
    "BF16": 0x7F80, "F16": 0x7C00, "F32": 0x7F800000, "F64": 0x7FF0000000000000,
    # Eight bits with four of exponent have no infinity, and one NaN of each sign.
    "F8_E4M3": 0x7F, "F8_E5M2": 0x7C,
}  # fmt: skip
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
            raise numbers_error(path, name)


def numbers_error(path: Path, name: str) -> ModelUntrustedError:
    """Return the error for a file with NaN or infinity in its tensor `name`."""
    return ModelUntrustedError(
        f"{path.name} holds weights that are no numbers (in {name[:80]!r}), so Regrain "
        "does not use it.",
        hint="Download it again, or choose another model.",
    )


def are_numbers(part: bytes, dtype: str) -> bool:
    """Return whether there is neither NaN nor infinity among whole elements of a tensor."""
    mask = _EXPONENTS.get(dtype)
    if mask is None:
        return True
    # A run that finds all done looks at no weights, and NumPy takes long to import.
    import numpy as np

    kind = np.dtype(f"<u{BITS[dtype] // 8}")
    bits = kind.type(mask)
    return not bool(((np.frombuffer(part, kind) & bits) == bits).any())


def _are_numbers(path: Path, tensor: Tensor) -> bool:
    left = tensor.end - tensor.begin
    with open_file(path) as file:
        file.seek(tensor.begin)
        while left and (part := file.read(min(left, _CHUNK))):
            left -= len(part)
            if not are_numbers(part, tensor.dtype):
                return False
    return True
