"""Small models of every family, loaded as the render process loads them."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

from core.engine.latent.components import Components, load_components
from core.models.families import FAMILIES
from core.models.family_spec import family_spec
from core.models.spec import Layout, ModelFile, ModelSpec, file_sha256


def folder_spec(folder: Path, family_id: str, variant: str = "", **facts: Any) -> ModelSpec:
    """Return the spec of a model in the diffusers layout, every file pinned."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    names = [path.relative_to(folder) for path in files]
    pinned = tuple(
        ModelFile(
            path=name.as_posix(),
            sha256=file_sha256(folder / name),
            role=name.parts[0] if len(name.parts) > 1 else "",
        )
        for name in names
    )
    said = {"id": folder.name, "name": FAMILIES[family_id].name, "folder": folder}
    return family_spec(family_id, variant, **said, files=pinned, layout=Layout.DIFFUSERS, **facts)


class Loaded:
    """Gives a small model of a family, loaded once a test process."""

    def __init__(self, folder: Callable[..., Path]) -> None:
        self._folder = folder
        self.components = cache(self._components)

    def __call__(self, family_id: str, variant: str = "") -> Components:
        """Return the model; tests may not change it."""
        return self.components(family_id, variant)

    def _components(self, family_id: str, variant: str) -> Components:
        folder = self._folder(family_id, variant)
        return load_components(folder_spec(folder, family_id, variant), "cpu", "fp32")
