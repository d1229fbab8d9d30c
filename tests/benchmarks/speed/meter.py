"""Notes when networks and files were at work; on a GPU by its own clock, without waiting."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch

READ, WRITE = "read", "write"
PROMPT, ENCODE, DENOISE, DECODE = "prompt", "encode", "denoise", "decode"
FILES = (READ, WRITE)
NETWORKS = (ENCODE, DENOISE, DECODE)
"""Those whose share of the time is looked at."""


@dataclass(frozen=True)
class Span:
    """Something that went on from `start` to `end`, in seconds since the meter began."""

    phase: str
    start: float
    end: float
    rows: int = 0
    cells: int = 0


class Meter:
    """Collects spans, from any thread. `finite` makes it look at what networks give."""

    def __init__(self, device: str) -> None:
        self._on_gpu = torch.device(device).type == "cuda"
        self.finite = True
        self.begin()

    def begin(self) -> None:
        """Forget all, and count the time from here."""
        self._spans: list[Span] = []
        self._events: list[tuple[str, tuple[int, int], Any, Any]] = []
        self._start = self._now()
        if self._on_gpu:
            torch.cuda.synchronize()
        self._clock = time.perf_counter()

    @contextmanager
    def files(self, phase: str) -> Iterator[None]:
        """Time reading or writing."""
        started = self._elapsed()
        try:
            yield
        finally:
            self._spans.append(Span(phase, started, self._elapsed()))

    def call(self, phase: str, shape: Sequence[int], network: Callable[[], Any]) -> Any:
        """Return what a network gives, timed. `shape`: of what it was given."""
        size = shape[0], math.prod(shape[2:]) if len(shape) > 3 else shape[1]
        started = self._now()
        answer = network()
        ended = self._now()
        if self._on_gpu:
            self._events.append((phase, size, started, ended))
        else:
            self._spans.append(Span(phase, started - self._clock, ended - self._clock, *size))
        if self.finite:
            _check(phase, answer)
        return answer

    def spans(self) -> list[Span]:
        """Return all spans since the beginning."""
        if self._on_gpu:
            torch.cuda.synchronize()
        first = self._start
        timed = [
            Span(phase, first.elapsed_time(a) / 1e3, first.elapsed_time(b) / 1e3, *size)
            for phase, size, a, b in self._events
        ]
        return self._spans + timed

    def _elapsed(self) -> float:
        return time.perf_counter() - self._clock

    def _now(self) -> Any:
        """Return this moment: on a GPU a mark in its queue of work."""
        if not self._on_gpu:
            return time.perf_counter()
        make: Any = torch.cuda.Event
        event = make(enable_timing=True)
        event.record()
        return event


def _check(phase: str, answer: Any) -> None:
    tensor = getattr(answer, "sample", None)
    if tensor is None:
        tensor = answer if isinstance(answer, torch.Tensor) else answer[0]
    if not bool(torch.isfinite(tensor).all()):
        raise FloatingPointError(f"The network for '{phase}' gave NaN or infinity.")


def covered(spans: Sequence[Span]) -> float:
    """Return the seconds in which at least one of the spans was going on."""
    total, reached = 0.0, -math.inf
    for span in sorted(spans, key=lambda s: s.start):
        total += max(0.0, span.end - max(span.start, reached))
        reached = max(reached, span.end)
    return total
