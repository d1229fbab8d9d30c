"""Models in the window: offered in the recipe panel, added by a drop, managed in their dialog."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Slot

from core.errors import CoreError
from core.models.found import ExtraFile, ExtraKind
from core.models.pins import is_pinned
from core.models.spec import ModelSpec
from core.recipe import LoraSetting, Recipe
from desktop.models.adding import Adding
from desktop.models.desk import Known
from desktop.models.words import added_words
from desktop.widgets.banner import BannerKind

if TYPE_CHECKING:
    from desktop.dialogs.models import ModelsDialog
    from desktop.main_window import MainWindow


class ModelWiring(QObject):
    """Connects the desk of models with the recipe panel, the menus and what is dropped."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window
        self._parts = window.parts
        self._dialog: ModelsDialog | None = None
        self._adding = Adding(window.parts.desk, window)
        self._prepared: set[str] = set()
        self._said = ""
        self._to_choose = ""
        self._offered: tuple[str, tuple[ExtraFile, ...]] = "", ()
        desk, panel = window.parts.desk, window.parts.recipe
        desk.changed.connect(self._take_known)
        desk.added.connect(self._say_added)
        desk.planned.connect(self._ask_download)
        desk.failed.connect(self._say_error)
        desk.busy_changed.connect(window.status.say)
        panel.form.models_wanted.connect(self.show_dialog)
        panel.model_dropped.connect(self._take_for_recipe)
        panel.draft.changed.connect(self._offer)
        panel.recipe_changed.connect(self._follow)
        window.parts.session.project_changed.connect(lambda _project: desk.load())
        window.actions_["models"].triggered.connect(self.show_dialog)

    def take(self, path: Path) -> None:
        """Add a model, or a file that goes with models."""
        self._parts.desk.add(path)

    @Slot()
    def show_dialog(self) -> None:
        """Show the models that are known."""
        from desktop.dialogs.models import ModelsDialog

        panel = self._parts.recipe
        self._dialog = ModelsDialog(self._parts.desk, panel.recipe.edit.model, self._window)
        self._dialog.chosen.connect(self._choose)
        self._dialog.reveal.connect(self._window.reveal)
        self._dialog.exec()
        self._dialog.deleteLater()
        self._dialog = None

    @Slot(object)
    def _take_known(self, known: Known) -> None:
        self._parts.recipe.set_model_registry(known.specs)
        self._offer()
        ids = {spec.id for spec in known.specs if not spec.missing}
        if self._to_choose in ids:
            wanted, self._to_choose = self._to_choose, ""
            self._choose(wanted)

    @Slot(object)
    def _follow(self, _recipe: Recipe) -> None:
        """Read a model through that was chosen for the first time, before a run needs it."""
        spec = self._parts.recipe.draft.spec
        if spec is not None and spec.id == self._said:
            self._said = ""
            self._window.parts.banner.clear()
        if spec is None or spec.missing or is_pinned(spec) or spec.id in self._prepared:
            return
        self._prepared.add(spec.id)
        self._parts.desk.prepare(spec)

    @Slot()
    def _offer(self) -> None:
        """Offer the files that go with models of the chosen one's family."""
        spec = self._parts.recipe.draft.spec
        extras = self._parts.desk.known.extras
        if spec is None or (spec.family, extras) == self._offered:
            return
        self._offered = spec.family, extras
        fitting = [extra for extra in extras if extra.family in ("", spec.family)]
        offers = {kind: [x for x in fitting if x.kind is kind] for kind in ExtraKind}
        self._parts.recipe.form.set_offers(offers)

    @Slot(object)
    def _choose(self, model: str) -> None:
        draft = self._parts.recipe.draft
        if model in draft.specs:
            draft.choose_model(model)

    @Slot(object)
    def _take_for_recipe(self, path: Path) -> None:
        """Add a file that was dropped on the recipe, which is to use it."""
        self._to_choose = str(path)
        self.take(path)

    @Slot(object)
    def _say_added(self, found: ModelSpec | ExtraFile) -> None:
        for_recipe, self._to_choose = bool(self._to_choose), ""
        if for_recipe and isinstance(found, ModelSpec):
            self._to_choose = found.id
        if isinstance(found, ExtraFile) and found.kind is ExtraKind.LORA and for_recipe:
            self._add_lora(found)
        if self._dialog is not None:
            return  # it says so itself
        self._said = found.id if isinstance(found, ModelSpec) else ""
        lacks = isinstance(found, ModelSpec) and bool(found.missing)
        kind = BannerKind.WARNING if lacks else BannerKind.INFO
        self._window.parts.banner.say(*added_words(found), kind=kind, buttons=self._remedy(found))

    def _remedy(self, found: ModelSpec | ExtraFile) -> list[tuple[str, partial[None]]]:
        if isinstance(found, ExtraFile):
            return []
        if found.missing:
            get = partial(self._parts.desk.plan_download, found.id)
            return [
                (self.tr("&Download…"), get),
                (self.tr("&Choose a folder…"), partial(self._adding.ask_scan)),
            ]
        return [(self.tr("&Use it"), partial(self._choose, found.id))]

    def _add_lora(self, found: ExtraFile) -> None:
        """Put a LoRA into the recipe, where its model is of the same family."""
        panel = self._parts.recipe
        spec, loras = panel.draft.spec, panel.recipe.edit.loras
        takes = spec is not None and spec.capabilities.lora
        fits = spec is not None and found.family in ("", spec.family)
        if takes and fits and all(lora.path != found.path for lora in loras):
            panel.draft.set_value("loras", (*loras, LoraSetting(path=found.path)))

    @Slot(object)
    def _ask_download(self, downloads: object) -> None:
        if self._dialog is None:
            self._adding.question(downloads)

    @Slot(object)
    def _say_error(self, error: CoreError) -> None:
        self._to_choose = ""
        if self._dialog is None:
            self._window.say_error(error)
