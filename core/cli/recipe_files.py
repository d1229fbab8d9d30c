"""Presets shown and written as recipe files."""

from __future__ import annotations

from pathlib import Path

from core import presets
from core.cli.console import Console
from core.preferences import user_paths
from core.presets import find_preset, load_presets
from core.recipe import Recipe
from core.toml import to_toml


def list_presets(console: Console) -> None:
    """Write one line a preset: its name and what it is for."""
    found = load_presets(user_paths().presets)
    width = max(len(preset.name) for preset in found)
    for preset in found:
        console.result(f"{preset.name:{width}}  {preset.sentence}".rstrip())
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
    presets.export_preset(_find(name), file)
    console.result(file)


def _find(name: str) -> Recipe:
    return find_preset(name, load_presets(user_paths().presets))
