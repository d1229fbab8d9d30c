"""Time as the watch service sees it; one object, so that a test can let it pass."""

from __future__ import annotations

import time

_JUMP_SECONDS = 2.0
_SINCE_BOOT: int | None = getattr(time, "CLOCK_BOOTTIME", None)
"""Linux' clock that counts time asleep."""


class Clock:
    """The computer's clocks."""

    def monotonic(self) -> float:
        """Return seconds that only grow and stand still while the computer sleeps."""
        return time.monotonic()

    def wall(self) -> float:
        """Return seconds since the epoch; anybody may set them."""
        return time.time()

    def steady(self) -> float:
        """Return seconds that go on while the computer sleeps, as far as the system has any."""
        return time.time() if _SINCE_BOOT is None else time.clock_gettime(_SINCE_BOOT)


class Jumps:
    """Notices that the computer slept, or that its clock was set."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._apart = self._now()

    def jumped(self) -> bool:
        """Return whether the clocks moved apart since the last call."""
        before, self._apart = self._apart, self._now()
        return any(
            abs(now - then) > _JUMP_SECONDS for now, then in zip(self._apart, before, strict=True)
        )

    def _now(self) -> tuple[float, float]:
        monotonic = self._clock.monotonic()
        return self._clock.steady() - monotonic, self._clock.wall() - monotonic
