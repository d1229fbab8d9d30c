"""From options to a recipe: a recipe file or preset first, then the single options over it."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.cli.names import Names
from core.cli.options import DetailOptions, EditOptions, OutputOptions, RecipeOptions
from core.cli.prompting import prompt_values
from core.errors import SettingsError
from core.models.spec import BUILTIN_ID, Layout, ModelSpec
from core.presets import default_preset, find_preset, is_for, load_presets
from core.recipe import Mode, ModelKind, Recipe, edit_settings, load_recipe, output_settings
from core.samplers import read_sampler

# An option of one mode would silently do nothing in the other.
_ONLY_FOR = {
    "keep_grain": (Mode.CLEAN, "--keep-grain belongs to cleaning"),
    "strength_scale": (Mode.REPAINT, "--strength-scale belongs to repainting"),
}


@dataclass(frozen=True, slots=True)
class Wanted:
    """The recipe asked for, and its strengths if there are several."""

    recipe: Recipe
    strengths: tuple[float, ...] = ()


def read_options(asked: RecipeOptions, names: Names, *, folder: Path | None = None) -> Wanted:
    """Return the recipe that the options ask for.

    Args:
        asked: the options.
        names: what models, LoRAs and presets are called.
        folder: the output folder, None for the one beside the photographs.

    Raises:
        SettingsError: a value is not allowed, or two options contradict each other.
        ModelNotFoundError, ModelUntrustedError: the model named.
    """
    edit, detail, output = asked.edit, asked.detail, asked.output
    strengths = _read_strengths(edit.strength)
    mode = _asked_mode(edit)
    spec = names.spec_of(_model_name(detail.model) or BUILTIN_ID)
    base = _base(edit, mode, names.presets, spec)
    values = _edit_values(edit, detail) | ({"mode": mode} if mode else {})
    if detail.model is not None and spec.layout is not Layout.REGRAIN:
        values["model"] = spec.id
    values |= prompt_values(asked.prompt, names.find_lora)
    if strengths:
        values["strength"] = strengths[0]
    _check_mode(values, mode or base.edit.mode)
    settings = edit_settings(_for_mode(base, mode) | values)
    results = output_settings(base.output.model_dump() | _output_values(output, folder))
    recipe = base.model_copy(update={"edit": settings, "output": results})
    return Wanted(recipe, strengths if len(strengths) > 1 else ())


def _read_strengths(text: str | None) -> tuple[float, ...]:
    """Return the numbers of `0.2,0.3`, each once."""
    if text is None:
        return ()
    try:
        strengths = tuple(dict.fromkeys(float(part) for part in text.split(",")))
    except ValueError as error:
        raise SettingsError(
            f"strength = {text!r}: allowed are numbers from 0 to 1, separated by commas.",
            hint="For example: --strength 0.3 or --strength 0.2,0.3,0.4",
        ) from error
    for strength in strengths:
        edit_settings({"strength": strength})
    return strengths


def _asked_mode(edit: EditOptions) -> Mode | None:
    """Return the mode that --clean or --strength asks for."""
    if edit.clean is not None and edit.strength is not None:
        raise SettingsError(
            "--clean and --strength exclude each other: one takes noise away, the other adds "
            "noise first and repaints.",
            hint="Give one of them.",
        )
    if edit.clean is not None:
        return Mode.CLEAN
    return Mode.REPAINT if edit.strength is not None else None


def _base(
    edit: EditOptions, mode: Mode | None, presets_folder: Path | None, spec: ModelSpec
) -> Recipe:
    if edit.recipe is not None and edit.preset is not None:
        raise SettingsError("--recipe and --preset exclude each other.", hint="Give one of them.")
    if edit.recipe is not None:
        return load_recipe(edit.recipe)
    if edit.preset is not None:
        presets = load_presets(presets_folder)
        return _fitting(find_preset(edit.preset, presets), spec, presets)
    if mode is Mode.REPAINT and spec.kind is ModelKind.BUILTIN:
        return Recipe(name="Repaint")
    return default_preset(spec.kind)


def _fitting(preset: Recipe, spec: ModelSpec, presets: tuple[Recipe, ...]) -> Recipe:
    """Return a preset that was made for models of this kind.

    Raises:
        SettingsError: it was made for others.
    """
    if is_for(preset, spec.kind):
        return preset
    others = ", ".join(other.name for other in presets if is_for(other, spec.kind))
    hint = f"For {spec.name} there are: {others}."
    if spec.kind is ModelKind.BUILTIN:
        hint += " For another model give --model as well: see regrain models."
    raise SettingsError(f"{preset.name} is not made for {spec.name}.", hint=hint)


def _for_mode(base: Recipe, mode: Mode | None) -> dict[str, Any]:
    """Return the base's edit values, without the steps and scheduler of another mode."""
    values = base.edit.model_dump()
    if mode is not None and mode is not base.edit.mode:
        values |= {"num_inference_steps": None, "scheduler": None, "sigmas": "normal"}
    return values


