"""A short race on the processor: is bf16 faster here than single precision?"""

from __future__ import annotations

import time
from collections.abc import Callable

import torch
from torch.nn import functional

from core.engine.hardware import processor_flags

_BF16_FLAGS = frozenset({"avx512_bf16", "amx_bf16", "bf16"})
_SIDE, _CHANNELS, _PIXELS = 768, 96, 96
_ROUNDS = 3
_CLEARLY = 0.9
"""Below this share of the time of single precision, bf16 is worth its rounding."""


def bf16_is_faster(flags: frozenset[str] | None = None) -> bool:
    """Return whether bf16 is clearly faster for products and 3x3 convolutions, in 0.1 to 0.3 s.

    Processors without instructions for it (`flags`, by default this one's) are not measured: there
    it is many times slower.
    """
    flags = processor_flags() if flags is None else flags
    if flags is not None and not flags & _BF16_FLAGS:
        return False
    return race(_work)


def race(
    work: Callable[[torch.dtype], Callable[[], object]],
    clock: Callable[[], float] = time.perf_counter,
) -> bool:
    """Return whether `work`, made for bf16, clearly beats the same made for fp32."""
    runs = {dtype: work(dtype) for dtype in (torch.float32, torch.bfloat16)}
    times = {dtype: [_seconds(run, clock) for _ in range(_ROUNDS)] for dtype, run in runs.items()}
    # The fastest of each: whatever else runs on the computer only ever adds to the time.
    return min(times[torch.bfloat16]) < _CLEARLY * min(times[torch.float32])


def _work(dtype: torch.dtype) -> Callable[[], object]:
    generator = torch.Generator().manual_seed(0)
    square = torch.randn(_SIDE, _SIDE, generator=generator).to(dtype)
    shape = (1, _CHANNELS, _PIXELS, _PIXELS)
    last = torch.channels_last
    features = torch.randn(shape, generator=generator).to(dtype, memory_format=last)
    kernel = torch.randn(_CHANNELS, _CHANNELS, 3, 3, generator=generator)
    kernel = kernel.to(dtype, memory_format=last)

    def run() -> object:
        with torch.inference_mode():
            return square @ square, functional.conv2d(features, kernel, padding=1)

    run()
    return run


def _seconds(run: Callable[[], object], clock: Callable[[], float]) -> float:
    started = clock()
    run()
    return clock() - started
