"""The recipe that Regrain itself writes into its results."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from core.errors import SettingsError
from core.interchange.json_text import read_json
from core.interchange.restored import Draft, RestoredRecipe
from core.models.spec import ModelSpec
from core.recipe import EditSettings, OutputFormat, OutputSettings

_FILES = {"mask": "Mask", "vae": "VAE", "control": "ControlNet",
          "reference_image": "Reference picture", "prompts": "Prompts",
          "wildcards": "Wildcards"}  # fmt: skip


def read_own(properties: Mapping[str, str], specs: Sequence[ModelSpec]) -> RestoredRecipe:
    """Return the recipe in Regrain's XMP properties.

    Files that it names are noted: where they lie is not written into pictures.

    Raises:
        SettingsError: there is none in them.
    """
    edit = read_json(properties.get("edit", ""))
    if not isinstance(edit, dict):
        raise SettingsError("The recipe in it is damaged.")
    draft = Draft("Regrain")
    for name, value in edit.items():
        _take(draft, name, value)
    draft.model = properties.get("model", "") or str(edit.get("model", ""))
    draft.model_hash = properties.get("model_sha256", "").partition(",")[0]
    restored = draft.finished(specs)
    output = _output(properties.get("format", ""), draft)
    return replace(
        restored,
        recipe=restored.recipe.model_copy(update={"output": output}),
        not_understood=tuple(draft.notes),
        source_sha256=properties.get("source_sha256"),
        key=properties.get("key", ""),
    )


def _take(draft: Draft, name: str, value: Any) -> None:
    if name == "model":
        return
    if name in _FILES:
        if value:
            draft.note(_FILES[name], f"{_file_of(value)} (choose the file again)")
    elif name == "loras":
        for lora in value if isinstance(value, list) else ():
            if isinstance(lora, dict):
                draft.add_lora(str(lora.get("path", "")), lora.get("weight", 1.0))
    elif name in EditSettings.model_fields:
        draft.take(name, value, name)
    else:
        draft.note(f"{name} (of a newer Regrain)", value)


def _file_of(value: Any) -> str:
    """Return the name of the file that a setting is about."""
    if not isinstance(value, dict):
        return str(value)
    return str(value.get("image") or value.get("path") or "the photograph's own alpha")


def _output(written: str, draft: Draft) -> OutputSettings:
    if written in set(OutputFormat):
        return OutputSettings(format=OutputFormat(written))
    if written:
        draft.note("format", written)
    return OutputSettings()