def _edit_values(edit: EditOptions, detail: DetailOptions) -> dict[str, Any]:
    """Return the single options that were given, by the recipe's names."""
    values = {
        "amount": edit.clean,
        "keep_grain": edit.keep_grain,
        "strength_scale": edit.strength_scale,
        "model": _model_name(detail.model),
        "num_inference_steps": detail.steps,
        "guidance_scale": detail.guidance,
        "seed": detail.seed,
        "seed_mode": detail.seed_mode,
        "size": detail.size,
        "dtype": detail.dtype,
        **_scheduler_values(detail),
    }
    return {name: value for name, value in values.items() if value is not None}


def _model_name(text: str | None) -> str | None:
    """Return an id as it is, and a folder by its absolute path: a batch outlives this folder."""
    if text is None or (os.sep not in text and not text.lower().endswith(".safetensors")):
        return text
    return str(Path(text).expanduser().absolute())


def _scheduler_values(detail: DetailOptions) -> dict[str, str | None]:
    """Read --scheduler or its synonym --sampler; a name may say the sigmas as well."""
    if detail.scheduler is not None and detail.sampler is not None:
        raise SettingsError("--sampler is another name for --scheduler.", hint="Give one of them.")
    name = detail.scheduler or detail.sampler
    if name is None:
        return {"sigmas": detail.sigmas}
    scheduler, sigmas = read_sampler(name)
    if sigmas is not None and detail.sigmas not in (None, sigmas):
        raise SettingsError(
            f"{name} means the sigmas {sigmas}, but --sigmas says {detail.sigmas}.",
            hint="Leave --sigmas out.",
        )
    return {"scheduler": scheduler, "sigmas": detail.sigmas or sigmas}


def _output_values(output: OutputOptions, folder: Path | None) -> dict[str, Any]:
    values = {
        "folder": folder.expanduser().absolute() if folder else None,
        "name_template": output.name,
        "format": _lowered(output.format),
        "quality": output.quality,
        **_size_values(output),
        "metadata": _lowered(output.metadata),
        "on_conflict": _lowered(output.on_conflict),
        "provenance": False if output.no_provenance else None,
    }
    return {name: value for name, value in values.items() if value is not None}


def _size_values(output: OutputOptions) -> dict[str, Any]:
    """Read `source`, `2048` and `2x`; --max-side is the older way to say the second."""
    text = output.output_size
    if text is None:
        return {"max_side": output.max_side}
    if output.max_side is not None:
        raise SettingsError("--output-size and --max-side exclude each other.")
    word = text.strip().casefold()
    try:
        if word == "source":
            return {"max_side": None}
        if word.endswith("x"):
            return {"scale": float(word[:-1])}
        return {"max_side": int(word)}
    except ValueError as error:
        raise SettingsError(
            f"output_size = {text!r}: allowed are source, a longer side such as 2048, or 2x."
        ) from error


def _lowered(text: str | None) -> str | None:
    """Read `JPG` and `strip-location` as the recipe writes them."""
    if text is None:
        return None
    lowered = text.casefold().replace("-", "_")
    return {"jpg": "jpeg", "tif": "tiff"}.get(lowered, lowered)


def _check_mode(values: dict[str, Any], mode: Mode) -> None:
    for name, (needed, words) in _ONLY_FOR.items():
        if name in values and mode is not needed:
            other = "--clean auto" if needed is Mode.CLEAN else "--strength 0.3"
            raise SettingsError(
                f"{words}; here it would do nothing.", hint=f"Leave it out, or add {other}."
            )
