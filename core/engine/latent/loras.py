"""LoRA files over a loaded model: set, weighted and taken off again without loading it anew."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from pathlib import Path
from typing import Any

import torch

from core.engine.latent.components import Components
from core.engine.latent.files import Mark, mark_of
from core.errors import ModelNotFoundError, ModelUntrustedError, SettingsError
from core.models.fit import Offload
from core.models.trust import check_weights
from core.models.weights_numbers import check_numbers
from core.recipe import LoraSetting

_KEPT = 4
"""LoRAs that stay loaded, in use or not: photographs of one job may have their own."""


class LoraSet:
    """The LoRAs of a loaded model; those not in use leave it as it was, to the last bit."""

    def __init__(self, components: Components) -> None:
        self._components = components
        self._names: dict[Mark, str] = {}
        self._count = 0
        self._now: tuple[tuple[Mark, float], ...] | None = ()

    @property
    def state(self) -> Hashable:
        """What is in use; text encoders work differently under another."""
        return self._now

    def use(self, loras: tuple[LoraSetting, ...]) -> None:
        """Let exactly these LoRAs work from now on.

        Raises:
            ModelNotFoundError: a file is missing or cannot be read.
            ModelUntrustedError: a file is damaged, or can run code when opened.
            SettingsError: the model takes none, or a LoRA is for another one.
        """
        if loras and not self._components.spec.capabilities.lora:
            raise SettingsError(
                f"{self._components.spec.name} takes no LoRA.", hint="Choose another model."
            )
        wanted = tuple((_mark(lora), lora.weight) for lora in loras)
        if wanted == self._now:
            return
        if loras and self._components.placing.offload is Offload.SEQUENTIAL:
            raise SettingsError(
                f"{self._components.spec.name} fits into this device's memory only layer by layer, "
                "and then takes no LoRA.",
                hint="Close other programs, choose a smaller model, or --device cpu.",
            )
        # Unknown until all of it worked out.
        self._now = None
        for lora, (mark, _) in zip(loras, wanted, strict=True):
            if mark not in self._names:
                self._names[mark] = self._load(lora)
        self._set(wanted)
        self._forget({mark for mark, _ in wanted})
        self._now = wanted

    def clear(self) -> None:
        """Take all LoRAs off and free their memory."""
        self._now = ()
        if self._names:
            self._names.clear()
            self._pipeline().unload_lora_weights()

    def _pipeline(self) -> Any:
        return self._components.pipeline(self._components.family.img2img, None)

    def _load(self, lora: LoraSetting) -> str:
        name = f"lora_{self._count}"
        self._count += 1
        _check(lora.path)
        try:
            # By its folder and name: then what its header says of scales is heeded too.
            self._pipeline().load_lora_weights(
                str(lora.path.parent),
                weight_name=lora.path.name,
                adapter_name=name,
                use_safetensors=True,
                local_files_only=True,
            )
        except (ValueError, KeyError, RuntimeError, TypeError, AttributeError, IndexError) as error:
            self._drop((name,))
            raise self._unsuited(lora) from error
        if name not in _adapters(self._components):
            raise self._unsuited(lora)
        _freeze(self._components)
        return name

    def _unsuited(self, lora: LoraSetting) -> SettingsError:
        return SettingsError(
            f"The LoRA {lora.path.name} does not fit {self._components.spec.name}.",
            hint=f"Choose one that was made for {self._components.family.name}.",
        )

    def _set(self, wanted: tuple[tuple[Mark, float], ...]) -> None:
        """Switch on what is wanted in every network, at its weight, and all else off."""
        weights: dict[str, float] = {}
        for mark, weight in wanted:
            # The same file twice counts as much as both.
            weights[self._names[mark]] = weights.get(self._names[mark], 0.0) + weight
        for module in _networks(self._components):
            own = [name for name in weights if name in getattr(module, "peft_config", {})]
            for layer in _tuners(module):
                layer.enable_adapters(bool(own))
            if own:
                _weigh(module, {name: weights[name] for name in own})
        _freeze(self._components)

    def _forget(self, needed: set[Mark]) -> None:
        """Drop the oldest that are not needed, beyond as many as are kept."""
        spare = [mark for mark in self._names if mark not in needed]
        gone = spare[: max(0, len(self._names) - max(_KEPT, len(needed)))]
        self._drop(self._names.pop(mark) for mark in gone)

    def _drop(self, names: Iterable[str]) -> None:
        for name in names:
            for module in _networks(self._components):
                _delete(module, name)


def _mark(lora: LoraSetting) -> Mark:
    mark = mark_of(lora.path)
    if lora.path.suffix.lower() != ".safetensors":
        raise ModelUntrustedError(
            f"{lora.path.name} is no .safetensors file, so Regrain does not open it.",
            hint="Ask for a .safetensors version.",
        )
    return mark


def _check(path: Path) -> None:
    """Look at a file before any library does; raises as `LoraSet.use`."""
    try:
        check_numbers(path, check_weights(path))
    except OSError as error:
        raise _unreadable(path, error) from error


def _unreadable(path: Path, error: OSError) -> ModelNotFoundError:
    return ModelNotFoundError(
        f"The LoRA {path.name} cannot be read: {error.strerror}.",
        hint="Put the file back, or take it out of the recipe.",
    )


def _networks(components: Components) -> list[Any]:
    return [part for part in components.modules.values() if isinstance(part, torch.nn.Module)]


def _tuners(module: Any) -> list[Any]:
    from peft.tuners.tuners_utils import BaseTunerLayer

    return [layer for layer in module.modules() if isinstance(layer, BaseTunerLayer)]


def _adapters(components: Components) -> set[str]:
    return {name for part in _networks(components) for name in getattr(part, "peft_config", {})}


def _weigh(module: Any, weights: dict[str, float]) -> None:
    for layer in _tuners(module):
        own = [name for name in weights if name in layer.scaling]
        layer.set_adapter(own)
        for name in own:
            layer.set_scale(name, weights[name])


def _delete(module: Any, name: str) -> None:
    for layer in _tuners(module):
        layer.delete_adapter(name)
    getattr(module, "peft_config", {}).pop(name, None)


def _freeze(components: Components) -> None:
    for module in _networks(components):
        module.requires_grad_(False)
        module.eval()
