"""Presets shown and written as recipe files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from core.cli.console import Console
from core.errors import SettingsError
from core.preferences import user_paths
from core.presets import find_preset, load_presets
from core.recipe import Recipe


def list_presets(console: Console) -> None:
    """Write one line a preset: its name and what it is for."""
    presets = load_presets(user_paths().presets)
    width = max(len(preset.name) for preset in presets)
    for preset in presets:
        console.result(f"{preset.name:{width}}  {preset.sentence}")
        console.json({"id": preset.id, "name": preset.name, "sentence": preset.sentence})


def show_preset(name: str) -> None:
    """Write a preset's settings as TOML on stdout."""
    console = Console()
    for line in to_toml(_find(name)).splitlines():
        console.result(line)


def export_preset(name: str, file: Path, console: Console) -> None:
    """Write a preset into a new file, TOML or JSON as its name ends.

    Raises:
        SettingsError: the file is there already, or cannot be written.
    """
    preset = _find(name)
    ending = file.suffix.lower()
    if ending not in (".json", ".toml"):
        raise SettingsError(f"{file.name} is no recipe's name.", hint="End it in .toml or .json.")
    text = preset.to_json() if ending == ".json" else to_toml(preset)
    try:
        with file.open("x", encoding="utf-8") as stream:
            stream.write(text)
    except FileExistsError as error:
        raise SettingsError(f"{file} is there already.", hint="Choose another name.") from error
    except OSError as error:
        raise SettingsError(f"{file} cannot be written: {error.strerror}.") from error
    console.result(file)


def _find(name: str) -> Recipe:
    return find_preset(name, load_presets(user_paths().presets))


def to_toml(recipe: Recipe) -> str:
    """Return the recipe as TOML; what is left to the model is left out."""
    values = recipe.model_dump(mode="json", exclude_none=True)
    tables = {name: value for name, value in values.items() if isinstance(value, dict)}
    plain = {name: value for name, value in values.items() if name not in tables}
    parts = [_lines(plain)]
    parts += [f"\n[{name}]\n{_lines(table)}" for name, table in tables.items()]
    return "".join(parts)


def _lines(values: dict[str, Any]) -> str:
    return "".join(f"{name} = {_toml_value(value)}\n" for name, value in values.items())


def _toml_value(value: Any) -> str:
    """Return a value as TOML writes it; JSON differs only in tables and in DEL."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key} = {_toml_value(part)}" for key, part in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_toml_value, value)) + "]"
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
