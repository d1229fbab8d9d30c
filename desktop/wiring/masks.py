"""Masks in the window: painted in the viewer, and put into the photograph's recipe."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Slot
from PySide6.QtGui import QImage

from core.errors import SettingsError
from core.library.photo import Photo
from core.recipe import MaskSetting
from desktop.masks.session import MaskSession, read, store

if TYPE_CHECKING:
    from desktop.main_window import MainWindow

_LOOK_MS = 50
_PATIENCE = 200


class MaskWiring(QObject):
    """Begins to paint on the current photograph, and gives it a recipe with what was painted."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window
        self._parts = window.parts
        self.session: MaskSession | None = None
        self._looked = 0
        self._looking = QTimer(self, interval=_LOOK_MS)
        self._looking.timeout.connect(self._begin_when_seen)
        self._parts.recipe.form.mask_wanted.connect(self.start)
        self._parts.session.current_changed.connect(self._leave_other)
        self._parts.viewer.closed.connect(self.leave)

    @property
    def folder(self) -> Path:
        """Where painted masks are kept."""
        return self._window.launch.paths.library.parent / "masks"

    @Slot()
    def start(self) -> None:
        """Show the current photograph and paint on it, as soon as its size is known."""
        photo = self._parts.session.current
        if photo is None or photo.missing:
            self._window.status.say(self.tr("Choose a photograph to paint its mask on."))
            return
        if self.session is None:
            # The mask is this photograph's, and so is the recipe that will have it.
            self._parts.grid.select([photo.id])
            self._window.wiring.photos.show_viewer(on=True)
            self._looked = 0
            self._looking.start()

    @Slot()
    def leave(self) -> None:
        """Leave the mask as it was."""
        if self.session is not None:
            self.session.close()

    @Slot()
    def _begin_when_seen(self) -> None:
        photo, self._looked = self._parts.session.current, self._looked + 1
        there = photo is not None and self._parts.viewer.canvas.look.scene is not None
        if not there and self._looked < _PATIENCE:
            return
        self._looking.stop()
        if photo is None or not there:
            return
        mask = self._parts.recipe.recipe.edit.mask
        path = mask.path if mask is not None else None
        self._parts.backend.ask(
            self, lambda _services: read(path), lambda image: self._begin(photo, image)
        )

    def _begin(self, photo: Photo, image: QImage | None) -> None:
        current, viewer = self._parts.session.current, self._parts.viewer
        seen = viewer.canvas.look.scene is not None and viewer.isVisible()
        if self.session is not None or current is None or current.id != photo.id or not seen:
            return
        mask = self._parts.recipe.recipe.edit.mask
        self.session = MaskSession(viewer, photo, image, mask.feather if mask else 0)
        self.session.finished.connect(self._store)
        self.session.closed.connect(self._closed)
        self._window.status.say(self.tr("Paint what is to be edited; all else stays as it is."))

    @Slot(object, int)
    def _store(self, png: bytes, feather: int) -> None:
        photo, folder = self._parts.session.current, self.folder
        if photo is not None:
            self._parts.backend.ask(
                self,
                lambda _services: store(folder, photo, png),
                lambda path: self._take(photo, path, feather),
                self._window.say_error,
            )

    def _take(self, photo: Photo, path: Path, feather: int) -> None:
        current = self._parts.session.current
        if current is None or current.id != photo.id:
            self._window.say_error(
                SettingsError(
                    self.tr("{} was left before its mask was stored.").format(photo.path.name),
                    hint=self.tr("It is in {}; choose it as a mask file.").format(path),
                )
            )
            return
        mask = self._parts.recipe.recipe.edit.mask or MaskSetting()
        changed = mask.model_copy(update={"path": path, "feather": feather})
        self._parts.recipe.draft.set_value("mask", changed)

    @Slot()
    def _closed(self) -> None:
        session, self.session = self.session, None
        if session is not None:
            session.deleteLater()

    @Slot(object)
    def _leave_other(self, photo: Photo | None) -> None:
        session = self.session
        if session is not None and (photo is None or photo.id != session.photo.id):
            session.close()
