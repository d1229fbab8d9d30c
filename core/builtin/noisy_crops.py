"""Training pairs: crops with noise of a known level, white or as cameras make it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

from core.builtin.camera import draw_camera, take_pair
from core.builtin.crops import draw_crops
from core.builtin.looks import Pixels
from core.builtin.schedule import LEVELS_PER_UNIT, MAX_RATIO, MIN_RATIO, ratio_of_sigma

CAMERA_SHARE = 0.3
CLEANING_SHARE = 0.8
CLEANING_SIGMAS = (2.0, 80.0)
GUESSING = 0.2
"""Deviation of ln(level told / level there) for camera noise: what is measured in a photograph
misses by about that much, so the network must not believe it to the letter."""

_LEAST_SIGMA = 1.5
_CAMERA_STREAM = 1


@dataclass(frozen=True)
class NoisyCrops:
    """Crops of one step: (rows, 3, side, side) each, ratios (rows,).

    The noisy picture is `picture + ratio * noise`, on the scale of -1 to 1.
    """

    picture: torch.Tensor
    noise: torch.Tensor
    ratio: torch.Tensor


def draw_noisy_crops(
    seed: int, step: int, canvases: Pixels, rows: int, size: int, camera_share: float = CAMERA_SHARE
) -> NoisyCrops:
    """The pairs of one training step; a pure function. The first rows have camera noise."""
    crops = draw_crops(seed, step, canvases, rows, size)
    generator = torch.Generator().manual_seed(seed * 2**40 + step)
    ratio = draw_ratios(rows, generator)
    picture = torch.from_numpy(crops).float() / LEVELS_PER_UNIT - 1
    noise = torch.randn(picture.shape, generator=generator)
    for row in range(round(rows * camera_share)):
        random = np.random.default_rng((seed, step, row, _CAMERA_STREAM))
        quiet, change = _take(random, crops[row])
        sigma = max(_LEAST_SIGMA, float(change.std())) * np.exp(random.normal(0, GUESSING))
        ratio[row] = ratio_of_sigma(sigma)
        picture[row] = quiet / LEVELS_PER_UNIT - 1
        noise[row] = change / sigma
    return NoisyCrops(picture, noise, ratio)


def _take(random: np.random.Generator, crop: Pixels) -> tuple[torch.Tensor, torch.Tensor]:
    """A crop (3, side, side) as a camera sees it without noise, and what noise adds; levels."""
    camera, seed = draw_camera(random), int(random.integers(2**40))
    noisy, quiet = take_pair(camera, np.ascontiguousarray(crop.transpose(1, 2, 0)), seed)
    both = torch.from_numpy(np.stack([quiet, noisy - quiet])).permute(0, 3, 1, 2)
    return both[0], both[1]


def draw_ratios(rows: int, generator: torch.Generator) -> torch.Tensor:
    """Noise ratios: four in five log-uniform over what photographs have, the rest over all."""
    share, position = torch.rand((2, rows), generator=generator)
    low = torch.where(share < CLEANING_SHARE, ratio_of_sigma(CLEANING_SIGMAS[0]), MIN_RATIO)
    high = torch.where(share < CLEANING_SHARE, ratio_of_sigma(CLEANING_SIGMAS[1]), MAX_RATIO)
    return torch.mul(low, (high / low) ** position)
