"""Photographs and settings for tests of how a latent model's picture comes back."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch

from core.engine.change import blurred
from core.images.photo import Container, Metadata, Photo, Pixels
from core.models.spec import ModelSpec
from core.recipe import EditSettings, SchedulerName


def spec(native: int = 64, multiple: int = 8) -> ModelSpec:
    return ModelSpec(
        id="m", name="M", family="sd1", folder=Path("/"), native_size=native,
        size_multiple=multiple, schedulers=(SchedulerName.DDIM,),
    )  # fmt: skip


def edit(strength: float = 0.6, **values: object) -> EditSettings:
    return EditSettings.model_validate({"mode": "repaint", "strength": strength} | values)


def photo(pixels: Pixels, alpha: Pixels | None = None, icc: bytes | None = None) -> Photo:
    return Photo(pixels, alpha, icc, Metadata(), Container.PNG)


def scene(height: int, width: int, *, seed: int = 0) -> Pixels:
    """Return soft shapes with fine texture over them, (height, width, 3)."""
    random = np.random.default_rng(seed)
    down, across = np.mgrid[:height, :width] / max(height, width)
    shapes = [np.sin(9 * down + k) + np.cos(7 * across + 2 * k) for k in range(3)]
    fine = 14 * random.standard_normal((height, width, 1))
    return np.clip(128 + 30 * np.stack(shapes, axis=2) + fine, 0, 255).astype(np.uint8)


def detail_left(source: Pixels, result: Pixels, sigma: float = 2.0) -> float:
    """Return how much of the source's fine detail is in the result: 1 all, 0 none of it."""
    fine = []
    for pixels in (source, result):
        planes = torch.from_numpy(pixels.astype(np.float32)).permute(2, 0, 1)
        fine.append(planes - blurred(planes, sigma))
    return float((fine[0] * fine[1]).sum() / (fine[0] ** 2).sum())
