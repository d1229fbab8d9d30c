"""What the recipe panel shows, as one frozen value, and what each choice makes of it; no Qt."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from core import plan
from core.errors import SettingsError
from core.models.spec import Capabilities, ModelSpec
from core.outputs.template import parse_template
from core.presets import default_preset
from core.recipe import (
    EditSettings,
    Mode,
    OutputSettings,
    Recipe,
    edit_settings,
    output_settings,
)

EDIT_FIELDS = tuple(EditSettings.model_fields)
OUTPUT_FIELDS = tuple(OutputSettings.model_fields)
RUN_FIELDS = ("strengths", "again", "review")

_CLEAN = frozenset({"amount", "keep_grain"})
_REPAINT = frozenset({"strength", "strength_scale", "hold_structure", "strengths"})
MEANINGLESS = {
    Mode.CLEAN: _REPAINT,
    Mode.REPAINT: _CLEAN,
    Mode.INSTRUCT: _CLEAN | _REPAINT,
}
"""By mode, what does nothing in it."""

# What the user brings along from one preset or model to the next: the picture's subject, the
# chance and the machine. A preset that says them itself wins.
_CARRIED = (
    "prompt", "negative_prompt", "loras", "mask", "seed", "seed_mode", "size", "dtype", "vae",
    "clip_skip", "control", "reference_image", "true_guidance", "prompts", "wildcards",
)  # fmt: skip
# Files that were made for one family of models, and what counts the layers of one.
_OF_THE_FAMILY = ("loras", "vae", "clip_skip", "control", "reference_image")
# What a model decides anew, unless the user did.
_OF_THE_MODEL = (
    "mode", "strength", "num_inference_steps", "scheduler", "sigmas", "guidance_scale",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class RecipeState:
    """The recipe being made, the preset it started from, and how the batch is to be run.

    `strengths` empty: one result a photograph at the recipe's own strength.
    """

    recipe: Recipe
    base: Recipe
    strengths: tuple[float, ...] = ()
    again: bool = False
    review: bool = False

    @property
    def edit(self) -> EditSettings:
        """What decides the pixels."""
        return self.recipe.edit

    @property
    def output(self) -> OutputSettings:
        """What decides the files."""
        return self.recipe.output


@dataclass(frozen=True, slots=True)
class Switched:
    """What choosing a model changed: fields that it set, kept, and could not use."""

    state: RecipeState
    model: str
    taken: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()
    dropped: tuple[str, ...] = ()


def value_of(state: RecipeState, field: str) -> Any:
    """Return a field's value, of the edit, the output or the run."""
    if field in RUN_FIELDS:
        return getattr(state, field)
    return getattr(state.output if field in OUTPUT_FIELDS else state.edit, field)


def effective(recipe: Recipe, field: str, spec: ModelSpec | None) -> Any:
    """Return a field's value with the model's own default in the place of None."""
    part = recipe.output if field in OUTPUT_FIELDS else recipe.edit
    value = getattr(part, field)
    if value is not None or spec is None or field in OUTPUT_FIELDS:
        return value
    defaults = spec.defaults
    if field == "num_inference_steps":
        cleans = recipe.edit.mode is Mode.CLEAN
        return defaults.clean_steps if cleans else defaults.num_inference_steps
    return {"scheduler": defaults.scheduler, "guidance_scale": defaults.guidance_scale}.get(field)


def base_value(state: RecipeState, field: str) -> Any:
    """Return what `reset` sets a field to."""
    if field in RUN_FIELDS:
        return () if field == "strengths" else False
    return getattr(state.base.output if field in OUTPUT_FIELDS else state.base.edit, field)


def is_changed(state: RecipeState, field: str, spec: ModelSpec | None) -> bool:
    """Return whether a field differs from the preset's, where it matters in this mode."""
    if field in RUN_FIELDS:
        return bool(value_of(state, field) != base_value(state, field))
    if field in MEANINGLESS[state.edit.mode]:
        return False
    if field == "num_inference_steps" and state.edit.mode is not state.base.edit.mode:
        return state.edit.num_inference_steps is not None
    return bool(effective(state.recipe, field, spec) != effective(state.base, field, spec))


def changed_fields(state: RecipeState, spec: ModelSpec | None) -> tuple[str, ...]:
    """Return the recipe's fields that differ from the preset's; the output folder is no part."""
    fields = (*EDIT_FIELDS, *OUTPUT_FIELDS)
    return tuple(f for f in fields if f not in ("model", "folder") and is_changed(state, f, spec))


