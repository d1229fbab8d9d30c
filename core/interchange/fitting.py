"""A recipe cut to what a model can use, with what was taken away."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from core.errors import SettingsError
from core.models.spec import ModelSpec
from core.plan import check
from core.recipe import EditSettings, Mode, Recipe


@dataclass(frozen=True, slots=True)
class Fitted:
    """The recipe as the model can use it; `left_out` names each setting that went, and why."""

    recipe: Recipe
    left_out: tuple[str, ...] = ()


def fitted(recipe: Recipe, spec: ModelSpec) -> Fitted:
    """Return `recipe` for the model `spec`, without the settings that would do nothing there."""
    edit = recipe.edit.model_copy(update={"model": spec.id})
    left_out: list[str] = []
    plain = EditSettings()
    for name in EditSettings.model_fields:
        value, default = getattr(edit, name), getattr(plain, name)
        if name in ("model", "mode") or value == default:
            continue
        trouble = _trouble(plain.model_copy(update={"mode": _usable(spec), name: value}), spec)
        if trouble:
            left_out.append(trouble)
            edit = edit.model_copy(update={name: default})
    edit, changed = _in_usable_mode(edit, spec)
    return Fitted(recipe.model_copy(update={"edit": edit}), (*left_out, *changed))


def _usable(spec: ModelSpec) -> Mode:
    return Mode.CLEAN if spec.capabilities.clean else Mode.REPAINT


def _trouble(edit: EditSettings, spec: ModelSpec) -> str:
    try:
        check(edit, spec)
    except SettingsError as error:
        return error.message
    return ""


def _in_usable_mode(edit: EditSettings, spec: ModelSpec) -> tuple[EditSettings, tuple[str, ...]]:
    trouble = _trouble(edit, spec)
    if not trouble:
        return edit, ()
    values: dict[str, Any] = {"mode": _usable(spec)}
    return edit.model_copy(update=values), (trouble,)
