"""Where a model's networks lie: on the device, or in the computer's memory until they are used."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import torch

from core.models.fit import Offload


@dataclass
class Placing:
    """Puts networks where they belong, and brings them to the device when they are called.

    Attributes:
        device: torch's name of where they compute.
        offload: what lies in the computer's memory meanwhile.
        prepare: is given every network that is put in its place later on.
    """

    device: str
    offload: Offload = Offload.NONE
    prepare: Callable[[Any], object] | None = None
    _there: list[Any] = field(default_factory=list)

    @property
    def rests(self) -> str:
        """Return torch's name of where weights are loaded to."""
        return self.device if self.offload is Offload.NONE else "cpu"

    def put(self, module: Any) -> Any:
        """Return the module, in its place; pipelines use it as if it lay on the device."""
        if self.offload is Offload.MODEL:
            self._watch(module)
        elif self.offload is Offload.SEQUENTIAL:
            from accelerate import cpu_offload

            cpu_offload(module, torch.device(self.device), offload_buffers=True)
        if self.prepare is not None:
            self.prepare(module)
        return module

    def bring(self, module: Any) -> None:
        """Have this one on the device, and no other."""
        if self._there and self._there[0] is module:
            return
        for other in self._there:
            other.to("cpu")
        self._there.clear()
        module.to(self.device)
        self._there.append(module)

    def _watch(self, module: Any) -> None:
        real = module.forward

        # Around the forward itself, not as a hook of the module: passes that are put together
        # from several photographs' calls come straight here.
        @functools.wraps(real)
        def forward(*args: Any, **kwargs: Any) -> Any:
            self.bring(module)
            return real(*args, **kwargs)

        module.forward = forward
        # diffusers looks here for the device, and tells it before a VAE encodes or decodes.
        object.__setattr__(module, "_hf_hook", _Hook(self, torch.device(self.device)))


@dataclass(frozen=True)
class _Hook:
    """What diffusers expects of a module that is brought to its device when it is called."""

    placing: Placing
    execution_device: torch.device

    def pre_forward(self, module: Any) -> None:
        self.placing.bring(module)
