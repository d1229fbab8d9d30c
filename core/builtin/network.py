"""The built-in model's network: a small U-Net on pixels that predicts v (Salimans, Ho 2022)."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import torch
from diffusers.configuration_utils import ConfigMixin, register_to_config
from diffusers.models.modeling_utils import ModelMixin
from diffusers.utils import BaseOutput
from torch import nn
from torch.nn import functional

from core.builtin.schedule import NUM_TRAIN_TIMESTEPS

FREQUENCIES = 32
BOUND = 16.0
"""Features stay within plus and minus this. Photographs reach 11; without a bound, patterns at the
highest frequencies can grow from block to block to tens of thousands and paint debris."""


@dataclass
class PhotoDenoiserOutput(BaseOutput):  # type: ignore[misc]
    """`sample`: the predicted v, (rows, 3, height, width)."""

    sample: torch.Tensor


class Block(nn.Module):
    """Residual block of two 3x3 convolutions; the noise level scales and shifts between them.

    No normalization: its statistics would tie a pixel to the size of its tile.
    """

    def __init__(self, width: int, embedding: int) -> None:
        super().__init__()
        self.spread = nn.Conv2d(width, width, 3, padding=1)
        self.merge = nn.Conv2d(width, width, 3, padding=1)
        self.modulate = nn.Linear(embedding, 2 * width)
        nn.init.zeros_(self.modulate.weight)
        nn.init.zeros_(self.modulate.bias)
        nn.init.normal_(self.merge.weight, std=1e-3)

    def forward(self, features: torch.Tensor, level: torch.Tensor) -> torch.Tensor:
        """`features` (rows, channels, height, width), `level` (rows, embedding)."""
        scale, shift = self.modulate(level)[..., None, None].chunk(2, 1)
        hidden = self.spread(features)
        if torch.is_grad_enabled():
            hidden = torch.addcmul(shift, hidden, 1 + scale)
            merged = features + self.merge(functional.silu(hidden))
            return functional.hardtanh(merged, -BOUND, BOUND)
        # The same numbers, in place: fresh memory would cost a tenth of the whole.
        torch.addcmul(shift, hidden, 1 + scale, out=hidden)
        merged = self.merge(functional.silu(hidden, inplace=True)).add_(features)
        return functional.hardtanh(merged, -BOUND, BOUND, inplace=True)


class Blocks(nn.ModuleList):
    """Blocks of one width, one after the other."""

    def __init__(self, count: int, width: int, embedding: int) -> None:
        super().__init__(Block(width, embedding) for _ in range(count))

    def forward(self, features: torch.Tensor, level: torch.Tensor) -> torch.Tensor:
        """Shapes as in Block."""
        for block in self:
            features = block(features, level)
        return features


class NoiseLevel(nn.Module):
    """Embeds timesteps: waves of 1 to 64 radians over the whole range, then two layers.

    The frequencies are no buffer: cast to bf16 with the model, they would be off by 0.25 radian.
    """

    def __init__(self, embedding: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Linear(2 * FREQUENCIES, embedding),
            nn.SiLU(),
            nn.Linear(embedding, embedding),
            nn.SiLU(),
        )

    def forward(self, timesteps: torch.Tensor, dtype: torch.dtype) -> torch.Tensor:
        """Timesteps (rows,) -> (rows, embedding) of `dtype`."""
        exponents = torch.linspace(0, math.log(64), FREQUENCIES, device=timesteps.device)
        turns = timesteps.float()[:, None] / NUM_TRAIN_TIMESTEPS * exponents.exp()
        waves = torch.cat([turns.sin(), turns.cos()], 1)
        return torch.as_tensor(self.layers(waves.to(dtype)))


class PhotoDenoiser(ModelMixin, ConfigMixin):  # type: ignore[misc]
    """Predicts v = sqrt(abar) noise - sqrt(1 - abar) picture, pixels from -1 to 1.

    Three levels on the picture folded 2x2 into channels; about 4 million parameters.
    Height and width must be multiples of 8.
    """

    @register_to_config  # type: ignore[untyped-decorator]
    def __init__(
        self,
        in_channels: int = 3,
        widths: Iterable[int] = (48, 96, 192),
        blocks: Iterable[int] = (2, 2, 4),
        embedding: int = 128,
    ) -> None:
        super().__init__()
        width, count = tuple(widths), tuple(blocks)
        folded, levels = in_channels * 4, range(len(width) - 1)
        self.noise_level = NoiseLevel(embedding)
        self.enter = nn.Conv2d(folded, width[0], 3, padding=1)
        self.down = nn.ModuleList(Blocks(count[k], width[k], embedding) for k in levels)
        self.shrink = nn.ModuleList(nn.Conv2d(width[k], width[k + 1], 2, 2) for k in levels)
        self.middle = Blocks(count[-1], width[-1], embedding)
        self.grow = nn.ModuleList(nn.ConvTranspose2d(width[k + 1], width[k], 2, 2) for k in levels)
        self.up = nn.ModuleList(Blocks(count[k], width[k], embedding) for k in levels)
        self.leave = nn.Conv2d(width[0], folded, 3, padding=1)
        nn.init.zeros_(self.leave.weight)
        if self.leave.bias is not None:
            nn.init.zeros_(self.leave.bias)

    def forward(
        self,
        sample: torch.Tensor,
        timestep: torch.Tensor | float,
        return_dict: bool = True,
    ) -> PhotoDenoiserOutput | tuple[torch.Tensor]:
        """Predict v.

        `sample`: (rows, 3, height, width), as diffusers' schedulers scale it; `timestep`: one for
        all rows or one a row, 0 to 999, fractions allowed. Raises ValueError on other sizes.
        """
        if sample.shape[-2] % 8 or sample.shape[-1] % 8:
            raise ValueError(f"height and width must be multiples of 8: {tuple(sample.shape)}")
        timesteps = torch.as_tensor(timestep, device=sample.device).expand(sample.shape[0])
        level = self.noise_level(timesteps, sample.dtype)
        predicted = self._predict(sample, level)
        return PhotoDenoiserOutput(sample=predicted) if return_dict else (predicted,)

    def _predict(self, sample: torch.Tensor, level: torch.Tensor) -> torch.Tensor:
        folded = functional.pixel_unshuffle(sample, 2)
        features = self.enter(folded.contiguous(memory_format=torch.channels_last))
        kept = []
        for blocks, shrink in zip(self.down, self.shrink, strict=True):
            features = blocks(features, level)
            kept.append(features)
            features = shrink(features)
        features = self.middle(features, level)
        for grow, blocks in zip(reversed(self.grow), reversed(self.up), strict=True):
            features = blocks(grow(features) + kept.pop(), level)
        return functional.pixel_shuffle(self.leave(features), 2)
