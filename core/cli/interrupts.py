"""Ctrl-C and a request to end: the first stops in good order, the second at once."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from core.runner import StopSignal

_NOTE = b"\nStopping. What is done stays; Ctrl-C again ends at once.\n"
_SIGNALS = ("SIGINT", "SIGTERM", "SIGHUP")


@contextmanager
def stop_on_signals(stop: StopSignal) -> Iterator[None]:
    """Within, SIGINT, SIGTERM and SIGHUP give `stop`; a second one raises KeyboardInterrupt."""

    def handle(_number: int, _frame: FrameType | None) -> None:
        if interrupted(stop):
            raise KeyboardInterrupt
        stop.now()
        # Not through a stream: the signal may have come in the middle of a write to it.
        os.write(2, _NOTE)

    numbers = [getattr(signal, name) for name in _SIGNALS if hasattr(signal, name)]
    before = {number: signal.signal(number, handle) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def interrupted(stop: StopSignal) -> bool:
    """Return whether the run was asked to stop."""
    return bool(stop.asked)
