"""Short races on the processor: which way to compute is faster here?"""

from __future__ import annotations

import math
import time
from collections.abc import Callable

import torch
from torch.nn import functional

from core.engine.hardware import processor_flags
from core.engine.kernels.winograd import WinogradConvolution, Workspace

Clock = Callable[[], float]
"""Seconds that only grow."""

_BF16_FLAGS = frozenset({"avx512_bf16", "amx_bf16", "bf16"})
_SIDE, _CHANNELS, _PIXELS = 768, 96, 96
_WINOGRAD_SIDE, _WINOGRAD_CHANNELS = 48, 256
_ROUNDS, _MOST_ROUNDS = 3, 12
_CLEARLY = 0.9
"""Below this share of the time of single precision, bf16 is worth its rounding."""


def bf16_is_faster(flags: frozenset[str] | None = None) -> bool:
    """Return whether bf16 is clearly faster for products and 3x3 convolutions, in 0.1 to 0.6 s.

    Processors without instructions for it (`flags`, by default this one's) are not measured: there
    it is many times slower.
    """
    flags = processor_flags() if flags is None else flags
    if flags is not None and not flags & _BF16_FLAGS:
        return False
    return race(_work)


def race(
    work: Callable[[torch.dtype], Callable[[], object]],
    clock: Clock = time.perf_counter,
) -> bool:
    """Return whether `work`, made for bf16, clearly beats the same made for fp32."""
    plain, lowered = work(torch.float32), work(torch.bfloat16)
    return _is_faster(lowered, plain, _CLEARLY, clock)


def winograd_is_faster() -> bool:
    """Return whether our 3x3 convolutions beat PyTorch's in single precision, in about 0.1 s."""
    plain, fast = _convolutions()
    return _is_faster(fast, plain, 1.0, time.perf_counter)


def _convolutions() -> tuple[Callable[[], object], Callable[[], object]]:
    """Return one convolution in both ways, each run once."""
    generator = torch.Generator().manual_seed(0)
    last = torch.channels_last
    side, channels = _WINOGRAD_SIDE, _WINOGRAD_CHANNELS
    picture = torch.randn((1, channels, side, side), generator=generator).to(memory_format=last)
    kernel = torch.randn((channels, channels, 3, 3), generator=generator).to(memory_format=last)
    fast = WinogradConvolution(kernel, None, 4, Workspace())

    def plainly() -> object:
        with torch.inference_mode():
            return functional.conv2d(picture, kernel, padding=1)

    def quickly() -> object:
        with torch.inference_mode():
            return fast(picture)

    plainly()
    quickly()
    return plainly, quickly


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


def _is_faster(
    fast: Callable[[], object], plain: Callable[[], object], share: float, clock: Clock
) -> bool:
    """Return whether the one takes less than `share` of the other's time.

    What holds for months must not hang on one busy moment: both run in turn, and again as long as
    the one that should be faster is not. The fastest run of each counts: whatever else goes on in
    the computer only ever adds to the time.
    """
    shortest = {fast: math.inf, plain: math.inf}
    for number in range(1, _MOST_ROUNDS + 1):
        for run in shortest:
            shortest[run] = min(shortest[run], _seconds(run, clock))
        is_faster = shortest[fast] < share * shortest[plain]
        if is_faster and number >= _ROUNDS:
            return True
    return False


def _seconds(run: Callable[[], object], clock: Clock) -> float:
    started = clock()
    run()
    return clock() - started