def with_values(
    state: RecipeState, values: Mapping[str, Any], spec: ModelSpec | None
) -> RecipeState:
    """Return the state with some fields set, checked by constructing the settings.

    Raises:
        SettingsError: a value is not allowed, or the model cannot use it.
    """
    run = {name: value for name, value in values.items() if name in RUN_FIELDS}
    edit = {name: value for name, value in values.items() if name in EDIT_FIELDS}
    output = {name: value for name, value in values.items() if name in OUTPUT_FIELDS}
    if run.get("strengths"):
        run["strengths"] = _sorted_strengths(run["strengths"])
        edit["strength"] = run["strengths"][0]
    elif "strength" in edit:
        run["strengths"] = ()
    recipe = state.recipe
    if edit:
        settings = edit_settings(_as_given(recipe.edit) | edit)
        check_values(settings, spec)
        recipe = recipe.model_copy(update={"edit": settings})
    if output:
        results = output_settings(_as_given(recipe.output) | output)
        parse_template(results.name_template)
        recipe = recipe.model_copy(update={"output": results})
    return replace(state, recipe=recipe, **run)


def check_values(edit: EditSettings, spec: ModelSpec | None) -> None:
    """Refuse a value that the model cannot use; what only lacks another value is for `unready`.

    Raises:
        SettingsError: which value, and what to do instead.
    """
    if spec is None:
        return
    can = spec.capabilities
    told = edit.prompt or ("-" if can.instruct else "")
    negative = "" if can.negative_prompt else edit.negative_prompt
    plan.check(edit.model_copy(update={"prompt": told, "negative_prompt": negative}), spec)


def unready(state: RecipeState, spec: ModelSpec) -> SettingsError | None:
    """Return what is still to be set before a run, such as the prompt of an instruction."""
    try:
        plan.check(state.edit, spec)
    except SettingsError as error:
        return error
    return None


def _as_given(settings: EditSettings | OutputSettings) -> dict[str, Any]:
    """Return the fields with their values as they are: nothing is converted on the way."""
    return {name: getattr(settings, name) for name in type(settings).model_fields}


def _sorted_strengths(strengths: Sequence[float]) -> tuple[float, ...]:
    for strength in strengths:
        edit_settings({"strength": strength})
    return tuple(sorted(dict.fromkeys(strengths)))


def with_preset(state: RecipeState, preset: Recipe, spec: ModelSpec | None) -> RecipeState:
    """Return the state after choosing a preset.

    The preset's own values hold. What it leaves at the default and belongs to the user's work
    (prompt, seed, folder) stays as it is, where the preset's model can use it.
    """
    edit = preset.edit
    for field in _CARRIED:
        if getattr(edit, field) == _default(EditSettings, field):
            edit = _with_usable(edit, field, getattr(state.edit, field), spec)
    told = {
        field: getattr(preset.output, field)
        for field in OUTPUT_FIELDS
        if getattr(preset.output, field) != _default(OutputSettings, field)
    }
    output = _merged_output(state.output, told)
    recipe = preset.model_copy(update={"edit": edit, "output": output})
    strengths = state.strengths if edit.mode is Mode.REPAINT and state.strengths else ()
    if strengths and preset.edit.strength not in strengths:
        strengths = ()
    return replace(state, recipe=recipe, base=preset, strengths=strengths)


def _merged_output(output: OutputSettings, told: dict[str, Any]) -> OutputSettings:
    values = _as_given(output) | told
    if "max_side" in told and "scale" not in told:
        values["scale"] = 1.0
    elif "scale" in told and "max_side" not in told:
        values["max_side"] = None
    return output_settings(values)


def _default(kind: type[EditSettings] | type[OutputSettings], field: str) -> Any:
    return kind.model_fields[field].default


def _with_usable(
    edit: EditSettings, field: str, value: Any, spec: ModelSpec | None
) -> EditSettings:
    """Return the edit with a value, or as it is where the model cannot use that."""
    try:
        changed = edit_settings(_as_given(edit) | {field: value})
        check_values(changed, spec)
        if field == "negative_prompt" and spec is not None:
            # Brought along where it would do nothing, it would only keep the run from starting.
            plan.check(changed.model_copy(update={"prompt": changed.prompt or "-"}), spec)
    except SettingsError:
        return edit
    return changed


def presets_of(spec: ModelSpec, presets: Sequence[Recipe]) -> tuple[Recipe, ...]:
    """Return the presets that were made for a model, or for its kind: then with this model."""
    return tuple(_for_model(p, spec) for p in presets if _is_for(p, spec))


def _is_for(preset: Recipe, spec: ModelSpec) -> bool:
    if preset.edit.mode not in modes_of(spec.capabilities):
        return False
    return spec.kind in preset.kinds if preset.kinds else preset.edit.model == spec.id


def _for_model(preset: Recipe, spec: ModelSpec) -> Recipe:
    """Return a preset with this model, and its own defaults where it runs with no others."""
    edit = preset.edit
    values: dict[str, Any] = {"model": spec.id}
    if edit.scheduler not in (None, *spec.schedulers):
        values["scheduler"] = None
    if not spec.capabilities.guidance:
        values["guidance_scale"] = None
    return preset.model_copy(update={"edit": edit.model_copy(update=values)})


