"""What becomes of watched folders' photographs, each attempt told once, whoever settled it."""

from __future__ import annotations

import time

from core.events import Event, EventSink, ItemDone, ItemFailed, ItemLeftOut, Totals
from core.library.ids import ItemId, JobId
from core.library.queue import JobQueue
from core.library.records import OPEN_STATUSES, ItemStatus, Job, Origin
from core.library.watch import WatchRules
from core.runner.follow import emit_settled

_SETTLED = tuple(status for status in ItemStatus if status not in OPEN_STATUSES)


class Onlooker:
    """An event sink that passes events on, and tells from the library what nobody told it.

    That is what other processes did to watched folders' batches, and what was left out by rule.
    Of each folder it remembers its latest batch and unfinished ones: months of them cost nothing.
    """

    def __init__(self, queue: JobQueue, rules: WatchRules, sink: EventSink) -> None:
        self._queue = queue
        self._rules = rules
        self._sink = sink
        self._began = time.time()
        self._told: dict[JobId, dict[ItemId, int]] = {}
        self._totals: dict[JobId, Totals] = {}
        self._others: JobId | None = None
        for job in self._watched():
            self._known(job)

    def __call__(self, event: Event) -> None:
        """Pass an event of this process' own runner on."""
        self._sink(event)
        if isinstance(event, ItemDone | ItemFailed | ItemLeftOut) and self._follows(event.job):
            self._told[event.job][event.item] = self._queue.item(event.item).attempts

    def look(self, *, following: bool = False) -> None:
        """Tell what is new; `following`: another process may have settled the same ones again."""
        watched = {job.id: job for job in self._watched()}
        ended = {which: self._queue.job(which) for which in self._told.keys() - watched.keys()}
        jobs = watched | ended
        for which, totals in self._queue.all_totals(jobs).items():
            told = self._known(jobs[which])
            before, self._totals[which] = self._totals.get(which), totals
            all_told = len(told) == totals.found - totals.pending
            if totals != before and (following or not all_told):
                self._tell_new(which, told)
        for which in ended:
            self._told.pop(which, None)
            self._totals.pop(which, None)

    def _tell_new(self, which: JobId, told: dict[ItemId, int]) -> None:
        for item in self._queue.items(which, *_SETTLED):
            if told.get(item.id) != item.attempts:
                told[item.id] = item.attempts
                emit_settled(item, self._sink)

    def _watched(self) -> list[Job]:
        """Return the latest batch of each folder, and others of theirs that are unfinished."""
        found = {job.id: job for job in self._queue.jobs(unfinished=True)}
        latest = {rule.job for rule in self._rules.all() if rule.job is not None}
        found |= {which: self._queue.job(which) for which in latest - found.keys()}
        return [job for job in found.values() if job.origin is Origin.WATCH]

    def _follows(self, which: JobId) -> bool:
        if which in self._told:
            return True
        if which == self._others:
            return False
        job = self._queue.job(which)
        if job.origin is not Origin.WATCH:
            self._others = which
            return False
        self._known(job)
        return True

    def _known(self, job: Job) -> dict[ItemId, int]:
        """Return what was told of a batch; of an older one, all that was settled before."""
        if job.id not in self._told:
            old = self._queue.items(job.id, *_SETTLED) if job.created < self._began else []
            self._told[job.id] = {item.id: item.attempts for item in old}
        return self._told[job.id]
