"""Photographs for small models, and leading them down as the engine does."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image

from core.engine.latent.components import Components
from core.engine.latent.denoiser import latent_denoiser
from core.engine.latent.photograph import photograph
from core.engine.latent.prompts import encode_prompts
from core.engine.latent.weave import Woven
from core.engine.passes import Group
from core.recipe import EditSettings, Mode

Key = TypeVar("Key", bound=Hashable)
Rgb = NDArray[np.uint8]


@dataclass(frozen=True)
class Seen:
    """What a model is given of a photograph; as Working, without what only the result needs."""

    picture: torch.Tensor
    mask: torch.Tensor | None = None
    tile: int = 0


def snapshot(side: int = 64, seed: int = 0, width: int = 0) -> Image.Image:
    """Return a picture with something in it."""
    drawn = np.random.default_rng(seed).integers(0, 256, (8, 8, 3), dtype=np.uint8)
    return Image.fromarray(drawn).resize((width or side, side), Image.Resampling.BICUBIC)


def spot(side: int = 64) -> Image.Image:
    """Return a mask with a white spot."""
    mask = np.zeros((side, side), dtype=np.uint8)
    mask[side // 4 : 3 * side // 4, side // 4 : side // 2] = 255
    return Image.fromarray(mask)


def seen(picture: Image.Image, mask: Image.Image | None = None, tile: int = 0) -> Any:
    """Return a picture as a model is given it."""
    values = torch.from_numpy(_shares(picture)).permute(2, 0, 1).contiguous()
    cover = None if mask is None else torch.from_numpy(_shares(mask))[None]
    return Seen(values, cover, tile)


def _shares(picture: Image.Image) -> NDArray[np.float32]:
    # NumPy's, since torch divides by multiplying, with other last bits.
    return np.array(picture).astype(np.float32) / np.float32(255)


def edit_of(components: Components, **settings: Any) -> EditSettings:
    """Return settings for a model: repaint, or instruct where it has no strength."""
    mode = Mode.REPAINT if components.spec.capabilities.strength else Mode.INSTRUCT
    return EditSettings(**{"model": components.spec.id, "mode": mode, "prompt": "a cat"} | settings)


def denoising(
    components: Components, working: Any, edit: EditSettings, seed: int = 5, **more: Any
) -> Woven[torch.Tensor]:
    """Return what leads a photograph down."""
    conditions = encode_prompts(components, edit)
    return photograph(components, working, edit, conditions, seed, **more)


def led_down(
    components: Components, photographs: dict[Key, Woven[torch.Tensor]], rows: int = 1
) -> dict[Key, torch.Tensor]:
    """Return the picture of each photograph, led down together."""
    group: Group[Key, torch.Tensor] = Group(latent_denoiser(components).predict, rows)
    for key, leading in photographs.items():
        group.add(key, leading)
    while group.keys:
        group.run_pass()
    found = {}
    for ended in group.take_ended():
        if isinstance(ended.outcome, Exception):
            raise ended.outcome
        found[ended.key] = ended.outcome
    return found


def in_bytes(picture: torch.Tensor) -> Rgb:
    """Return (h, w, 3) with 8 bits."""
    return (picture.permute(1, 2, 0).numpy() * 255).round().astype(np.uint8)
