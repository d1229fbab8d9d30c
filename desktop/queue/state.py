"""What the queue panel knows: batches, the rendering thread, the pace; turned into one line."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from core.errors import CoreError
from core.events import (
    Event,
    ItemDone,
    ItemFailed,
    ItemLeftOut,
    ItemStarted,
    JobFinished,
    JobQueued,
    ModelLoading,
    ModelReady,
    RunnerBlocked,
    WorkerState,
    WorkState,
)
from core.library.records import JobState
from desktop.backend import Backend
from desktop.queue.batches import BatchModel
from desktop.queue.facts import BatchFacts, look
from desktop.queue.pacing import Pacing
from desktop.queue.standing import standing_of
from desktop.queue.words import left_words, settled, sum_of

_TICK_MS = 1000
_SOON_MS = 100
_HOLDABLE = (JobState.WAITING, JobState.RUNNING)
_RESTING = (WorkState.IDLE, WorkState.HELD, WorkState.FAILED)
Settled = ItemDone | ItemFailed | ItemLeftOut


class QueueState(QObject):
    """Keeps the list of batches true: events change it at once, the library corrects it.

    Args:
        backend: answers what is asked of the library.
        batches: the model that is kept.
        pacing: measures how fast it goes.
    """

    standing_changed = Signal(object)
    """The Standing for the panel's first line."""
    progressed = Signal(int, int, str)
    """Settled and found photographs of all unfinished batches, and `about 6 min left`."""
    looked = Signal()
    """The batches were read anew."""
    troubled = Signal(object)
    """CoreError: the library could not be read."""

    def __init__(
        self,
        backend: Backend,
        batches: BatchModel,
        pacing: Pacing | None = None,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._backend = backend
        self._batches = batches
        self._pacing = pacing or Pacing()
        self._worker = WorkerState(WorkState.STARTING)
        self._loading = self._looking = self._stale = False
        self._events = 0
        self._tick = QTimer(self, interval=_TICK_MS)
        self._tick.timeout.connect(self.show_standing)
        self._soon = QTimer(self, singleShot=True, interval=_SOON_MS)
        self._soon.timeout.connect(self.show_standing)

    @property
    def worker(self) -> WorkerState:
        """What the rendering thread said last."""
        return self._worker

    def take(self, event: Event) -> None:
        """Take in what happened."""
        self._events += 1
        match event:
            case ItemStarted():
                self._started(event)
            case ItemDone() | ItemFailed() | ItemLeftOut():
                self._settled(event)
            case WorkerState():
                self._take_worker(event)
            case ModelLoading() | ModelReady():
                self._loading = isinstance(event, ModelLoading)
                self.show_standing()
            case JobFinished():
                self._batches.set_totals(event.job, event.totals)
                self.refresh()
            case JobQueued() | RunnerBlocked():
                self.refresh()

    @Slot()
    def refresh(self) -> None:
        """Read the batches anew; at once, or after the reading that is under way."""
        if self._looking:
            self._stale = True
            return
        self._looking = True
        told = self._events

        def take(batches: Sequence[BatchFacts]) -> None:
            self._take(batches, current=told == self._events)

        self._backend.ask(self, look, take, self._failed)

    @Slot()
    def show_standing(self) -> None:
        """Tell how far it is, and how long each batch still takes."""
        batches = self._batches.batches
        for batch in batches:
            waits = batch.unfinished and batch.waits
            left = self._pacing.seconds_left(batch) if waits else None
            words = left_words(left) if left is not None and batch.totals.pending else ""
            self._batches.set_left(batch.job.id, words)
        left = self._pacing.all_left(batches)
        totals = sum_of([batch.totals for batch in batches if batch.unfinished])
        words = "" if left is None else left_words(left)
        self.progressed.emit(settled(totals), totals.found, words)
        self.standing_changed.emit(standing_of(batches, self._worker, left, loading=self._loading))

    def _take(self, batches: Sequence[BatchFacts], *, current: bool) -> None:
        """Show what was read; what happened since then is newer, so it is read again."""
        self._looking = False
        self._batches.show([self._as_held(batch) for batch in batches])
        self.show_standing()
        self.looked.emit()
        if self._stale or not current:
            self._stale = False
            self.refresh()

    def _as_held(self, batch: BatchFacts) -> BatchFacts:
        """Show a batch that waits for Resume as paused: the library knows nothing of that."""
        held = batch.job.id in self._worker.held and batch.job.state in _HOLDABLE
        return replace(batch, job=replace(batch.job, state=JobState.PAUSED)) if held else batch

    def _failed(self, error: CoreError) -> None:
        self._looking = self._stale = False
        self.troubled.emit(error)

    def _started(self, event: ItemStarted) -> None:
        self._loading = False
        batch = self._batches.batch(event.job)
        if batch is None:
            self.refresh()
            return
        self._pacing.start(event.job, batch.totals.pending)
        self._batches.set_state(event.job, JobState.RUNNING)

    def _settled(self, event: Settled) -> None:
        batch = self._batches.batch(event.job)
        if batch is None or batch.totals.pending < 1:
            self.refresh()
            return
        worked = isinstance(event, ItemDone) and not event.already
        self._pacing.settle(event.job, worked=worked)
        self._batches.count(event.job, **{"pending": -1, _counted_as(event): 1})
        # Small photographs may end many times a second; nobody reads that fast.
        if not self._soon.isActive():
            self._soon.start()

    def _take_worker(self, event: WorkerState) -> None:
        changed = (event.state, event.held) != (self._worker.state, self._worker.held)
        self._worker = event
        working = event.state in (WorkState.WORKING, WorkState.STOPPING, WorkState.FOLLOWING)
        if working and not self._tick.isActive():
            self._tick.start()
        elif event.state in _RESTING:
            self._tick.stop()
            self._pacing.rest()
        self.show_standing()
        if changed:
            self.refresh()


def _counted_as(event: Settled) -> str:
    match event:
        case ItemDone():
            return "already_done" if event.already else "done"
        case ItemFailed():
            return "quarantined" if event.quarantined else "failed"
    return "left_out"
