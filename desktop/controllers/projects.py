"""Projects: the one that was open last is opened again; made, renamed, put away, forgotten."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QSettings, Signal

from core.library.ids import PhotoId, ProjectId
from core.library.records import Project
from desktop.backend import Backend
from desktop.session import Session

if TYPE_CHECKING:
    from core.services import Services

_LAST = "project"


class ProjectController(QObject):
    """Opens projects and keeps the list of them."""

    listed = Signal(object)
    """All Projects in use, in their order."""
    selection_remembered = Signal(object)
    """The PhotoIds that were selected when the project was left."""

    def __init__(
        self,
        backend: Backend,
        session: Session,
        settings: QSettings,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._backend = backend
        self._session = session
        self._settings = settings

    def open_last(self) -> None:
        """Open the project that was open last, or the first; one is made when there is none."""
        try:
            last = int(str(self._settings.value(_LAST, 0)))
        except ValueError:
            last = 0

        def work(services: Services) -> tuple[Project, list[Project]]:
            default = services.projects.default()
            found = services.projects.all()
            return next((p for p in found if p.id == last), default), found

        self._backend.ask(self, work, self._opened)

    def open(self, project: ProjectId) -> None:
        """Open another project."""

        def work(services: Services) -> tuple[Project, list[Project]]:
            return services.projects.get(project), services.projects.all()

        self._backend.ask(self, work, self._opened)

    def create(self, name: str) -> None:
        """Make a project and open it."""

        def work(services: Services) -> tuple[Project, list[Project]]:
            return services.projects.create(name), services.projects.all()

        self._backend.ask(self, work, self._opened)

    def archive(self, project: ProjectId) -> None:
        """Take a project off the list; everything in it stays."""
        self._leave(lambda services: services.projects.archive(project), project)

    def delete(self, project: ProjectId) -> None:
        """Forget a project; photographs and results stay on the disk."""
        self._leave(lambda services: services.projects.delete(project), project)

    def refresh(self) -> None:
        """Tell the projects and the open one anew, as after a rename."""
        here = self._session.project
        if here is not None:
            self.open(here.id)

    def remember_selection(self) -> None:
        """Keep the selection for the next start; called whenever it changed."""
        project = self._session.project
        if project is not None:
            # A selection of everything is not worth a file of megabytes.
            chosen = self._session.selection[:5000]
            self._settings.setValue(f"selection/{project.id}", ",".join(map(str, chosen)))

    def _remembered(self, project: ProjectId) -> list[PhotoId]:
        text = str(self._settings.value(f"selection/{project}", "") or "")
        return [PhotoId(int(part)) for part in text.split(",") if part.isdigit()]

    def _leave(self, work: Callable[[Services], None], project: ProjectId) -> None:
        here = self._session.project

        def leave(services: Services) -> tuple[Project, list[Project]]:
            work(services)
            staying = here if here and here.id != project else services.projects.default()
            return staying, services.projects.all()

        self._backend.ask(self, leave, self._opened)

    def _opened(self, found: tuple[Project, list[Project]]) -> None:
        project, projects = found
        before = self._session.project
        self._settings.setValue(_LAST, int(project.id))
        self.listed.emit(projects)
        self._session.open(project)
        if before is None or before.id != project.id:
            self.selection_remembered.emit(self._remembered(project.id))
