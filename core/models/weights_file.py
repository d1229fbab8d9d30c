"""The header of a .safetensors file, checked before anything else reads the file."""

from __future__ import annotations

import json
import math
import os
import stat
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, BinaryIO, NoReturn

from core.errors import ModelUntrustedError

MAX_HEADER = 16 << 20
"""Bytes of names and shapes; the largest models known have less than a tenth of it."""

BITS = {
    "F4": 4, "F6_E2M3": 6, "F6_E3M2": 6, "C64": 64,
    "BOOL": 8, "U8": 8, "I8": 8, "F8_E4M3": 8, "F8_E5M2": 8, "F8_E8M0": 8, "U16": 16, "I16": 16,
    "F16": 16, "BF16": 16, "U32": 32, "I32": 32, "F32": 32, "U64": 64, "I64": 64, "F64": 64,
}  # fmt: skip
_MAX_DIMENSIONS = 16


@dataclass(frozen=True, slots=True)
class Tensor:
    """What a header says of one tensor; `begin` and `end` count from the file's first byte."""

    dtype: str
    shape: tuple[int, ...]
    begin: int
    end: int


def read_header(path: Path) -> dict[str, Tensor]:
    """Return the tensors of a .safetensors file by name; no more than its header is read.

    The tensors fill the rest of the file without gap or overlap, each as long as its shape says.

    Raises:
        OSError: the file cannot be read.
        ModelUntrustedError: the header is not what such a file has.
    """
    values, start, size = _opened(path)
    values.pop("__metadata__", None)
    tensors = {name: _tensor(path, name, entry, start) for name, entry in values.items()}
    _check_order(path, tensors, start, size)
    return tensors


def read_metadata(path: Path) -> dict[str, str]:
    """Return what whoever wrote a .safetensors file noted in it; empty where nothing is.

    Raises:
        OSError: the file cannot be read.
        ModelUntrustedError: the header is not what such a file has.
    """
    noted = _opened(path)[0].get("__metadata__")
    pairs = noted.items() if isinstance(noted, dict) else ()
    return {name: text for name, text in pairs if isinstance(text, str)}


def _opened(path: Path) -> tuple[dict[str, Any], int, int]:
    """Return a header's values, where the tensors begin, and the file's length."""
    with open_file(path) as file:
        status = os.fstat(file.fileno())
        head = file.read(8)
        length = int.from_bytes(head, "little")
        if len(head) < 8 or length < 2 or length > status.st_size - 8:
            _refuse(path, "ends too early, or is no .safetensors file")
        if length > MAX_HEADER:
            _refuse(path, f"has a header of {length / 1e6:,.0f} MB")
        return _parsed(path, file.read(length)), 8 + length, status.st_size


def open_file(path: Path) -> BinaryIO:
    """Open a file for reading, without waiting for anything that is none.

    Raises:
        OSError: it cannot be opened.
        ModelUntrustedError: it is a pipe, a device or a folder.
    """
    if not stat.S_ISREG(path.stat().st_mode):
        _refuse(path, "is not a file")
    return path.open("rb")


def _parsed(path: Path, text: bytes) -> dict[str, Any]:
    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        values = dict(pairs)
        if len(values) < len(pairs):
            _refuse(path, "names a tensor twice")
        return values

    try:
        values = json.loads(text, object_pairs_hook=unique)
    except (ValueError, RecursionError):
        _refuse(path, "has a header that cannot be read")
    if not isinstance(values, dict):
        _refuse(path, "has a header that lists no tensors")
    return values


def _tensor(path: Path, name: str, entry: Any, start: int) -> Tensor:
    if not isinstance(entry, dict) or entry.keys() != {"dtype", "shape", "data_offsets"}:
        _refuse(path, f"describes {name[:80]!r} in a way of its own")
    dtype, shape, offsets = entry["dtype"], entry["shape"], entry["data_offsets"]
    if not isinstance(dtype, str) or dtype not in BITS:
        _refuse(path, f"has numbers of an unknown kind in {name[:80]!r}")
    if not _are_sizes(shape) or len(shape) > _MAX_DIMENSIONS:
        _refuse(path, f"gives {name[:80]!r} an impossible shape")
    if not _are_sizes(offsets) or len(offsets) != 2 or offsets[0] > offsets[1]:
        _refuse(path, f"gives {name[:80]!r} an impossible place")
    if math.prod(shape) * BITS[dtype] != 8 * (offsets[1] - offsets[0]):
        _refuse(path, f"has too many or too few bytes for {name[:80]!r}")
    return Tensor(dtype, tuple(shape), start + offsets[0], start + offsets[1])


def _are_sizes(values: Any) -> bool:
    """Return whether it is a list of whole numbers from 0 up; JSON's true is none."""
    return isinstance(values, list) and all(type(v) is int and 0 <= v < 1 << 62 for v in values)


def _check_order(path: Path, tensors: dict[str, Tensor], start: int, end: int) -> None:
    places = sorted((tensor.begin, tensor.end) for tensor in tensors.values())
    bounds = [(start, start), *places, (end, end)]
    for (_, before), (after, _) in pairwise(bounds):
        if after < before:
            _refuse(path, "ends too early, or has tensors that lie over each other")
        if after > before:
            _refuse(path, "holds bytes that belong to no tensor")


def _refuse(path: Path, what: str) -> NoReturn:
    raise ModelUntrustedError(
        f"{path.name} {what}, so Regrain does not open it.",
        hint="Download it again, or ask whoever made it for a whole .safetensors file.",
    )
