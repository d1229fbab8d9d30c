"""What the device can do: a large matrix product, and a 3x3 convolution as models have them."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

import torch
from torch.nn.functional import conv2d

from tests.benchmarks.speed.plain import DTYPES

_TIMES = 3
_CHANNELS = 320


@dataclass
class Rates:
    """The best floating-point operations a second so far, by dtype."""

    device: str
    matmul: dict[str, float] = field(default_factory=dict)
    convolution: dict[str, float] = field(default_factory=dict)

    def measure(self, dtypes: Iterable[str]) -> None:
        """Measure again; what is better than before counts."""
        large = torch.device(self.device).type == "cuda"
        for name in dtypes:
            for table, make in ((self.matmul, _product), (self.convolution, _convolution)):
                count, act = make(DTYPES[name], self.device, large)
                table[name] = max(table.get(name, 0.0), count / _best(act, large))


def _product(dtype: torch.dtype, device: str, large: bool) -> tuple[float, Callable[[], object]]:
    side = 8192 if large else 2048
    square = torch.randn(side, side).to(device, dtype)
    return 2.0 * side**3, lambda: square @ square


def _convolution(
    dtype: torch.dtype, device: str, large: bool
) -> tuple[float, Callable[[], object]]:
    rows, side = (32, 64) if large else (2, 32)
    features = torch.randn(rows, _CHANNELS, side, side).to(device, dtype)
    kernel = torch.randn(_CHANNELS, _CHANNELS, 3, 3).to(device, dtype)
    count = 2.0 * 9 * _CHANNELS**2 * rows * side**2
    return count, lambda: conv2d(features, kernel, padding=1)


@torch.inference_mode()
def _best(act: Callable[[], object], on_gpu: bool) -> float:
    """Return the seconds of the fastest of several: other programs only ever add to the time."""
    seconds = []
    for _ in range(_TIMES + 1):
        if on_gpu:
            torch.cuda.synchronize()
        started = time.perf_counter()
        act()
        if on_gpu:
            torch.cuda.synchronize()
        seconds.append(time.perf_counter() - started)
    return min(seconds[1:])
