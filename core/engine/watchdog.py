"""When the parent ends its render process: too much memory, or far more time than usual."""

from __future__ import annotations

import statistics
from collections import deque
from collections.abc import Callable

from core.engine.memory import MemoryGauge
from core.engine.messages import ModelLoaded, Rendered, Stepped

PERIOD_SECONDS = 2.0
"""Between two looks at the memory."""

TOO_SLOW = 10.0
"""So many times as long as photographs of its size took lately is too long."""

_RESERVE_SHARE = 0.04
_LEAST_RESERVE, _MOST_RESERVE = 256 << 20, 1 << 30
_MEASURED, _ENOUGH = 50, 3


class MemoryWatch:
    """Notices that a render process takes the last of the computer's memory.

    Before the whole desktop is swapped out for it, it is ended, as the kernel would do much later.

    Args:
        gauge: reads the memory.
        clock: seconds that only grow.
    """

    def __init__(self, gauge: MemoryGauge, clock: Callable[[], float]) -> None:
        self._gauge = gauge
        self._clock = clock
        share = int(gauge.total() * _RESERVE_SHARE)
        self._reserve = min(_MOST_RESERVE, max(_LEAST_RESERVE, share))
        self._looked = clock()
        self._was_short = False

    def must_end(self, pid: int) -> bool:
        """Return whether memory was short at two looks, and ending the process would help."""
        now = self._clock()
        if now - self._looked < PERIOD_SECONDS:
            return False
        self._looked = now
        # Asked second, and only then: it is the dearer question.
        is_short = self._gauge.free() < self._reserve <= self._gauge.held(pid)
        must_end = is_short and self._was_short
        self._was_short = is_short and not must_end
        return must_end


class UsualPace:
    """Knows how long photographs take, for each pixel that goes through the network.

    Only the batch's own settings are measured and judged: a process that fell back to fp32, to
    small tiles or to the processor is slower for a good reason.

    Args:
        least_seconds: no photograph is too slow before it took so long.
    """

    def __init__(self, least_seconds: float) -> None:
        self._least_seconds = least_seconds
        self._paces: deque[float] = deque(maxlen=_MEASURED)
        self._pixels: dict[int, int] = {}
        self._device: tuple[str, str, str] | None = None

    def loaded(self, message: ModelLoaded) -> None:
        """Forget the pace of another model, device or precision."""
        device = (message.model, message.device, message.dtype)
        if device != self._device:
            self._paces.clear()
        self._device = device

    def stepped(self, message: Stepped) -> None:
        """Note how large the photograph is."""
        self._pixels[message.item] = message.pixels

    def rendered(self, message: Rendered) -> None:
        """Measure a photograph that is done."""
        pixels = self._pixels.pop(message.item, 0)
        if pixels and message.seconds > 0:
            self._paces.append(message.seconds / pixels)

    def forget(self, item: int) -> None:
        """The photograph has no result."""
        self._pixels.pop(item, None)

    def is_too_slow(self, message: Stepped, patience: float) -> bool:
        """Return whether a photograph in work took far too long already.

        `patience`: seconds that are granted besides, for reading and writing a large file.
        """
        if not message.pixels or len(self._paces) < _ENOUGH:
            return False
        usual = statistics.median(self._paces) * message.pixels
        return message.seconds > max(self._least_seconds, TOO_SLOW * usual) + patience
