"""What is said over the canvas when something is wrong with the photograph or its result."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto

from core.errors import CoreError, ItemError, Reason
from core.library.photo import Photo
from core.library.records import ItemStatus
from desktop.viewer.words import TROUBLED, has_result, tr


class Remedy(Enum):
    """What the notice's button does."""

    NONE = auto()
    RETRY = auto()
    RELOCATE = auto()
    REDO = auto()


@dataclass(frozen=True, slots=True)
class Notice:
    """A message, what to do, and a button for it."""

    message: str
    hint: str = ""
    remedy: Remedy = Remedy.NONE
    sign: str = "error"
    role: str = "bad"


def notice_of(
    photo: Photo, before: CoreError | None = None, after: CoreError | None = None
) -> Notice | None:
    """Return what is to be said of a photograph; `before` and `after`: why they are not read."""
    if photo.missing or _is_gone(before):
        return _missing(photo)
    if photo.status in TROUBLED:
        return _troubled(photo)
    if before is not None:
        return Notice(before.message, before.hint)
    if has_result(photo) and after is not None:
        return _no_result_file(photo, after)
    return None


def remedy_words(remedy: Remedy) -> str:
    """Return what the button is called; nothing for none."""
    return {
        Remedy.NONE: "",
        Remedy.RETRY: tr("Try again"),
        Remedy.RELOCATE: tr("Relocate folder…"),
        Remedy.REDO: tr("Make it again"),
    }[remedy]


def _missing(photo: Photo) -> Notice:
    return Notice(
        tr("{} is not there any more.").format(photo.path.name),
        tr("It was in {}. Connect its drive, or say where the folder is now.").format(
            photo.path.parent
        ),
        Remedy.RELOCATE,
        "folder-missing",
        "warn",
    )


def _troubled(photo: Photo) -> Notice:
    message = photo.message or tr("No result was made.")
    if photo.status is ItemStatus.LEFT_OUT:
        return Notice(tr("Left out: {}").format(message), photo.hint, sign="minus", role="muted")
    if photo.status is ItemStatus.QUARANTINED:
        message = tr("Stopped the worker 3 times. {}").format(photo.message).strip()
    return Notice(tr("Failed: {}").format(message), photo.hint, Remedy.RETRY)


def _no_result_file(photo: Photo, error: CoreError) -> Notice:
    if not _is_gone(error):
        return Notice(error.message, error.hint, Remedy.REDO)
    return Notice(
        tr("The result {} is not there any more.").format(
            photo.output.name if photo.output else ""
        ),
        tr("It was moved or deleted outside Regrain. The photograph itself is untouched."),
        Remedy.REDO,
        "warning",
        "warn",
    )


def _is_gone(error: CoreError | None) -> bool:
    return isinstance(error, ItemError) and error.reason is Reason.VANISHED
