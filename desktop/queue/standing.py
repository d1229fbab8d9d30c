"""What the queue's first line says: from the batches, the rendering thread and the pace."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QCoreApplication

from core.events import WorkerState, WorkState
from core.library.records import JobState
from desktop.queue.facts import BatchFacts
from desktop.queue.header import Standing
from desktop.queue.words import left_words, main_words, other_parts, sum_of

_RESUMABLE = (JobState.STOPPED, JobState.PAUSED)


def _tr(text: str) -> str:
    return QCoreApplication.translate("Queue", text)


def standing_of(
    batches: Sequence[BatchFacts],
    worker: WorkerState,
    left: float | None,
    loading: bool,
) -> Standing:
    """Return the line for these batches.

    Args:
        batches: all that are shown.
        worker: what the rendering thread said last.
        left: seconds until all that waits is done, if that is known.
        loading: whether a model is being loaded.
    """
    ahead = [batch for batch in batches if batch.unfinished]
    if not batches:
        return Standing("queue", "muted", _tr("The queue is empty"))
    totals = sum_of([batch.totals for batch in ahead or batches[:1]])
    counts = main_words(totals)

    def detail(*more: str) -> str:
        return ", ".join(filter(None, [*other_parts(totals), *more]))

    match worker.state:
        case WorkState.WORKING | WorkState.STOPPING if ahead:
            stopping = worker.state is WorkState.STOPPING
            said = _tr("stopping…") if stopping else _left(left, loading=loading)
            return Standing("play", "accent_text", counts, detail(said), True, stopping)
        case WorkState.FOLLOWING if ahead:
            said = worker.message or _tr("another Regrain works on it")
            return Standing("play", "accent_text", counts, detail(said))
        case WorkState.STARTING if ahead:
            return Standing("waiting", "muted", counts, detail(worker.message or _tr("starting…")))
    waiting = resumable(ahead, worker)
    if waiting:
        return Standing("pause", "warn", counts, detail(worker.message), resumable=waiting)
    failed = any(batch.failed for batch in batches[:1])
    picture = ("warning", "warn") if failed else ("done", "good")
    return Standing(*(("waiting", "muted") if ahead else picture), counts, detail())


def resumable(ahead: Sequence[BatchFacts], worker: WorkerState) -> int:
    """Return how many photographs wait for a Resume."""
    held = set(worker.held)
    waiting = [b for b in ahead if b.job.id in held or b.job.state in _RESUMABLE]
    if not waiting and worker.state is WorkState.HELD:
        waiting = list(ahead)
    return sum(batch.totals.pending for batch in waiting)


def _left(seconds: float | None, *, loading: bool) -> str:
    if loading:
        return _tr("loading the model…")
    return "" if seconds is None else left_words(seconds)
