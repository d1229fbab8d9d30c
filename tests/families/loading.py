"""Small models of every family, loaded as the render process loads them."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path

from core.engine.latent.components import Components, load_components
from tests.families.specs import folder_spec


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
