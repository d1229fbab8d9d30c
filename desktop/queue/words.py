"""The queue's words: where a photograph and a batch stand, and counts that add up."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QCoreApplication

from core.errors import Reason, StopReason
from core.events import Totals
from core.library.records import ItemStatus, Job, JobItem, JobState
from core.plan import readable_seconds
from desktop.words import count as shown

_CONTEXT = "Queue"


def _tr(text: str) -> str:
    return QCoreApplication.translate(_CONTEXT, text)


def reason_word(reason: Reason) -> str:
    """Return why a photograph has no result, in two or three words."""
    words = {
        Reason.VANISHED: _tr("gone"),
        Reason.CHANGED_WHILE_READING: _tr("changed while it was read"),
        Reason.TRUNCATED: _tr("ends too early"),
        Reason.EMPTY: _tr("empty file"),
        Reason.NOT_AN_IMAGE: _tr("not a picture"),
        Reason.NOT_A_FILE: _tr("not a file"),
        Reason.UNREADABLE: _tr("cannot be read"),
        Reason.TOO_LARGE: _tr("too large"),
        Reason.UNSUPPORTED_MODE: _tr("unknown kind of picture"),
        Reason.DECODE_ERROR: _tr("damaged"),
        Reason.NAME_TAKEN: _tr("name is taken"),
        Reason.OWN_OUTPUT: _tr("earlier result"),
        Reason.OOM_GPU: _tr("not enough GPU memory"),
        Reason.OOM_HOST: _tr("not enough memory"),
        Reason.NAN: _tr("broken result"),
        Reason.BLACK: _tr("black result"),
        Reason.CRASHED_3X: _tr("stopped the worker 3 times"),
        Reason.TIMED_OUT: _tr("took too long"),
        Reason.MODEL_UNTRUSTED: _tr("model is not trusted"),
        Reason.RAW: _tr("raw file"),
        Reason.ANIMATED: _tr("animated"),
    }
    return words[reason]


def stop_word(reason: StopReason) -> str:
    """Return why a batch is stopped, in two or three words."""
    words = {
        StopReason.DISK_FULL: _tr("disk is full"),
        StopReason.VOLUME_MISSING: _tr("drive is not there"),
        StopReason.READ_ONLY: _tr("folder is read-only"),
        StopReason.GPU_LOST: _tr("device stopped answering"),
        StopReason.MODEL_MISSING: _tr("model is missing"),
        StopReason.DB_ERROR: _tr("library cannot be written"),
    }
    # A reason of a newer core is still a reason.
    return words.get(reason, reason.value.replace("_", " "))


def item_words(item: JobItem, step: tuple[int, int] | None = None) -> str:
    """Return where one photograph stands: `Working (4 of 6)`, `Failed (ends too early)`."""
    reason = f" ({reason_word(item.reason)})" if item.reason else ""
    match item.status:
        case ItemStatus.PENDING:
            return _tr("Waiting")
        case ItemStatus.RUNNING:
            return _tr("Working ({} of {})").format(*step) if step else _tr("Working")
        case ItemStatus.STAGED:
            return _tr("Saving")
        case ItemStatus.DONE:
            return _tr("Done (already clean, unchanged)") if item.unchanged else _tr("Done")
        case ItemStatus.ALREADY_DONE:
            return _tr("Already done")
        case ItemStatus.LEFT_OUT:
            return _tr("Left out") + reason
        case ItemStatus.QUARANTINED:
            return _tr("Failed: stopped the worker 3 times")
        case ItemStatus.CANCELED:
            return _tr("Canceled")
    return _tr("Failed") + reason


def job_words(job: Job, totals: Totals) -> str:
    """Return where a batch stands: `Finished, 3 failed`, `Stopped (disk is full)`."""
    if job.state is JobState.STOPPED and job.stop_reason is not None:
        return _tr("Stopped ({})").format(stop_word(job.stop_reason))
    failed = totals.failed + totals.quarantined
    if job.state is JobState.FINISHED and failed:
        return _tr("Finished, {} failed").format(failed)
    words = {
        JobState.WAITING: _tr("Waiting"),
        JobState.RUNNING: _tr("Running"),
        JobState.PAUSED: _tr("Paused"),
        JobState.STOPPED: _tr("Stopped"),
        JobState.FINISHED: _tr("Finished"),
        JobState.CANCELED: _tr("Canceled"),
    }
    return words[job.state]


def totals_words(totals: Totals) -> str:
    """Return `40 done, 200 waiting, 0 failed of 240`; the parts always sum up to the whole."""
    parts = [*_main_parts(totals), *other_parts(totals)]
    return _tr("{} of {}").format(", ".join(parts), shown(totals.found))


def main_words(totals: Totals) -> str:
    """Return `40 done, 200 waiting, 0 failed of 240`; `other_parts` is what lacks to the sum."""
    return _tr("{} of {}").format(", ".join(_main_parts(totals)), shown(totals.found))


def other_parts(totals: Totals) -> list[str]:
    """Return the rarer counts, those that are not zero: `4 already done`, `1 left out`."""
    counts = [
        (totals.already_done, _tr("{} already done")),
        (totals.left_out, _tr("{} left out")),
        (totals.canceled, _tr("{} canceled")),
    ]
    return [words.format(shown(count)) for count, words in counts if count]


def _main_parts(totals: Totals) -> list[str]:
    failed = totals.failed + totals.quarantined
    return [
        _tr("{} done").format(shown(totals.done)),
        _tr("{} waiting").format(shown(totals.pending)),
        _tr("{} failed").format(shown(failed)),
    ]


def sum_of(all_totals: Sequence[Totals]) -> Totals:
    """Return the counts of several batches together."""
    names = Totals.__slots__
    return Totals(**{name: sum(getattr(one, name) for one in all_totals) for name in names})


def settled(totals: Totals) -> int:
    """Return how many photographs are not waiting any more."""
    return totals.found - totals.pending


def seconds_words(seconds: float) -> str:
    """Return how long a photograph took: `0.4 s`, `12 s`, `1:40 min`."""
    if seconds < 10:
        return f"{seconds:.1f} s"
    if seconds < 60:
        return f"{seconds:.0f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}:{rest:02d} min"


def left_words(seconds: float) -> str:
    """Return `about 6 min left`."""
    return _tr("{} left").format(readable_seconds(seconds))
