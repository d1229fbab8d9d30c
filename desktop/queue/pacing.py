"""How long the batches still take, from what was measured since the work began."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from core.library.ids import JobId
from core.pace import Pace
from desktop.queue.facts import BatchFacts


class Pacing:
    """One pace a batch; a rest between two runs does not count as work.

    Args:
        clock: seconds that only grow.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._paces: dict[JobId, Pace] = {}
        self._each: dict[JobId, float] = {}

    def start(self, job: JobId, waiting: int) -> None:
        """A photograph of the batch is being worked on; `waiting` includes it."""
        pace = self._paces.get(job)
        if pace is None:
            pace = self._paces[job] = Pace(waiting, self._clock)
        pace.start()

    def settle(self, job: JobId, *, worked: bool) -> None:
        """One photograph more is settled, by work or without."""
        pace = self._paces.get(job)
        if pace is None:
            return
        pace.settle(worked=worked)
        if pace.seconds_each is not None:
            self._each[job] = pace.seconds_each

    def rest(self) -> None:
        """Nothing is worked on for now; the next photograph begins a new measurement."""
        self._paces.clear()

    def seconds_each(self, job: JobId) -> float | None:
        """Return what one photograph of the batch takes; None before the first is done."""
        return self._each.get(job)

    def seconds_left(self, batch: BatchFacts) -> float | None:
        """Return how long the batch still takes if the rest goes as what was measured."""
        job, waiting = batch.job.id, batch.totals.pending
        pace = self._paces.get(job)
        if pace is not None and pace.seconds_each is not None:
            pace.total = pace.settled + waiting
            return pace.seconds_left
        each = self._each.get(job)
        return None if each is None else each * waiting

    def all_left(self, batches: Sequence[BatchFacts]) -> float | None:
        """Return how long all that waits takes; a batch not begun goes as the last one did."""
        waiting = [batch for batch in batches if batch.waits and batch.totals.pending]
        known = [self.seconds_left(batch) for batch in waiting]
        if not self._each or all(left is None for left in known):
            return None
        last = next(reversed(self._each.values()))
        pairs = zip(waiting, known, strict=True)
        return sum(last * b.totals.pending if left is None else left for b, left in pairs)
