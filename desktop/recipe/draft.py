"""The recipe in the making: where the panel's choices are checked, kept and undone."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from PySide6.QtCore import QObject, Signal, Slot
from PySide6.QtGui import QUndoCommand, QUndoStack

from core.errors import SettingsError
from core.models.spec import ModelSpec
from core.recipe import Mode, OutputSettings, Recipe
from desktop.recipe import words
from desktop.recipe.state import (
    RecipeState,
    Switched,
    base_of,
    base_value,
    starting_recipe,
    with_mode,
    with_model,
    with_preset,
    with_recipe,
    with_values,
)

_UNDO_LIMIT = 200


class _Change(QUndoCommand):
    """One step from a state to another; moves of one dial in one gesture are one step."""

    def __init__(
        self,
        show: Callable[[RecipeState], None],
        revert: Callable[[RecipeState], None],
        states: tuple[RecipeState, RecipeState],
        text: str,
        gesture: int,
    ) -> None:
        super().__init__(text)
        self._show, self._revert = show, revert
        self._before, self._after = states
        self._gesture = gesture

    def id(self) -> int:
        """Return what moves of one gesture share."""
        return self._gesture

    def mergeWith(self, other: QUndoCommand) -> bool:
        """Take a later move of the same gesture in."""
        if not isinstance(other, _Change) or other.id() != self.id():
            return False
        self._after = other._after
        self.setObsolete(self._after == self._before)
        return True

    def redo(self) -> None:
        """Go forward."""
        self._show(self._after)

    def undo(self) -> None:
        """Go back."""
        self._revert(self._before)


class RecipeDraft(QObject):
    """Holds a RecipeState; refuses what the settings or the model do not allow.

    A refused value leaves the state as it was and is said by `refused`; the run waits until it
    is corrected (`problems`).
    """

    changed = Signal(object)
    """The RecipeState after any change, undo and redo included."""
    refused = Signal(str, object)
    """A field and its SettingsError, or None once it is allowed."""
    switched = Signal(object)
    """What choosing a model changed: a Switched."""

    def __init__(
        self,
        specs: Sequence[ModelSpec],
        presets: Sequence[Recipe],
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self.undo_stack = QUndoStack(self)
        self.undo_stack.setUndoLimit(_UNDO_LIMIT)
        self.specs = {spec.id: spec for spec in specs}
        self.presets = tuple(presets)
        self.problems: dict[str, SettingsError] = {}
        self._gesture, self._gesture_field = 0, ""
        first = starting_recipe(specs[0], presets)
        self._state = RecipeState(first, first)

    @property
    def state(self) -> RecipeState:
        """What is chosen now."""
        return self._state

    @property
    def spec(self) -> ModelSpec | None:
        """The chosen model; None when this installation does not have it."""
        return self.specs.get(self._state.edit.model)

    def set_known(self, specs: Sequence[ModelSpec], presets: Sequence[Recipe]) -> None:
        """Take other models and presets as the known ones; the choice stays."""
        self.specs = {spec.id: spec for spec in specs}
        self.presets = tuple(presets)
        base = base_of(self._state.recipe, presets, self.spec)
        self._show(replace(self._state, base=base))

    def show_state(self, recipe: Recipe, strengths: tuple[float, ...] = ()) -> None:
        """Show another recipe, as when other photographs are chosen; nothing to undo."""
        self.undo_stack.clear()
        spec = self.specs.get(recipe.edit.model)
        state = with_recipe(self._state, recipe, self.presets, spec)
        self._revert(replace(state, strengths=strengths))

    def set_value(self, field: str, value: object, *, gesture: bool = False) -> None:
        """Set one field, as `set_values`."""
        self.set_values({field: value}, gesture=gesture)

    def set_values(self, values: Mapping[str, Any], *, gesture: bool = False) -> None:
        """Set fields that belong together, or say why not.

        Args:
            values: by the settings' names.
            gesture: one of several moves of a dial, to be undone as one until `end_gesture`.
        """
        field = next(iter(values))
        try:
            after = with_values(self._state, values, self.spec)
        except SettingsError as error:
            self._refuse(field, error)
            return
        self._allow(*values)
        self._push(after, words.label(field), field if gesture else "")

    @Slot()
    def end_gesture(self) -> None:
        """The dial was let go: the next move is a step of its own."""
        self._gesture_field = ""

    def reset(self, *fields: str) -> None:
        """Set fields back to what the preset says."""
        self._allow(*fields)
        self.set_values({field: base_value(self._state, field) for field in fields})

    def choose_preset(self, preset: Recipe) -> None:
        """Take a preset's values, and its model."""
        spec = self.specs.get(preset.edit.model)
        after = with_preset(self._state, preset, spec)
        self._allow(*self.problems)
        self._push(after, words.tr("Preset {0}").format(preset.name))

    def choose_mode(self, mode: Mode) -> None:
        """Clean or repaint, from the model's starting point for it."""
        if self.spec is not None and mode is not self._state.edit.mode:
            self._allow(*self.problems)
            after = with_mode(self._state, mode, self.spec, self.presets)
            self._push(after, words.tr("Clean") if mode is Mode.CLEAN else words.tr("Repaint"))

    def choose_model(self, model: str) -> None:
        """Take a model with its defaults, and say what that changed."""
        new = self.specs[model]
        if model == self._state.edit.model:
            return
        switched: Switched = with_model(self._state, self.spec, new, self.presets)
        self._allow(*self.problems)
        self._push(switched.state, words.tr("Model"))
        self.switched.emit(switched)

    def apply(self, recipe: Recipe, text: str) -> None:
        """Take a whole recipe that was pasted or restored; can be undone.

        One that says nothing of files keeps the output settings as they are.
        """
        spec = self.specs.get(recipe.edit.model)
        if recipe.output == OutputSettings():
            recipe = recipe.model_copy(update={"output": self._state.output})
        self._allow(*self.problems)
        self._push(with_recipe(self._state, recipe, self.presets, spec), text)

    def _push(self, after: RecipeState, text: str, gesture_field: str = "") -> None:
        if after == self._state:
            return
        if not gesture_field or gesture_field != self._gesture_field:
            self._gesture = self._gesture + 1 & 0x3FFFFFFF
        self._gesture_field = gesture_field
        number = self._gesture if gesture_field else -1
        self.undo_stack.push(_Change(self._show, self._revert, (self._state, after), text, number))

    def _show(self, state: RecipeState) -> None:
        self._state = state
        self.changed.emit(state)

    def _revert(self, state: RecipeState) -> None:
        self._allow(*self.problems)
        self._show(state)

    def _refuse(self, field: str, error: SettingsError) -> None:
        self.problems[field] = error
        self.refused.emit(field, error)

    def _allow(self, *fields: str) -> None:
        for field in fields:
            if self.problems.pop(field, None) is not None:
                self.refused.emit(field, None)
