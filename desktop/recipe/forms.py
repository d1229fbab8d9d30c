"""The panel's fields: which there are, where they stand, and which make sense for a model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from core.models.spec import ModelSpec
from core.recipe import Mode, OutputFormat, SchedulerName
from desktop.recipe import words
from desktop.recipe.chips import StrengthChips
from desktop.recipe.editors import (
    ChoiceEdit,
    Editor,
    SliderEdit,
    SwitchEdit,
    TextEdit,
    WideCombo,
)
from desktop.recipe.fields import Field
from desktop.recipe.output_editors import FolderEdit, SeedEdit, SizeEdit, TemplateEdit
from desktop.recipe.state import RecipeState, effective, is_changed

MORE = (
    "keep_grain", "num_inference_steps", "scheduler", "guidance_scale", "negative_prompt", "seed",
    "seed_mode", "format", "quality", "max_side", "metadata", "name_template", "on_conflict",
)  # fmt: skip
ADVANCED = (
    "strengths", "sigmas", "size", "dtype", "strength_scale", "hold_structure", "again", "review",
    "provenance",
)  # fmt: skip
_WIDE = frozenset({"prompt", "negative_prompt", "folder", "strengths", "hold_structure"})
_MOST_STEPS = 50
_GUIDANCE = (1.0, 15.0)
_LOSSLESS = frozenset({OutputFormat.PNG, OutputFormat.TIFF})
_USUAL_QUALITY = 92


@dataclass(frozen=True, slots=True)
class Use:
    """Whether a field is shown and enabled, and the line under it."""

    shown: bool = True
    enabled: bool = True
    note: str = ""


class ModelEdit(Editor):
    """The known models; one that is not here stays readable."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.box = WideCombo(self)
        self.setFocusProxy(self.box)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.box)
        self.box.activated.connect(lambda row: self.edited.emit(self.box.itemData(row)))

    def set_models(self, specs: Sequence[ModelSpec]) -> None:
        """Offer these models."""
        self.box.clear()
        for spec in specs:
            self.box.add(spec.name, spec.sentence or spec.licence, spec.id)

    def show_value(self, value: Any) -> None:
        """Show a model by its id."""
        self.box.setCurrentIndex(self.box.findData(value))
        self.box.setPlaceholderText(words.tr("{0} (not here)").format(value))


class QualityEdit(SliderEdit):
    """1 to 100, or auto: the format's usual quality."""

    changed_to_auto = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(1, 100, parent=parent)
        self.number.entered.disconnect()
        self.number.entered.connect(self._enter)

    def show_value(self, value: Any) -> None:
        """Show a quality; None: auto."""
        super().show_value(_USUAL_QUALITY if value is None else value)
        if value is None:
            self.number.show_text(words.tr("auto"))

    def _enter(self, text: str) -> None:
        auto = text.casefold() in ("", "auto", words.tr("auto").casefold())
        self.edited.emit(None if auto else text)


def make_field(name: str) -> Field:
    """Return the field of a setting."""
    return Field(name, _editor(name), wide=name in _WIDE)


def _editor(name: str) -> Editor:
    simple: Mapping[str, type[Editor]] = {
        "seed": SeedEdit,
        "negative_prompt": TextEdit,
        "quality": QualityEdit,
        "max_side": SizeEdit,
        "name_template": TemplateEdit,
        "strengths": StrengthChips,
        "model": ModelEdit,
        "folder": FolderEdit,
        "prompt": TextEdit,
    }
    if name in simple:
        return simple[name]()
    if name in ("keep_grain", "hold_structure"):
        return SliderEdit(0, 100)
    if name == "num_inference_steps":
        return SliderEdit(1, _MOST_STEPS)
    if name == "guidance_scale":
        return SliderEdit(*_GUIDANCE, scale=2)
    switches = {
        "again": words.tr("even if it is done"),
        "review": words.tr("hold until Export"),
        "provenance": words.tr("into the results"),
    }
    if name in switches:
        return SwitchEdit(switches[name])
    return ChoiceEdit(words.choices(name))


def use_of(name: str, state: RecipeState, spec: ModelSpec | None) -> Use:
    """Return whether a field makes sense now; one that never will for this model is not shown."""
    cleans = state.edit.mode is Mode.CLEAN
    if name == "keep_grain":
        return Use(shown=cleans)
    if name in ("strength_scale", "hold_structure", "strengths"):
        return Use(shown=not cleans)
    if name in ("guidance_scale", "negative_prompt"):
        ability = "guidance" if name == "guidance_scale" else name
        return Use(shown=spec is not None and bool(getattr(spec.capabilities, ability)))
    if name == "quality" and state.output.format in _LOSSLESS:
        lossless = words.shown("format", state.output.format)
        return Use(enabled=False, note=words.tr("{0} loses nothing.").format(lossless))
    if name == "prompt":
        return _use_of_prompt(spec)
    return Use()


def _use_of_prompt(spec: ModelSpec | None) -> Use:
    if spec is None or spec.capabilities.prompt:
        return Use()
    why = words.tr("{0} takes no prompt.").format(spec.name)
    return Use(enabled=False, note=why)


def shown_value(name: str, state: RecipeState, spec: ModelSpec | None) -> Any:
    """Return what a field's editor shows."""
    if name == "max_side":
        return state.output.max_side, state.output.scale
    if name in ("strengths", "again", "review"):
        return getattr(state, name)
    value = effective(state.recipe, name, spec)
    if value is None and name == "guidance_scale":
        return 1.0
    if value is None and name == "num_inference_steps":
        return 1
    return value


def is_marked(name: str, state: RecipeState, spec: ModelSpec | None) -> bool:
    """Return whether a field is marked as changed; what is not shown is not."""
    if name == "model" or not use_of(name, state, spec).shown:
        return False
    names = ("max_side", "scale") if name == "max_side" else (name,)
    return any(is_changed(state, each, spec) for each in names)


def schedulers_of(spec: ModelSpec | None) -> dict[StrEnum, tuple[str, str]]:
    """Return the schedulers that a model runs with."""
    known = words.schedulers()
    if spec is None:
        return known
    return {name: known[name] for name in known if SchedulerName(name) in spec.schedulers}
