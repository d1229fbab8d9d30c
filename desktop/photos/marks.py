"""Icons of a theme as pixmaps that are drawn once, and which icon says what of a photograph."""

from __future__ import annotations

from PySide6.QtCore import QSize
from PySide6.QtGui import QPixmap

from core.library.photo import Decision, Photo
from core.library.records import ItemStatus
from desktop.icons import icon

_STATUS: dict[ItemStatus, tuple[str, str]] = {
    ItemStatus.PENDING: ("waiting", "muted"),
    ItemStatus.RUNNING: ("play", "accent_text"),
    ItemStatus.STAGED: ("save", "accent_text"),
    ItemStatus.DONE: ("done", "good"),
    ItemStatus.ALREADY_DONE: ("done", "muted"),
    ItemStatus.LEFT_OUT: ("minus", "warn"),
    ItemStatus.FAILED: ("error", "bad"),
    ItemStatus.QUARANTINED: ("error", "bad"),
    ItemStatus.CANCELED: ("close", "muted"),
}
_DECISION = {Decision.KEEP: ("keep", "good"), Decision.REJECT: ("reject", "bad")}


def status_mark(photo: Photo) -> tuple[str, str] | None:
    """Return the icon and the colour role of a photograph's status."""
    if photo.missing:
        return "folder-missing", "warn"
    if photo.status is ItemStatus.DONE and photo.unchanged:
        return "unchanged", "good"
    return _STATUS[photo.status] if photo.status is not None else None


def decision_mark(photo: Photo) -> tuple[str, str] | None:
    """Return the icon and the colour role of what the user decided."""
    return _DECISION.get(photo.decision)


class Marks:
    """Pixmaps of icons by name, colour role and size; to be cleared when the theme changes."""

    def __init__(self) -> None:
        self._held: dict[tuple[str, str, int, float], QPixmap] = {}

    def clear(self) -> None:
        """Draw all icons anew, in the colours of now."""
        self._held.clear()

    def get(self, name: str, role: str, side: int, ratio: float) -> QPixmap:
        """Return an icon of `side` logical pixels at a device pixel ratio."""
        key = (name, role, side, ratio)
        held = self._held.get(key)
        if held is None:
            held = icon(name, role).pixmap(QSize(side, side), ratio)
            self._held[key] = held
        return held
