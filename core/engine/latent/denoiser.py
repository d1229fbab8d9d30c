"""The shared denoiser of a model that works on latents, as the engine's passes call it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch

from core.engine.latent.components import Components
from core.engine.latent.forms import FORMS
from core.engine.latent.request import Request, join, split, with_residuals
from core.engine.latent.weave import real_forward, weave


@dataclass(frozen=True)
class LatentDenoiser:
    """A denoiser whose pipelines ask for it from their own stacks; see weave."""

    components: Components

    @property
    def network(self) -> Any:
        """The network itself."""
        return self.components.denoiser

    @property
    def size_multiple(self) -> int:
        """What both sides of a picture must divide by."""
        return self.components.spec.size_multiple

    @property
    def device(self) -> str:
        """Return torch's name of where it computes."""
        return self.components.device

    @property
    def dtype(self) -> str:
        """Return the number format that it computes in."""
        return self.components.dtype

    def predict(self, requests: Sequence[Request], _timesteps: torch.Tensor) -> list[Any]:
        """Return the network's answer to each request; all are alike.

        On a CPU each goes through alone, just as its pipeline asked it: several at once gain
        nothing there, and alone they give the same bits as diffusers' own call.
        """
        at_once = 1 if self.device == "cpu" else len(requests)
        batches = [requests[k : k + at_once] for k in range(0, len(requests), at_once)]
        with torch.no_grad():
            return [answer for batch in batches for answer in self._answers(batch)]

    def _answers(self, requests: Sequence[Request]) -> list[Any]:
        joined = join(requests)
        values = joined.values
        if joined.control is not None:
            residuals = real_forward(joined.controller)(**joined.control)
            values = with_residuals(values, tuple(residuals))
        return split(real_forward(self.network)(**values)[0], requests)


def latent_denoiser(components: Components) -> LatentDenoiser:
    """Return a model's denoiser, woven: its pipelines can be called in pieces from now on."""
    weave(components.denoiser, FORMS[components.spec.family])
    return LatentDenoiser(components)
