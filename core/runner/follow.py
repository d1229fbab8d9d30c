"""Batches to their end: rendered by this process, or followed while another one renders them."""

from __future__ import annotations

import time
from collections.abc import Callable

from core.errors import Reason
from core.events import (
    Event,
    EventSink,
    ItemDone,
    ItemFailed,
    ItemLeftOut,
    JobFinished,
    RunnerBlocked,
    Totals,
)
from core.library.ids import ItemId, JobId
from core.library.queue import JobQueue
from core.library.records import OPEN_STATUSES, ItemStatus, JobItem, JobState
from core.runner.parts import RunOutcome
from core.runner.stop import StopSignal

_POLL_SECONDS = 0.2
# Looking at a hundred thousand photographs takes a while: rest ten times as long.
_REST = 10
_SETTLED = tuple(status for status in ItemStatus if status not in OPEN_STATUSES)


def emit_settled(item: JobItem, sink: EventSink, *, before: bool = False) -> None:
    """Emit the event that belongs to an item's status; `before`: done by an earlier command."""
    reason = item.reason or Reason.DECODE_ERROR
    match item.status:
        case ItemStatus.DONE | ItemStatus.ALREADY_DONE if item.output is not None:
            already = before or item.status is ItemStatus.ALREADY_DONE
            sink(
                ItemDone(
                    item.job, item.id, item.source, item.output, item.seconds,
                    already=already, unchanged=item.unchanged, note=item.note,
                )
            )  # fmt: skip
        case ItemStatus.LEFT_OUT:
            sink(ItemLeftOut(item.job, item.id, item.source, reason, item.message))
        case ItemStatus.FAILED | ItemStatus.QUARANTINED:
            quarantined = item.status is ItemStatus.QUARANTINED
            sink(
                ItemFailed(
                    item.job, item.id, item.source, reason, item.message, item.hint, quarantined
                )
            )


class Follower:
    """An event sink that passes events on, and tells from the library what nobody told it.

    That is what an earlier command did, and what another process does to the batch.

    Args:
        queue: where the batch lies.
        job: the batch.
        sink: gets each photograph's last event exactly once.
        resumed: whether photographs done so far were done by an earlier command.
        quiet: whether nothing is told of them.
    """

    def __init__(
        self, queue: JobQueue, job: JobId, sink: EventSink, *, resumed: bool, quiet: bool = False
    ) -> None:
        self._queue = queue
        self._job = job
        self._sink = sink
        self._told: set[ItemId] = set()
        self._totals: Totals | None = None
        if quiet:
            self._told.update(queue.item_ids(job, _SETTLED))
        else:
            self._tell_new(before=resumed)

    def __call__(self, event: Event) -> None:
        """Pass an event of this process' own runner on."""
        if isinstance(event, ItemDone | ItemFailed | ItemLeftOut):
            self._told.add(event.item)
        self._sink(event)

    def look(self) -> RunOutcome:
        """Tell what is new; BUSY as long as there is more to come."""
        totals = self._queue.totals(self._job)
        if totals != self._totals:
            self._totals = totals
            self._tell_new()
        job = self._queue.job(self._job)
        if job.state is JobState.STOPPED and job.stop_reason is not None:
            blocked = RunnerBlocked(job.id, job.stop_reason, job.stop_message, job.stop_hint)
            self._sink(blocked)
            return RunOutcome.BLOCKED
        return RunOutcome.BUSY if totals.pending else RunOutcome.FINISHED

    def _tell_new(self, *, before: bool = False) -> None:
        settled = self._queue.item_ids(self._job, _SETTLED)
        new = [item for item in settled if item not in self._told]
        for item in self._queue.items_by_id(new):
            self._told.add(item.id)
            emit_settled(item, self._sink, before=before)


class LibraryFollower:
    """Tells what another process does to all unfinished batches, from now on.

    Args:
        queue: where they lie.
        sink: gets the last event of each photograph that is settled from now on, and JobFinished.
    """

    def __init__(self, queue: JobQueue, sink: EventSink) -> None:
        self._queue = queue
        self._sink = sink
        self._followed: dict[JobId, Follower] = {}
        self._totals: dict[JobId, Totals] = {}
        self._take_up()

    def look(self) -> None:
        """Tell what is new."""
        self._take_up()
        for job, totals in self._queue.all_totals(list(self._followed)).items():
            if totals == self._totals.get(job):
                continue
            self._totals[job] = totals
            if self._followed[job].look() is not RunOutcome.BUSY:
                del self._followed[job]
                if not totals.pending:
                    self._sink(JobFinished(job, totals))

    def _take_up(self) -> None:
        for job in self._queue.jobs(unfinished=True):
            if job.id not in self._followed and job.state is not JobState.STOPPED:
                self._followed[job.id] = Follower(
                    self._queue, job.id, self._sink, resumed=False, quiet=True
                )
                self._totals[job.id] = self._queue.totals(job.id)


def follow(
    render: Callable[[], RunOutcome],
    follower: Follower,
    stop: StopSignal,
    on_busy: Callable[[], None],
    *,
    sleep: Callable[[float], None] = time.sleep,
) -> RunOutcome:
    """Render, or wait for the one who renders; take over when that one ends.

    Args:
        render: tries to render the batch in this process; BUSY when another one does.
        follower: looks at the batch meanwhile.
        stop: ends the waiting.
        on_busy: called once, when the waiting begins.
    """
    told, look_at = False, 0.0
    while (outcome := render()) is RunOutcome.BUSY:
        if not told:
            told = True
            on_busy()
        # Whether the other one still renders is asked often, being cheap.
        began = time.monotonic()
        if began >= look_at:
            outcome = follower.look()
            if outcome is not RunOutcome.BUSY:
                return outcome
            now = time.monotonic()
            look_at = now + _REST * (now - began)
        sleep(_POLL_SECONDS)
        if stop.asked:
            return RunOutcome.STOPPED
    return outcome
