"""What the window is about now: the project, what is selected, and which photograph is shown."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QUndoStack

from core.library.ids import PhotoId
from core.library.photo import Photo
from core.library.records import Project

_UNDO_LIMIT = 200


class Session(QObject):
    """Shared by the panels; lives on the main thread and holds no file and no database."""

    project_changed = Signal(object)
    """The Project that is open now."""
    selection_changed = Signal(object)
    """The selected PhotoIds, a list."""
    current_changed = Signal(object)
    """The Photo that is looked at, or None."""
    photos_changed = Signal(object)
    """PhotoIds whose state is another now; None: any may be."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.undo = QUndoStack(self)
        self.undo.setUndoLimit(_UNDO_LIMIT)
        self._project: Project | None = None
        self._selection: list[PhotoId] = []
        self._current: Photo | None = None

    @property
    def project(self) -> Project | None:
        """The open project; None until the library is read."""
        return self._project

    @property
    def selection(self) -> list[PhotoId]:
        """The selected photographs; empty means that a run takes all that are shown."""
        return list(self._selection)

    @property
    def current(self) -> Photo | None:
        """The photograph that is looked at."""
        return self._current

    def targets(self) -> list[PhotoId]:
        """Return what a key such as Keep acts on: the selection, else the current photograph."""
        if self._selection:
            return self.selection
        return [self._current.id] if self._current else []

    def open(self, project: Project) -> None:
        """Make this the open project; what was done to another one cannot be taken back here."""
        if self._project is None or project.id != self._project.id:
            self.undo.clear()
            self._selection, self._current = [], None
        self._project = project
        self.project_changed.emit(project)

    def leave(self) -> None:
        """Forget everything: the library becomes another one, with other numbers."""
        self.undo.clear()
        self.select([])
        self.look_at(None)
        self._project = None

    def select(self, photos: Sequence[PhotoId]) -> None:
        """Take over the selection of the grid."""
        if list(photos) != self._selection:
            self._selection = list(photos)
            self.selection_changed.emit(self.selection)

    def look_at(self, photo: Photo | None) -> None:
        """Take over the photograph that is looked at."""
        if photo != self._current:
            self._current = photo
            self.current_changed.emit(photo)

    def touch(self, photos: Iterable[PhotoId] | None) -> None:
        """Say that photographs are in another state than was read."""
        self.photos_changed.emit(None if photos is None else list(photos))
