"""A model that is ready to work."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from torch import nn

from core.engine.loader import Denoiser
from core.engine.messages import Numerics
from core.models.spec import ModelSpec

if TYPE_CHECKING:
    # It loads the pipelines' libraries, which the built-in model does without.
    from core.engine.latent.bench import LatentBench


@dataclass(frozen=True)
class LoadedModel:
    """A model ready to work, and how it computes. `cpu_allowed`: when device memory runs out.

    One that works on latents has a `bench`, one on pixels a `denoiser`.
    """

    spec: ModelSpec
    numerics: Numerics
    denoiser: Denoiser | None = None
    bench: LatentBench | None = None
    cpu_allowed: bool = False

    @property
    def network(self) -> Any:
        """The network that is called at each step."""
        if self.bench is not None:
            return self.bench.components.denoiser
        return self.pixel_denoiser.network

    @property
    def other_networks(self) -> list[Any]:
        """Those that are called before and after: text encoders and the VAE."""
        if self.bench is None:
            return []
        modules = self.bench.components.modules.values()
        return [m for m in modules if isinstance(m, nn.Module) and m is not self.network]

    @property
    def pixel_denoiser(self) -> Denoiser:
        """The denoiser of a model that works on pixels."""
        assert self.denoiser is not None, "it works on latents"
        return self.denoiser
