"""Rendering whatever waits in a library, for hours or months; or following who does."""

from __future__ import annotations

import time
from collections.abc import Callable

from core.errors import LibraryError, Reason
from core.events import Event, EventSink, ItemDone, ItemFailed, ItemLeftOut
from core.library.ids import ItemId, JobId
from core.library.queue import JobQueue
from core.library.records import OPEN_STATUSES, ItemStatus, Job, JobItem, JobState, Origin
from core.runner import BatchRunner, EngineChoice, RunOutcome, StopSignal
from core.services import Services

_POLL_SECONDS = 1.0
_TROUBLE_SECONDS = 10.0
_MOST_TROUBLES = 30
_SETTLED = tuple(status for status in ItemStatus if status not in OPEN_STATUSES)


class Station:
    """Works until `stop` is given.

    Args:
        services: the open library.
        sink: gets each photograph's last event, whoever rendered it, and the runner's others.
        choice: the device.
        stop: ends it.
        quiet: called when nothing waits any more after some work.
    """

    def __init__(
        self,
        services: Services,
        sink: EventSink,
        choice: EngineChoice,
        stop: StopSignal,
        quiet: Callable[[], None] = lambda: None,
    ) -> None:
        self._services = services
        self._onlooker = Onlooker(services.queue, sink)
        self._runner: BatchRunner = services.runner(self._onlooker, choice)
        self._stop = stop
        self._quiet = quiet
        self._worked = False
        self._troubles = 0

    def wake(self) -> None:
        """Look at once whether something waits; from any thread."""
        self._runner.wake()

    def run(self) -> None:
        """Render or follow until `stop` is given.

        Raises:
            LibraryError: the library was unusable for minutes.
        """
        try:
            while not self._stop.asked:
                self._turn()
        finally:
            self._runner.close()

    def _turn(self) -> None:
        try:
            self._work()
            self._troubles = 0
        except LibraryError:
            self._troubles += 1
            if self._troubles >= _MOST_TROUBLES:
                raise
            self._runner.idle(_TROUBLE_SECONDS)

    def _work(self) -> None:
        if self._something_waits():
            self._worked = True
            if self._runner.run(self._stop) is RunOutcome.BUSY:
                self._onlooker.look()
        elif self._worked:
            self._worked = False
            self._onlooker.look()
            self._quiet()
        else:
            minutes = self._services.preferences.idle_minutes
            if minutes:
                self._runner.end_if_idle(60.0 * minutes)
        if not self._stop.asked:
            self._runner.idle(_POLL_SECONDS)

    def _something_waits(self) -> bool:
        jobs = self._services.queue.jobs(unfinished=True)
        return any(job.state in (JobState.WAITING, JobState.RUNNING) for job in jobs)


class Onlooker:
    """Passes a runner's events on, and tells what other processes did to watched folders' batches.

    Each attempt at a photograph is told once.
    """

    def __init__(self, queue: JobQueue, sink: EventSink) -> None:
        self._queue = queue
        self._sink = sink
        self._began = time.time()
        self._told: dict[JobId, set[tuple[ItemId, int]]] = {}
        self._open: set[JobId] = set()
        for job in self._watched():
            self._known(job)

    def __call__(self, event: Event) -> None:
        """Pass an event of this process' own runner on."""
        if isinstance(event, ItemDone | ItemFailed | ItemLeftOut):
            item = self._queue.item(event.item)
            self._told.setdefault(event.job, set()).add((item.id, item.attempts))
        self._sink(event)

    def look(self) -> None:
        """Tell what others settled since the last look."""
        jobs = {job.id: job for job in self._watched()}
        for which in self._open - set(jobs):
            jobs[which] = self._queue.job(which)
        for job in jobs.values():
            told = self._known(job)
            for item in self._queue.items(job.id, *_SETTLED):
                if (item.id, item.attempts) not in told:
                    told.add((item.id, item.attempts))
                    _tell(item, self._sink)
        self._open = {job.id for job in jobs.values() if job.state is not JobState.FINISHED}

    def _watched(self) -> list[Job]:
        return [job for job in self._queue.jobs(unfinished=True) if job.origin is Origin.WATCH]

    def _known(self, job: Job) -> set[tuple[ItemId, int]]:
        """Return what was told of a batch; of an older one, all that was settled before."""
        if job.id not in self._told:
            old = self._queue.items(job.id, *_SETTLED) if job.created < self._began else []
            self._told[job.id] = {(item.id, item.attempts) for item in old}
        return self._told[job.id]


def _tell(item: JobItem, sink: EventSink) -> None:
    """Emit the event that belongs to an item's status."""
    reason = item.reason or Reason.DECODE_ERROR
    if item.status in (ItemStatus.DONE, ItemStatus.ALREADY_DONE) and item.output is not None:
        already = item.status is ItemStatus.ALREADY_DONE
        done = ItemDone(item.job, item.id, item.source, item.output, item.seconds, already=already)
        sink(done)
    elif item.status is ItemStatus.LEFT_OUT:
        sink(ItemLeftOut(item.job, item.id, item.source, reason, item.message))
    elif item.status in (ItemStatus.FAILED, ItemStatus.QUARANTINED):
        quarantined = item.status is ItemStatus.QUARANTINED
        sink(
            ItemFailed(item.job, item.id, item.source, reason, item.message, item.hint, quarantined)
        )
