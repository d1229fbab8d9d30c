"""What the window says of a photograph and of a batch, in the words of the whole application."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QCoreApplication

from core.library.photo import Decision, Photo, Shown, SortBy
from core.library.records import ItemStatus
from desktop.queue.words import reason_word
from desktop.words import count


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a photograph is: `step` of `steps`; zero steps: it was only begun."""

    step: int = 0
    steps: int = 0

    @property
    def share(self) -> float:
        """0 to 1."""
        return min(1.0, self.step / self.steps) if self.steps else 0.0


def tr(text: str) -> str:
    """Translate a text of this package."""
    return QCoreApplication.translate("Photos", text)


def many(number: int, one: str, more: str) -> str:
    """Return the text for one, or that for more with the number put in for `{}`."""
    return one if number == 1 else more.format(count(number))


def status_words(photo: Photo, progress: Progress | None = None) -> str:
    """Return where a photograph stands, short; nothing for one that was never in a batch."""
    if photo.missing:
        return tr("Missing")
    if photo.status is None:
        return ""
    if photo.status is ItemStatus.RUNNING:
        return _working(progress)
    words = _SHORT[photo.status]()
    if photo.status in _REASONED and photo.reason is not None:
        words += f" ({reason_word(photo.reason)})"
    return words


def status_sentence(photo: Photo, progress: Progress | None = None) -> str:
    """Return where a photograph stands, with the reason and what to do."""
    words = status_words(photo, progress)
    if photo.missing:
        gone = tr("The file is not there any more. Relocate its folder, or connect its drive.")
        return f"{words}. {gone}"
    if photo.status is ItemStatus.DONE and photo.unchanged:
        return tr("Done (already clean, unchanged)")
    if photo.status is ItemStatus.QUARANTINED:
        words = tr("Failed: stopped the worker 3 times")
    if photo.status not in _EXPLAINED:
        return words
    said = " ".join(part for part in (photo.message, photo.hint) if part)
    return f"{words}: {said}" if said else words


def _working(progress: Progress | None) -> str:
    if progress is None or not progress.steps:
        return tr("Working")
    return tr("Working ({} of {})").format(progress.step, progress.steps)


_EXPLAINED = frozenset({ItemStatus.FAILED, ItemStatus.QUARANTINED, ItemStatus.LEFT_OUT})
_REASONED = frozenset({ItemStatus.FAILED, ItemStatus.LEFT_OUT})
_SHORT = {
    ItemStatus.PENDING: lambda: tr("Waiting"),
    ItemStatus.STAGED: lambda: tr("Saving"),
    ItemStatus.DONE: lambda: tr("Done"),
    ItemStatus.ALREADY_DONE: lambda: tr("Already done"),
    ItemStatus.LEFT_OUT: lambda: tr("Left out"),
    ItemStatus.FAILED: lambda: tr("Failed"),
    ItemStatus.QUARANTINED: lambda: tr("Failed"),
    ItemStatus.CANCELED: lambda: tr("Canceled"),
}


def decision_words(decision: Decision) -> str:
    """Return what the user decided."""
    words = {
        Decision.UNDECIDED: tr("Undecided"),
        Decision.KEEP: tr("Keep"),
        Decision.REJECT: tr("Reject"),
    }
    return words[decision]


def shown_words(shown: Shown) -> str:
    """Return a filter's name."""
    words = {
        Shown.ALL: tr("All photographs"),
        Shown.NEW: tr("Not edited yet"),
        Shown.WAITING: tr("Waiting"),
        Shown.DONE: tr("Done"),
        Shown.FAILED: tr("Failed"),
        Shown.LEFT_OUT: tr("Left out"),
        Shown.KEPT: tr("Kept"),
        Shown.REJECTED: tr("Rejected"),
        Shown.UNDECIDED: tr("Undecided"),
        Shown.MISSING: tr("Missing"),
    }
    return words[shown]


def sort_words(sort: SortBy) -> str:
    """Return an order's name."""
    words = {
        SortBy.NAME: tr("Name"),
        SortBy.ADDED: tr("Date added"),
        SortBy.SIZE: tr("File size"),
        SortBy.CHANGED: tr("Date changed"),
        SortBy.RATING: tr("Rating"),
        SortBy.STATUS: tr("Status"),
    }
    return words[sort]


def photograph_sentence(photo: Photo, progress: Progress | None = None) -> str:
    """Say all that a photograph's cell shows, for a screen reader."""
    parts = [photo.path.name, status_sentence(photo, progress)]
    if photo.rating:
        parts.append(many(photo.rating, tr("1 star"), tr("{} stars")))
    if photo.decision is not Decision.UNDECIDED:
        parts.append(decision_words(photo.decision))
    if photo.versions:
        parts.append(many(photo.versions, tr("1 earlier version"), tr("{} earlier versions")))
    if photo.own_recipe:
        parts.append(tr("Has a recipe of its own"))
    return ", ".join(part for part in parts if part)
