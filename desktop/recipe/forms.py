"""The panel's fields: which there are, where they stand, and which make sense for a model."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from core.models.found import ExtraKind
from core.models.spec import ModelSpec
from core.recipe import OutputFormat, SchedulerName
from desktop.recipe import words
from desktop.recipe.chips import StrengthChips
from desktop.recipe.control_edit import ControlEdit, FileEdit, ReferenceEdit
from desktop.recipe.editors import (
    ChoiceEdit,
    Editor,
    SliderEdit,
    SwitchEdit,
    TextEdit,
)
from desktop.recipe.fields import Field
from desktop.recipe.lora_list import LoraEdit
from desktop.recipe.mask_edit import MaskEdit
from desktop.recipe.model_box import ModelEdit
from desktop.recipe.output_editors import FolderEdit, SeedEdit, SizeEdit, TemplateEdit
from desktop.recipe.places import PlaceEdit, PromptsEdit
from desktop.recipe.state import MEANINGLESS, RecipeState, effective, is_changed

ALWAYS = ("model", "prompt", "negative_prompt", "guidance_scale", "true_guidance", "folder")
ADD_ONS = ("loras", "control", "reference_image", "vae", "clip_skip")
MASK = ("mask",)
MORE = (
    "keep_grain", "num_inference_steps", "scheduler", "seed", "seed_mode", "format", "quality",
    "max_side", "metadata", "name_template", "on_conflict",
)  # fmt: skip
ADVANCED = (
    "strengths", "sigmas", "size", "dtype", "strength_scale", "hold_structure", "prompts",
    "wildcards", "again", "review", "provenance",
)  # fmt: skip
ABILITIES = {
    "prompt": "prompt",
    "prompts": "prompt",
    "wildcards": "prompt",
    "negative_prompt": "negative_prompt",
    "guidance_scale": "guidance",
    "true_guidance": "true_guidance",
    "loras": "lora",
    "vae": "vae",
    "clip_skip": "clip_skip",
    "control": "control",
    "reference_image": "reference_image",
    "mask": "inpaint",
}
"""By setting, what a model must be able to do for it."""
OFFERED = {
    "loras": ExtraKind.LORA,
    "vae": ExtraKind.VAE,
    "control": ExtraKind.CONTROLNET,
    "reference_image": ExtraKind.IP_ADAPTER,
}
"""By setting, which files are offered for it."""
_WIDE = frozenset(
    {
        "prompt", "negative_prompt", "folder", "strengths", "hold_structure", "loras", "control",
        "reference_image", "mask", "prompts", "wildcards",
    }
)  # fmt: skip
_MOST_STEPS = 50
_GUIDANCE = (0.0, 15.0)
_LAYERS = 4
_LOSSLESS = frozenset({OutputFormat.PNG, OutputFormat.TIFF})
_USUAL_QUALITY = 92


@dataclass(frozen=True, slots=True)
class Use:
    """Whether a field is shown and enabled, and the line under it."""

    shown: bool = True
    enabled: bool = True
    note: str = ""


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
    simple: Mapping[str, Callable[[], Editor]] = {
        "seed": SeedEdit,
        "negative_prompt": partial(TextEdit, lines=2),
        "quality": QualityEdit,
        "max_side": SizeEdit,
        "name_template": TemplateEdit,
        "strengths": StrengthChips,
        "model": ModelEdit,
        "folder": FolderEdit,
        "prompt": TextEdit,
        "loras": LoraEdit,
        "vae": FileEdit,
        "control": ControlEdit,
        "reference_image": ReferenceEdit,
        "mask": MaskEdit,
        "prompts": PromptsEdit,
        "wildcards": PlaceEdit,
    }
    if name in simple:
        return simple[name]()
    if name in ("keep_grain", "hold_structure"):
        return SliderEdit(0, 100)
    if name == "num_inference_steps":
        return SliderEdit(1, _MOST_STEPS)
    if name in ("guidance_scale", "true_guidance"):
        return SliderEdit(*_GUIDANCE, scale=2)
    if name == "clip_skip":
        return SliderEdit(0, _LAYERS)
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
    if name in MEANINGLESS[state.edit.mode]:
        return Use(shown=False)
    if name == "prompt":
        return _use_of_prompt(spec)
    if name in ABILITIES:
        able = spec is not None and bool(getattr(spec.capabilities, ABILITIES[name]))
        return Use(shown=able, note=_note(name, state, spec) if able else "")
    if name == "quality" and state.output.format in _LOSSLESS:
        lossless = words.shown("format", state.output.format)
        return Use(enabled=False, note=words.tr("{0} loses nothing.").format(lossless))
    return Use()


def _use_of_prompt(spec: ModelSpec | None) -> Use:
    if spec is None or spec.capabilities.prompt:
        return Use()
    why = words.tr("{0} takes no prompt.").format(spec.name)
    return Use(enabled=False, note=why)


def _note(name: str, state: RecipeState, spec: ModelSpec | None) -> str:
    """Return what is to be known of a field as the others stand."""
    if name != "negative_prompt" or spec is None or not state.edit.negative_prompt:
        return ""
    against = "true_guidance" if spec.capabilities.true_guidance else "guidance_scale"
    if (effective(state.recipe, against, spec) or 0.0) > 1.0:
        return ""
    return words.tr("Counts only with {0} above 1.").format(words.label(against).lower())


def shown_value(name: str, state: RecipeState, spec: ModelSpec | None) -> Any:
    """Return what a field's editor shows."""
    if name == "max_side":
        return state.output.max_side, state.output.scale
    if name in ("strengths", "again", "review"):
        return getattr(state, name)
    value = effective(state.recipe, name, spec)
    if value is None and name in ("guidance_scale", "true_guidance"):
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
