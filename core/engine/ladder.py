"""What is tried, one after the other, when a photograph does not fit into memory."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from dataclasses import dataclass

import torch

from core.engine.messages import Numerics

SMALLER_TILES = (512, 256)

_LOST = ("CUDA error", "HIP error", "CUBLAS_STATUS_", "cuDNN error", "CUDNN_STATUS_", "UR error")
"""How libraries say it whose errors are none of PyTorch's own."""


@dataclass(frozen=True)
class Rung:
    """Rows a pass, side of the tiles (also of pictures that would go whole), on the CPU or not."""

    rows: int
    tile: int
    tiled: bool = False
    on_cpu: bool = False

    def facts(self) -> dict[str, str | int | float]:
        """Return what is to be stored about a result that needed this rung."""
        words = f"memory was short: {self.rows} a pass, tiles of {self.tile}"
        return {"memory": words + (", on the processor" if self.on_cpu else "")}


def rungs(numerics: Numerics, *, cpu_allowed: bool) -> Iterator[Rung]:
    """Yield the batch's own settings, the same once more, then ever smaller ones.

    The second is the same because another program may have taken the memory for a moment. The
    CPU comes last, and only where the user did not choose the device.
    """
    yield Rung(numerics.rows, numerics.tile)
    yield Rung(numerics.rows, numerics.tile)
    if numerics.rows > 1:
        yield Rung(1, numerics.tile)
    smaller = [tile for tile in SMALLER_TILES if tile < numerics.tile]
    for tile in smaller:
        yield Rung(1, tile, tiled=True)
    if cpu_allowed and numerics.device != "cpu":
        yield Rung(1, min([numerics.tile, *smaller]), tiled=True, on_cpu=True)


def is_out_of_memory(error: BaseException) -> bool:
    """Return whether an error says that device or host memory is used up."""
    if isinstance(error, MemoryError | torch.OutOfMemoryError):
        return True
    words = str(error)
    told = "can't allocate memory" in words or "out of memory" in words.lower()
    return isinstance(error, RuntimeError) and told


def is_device_lost(error: BaseException) -> bool:
    """Return whether an error says that the device itself stopped answering."""
    if not isinstance(error, RuntimeError) or is_out_of_memory(error):
        return False
    words = str(error)
    return isinstance(error, torch.AcceleratorError) or any(sign in words for sign in _LOST)


def free_memory() -> None:
    """Give back what earlier work left behind; only after its exception was let go of."""
    gc.collect()
    if torch.accelerator.is_available():
        torch.accelerator.empty_cache()
