"""What a runner tells: events to one sink, whose own errors never touch the run."""

from __future__ import annotations

import logging

from core.errors import BatchStopped, Reason
from core.events import Event, EventSink, ItemFailed, ItemLeftOut, RunnerBlocked
from core.library.ids import JobId
from core.library.records import Claim, ItemStatus

_log = logging.getLogger(__name__)


class Report:
    """Emits events."""

    def __init__(self, sink: EventSink) -> None:
        self._sink = sink

    def emit(self, event: Event) -> None:
        """Hand an event to the sink; what it raises is logged and forgotten."""
        try:
            self._sink(event)
        except Exception:
            _log.exception("an event sink failed on %s", type(event).__name__)

    def settled(
        self, claim: Claim, status: ItemStatus, reason: Reason, message: str, hint: str = ""
    ) -> None:
        """An item was left out, failed or quarantined."""
        if status is ItemStatus.LEFT_OUT:
            self.emit(ItemLeftOut(claim.job, claim.item, claim.source, reason, message))
            return
        self.emit(
            ItemFailed(
                claim.job,
                claim.item,
                claim.source,
                reason,
                message,
                hint,
                quarantined=status is ItemStatus.QUARANTINED,
            )
        )

    def blocked(self, job: JobId, stopped: BatchStopped) -> None:
        """A whole batch is stopped."""
        self.emit(RunnerBlocked(job, stopped.reason, stopped.message, stopped.hint))
