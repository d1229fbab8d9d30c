"""The idempotency key: same source bytes, same edit, same model, same form of file."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from core.models.spec import ModelSpec, file_sha256
from core.recipe import (
    ControlSetting,
    EditSettings,
    MaskSetting,
    MetadataRule,
    Mode,
    OutputSettings,
    Recipe,
    ReferenceSetting,
)

PIXEL_VERSION = 2
"""Raised only when the same settings give other pixels than before."""

_NOT_OF_MODE = {
    Mode.CLEAN: ("strength", "strength_scale", "hold_structure"),
    Mode.REPAINT: ("amount", "keep_grain"),
    Mode.INSTRUCT: ("amount", "keep_grain", "strength", "strength_scale", "hold_structure"),
}
_NEEDS = {
    "prompt": "prompt",
    "negative_prompt": "negative_prompt",
    "guidance_scale": "guidance",
    "loras": "lora",
    "true_guidance": "true_guidance",
    "mask": "inpaint",
}
_FILES = ("loras", "mask", "vae", "control", "reference_image")
_SETTLED = ("prompts", "wildcards")
"""Where a photograph's own prompt comes from; the prompt itself counts."""


def settings_digest(
    edit: EditSettings,
    output: OutputSettings,
    model: ModelSpec,
    *,
    hash_file: Callable[[Path], str] = file_sha256,
) -> str:
    """Return the hash of all that decides the file's bytes besides the source.

    Settings of the other mode and those that the model does not have are left away, open ones take
    the model's default, files count by their content; the output's folder, name and conflict rule
    do not count.
    """
    return _digest(
        {
            "version": PIXEL_VERSION,
            "edit": _edit_values(edit, model, hash_file),
            "output": _output_values(output),
            "model": list(model.hashes()) or model.id,
        }
    )


def result_key(source_sha256: str, digest: str) -> str:
    """Return the idempotency key of a source's bytes under a `settings_digest`."""
    return hashlib.sha256(f"regrain-1\n{source_sha256}\n{digest}".encode()).hexdigest()


def job_signature(
    inputs: Iterable[Path],
    recipe: Recipe,
    strengths: tuple[float, ...],
    *,
    again: bool = False,
    review: bool = False,
) -> str:
    """Return what names a command: its inputs, recipe, strengths and output folder.

    The recipe's name counts only through what it does, and through a template that writes it.
    """
    values = recipe.model_dump(mode="json", exclude={"id", "sentence", "name", "kinds"})
    for name in ("true_guidance", *_SETTLED):
        if values["edit"][name] is None:
            del values["edit"][name]  # recipes had none once: stored signatures stay
    values["preset"] = recipe.name if "{preset}" in recipe.output.name_template else ""
    if recipe.output.folder is not None:
        values["output"]["folder"] = str(recipe.output.folder.resolve())
    values["inputs"] = sorted({str(path.resolve()) for path in inputs})
    values["strengths"] = list(strengths)
    values["again"] = again
    if review:
        values["review"] = True  # absent otherwise: signatures that are stored stay what they are
    return _digest(values)


def _edit_values(
    edit: EditSettings, model: ModelSpec, hash_file: Callable[[Path], str]
) -> dict[str, Any]:
    values = edit.model_dump(mode="json", exclude={"model", *_FILES, *_SETTLED})
    values |= {
        name: value for name, value in _defaults(edit, model).items() if values[name] is None
    }
    if edit.true_guidance is None:
        del values["true_guidance"]  # recipes had none once: stored keys stay what they are
    values["vae"] = None if edit.vae is None else hash_file(edit.vae)
    values["loras"] = [[hash_file(lora.path), lora.weight] for lora in edit.loras]
    for name in ("mask", "control", "reference_image"):
        values[name] = _with_content(getattr(edit, name), hash_file)
    unused = {name for name, ability in _NEEDS.items() if not getattr(model.capabilities, ability)}
    unused.update(_NOT_OF_MODE[edit.mode])
    return {name: value for name, value in values.items() if name not in unused}


def _with_content(
    setting: MaskSetting | ControlSetting | ReferenceSetting | None,
    hash_file: Callable[[Path], str],
) -> dict[str, Any] | None:
    """Return a setting with the content of its files in the place of their names."""
    if setting is None:
        return None
    values = setting.model_dump(mode="json")
    for name in values:
        value = getattr(setting, name)
        if isinstance(value, Path):
            values[name] = hash_file(value)
    return values


def _defaults(edit: EditSettings, model: ModelSpec) -> dict[str, Any]:
    own = model.defaults
    clean = edit.mode is Mode.CLEAN
    return {
        "num_inference_steps": own.clean_steps if clean else own.num_inference_steps,
        "scheduler": own.scheduler.value,
        "guidance_scale": own.guidance_scale,
    }


def _output_values(output: OutputSettings) -> dict[str, Any]:
    values = output.model_dump(
        mode="json", include={"format", "quality", "max_side", "scale", "metadata"}
    )
    # It is part of the bytes: a result with the settings inside is none that was asked without.
    values["provenance"] = output.provenance and output.metadata is not MetadataRule.STRIP
    return values


def _digest(values: Mapping[str, Any]) -> str:
    text = json.dumps(values, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()
