"""Brings what the bars, the path line and the notice say in step with the photograph."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QObject

from core.library.photo import Photo
from core.library.records import ItemStatus
from desktop.photos.words import Progress
from desktop.viewer.comparison import Names
from desktop.viewer.files import after_file
from desktop.viewer.notices import notice_of
from desktop.viewer.parts import Parts
from desktop.viewer.reader import PictureReader
from desktop.viewer.versions import when
from desktop.viewer.words import zoom_words


@dataclass(frozen=True, slots=True)
class State:
    """What is to be said.

    `place`: "3 of 240". `progress` while it is worked on. `target`: where a result would go.
    """

    photo: Photo | None = None
    place: str = ""
    progress: Progress | None = None
    target: Path | None = None


class Showing(QObject):
    """Shows a State in the viewer's parts."""

    def __init__(self, parts: Parts, reader: PictureReader) -> None:
        super().__init__(parts.canvas)
        self._parts = parts
        self._reader = reader

    def show(self, state: State) -> None:
        """Say all of it anew."""
        photo, parts = state.photo, self._parts
        parts.top.show_photo(photo, state.place, state.progress)
        parts.decisions.show_photo(photo)
        parts.line.show_photo(photo, state.target)
        self._show_work(photo, state.progress or Progress())
        self._show_names(photo)
        self._show_notice(photo)

    def show_zoom(self) -> None:
        """Say the scale."""
        look, parts = self._parts.canvas.look, self._parts
        view = look.view
        words = zoom_words(view.scale, fitted=view.fitted) if look.scene else ""
        parts.top.show_zoom(words, fitted=view.fitted, full=abs(view.scale - 1) < 1e-6)
        parts.canvas.setAccessibleDescription(self.tr("Zoom {}").format(words) if words else "")
        # Where the preview is seen in its place, the loupe would show the same again.
        parts.loupe.setVisible(look.box is not None and not look.is_live)

    def _show_work(self, photo: Photo | None, progress: Progress) -> None:
        working = self._parts.working
        working.setVisible(photo is not None and photo.status is ItemStatus.RUNNING)
        # Without a number of steps the bar says only that something is done.
        working.setRange(0, progress.steps)
        working.setValue(progress.step)

    def _show_names(self, photo: Photo | None) -> None:
        version = self._parts.versions.shown
        after = self.tr("Earlier, {}").format(when(version)) if version else self.tr("After")
        canvas = self._parts.canvas
        canvas.set_names(Names(self.tr("Before"), after, self.tr("With this recipe")))
        canvas.setAccessibleName(photo.path.name if photo else self.tr("No photograph"))

    def _show_notice(self, photo: Photo | None) -> None:
        look, card = self._parts.canvas.look, self._parts.card
        if photo is None:
            card.say(None)
            return
        before = self._reader.error(look.before) if look.before else None
        file = after_file(photo, self._parts.versions.shown)
        after = self._reader.error(file) if file else None
        unseen = look.scene is None or before is not None
        card.say(notice_of(photo, before, after), middle=unseen)
