"""What models, LoRAs and presets are called on this computer, for options that name them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from core.cli.console import Console
from core.models.found import ExtraKind
from core.models.shelf import ModelShelf
from core.models.spec import ModelSpec
from core.preferences import user_paths
from core.services import open_registry


@dataclass(frozen=True)
class Names:
    """`presets`: folder of the user's own; the others look a name up."""

    presets: Path | None
    spec_of: Callable[[str], ModelSpec]
    find_lora: Callable[[str], Path | None]


def known_names(console: Console) -> Names:
    """Return what is known to this user; a model named by its path is added, and that is said."""
    paths = user_paths()
    shelf = ModelShelf(paths.models)
    registry = open_registry(shelf)

    def spec_of(model: str) -> ModelSpec:
        is_path = Path(model).is_absolute()
        before = registry.all() if is_path else {}
        spec = registry.get(model)
        if is_path and spec.id not in before:
            console.say(f"Added the model {spec.name} as {spec.id}.")
        return spec

    def find_lora(name: str) -> Path | None:
        wanted = name.casefold()
        found = (e for e in shelf.extras(ExtraKind.LORA) if e.name.casefold() == wanted)
        return next((extra.path for extra in found), None)

    return Names(paths.presets, spec_of, find_lora)
