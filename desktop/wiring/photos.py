"""The photographs that are shown: selection, viewer, decisions, recipes, previews."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Slot

from core.library.ids import PhotoId
from core.library.photo import Decision, Photo, Version
from core.plan import DeviceSpeed, PictureSize
from core.recipe import Recipe
from desktop.controllers.batches import Redo
from desktop.viewer.comparison import Compare
from desktop.viewer.words import noise_of

if TYPE_CHECKING:
    from core.interchange import RestoredRecipe
    from core.services import Services
    from desktop.main_window import MainWindow

_ESTIMATE_MS = 120
_MOST_SIZES = 5000
"""A time estimate for more photographs than this takes these for all."""

_NEIGHBOURS = 12


class PhotoWiring(QObject):
    """Connects grid, viewer, recipe panel and previews."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window
        self._parts = window.parts
        self._to_open: PhotoId | None = None
        self._estimating = QTimer(self, interval=_ESTIMATE_MS, singleShot=True)
        self._estimating.timeout.connect(self._ask_sizes)
        self._connect_session()
        self._connect_viewer()
        self._connect_recipe()
        self._connect_actions()
        self.show_viewer(on=False)

    def _connect_session(self) -> None:
        parts, session = self._parts, self._parts.session
        parts.grid.selection_changed.connect(session.select)
        parts.grid.current_changed.connect(session.look_at)
        parts.grid.opened.connect(lambda _photo: self.show_viewer(on=True))
        parts.grid.arranged.connect(self._arranged)
        session.current_changed.connect(self._show_current)
        session.photos_changed.connect(parts.grid.refresh)
        session.selection_changed.connect(lambda _photos: self._estimating.start())
        session.project_changed.connect(lambda _project: self._estimating.start())

    def _connect_viewer(self) -> None:
        viewer, parts = self._parts.viewer, self._parts
        parts.recipe.target_found.connect(viewer.set_target)
        viewer.step_wanted.connect(parts.grid.step)
        viewer.photo_wanted.connect(lambda photo: parts.grid.select([photo.id]))
        viewer.closed.connect(lambda: self.show_viewer(on=False))
        viewer.decided.connect(parts.photos.decide)
        viewer.rated.connect(parts.photos.rate)
        viewer.redo_wanted.connect(self._redo)
        viewer.redo_recipe_wanted.connect(self._redo_with_recipe)
        viewer.version_wanted.connect(self._bring_back)
        viewer.recipe_wanted.connect(self._take_recipe)
        viewer.retry_wanted.connect(parts.batches.retry_item)
        viewer.canvas.mode_changed.connect(self._show_mode)

    def _connect_recipe(self) -> None:
        parts = self._parts
        parts.recipes.shown.connect(self._show_recipe)
        parts.recipe.recipe_changed.connect(parts.recipes.change)
        parts.recipe.recipe_changed.connect(lambda _recipe: self._estimating.start())
        parts.recipe.use_for_all_wanted.connect(parts.recipes.use_for_all)
        parts.recipe.recipe_restored.connect(self._find_source)
        parts.recipe.run_wanted.connect(self.run)
        parts.pictures.noted.connect(self._show_noted)
        parts.checker.checked.connect(self._size_found)

    def _connect_actions(self) -> None:
        actions, parts = self._window.actions_, self._parts
        for name, decision in (
            ("keep", Decision.KEEP),
            ("reject", Decision.REJECT),
            ("undecide", Decision.UNDECIDED),
        ):
            actions[name].triggered.connect(partial(self._decide, decision))
        for stars in range(6):
            actions[f"rate_{stars}"].triggered.connect(partial(self._rate, stars))
        for name, redo in (
            ("redo", Redo.SEED),
            ("redo_stronger", Redo.STRONGER),
            ("redo_gentler", Redo.GENTLER),
        ):
            actions[name].triggered.connect(partial(self._redo_action, redo))
        actions["previous"].triggered.connect(lambda: parts.grid.step(-1))
        actions["next"].triggered.connect(lambda: parts.grid.step(1))
        actions["grid"].triggered.connect(lambda: self.show_viewer(on=False))
        actions["viewer"].triggered.connect(lambda: self.show_viewer(on=True))
        actions["run"].triggered.connect(self.run)
        self._connect_viewer_actions()

    def _connect_viewer_actions(self) -> None:
        actions, viewer = self._window.actions_, self._parts.viewer
        actions["compare_slider"].triggered.connect(lambda: self._compare(Compare.SLIDER))
        actions["side_by_side"].triggered.connect(lambda: self._compare(Compare.SIDE))
        actions["hold_compare"].triggered.connect(viewer.toggle_hold)
        actions["zoom_1_1"].triggered.connect(viewer.toggle_zoom)
        actions["zoom_fit"].triggered.connect(viewer.fit)
        actions["zoom_in"].triggered.connect(viewer.zoom_in)
        actions["zoom_out"].triggered.connect(viewer.zoom_out)
        actions["loupe"].triggered.connect(viewer.toggle_loupe)

    # what is shown

    def show_viewer(self, *, on: bool) -> None:
        """Show one photograph, or all."""
        window = self._window
        current = self._parts.session.current
        if on and current is None:
            on = False
        if on and current is not None and not self._parts.session.selection:
            # What is seen is what the dials and the Run button are about.
            self._parts.grid.select([current.id])
        window.layout_.show_viewer(on=on)
        window.actions_["viewer"].setChecked(on)
        window.actions_["grid"].setChecked(not on)
        wanted = on and window.actions_["show_stages"].isChecked()
        self._parts.stages.setVisible(wanted)
        (self._parts.viewer if on else self._parts.grid).setFocus()

    def open_when_shown(self, photo: PhotoId) -> None:
        """Show a photograph large as soon as the grid has it."""
        self._to_open = photo
        current = self._parts.session.current
        if current is not None and current.id == photo:
            self._show_current(current)

    @Slot()
    def _arranged(self) -> None:
        self._estimating.start()
        self._place()

    @Slot(object)
    def _show_current(self, photo: Photo | None) -> None:
        parts = self._parts
        parts.viewer.show_photo(photo, *self._index_of(photo))
        parts.recipe.set_photo(photo)
        sigma = noise_of(photo) if photo is not None else None
        if sigma is not None:
            parts.recipe.set_noise(sigma)
        parts.previews.look_at(photo)
        if photo is None:
            self.show_viewer(on=False)
        elif photo.id == self._to_open:
            self._to_open = None
            self.show_viewer(on=True)
        self._show_neighbours(photo)

    def _place(self) -> None:
        photo = self._parts.session.current
        if photo is not None:
            self._parts.viewer.show_photo(photo, *self._index_of(photo))

    def _index_of(self, photo: Photo | None) -> tuple[int, int]:
        ids = self._parts.grid.shown_ids
        row = self._parts.grid.model.row_of(photo.id) if photo is not None else -1
        return row, len(ids)

    def _show_neighbours(self, photo: Photo | None) -> None:
        row, _total = self._index_of(photo)
        if photo is None or row < 0:
            return
        first = max(0, row - _NEIGHBOURS)
        ids = [PhotoId(key) for key in self._parts.grid.shown_ids[first : row + _NEIGHBOURS + 1]]

        def show(photos: list[Photo]) -> None:
            places = [at for at, found in enumerate(photos) if found.id == photo.id]
            if places and self._parts.session.current == photo:
                self._parts.viewer.set_neighbours(photos, places[0])

        self._parts.backend.ask(self, lambda services: services.photos.rows(ids), show)

    @Slot(object)
    def _show_mode(self, mode: Compare) -> None:
        self._window.actions_["compare_slider"].setChecked(mode is Compare.SLIDER)
        self._window.actions_["side_by_side"].setChecked(mode is Compare.SIDE)

    def _compare(self, mode: Compare) -> None:
        self.show_viewer(on=True)
        self._parts.viewer.set_mode(mode)

    # what is done

    def _decide(self, decision: Decision, _checked: bool = False) -> None:
        self._parts.photos.decide(decision)

    def _rate(self, stars: int, _checked: bool = False) -> None:
        self._parts.photos.rate(stars)

    def _redo_action(self, what: Redo, _checked: bool = False) -> None:
        self._redo(what)

    @Slot(object)
    def _redo(self, what: Redo) -> None:
        for photo in self._targets():
            self._parts.batches.redo(photo, what, self._parts.recipe.recipe)

    @Slot()
    def _redo_with_recipe(self) -> None:
        photo = self._parts.session.current
        if photo is not None:
            self._parts.recipes.store()
            self._parts.batches.redo_with(photo, self._parts.recipe.recipe)

    def _targets(self) -> list[Photo]:
        """Return the photographs a redo acts on: the selected ones that are read already."""
        held = self._parts.grid.model
        rows = [held.held(held.row_of(key)) for key in self._parts.session.targets()]
        return [photo for photo in rows if photo is not None]

    @Slot(object)
    def _bring_back(self, version: Version) -> None:
        def after(_none: object) -> None:
            current = self._parts.session.current
            if current is not None and current.output is not None:
                self._parts.pictures.forget(current.output)
            self._parts.session.touch([version.photo])
            self._parts.viewer.reload()

        self._parts.backend.ask(self, lambda services: services.versions.bring_back(version), after)

    # recipes and the run

    @Slot(object)
    def _show_recipe(self, recipe: Recipe) -> None:
        self._parts.recipe.show_recipe(recipe)
        self._parts.previews.show_recipe()
        self._estimating.start()

    @Slot(object)
    def _take_recipe(self, recipe: Recipe) -> None:
        """Take over the recipe of a result, as if the dials had been turned so."""
        self._parts.recipe.draft.apply(recipe, self.tr("Recipe of the result"))

    @Slot(object)
    def _find_source(self, restored: RestoredRecipe) -> None:
        """Look at the photograph whose result was dropped on the panel, if it is known."""
        hashes = [h for h in (restored.file_sha256, restored.source_sha256) if h]

        def work(services: Services) -> Photo | None:
            found = (services.photos.find_source_of(one) for one in hashes)
            return next((photo for photo in found if photo is not None), None)

        def show(photo: Photo | None) -> None:
            if photo is None:
                return
            text = self.tr("This is a result of {}.").format(photo.path.name)
            self._window.status.say(text)
            here = self._parts.session.project
            if here is not None and photo.project == here.id:
                self._parts.grid.select([photo.id])

        self._parts.backend.ask(self, work, show)

    @Slot()
    def run(self) -> None:
        """Edit the selected photographs, or all that are shown."""
        parts = self._parts
        parts.recipes.store()
        ids = parts.session.selection or [PhotoId(key) for key in parts.grid.shown_ids]
        panel = parts.recipe
        parts.batches.run(
            ids, parts.recipes.project_recipe, panel.strengths, again=panel.again,
            review=panel.review,
        )  # fmt: skip

    @Slot(object)
    def _show_noted(self, paths: list[Path]) -> None:
        """Files were looked at for thumbnails: their sizes are known now, or that they are gone."""
        project = self._parts.session.project
        if project is None:
            return

        def show(photos: dict[Path, PhotoId]) -> None:
            if photos:
                self._parts.grid.refresh(list(photos.values()))
                self.estimate_anew()

        self._parts.backend.ask(
            self, lambda services: dict(services.photos.by_paths(project.id, paths)), show
        )

    @Slot(object)
    def _size_found(self, _facts: object) -> None:
        self.estimate_anew()

    @Slot()
    def estimate_anew(self) -> None:
        """Have the Run button follow new sizes and speeds, as often as the eye does."""
        if not self._estimating.isActive():
            self._estimating.start()

    @Slot()
    def _ask_sizes(self) -> None:
        """Have the Run button say what it would take."""
        parts = self._parts
        chosen = parts.session.selection
        ids = chosen or [PhotoId(key) for key in parts.grid.shown_ids]
        recipe, project = parts.recipe.recipe, parts.session.project
        if project is None:
            return
        scope, number = parts.recipes.scope(len(ids)), len(ids)

        def work(services: Services) -> tuple[list[PictureSize | None], DeviceSpeed | None]:
            from core.speed import known_speed

            photos = services.photos.rows(ids[:_MOST_SIZES])
            sizes = [PictureSize(p.width, p.height) if p.width else None for p in photos]
            sizes += [None] * (number - len(sizes))
            return sizes, known_speed(services, project.id, recipe.edit.model)

        def show(found: tuple[list[PictureSize | None], DeviceSpeed | None]) -> None:
            parts.recipe.set_target(
                scope, number, sizes=found[0], speed=found[1], selected=bool(chosen)
            )

        parts.backend.ask(self, work, show)
