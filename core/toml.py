"""Recipes written as TOML; Python reads TOML but does not write it."""

from __future__ import annotations

import json
from typing import Any

from core.recipe import Recipe


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
