"""Another VAE in the place of the model's own, and back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from core.engine.latent.components import Components
from core.engine.latent.conversions import network
from core.engine.latent.files import Mark, mark_of
from core.engine.latent.filling import build_component
from core.engine.latent.weights import WeightSource
from core.errors import ModelUntrustedError, SettingsError

_INSIDE = "diffusion_pytorch_model.safetensors"


class VaeChoice:
    """Which VAE a loaded model works with."""

    def __init__(self, components: Components) -> None:
        self._components = components
        self._own: Any = components.modules.get("vae")
        self._mark: Mark | None = None

    def use(self, path: Path | None) -> None:
        """Work with the VAE in a file from now on; None: the model's own.

        The file may have the names of Stable Diffusion's first publication or those of diffusers;
        a folder is taken for a component in diffusers' layout.

        Raises:
            ModelNotFoundError: it is missing or cannot be read.
            ModelUntrustedError: it is damaged, or can run code when opened.
            SettingsError: the model takes no other VAE, or this one is for another family.
        """
        components = self._components
        if path is None:
            components.modules["vae"], self._mark = self._own, None
            return
        if not components.spec.capabilities.vae:
            raise SettingsError(
                f"{components.spec.name} takes no other VAE.",
                hint="Take the VAE out of the recipe.",
            )
        file = path / _INSIDE if path.is_dir() else path
        mark = mark_of(file)
        if mark != self._mark:
            components.modules["vae"] = self._load(path, file)
            self._mark = mark

    def _load(self, path: Path, file: Path) -> Any:
        components = self._components
        kind = type(self._own).__name__
        source = WeightSource(components.spec.name, (file,), network(kind))
        source.shapes()
        config = dict(self._own.config)
        placing = components.placing
        try:
            module = build_component(
                "diffusers", kind, config, source, placing.rests, components.dtype
            )
        except ModelUntrustedError as error:
            raise SettingsError(
                f"The VAE {path.name} does not fit {components.spec.name}: {error.message}",
                hint=f"Choose one that was made for {components.family.name}.",
            ) from error
        return placing.put(module)
