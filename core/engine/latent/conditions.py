"""What a loaded model is made to do for an edit: LoRAs, VAE, reference, ControlNet and prompts."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, field
from typing import Any

import torch

from core.engine.latent.components import Components
from core.engine.latent.controls import control_file, control_picture, load_control
from core.engine.latent.files import Mark, mark_of
from core.engine.latent.loras import LoraSet
from core.engine.latent.prompts import PromptMemory
from core.engine.latent.references import ReferenceLook
from core.engine.latent.vaes import VaeChoice
from core.recipe import ControlSetting, EditSettings


@dataclass(frozen=True)
class Conditions:
    """What an edit adds to a pipeline's call.

    Attributes:
        arguments: embeddings of the prompts and of the reference; the same for all photographs.
        control: the ControlNet, or None.
    """

    arguments: dict[str, Any] = field(default_factory=dict)
    control: Any = None


class Conditioner:
    """Sets a loaded model up for one edit after the other; nothing is loaded twice."""

    def __init__(self, components: Components) -> None:
        self._components = components
        self._loras = LoraSet(components)
        self._vae = VaeChoice(components)
        self._reference = ReferenceLook(components)
        self._prompts = PromptMemory()
        self._control: tuple[Mark, Any] | None = None

    def prepare(self, edit: EditSettings) -> Conditions:
        """Set the shared networks up for `edit`; photographs in work must have an equal `setup`.

        Raises:
            ModelNotFoundError: a file that the edit names is missing.
            ModelUntrustedError: one is damaged, or can run code when opened.
            ImageReadError: the reference picture cannot be read.
            SettingsError: the model cannot use one of the settings.
        """
        self._vae.use(edit.vae)
        self._loras.use(edit.loras)
        arguments = self._prompts.encode(self._components, edit, self._loras.state)
        arguments |= self._reference.use(edit.reference_image, guided=self._is_guided(edit))
        return Conditions(arguments, self._controlled(edit.control))

    def _controlled(self, setting: ControlSetting | None) -> Any:
        if setting is None:
            self._control = None
            return None
        if not self._components.spec.capabilities.control:
            return load_control(self._components, setting)
        mark = mark_of(control_file(setting))
        if self._control is None or self._control[0] != mark:
            self._control = mark, load_control(self._components, setting)
        return self._control[1]

    def _is_guided(self, edit: EditSettings) -> bool:
        scale = edit.guidance_scale
        if scale is None:
            scale = self._components.spec.defaults.guidance_scale
        # Networks that are told the guidance are asked once.
        told = getattr(self._components.denoiser.config, "time_cond_proj_dim", None)
        return scale > 1 and told is None


def setup(edit: EditSettings) -> Hashable:
    """Return what of an edit changes the shared networks: only equals may be in work together."""
    control = edit.control and (edit.control.path, edit.control.kind)
    return edit.loras, edit.vae, control, edit.reference_image


def of_photograph(edit: EditSettings, picture: torch.Tensor) -> dict[str, Any]:
    """Return the call arguments that depend on the photograph.

    Args:
        picture: (3, h, w), sRGB 0 to 1, as the model works on it.
    """
    if edit.control is None:
        return {}
    return {"control_image": control_picture(edit.control.kind, picture)}
