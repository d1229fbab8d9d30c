"""ControlNets for Stable Diffusion 1.x and XL: loading one, and the picture it is shown."""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import Any

import torch

from core.engine.latent.components import Components
from core.engine.latent.conversions import network
from core.engine.latent.filling import build_component
from core.engine.latent.lineart import lines_of
from core.engine.latent.weights import WeightSource
from core.errors import ModelUntrustedError, SettingsError
from core.models.trust import class_of, read_settings
from core.recipe import ControlKind, ControlSetting

CLASS = "ControlNetModel"
_WEIGHTS = "diffusion_pytorch_model.safetensors"
_OWN_NAMES = frozenset({"sample_size", "_class_name", "_diffusers_version"})


def load_control(components: Components, setting: ControlSetting) -> Any:
    """Load a ControlNet for a loaded model.

    Args:
        setting: its `path` is a file, named as it was first published or as diffusers names it, or
            a folder in diffusers' layout.

    Raises:
        ModelNotFoundError: it is missing or cannot be read.
        ModelUntrustedError: it is damaged, or can run code when opened.
        SettingsError: the model takes none, or this one is for another family.
    """
    if not components.spec.capabilities.control:
        raise SettingsError(
            f"{components.spec.name} takes no ControlNet.",
            hint="Use Stable Diffusion 1.x or XL, or take the ControlNet out of the recipe.",
        )
    file = control_file(setting)
    source = WeightSource(components.spec.name, (file,), network(CLASS))
    source.shapes()
    config = _config(components, file)
    try:
        module = build_component(
            "diffusers", CLASS, config, source, components.placing.rests, components.dtype
        )
    except ModelUntrustedError as error:
        raise SettingsError(
            f"The ControlNet {setting.path.name} does not fit {components.spec.name}: "
            f"{error.message}",
            hint=f"Choose one that was made for {components.family.name}.",
        ) from error
    _check_width(components, module, setting.path)
    return components.placing.put(module)


def control_file(setting: ControlSetting) -> Path:
    """Return the file with a ControlNet's weights."""
    return setting.path / _WEIGHTS if setting.path.is_dir() else setting.path


def control_picture(kind: ControlKind, picture: torch.Tensor) -> torch.Tensor:
    """Return what a ControlNet is shown of a picture: (1, 3, h, w), 0 to 1.

    Args:
        picture: (3, h, w), sRGB 0 to 1, as the model works on it.
    """
    shown = lines_of(picture) if kind is ControlKind.LINEART else picture.clamp(0, 1)
    return shown[None]


def _config(components: Components, file: Path) -> dict[str, Any]:
    """Return the settings beside a ControlNet, or else those that follow from the model."""
    beside = file.parent / "config.json"
    if file.name == _WEIGHTS and beside.is_file():
        values = read_settings(beside)
        class_of(beside, values, {CLASS})
        return values
    import diffusers

    taken = inspect.signature(diffusers.ControlNetModel.__init__).parameters
    own = dict(components.denoiser.config)
    return {name: own[name] for name in taken if name in own and name not in _OWN_NAMES}


def _check_width(components: Components, module: Any, path: Path) -> None:
    own, other = components.denoiser.config, module.config
    for name in ("cross_attention_dim", "block_out_channels", "addition_embed_type"):
        if _plain(own.get(name)) != _plain(other.get(name)):
            raise SettingsError(
                f"The ControlNet {path.name} does not fit {components.spec.name}.",
                hint=f"Choose one that was made for {components.family.name}.",
            )


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, list | tuple) else value
