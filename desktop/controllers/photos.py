"""What users do to photographs of a project: add, remove, rate, decide, move to the trash."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from core.library.ids import PhotoId, ProjectId
from core.library.photo import Decision
from desktop.backend import Backend
from desktop.session import Session
from desktop.undo import LibraryChange, Work, WorkBack
from desktop.words import photographs

if TYPE_CHECKING:
    # SQLAlchemy and all that comes with it take most of a second: the library's thread waits for
    # them, the window does not.
    from core.services import Services


class PhotoController(QObject):
    """Changes photographs of the open project; each change can be taken back."""

    said = Signal(str)
    """One line for the status bar."""

    def __init__(self, backend: Backend, session: Session, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._backend = backend
        self._session = session

    def rate(self, stars: int) -> None:
        """Give the chosen photographs this many stars."""
        photos = self._session.targets()
        self._change(
            self.tr("Rate {}").format(photographs(len(photos))),
            photos,
            lambda services: services.photos.rate(photos, stars),
            lambda services, before: services.photos.set_ratings(before),
        )

    def decide(self, decision: Decision) -> None:
        """Keep or reject the results of the chosen photographs, or neither."""
        photos = self._session.targets()
        self._change(
            self.tr("Decide on {}").format(photographs(len(photos))),
            photos,
            lambda services: services.photos.decide(photos, decision),
            lambda services, before: services.photos.set_decisions(before),
        )

    def remove(self) -> None:
        """Take the chosen photographs out of the project; no file is touched."""
        photos = self._session.targets()
        self._change(
            self.tr("Remove {}").format(photographs(len(photos))),
            photos,
            lambda services: services.photos.remove(photos),
            lambda services, _before: services.photos.restore(photos),
            everything=True,
        )
        if photos:
            text = self.tr("{} removed from the project; the files stay.")
            text = text.format(photographs(len(photos)))
            self.said.emit(text)

    def move(self, project: ProjectId) -> None:
        """Move the chosen photographs to another project."""
        photos, here = self._session.targets(), self._session.project
        if here is None:
            return
        self._change(
            self.tr("Move {}").format(photographs(len(photos))),
            photos,
            lambda services: services.photos.move(photos, project),
            lambda services, _before: services.photos.move(photos, here.id),
            everything=True,
        )

    def rename_project(self, name: str) -> None:
        """Give the open project another name."""
        project = self._session.project
        if project is None or name == project.name:
            return

        def forward(services: Services) -> str:
            services.projects.rename(project.id, name)
            return project.name

        def back(services: Services, before: str) -> None:
            services.projects.rename(project.id, before)

        self._change(self.tr("Rename project"), [PhotoId(0)], forward, back, everything=True)

    def _change(
        self,
        text: str,
        photos: Sequence[PhotoId],
        forward: Work,
        back: WorkBack,
        *,
        everything: bool = False,
    ) -> None:
        if not photos:
            self.said.emit(self.tr("Choose a photograph first."))
            return
        touched = None if everything else list(photos)
        command = LibraryChange(
            self._backend, self, text, forward, back, lambda: self._session.touch(touched)
        )
        self._session.undo.push(command)
