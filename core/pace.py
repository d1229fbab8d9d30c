"""How fast a batch goes: seconds a photograph and the time left, from what is done so far."""

from __future__ import annotations

import time
from collections.abc import Callable


class Pace:
    """Counts photographs as they are settled.

    Only those that were worked on tell the pace; what is already done or fails at once takes no
    time and would promise too much. Where their sizes are known, a large one counts for more.

    Args:
        waiting: photographs that are still to be settled.
        clock: seconds that only grow.
        megapixels: of all that wait, together; 0 where that is not known.
    """

    def __init__(
        self,
        waiting: int,
        clock: Callable[[], float] = time.monotonic,
        *,
        megapixels: float = 0.0,
    ) -> None:
        self.total = waiting
        self.settled = 0
        self._megapixels_left = megapixels if megapixels > 0 else None
        self._worked = 0
        self._worked_megapixels = 0.0
        self._clock = clock
        self._began: float | None = None
        self._last = 0.0

    def start(self) -> None:
        """The first photograph is being worked on; later calls change nothing."""
        if self._began is None:
            self._began = self._clock()

    def settle(self, *, worked: bool, megapixels: float = 0.0) -> None:
        """One photograph more is settled, by work or without."""
        self.settled += 1
        if self._megapixels_left is not None:
            self._megapixels_left = max(0.0, self._megapixels_left - megapixels)
        if worked and self._began is not None:
            self._worked += 1
            self._worked_megapixels += megapixels
            self._last = self._clock()

    @property
    def seconds_each(self) -> float | None:
        """Seconds a photograph so far, several at a time taken into account; None at first."""
        if self._began is None or not self._worked:
            return None
        return (self._last - self._began) / self._worked

    @property
    def seconds_left(self) -> float | None:
        """Seconds until the last photograph is done, if the rest goes as the first ones went."""
        each = self.seconds_each
        if each is None:
            return None
        since = self._clock() - self._last
        return max(0.0, self._left(each) - since)

    def _left(self, each: float) -> float:
        if self._megapixels_left is None or not self._worked_megapixels:
            return (self.total - self.settled) * each
        return self._megapixels_left * each * self._worked / self._worked_megapixels

    def sentence(self) -> str:
        """Return `3.1 s a photograph, about 6 min left`; nothing as long as it is unknown."""
        from core.plan import readable_seconds

        each, left = self.seconds_each, self.seconds_left
        if each is None or left is None:
            return ""
        speed = f"{each:.1f} s" if each < 10 else readable_seconds(each)
        rest = f", {readable_seconds(left)} left" if self.settled < self.total else ""
        return f"{speed} a photograph{rest}"