def modes_of(can: Capabilities) -> tuple[Mode, ...]:
    """Return the modes that a model works in, the one to begin with first."""
    modes = ((Mode.CLEAN, can.clean), (Mode.REPAINT, can.strength), (Mode.INSTRUCT, can.instruct))
    return tuple(mode for mode, there in modes if there) or (Mode.REPAINT,)


def starting_recipe(spec: ModelSpec, presets: Sequence[Recipe], mode: Mode | None = None) -> Recipe:
    """Return what a model starts from in a mode: a preset of it, else its own defaults.

    Of several repainting presets it is the usual one of the kind of model, or else the one
    nearest to the model's default strength.
    """
    mode = mode or modes_of(spec.capabilities)[0]
    usual = default_preset(spec.kind).id
    made = [preset for preset in presets_of(spec, presets) if preset.edit.mode is mode]
    if not made:
        edit = EditSettings(model=spec.id, mode=mode, strength=spec.defaults.strength)
        return Recipe(edit=edit)
    for preset in made:
        if preset.id == usual:
            return preset
    if mode is not Mode.REPAINT:
        return made[0]
    return min(made, key=lambda preset: abs(preset.edit.strength - spec.defaults.strength))


def with_mode(
    state: RecipeState, mode: Mode, spec: ModelSpec, presets: Sequence[Recipe]
) -> RecipeState:
    """Return the state after choosing Clean or Repaint: the model's starting point for it."""
    return with_preset(state, starting_recipe(spec, presets, mode), spec)


def with_model(
    state: RecipeState, old: ModelSpec | None, new: ModelSpec, presets: Sequence[Recipe]
) -> Switched:
    """Return the state after choosing a model: its defaults, except for what the user changed."""
    changed = changed_fields(state, old)
    modes = modes_of(new.capabilities)
    mode = state.edit.mode if state.edit.mode in modes else modes[0]
    edit = state.edit
    if old is not None and old.family != new.family:
        edit = edit.model_copy(update={f: _default(EditSettings, f) for f in _OF_THE_FAMILY})
    brought = replace(state, recipe=state.recipe.model_copy(update={"edit": edit}))
    after = with_preset(brought, starting_recipe(new, presets, mode), new)
    wanted = [field for field in changed if field in EDIT_FIELDS and field != "mode"]
    after = _with_own(after, edit, [f for f in wanted if f not in MEANINGLESS[mode]], new)
    kept = tuple(f for f in wanted if getattr(after.edit, f) == getattr(state.edit, f))
    taken = tuple(f for f in _OF_THE_MODEL if f not in kept and _differs(state, old, after, new, f))
    return Switched(after, new.name, taken, kept, tuple(f for f in wanted if f not in kept))


def _with_own(
    after: RecipeState, own: EditSettings, fields: Sequence[str], spec: ModelSpec
) -> RecipeState:
    """Return the state with what the user had set himself, where the model can use it."""
    edit = after.edit
    for field in fields:
        edit = _with_usable(edit, field, getattr(own, field), spec)
    return replace(after, recipe=after.recipe.model_copy(update={"edit": edit}))


def _differs(
    state: RecipeState, old: ModelSpec | None, after: RecipeState, new: ModelSpec, field: str
) -> bool:
    if field in MEANINGLESS[after.edit.mode]:
        return False
    return bool(effective(state.recipe, field, old) != effective(after.recipe, field, new))


def with_recipe(
    state: RecipeState, recipe: Recipe, presets: Sequence[Recipe], spec: ModelSpec | None
) -> RecipeState:
    """Return the state showing a whole recipe, compared with the preset it came from."""
    return replace(state, recipe=recipe, base=base_of(recipe, presets, spec), strengths=())


def fitting(
    presets: Sequence[Recipe], recipe: Recipe, spec: ModelSpec | None
) -> tuple[Recipe, ...]:
    """Return the presets for a recipe's model; `spec` None: it is not here."""
    if spec is not None:
        return presets_of(spec, presets)
    return tuple(preset for preset in presets if preset.edit.model == recipe.edit.model)


def base_of(recipe: Recipe, presets: Sequence[Recipe], spec: ModelSpec | None) -> Recipe:
    """Return the preset a recipe is compared with: its own by id, an equal one, or the default."""
    same = [p for p in fitting(presets, recipe, spec) if p.edit.mode is recipe.edit.mode]
    for preset in same:
        if recipe.id and preset.id == recipe.id:
            return preset
    for preset in same:
        if preset.edit == recipe.edit:
            return preset
    if spec is None:
        return recipe
    return starting_recipe(spec, presets, recipe.edit.mode)
