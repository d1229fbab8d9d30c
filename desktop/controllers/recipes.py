"""Whose recipe the panel shows and changes: the project's, or that of selected photographs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal

from core.library.ids import PhotoId
from core.recipe import Recipe
from desktop.backend import Backend
from desktop.session import Session
from desktop.undo import LibraryChange
from desktop.words import photographs

if TYPE_CHECKING:
    from core.services import Services

_SETTLE_MS = 250


class RecipeController(QObject):
    """Reads and stores recipes as the selection moves and dials are turned.

    With nothing selected the project's recipe is shown, which counts for every photograph that has
    none of its own; with a selection, a turned dial gives these photographs a recipe of their own.
    """

    shown = Signal(object)
    """The Recipe that the panel is to show."""

    def __init__(
        self, backend: Backend, session: Session, default: Recipe, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._backend = backend
        self._session = session
        self._default = default
        self._project_recipe = default
        self._recipe = default
        self._targets: list[PhotoId] = []
        self._dirty = False
        self._settle = QTimer(self, interval=_SETTLE_MS, singleShot=True)
        self._settle.timeout.connect(self.store)
        session.project_changed.connect(self._open)
        session.selection_changed.connect(self._select)

    @property
    def project_recipe(self) -> Recipe:
        """The recipe of photographs that have none of their own."""
        return self._project_recipe

    @property
    def recipe(self) -> Recipe:
        """The recipe that the panel shows."""
        return self._recipe

    def scope(self, shown: int) -> str:
        """Return whom the panel's recipe concerns: `12 selected photographs`, `all 240 ...`."""
        if self._targets:
            return self.tr("{} selected").format(photographs(len(self._targets)))
        return self.tr("all {}").format(photographs(shown)) if shown != 1 else photographs(1)

    def change(self, recipe: Recipe) -> None:
        """Take over what the panel was turned to; stored once the dial rests."""
        self._recipe = recipe
        self._dirty = True
        if not self._targets:
            self._project_recipe = recipe
        self._settle.start()

    def store(self) -> None:
        """Store what is not stored yet."""
        self._settle.stop()
        project = self._session.project
        if not self._dirty or project is None:
            return
        self._dirty = False
        if self._targets:
            self._give(self._targets, self._recipe)
            return
        recipe = self._recipe
        self._backend.ask(self, lambda services: services.projects.set_recipe(project.id, recipe))

    def use_for_all(self) -> None:
        """Make the shown recipe the project's, and take photographs' own ones away."""
        project = self._session.project
        if project is None:
            return
        recipe, before = self._recipe, self._project_recipe
        self._project_recipe = recipe

        def forward(services: Services) -> Mapping[PhotoId, Recipe | None]:
            from core.library.photo import PhotoQuery

            services.projects.set_recipe(project.id, recipe)
            every = list(services.photos.order(PhotoQuery(project.id)))
            return services.photos.set_recipe(every, None)

        def back(services: Services, own: Mapping[PhotoId, Recipe | None]) -> None:
            services.projects.set_recipe(project.id, before)
            services.photos.set_recipes(own)

        text = self.tr("Use for the folder")
        after = self._changed
        self._session.undo.push(LibraryChange(self._backend, self, text, forward, back, after))

    def _give(self, photos: list[PhotoId], recipe: Recipe) -> None:
        text = self.tr("Recipe of {}").format(photographs(len(photos)))
        self._session.undo.push(
            LibraryChange(
                self._backend,
                self,
                text,
                lambda services: services.photos.set_recipe(photos, recipe),
                lambda services, before: services.photos.set_recipes(before),
                self._changed,
            )
        )

    def _changed(self) -> None:
        self._session.touch(self._targets or None)
        self._read()

    def _open(self) -> None:
        self._settle.stop()
        self._dirty = False
        self._targets = []
        self._read()

    def _select(self, photos: list[PhotoId]) -> None:
        self.store()
        self._targets = photos
        self._read()

    def _read(self) -> None:
        """Ask for the project's recipe, and the own one of the first selected photograph."""
        project = self._session.project
        if project is None:
            return
        first = self._targets[:1]

        def work(services: Services) -> tuple[Recipe | None, Recipe | None]:
            own = services.photos.recipes(first) if first else {}
            return services.projects.recipe(project.id), next(iter(own.values()), None)

        self._backend.ask(self, work, self._show)

    def _show(self, found: tuple[Recipe | None, Recipe | None]) -> None:
        of_project, own = found
        if self._dirty:
            return  # a dial moved meanwhile: that is newer
        self._project_recipe = of_project or self._default
        self._recipe = own or self._project_recipe
        self.shown.emit(self._recipe)
