"""The recipe panel: what will be done; checked as it is entered, undone step by step."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QScrollArea, QVBoxLayout, QWidget

from core.errors import CoreError, SettingsError
from core.forecast import Estimate
from core.library.photo import Photo
from core.models.spec import ModelSpec, builtin_spec
from core.plan import DeviceSpeed, PictureSize
from core.presets import shipped_presets
from core.recipe import EditSettings, Recipe
from desktop.backend import Backend
from desktop.recipe import reports, words
from desktop.recipe.draft import RecipeDraft
from desktop.recipe.exchange import Exchange, Incoming, may_be_model, one_file
from desktop.recipe.footer import Footer
from desktop.recipe.form import RecipeForm
from desktop.recipe.header import Header
from desktop.recipe.noise_picture import NoiseLoader
from desktop.recipe.preset_box import PresetBox
from desktop.recipe.state import RecipeState, Switched
from desktop.recipe.target import Target, TargetPath, TargetSizes
from desktop.theme import tokens
from desktop.widgets.banner import Banner, BannerKind


class RecipePanel(QWidget):
    """Shows and makes a Recipe. Every choice goes through `draft`, which checks and undoes it."""

    recipe_changed = Signal(object)
    """The Recipe after each change by the user, moves of a dial included."""
    strengths_changed = Signal(object)
    """Several strengths as a tuple; empty: the recipe's own."""
    run_options_changed = Signal()
    """`again` or `review` were switched."""
    run_wanted = Signal()
    preview_wanted = Signal()
    """What the preview is to show is another: the recipe, or the strength that is dialed."""
    use_for_all_wanted = Signal()
    """The recipe is to hold for all photographs of the project."""
    recipe_dropped = Signal(object)
    """The Path of a picture or recipe file that was dropped here; it is being read."""
    target_found = Signal(object)
    """The Path that the chosen photograph's result would get, or None."""
    recipe_restored = Signal(object)
    """The RestoredRecipe that was taken over."""
    model_dropped = Signal(object)
    """The Path of a file that may be a model or a part of one."""

    def __init__(
        self, backend: Backend, parent: QWidget | None = None, noise: NoiseLoader | None = None
    ) -> None:
        super().__init__(parent)
        self.setObjectName("panel")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setAccessibleName(words.tr("Recipe"))
        self.setAcceptDrops(True)
        self.setMinimumWidth(280)
        self.draft = RecipeDraft([builtin_spec()], shipped_presets(), self)
        self.header = Header(self.draft.undo_stack)
        self.banner = Banner()
        self.form = RecipeForm(PresetBox(backend, lambda: self.recipe), noise)
        self.footer = Footer()
        self._exchange = Exchange(backend, self)
        self._path = TargetPath(backend, self)
        self._photo: Photo | None = None
        self._size: PictureSize | None = None
        self._target: Target | None = None
        self._running = False
        self._started: RecipeState | None = None
        self._last = self.draft.state
        self._active = self._last.edit.strength
        self._lay_out()
        self._connect()
        self.form.set_models(list(self.draft.specs.values()))
        self._refresh()
        self.form.presets.load()

    @property
    def recipe(self) -> Recipe:
        """The recipe as it stands."""
        return self.draft.state.recipe

    @property
    def strengths(self) -> tuple[float, ...]:
        """Several strengths, rising; empty: the recipe's own."""
        return self.draft.state.strengths

    @property
    def again(self) -> bool:
        """Whether results are made again where the same are there."""
        return self.draft.state.again

    @property
    def review(self) -> bool:
        """Whether results are held in the project until Export."""
        return self.draft.state.review

    def preview_edit(self) -> EditSettings:
        """Return what a preview is to show: with several strengths, the one that is dialed."""
        return self.draft.state.edit.model_copy(update={"strength": self._active})

    @Slot(object, object)
    def show_recipe(self, recipe: Recipe, strengths: tuple[float, ...] | None = None) -> None:
        """Show a recipe, as when other photographs are chosen; tells nothing, undoes nothing."""
        state = self.draft.state
        wanted = state.strengths if strengths is None else strengths
        if strengths is None and recipe.edit.strength not in wanted:
            wanted = ()
        if recipe == state.recipe and wanted == state.strengths:
            return
        self._forget_news()
        self._last = state
        self.blockSignals(True)
        self.draft.show_state(recipe, wanted)
        self.blockSignals(False)
        if self._running:
            self._started = self.draft.state
            self.footer.show_running(changed=False)

    @Slot(object)
    def set_model_registry(self, specs: Sequence[ModelSpec]) -> None:
        """Offer these models."""
        self.draft.set_known(specs, self.draft.presets)
        self.form.set_models(specs)
        self._refresh()

    def set_target(
        self,
        scope: str,
        count: int,
        estimate: Estimate | None = None,
        *,
        sizes: Sequence[PictureSize | None] = (),
        speed: DeviceSpeed | None = None,
        selected: bool = False,
    ) -> None:
        """Say what a run would take.

        Args:
            scope: `12 selected photographs`, `all 240 photographs`.
            count: how many they are.
            estimate: time and space, unless `sizes` are given.
            sizes: of the photographs: then the estimate follows the dials by itself.
            speed: as measured on this computer.
            selected: the recipe applies to some; Use for the folder is offered.
        """
        self.footer.set_work(count, estimate, TargetSizes.of(sizes, speed))
        self.footer.show_scope(scope if count else "", selected=selected)
        self._show_run()

    @Slot(bool)
    def set_running(self, running: bool) -> None:
        """Say whether a batch runs: what is dialed now does not change it."""
        if running != self._running:
            self._running = running
            self._started = self.draft.state if running else None
            self.footer.show_running(changed=False)

    @Slot(str)
    def set_blocked(self, reason: str) -> None:
        """Keep the Run button off for a reason of the window's; empty: it may be pressed."""
        self.footer.reason = reason
        self._show_run()

    def set_photo(self, photo: Photo | None, size: PictureSize | None = None) -> None:
        """Show what the recipe means for this photograph."""
        if photo is not None and size is None and photo.width:
            size = PictureSize(photo.width, photo.height)
        if self._photo is None or photo is None or photo.path != self._photo.path:
            self.form.dial.noise = None
        self._photo, self._size = photo, size
        self.form.picture.set_photo(photo.path if photo else None, size)
        self._refresh()

    @Slot(float)
    def set_noise(self, sigma: float) -> None:
        """Show the noise that was found in the chosen photograph, of 255."""
        if sigma != self.form.dial.noise:
            self.form.dial.noise = sigma
            self._refresh()

    @Slot(object)
    def read_recipe(self, path: Path) -> None:
        """Take the recipe out of a picture or a recipe file."""
        self.recipe_dropped.emit(path)
        self._exchange.read(path)

    @Slot()
    def copy_recipe(self) -> None:
        """Put the recipe on the clipboard."""
        self._exchange.copy(self.recipe)

    @Slot()
    def paste_recipe(self) -> None:
        """Take the recipe from the clipboard."""
        self._exchange.paste()

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Take one picture or recipe file."""
        if one_file(event.mimeData()) is not None:
            event.setDropAction(Qt.DropAction.CopyAction)
            event.accept()

    def dropEvent(self, event: QDropEvent) -> None:
        """Read the recipe out of the file."""
        path = one_file(event.mimeData())
        if path is not None:
            event.setDropAction(Qt.DropAction.CopyAction)
            event.accept()
            if may_be_model(path):
                self.model_dropped.emit(path)
            else:
                self.read_recipe(path)

    def save_sections(self) -> list[str]:
        """Return which sections are open, for the remembered layout."""
        return [name for name, section in self.form.sections.items() if section.is_open]

    def restore_sections(self, names: Sequence[str]) -> None:
        """Open these sections."""
        for name, section in self.form.sections.items():
            section.set_open(name in names)

    def close_loader(self) -> None:
        """End the thread that makes the noise picture; before the window goes."""
        self.form.picture.loader.end()

    def _lay_out(self) -> None:
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        scroll.setWidget(self.form)
        self.form.setObjectName("panel")
        space = tokens().space
        said = QVBoxLayout()
        said.setContentsMargins(space, 0, space, space // 2)
        said.addWidget(self.banner)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.header)
        column.addLayout(said)
        column.addWidget(scroll, 1)
        column.addWidget(self.footer)

    def _connect(self) -> None:
        draft, form = self.draft, self.form
        draft.changed.connect(self._take_state)
        draft.refused.connect(self._take_refusal)
        draft.switched.connect(self._say_switched)
        form.entered.connect(lambda name, value: self._set(name, value, gesture=False))
        form.moved.connect(lambda name, value: self._set(name, value, gesture=True))
        form.ended.connect(draft.end_gesture)
        form.reset_wanted.connect(self._reset)
        form.strength_chosen.connect(self._choose_strength)
        form.dial.mode_chosen.connect(draft.choose_mode)
        form.presets.chosen.connect(draft.choose_preset)
        form.presets.loaded.connect(self._take_presets)
        form.presets.failed.connect(self._say_error)
        self.header.copy_wanted.connect(self.copy_recipe)
        self.header.paste_wanted.connect(self.paste_recipe)
        self.header.file_chosen.connect(self.read_recipe)
        self.footer.run.clicked.connect(self.run_wanted)
        self.footer.use_for_all_wanted.connect(self.use_for_all_wanted)
        self._exchange.came.connect(self._take_incoming)
        self._exchange.failed.connect(self._say_error)
        self._path.found.connect(self._take_target)
        self._path.failed.connect(self._take_target_trouble)

    def _set(self, name: str, value: Any, *, gesture: bool) -> None:
        """Pass on what was entered, by the names of the settings."""
        if name == "model":
            self.draft.choose_model(value)
        elif name == "max_side":
            self.draft.set_values({"max_side": value[0], "scale": value[1]}, gesture=gesture)
        elif name == "strength" and self.strengths:
            self._set_one_of_several(value, gesture=gesture)
        else:
            self.draft.set_value(name, value, gesture=gesture)

    def _set_one_of_several(self, value: Any, *, gesture: bool) -> None:
        others = [each for each in self.strengths if each != self._active]
        try:
            strength = float(value)
        except ValueError:
            self.draft.set_value("strength", value)
            return
        before, self._active = self._active, strength
        self.draft.set_value("strengths", (*others, strength), gesture=gesture)
        if strength not in self.strengths:
            self._active = before

    def _reset(self, name: str) -> None:
        names = ("max_side", "scale") if name == "max_side" else (name,)
        self.draft.reset(*names)

    def _choose_strength(self, strength: float) -> None:
        if strength in (self.strengths or (strength,)):
            self._active = strength
            self._refresh()
            self.preview_wanted.emit()

    @Slot(object)
    def _take_state(self, state: RecipeState) -> None:
        last, self._last = self._last, state
        self._forget_news()
        if self._active not in (state.strengths or (state.edit.strength,)):
            self._active = state.edit.strength
        self._refresh()
        if state.recipe != last.recipe:
            self.recipe_changed.emit(state.recipe)
        if state.strengths != last.strengths:
            self.strengths_changed.emit(state.strengths)
        if (state.again, state.review) != (last.again, last.review):
            self.run_options_changed.emit()
        if state.edit != last.edit or state.strengths != last.strengths:
            self.preview_wanted.emit()
        if self._running:
            self.footer.show_running(changed=state != self._started)

    def _forget_news(self) -> None:
        """Take away what was said about an earlier state; a warning stays until it is read."""
        if self.banner.kind is BannerKind.INFO:
            self.banner.clear()

    def _refresh(self) -> None:
        draft = self.draft
        self.form.show_state(draft.state, self._active, draft.spec, draft.presets, self._size)
        several = self._active if len(self.strengths) > 1 else None
        self._path.want(self._photo, self.recipe, several)
        if draft.spec is None:
            missing = words.tr("The model {0} is not here.").format(draft.state.edit.model)
            hint = words.tr("Choose another model, or add it under Models.")
            self.form.show_error("model", SettingsError(missing, hint=hint))
        else:
            self.form.show_error("model", None)
        self._show_run()

    def _show_run(self) -> None:
        self.footer.show_work(self.draft, self._target)

    @Slot(object)
    def _take_presets(self, presets: tuple[Recipe, ...]) -> None:
        self.draft.set_known(list(self.draft.specs.values()), presets)
        self._refresh()

    @Slot(object)
    def _take_target(self, target: Target | None) -> None:
        self._target = target
        self.target_found.emit(target.output if target else None)
        self.form.show_target(
            target.folder if target else None, target.readable() if target else ""
        )
        self.form.show_error("folder", None)
        self._show_run()

    @Slot(object)
    def _take_target_trouble(self, error: CoreError) -> None:
        self.form.show_error("folder", SettingsError(error.message, hint=error.hint))

    @Slot(str, object)
    def _take_refusal(self, name: str, error: SettingsError | None) -> None:
        self.form.show_error(name, error)
        self._show_run()

    @Slot(object)
    def _say_switched(self, switched: Switched) -> None:
        text = reports.switched_report(switched, self.draft.spec)
        if text:
            self.banner.say(text)

    @Slot(object)
    def _take_incoming(self, incoming: Incoming) -> None:
        self.draft.apply(incoming.recipe, words.tr("Restored recipe"))
        restored = incoming.restored
        missing = restored.missing_model
        text, hint = reports.restored_report(
            restored.program, incoming.left_out, missing, pasted=not restored.file_sha256
        )
        whole = not incoming.left_out and not missing
        self.banner.say(text, hint, kind=BannerKind.INFO if whole else BannerKind.WARNING)
        self.recipe_restored.emit(restored)

    @Slot(object)
    def _say_error(self, error: CoreError) -> None:
        self.banner.say_error(error)
