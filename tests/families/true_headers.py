"""Headers of the families' published files: true names and shapes, and no weights at all."""

from __future__ import annotations

import json
import math
from functools import cache
from pathlib import Path
from typing import Any

from tests.benchmarks.families.true_sizes import TRUE
from tests.families import bfl, ldm

Shapes = dict[str, tuple[int, ...]]

BYTES = {"F32": 4, "F16": 2, "BF16": 2, "F8_E4M3": 1, "U8": 1, "I8": 1, "I64": 8}


def write_sparse(
    path: Path, shapes: Shapes, dtype: str = "F16", metadata: dict[str, str] | None = None
) -> Path:
    """Write a .safetensors file of zeros that takes no room, however large it says it is."""
    header: dict[str, Any] = {"__metadata__": metadata} if metadata else {}
    place = 0
    for name, shape in shapes.items():
        end = place + math.prod(shape) * BYTES[dtype]
        header[name] = {"dtype": dtype, "shape": list(shape), "data_offsets": [place, end]}
        place = end
    text = json.dumps(header).encode()
    with path.open("wb") as file:
        file.write(len(text).to_bytes(8, "little") + text)
        file.truncate(8 + len(text) + place)
    return path


@cache
def component(family: str, name: str) -> dict[str, Any]:
    """Return the weights of a true component, without their numbers, as diffusers names them."""
    import torch

    with torch.device("meta"):
        return dict(TRUE[family].modules[name]().state_dict())


def checkpoint(family: str) -> Shapes:
    """Return the whole of Stable Diffusion 1.5's or XL's file."""
    parts = {
        "model.diffusion_model.": ldm.unet(component(family, "unet")),
        "first_stage_model.": ldm.vae(component("sd1", "vae")),
    }
    text = ldm.clip(component("sd1", "text_encoder"))
    if family == "sd1":
        parts["cond_stage_model.transformer."] = text
    else:
        parts["conditioner.embedders.0.transformer."] = text
        second = ldm.open_clip(component("sdxl", "text_encoder_2"))
        parts["conditioner.embedders.1.model."] = second
    return {
        prefix + name: tuple(weight.shape)
        for prefix, weights in parts.items()
        for name, weight in weights.items()
    }


def flux() -> Shapes:
    """Return FLUX.1 [dev]'s transformer as Black Forest Labs published it."""
    return shapes(bfl.transformer(component("flux", "transformer")))


def made(class_name: str, **config: Any) -> Shapes:
    """Return a network of diffusers; without settings most are of the published size."""
    import diffusers
    import torch

    with torch.device("meta"):
        return shapes(getattr(diffusers, class_name)(**config).state_dict())


def shapes(weights: dict[str, Any]) -> Shapes:
    """Return the shapes of weights."""
    return {name: tuple(weight.shape) for name, weight in weights.items()}
