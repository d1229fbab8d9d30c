"""LoRA files for the small models, named as kohya's trainer and as diffusers name them."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from tests.families import bfl, ldm
from tests.families.original import component, write

Weights = dict[str, Any]

RANK = 4
KOHYA_METADATA = {
    "sd1": {"ss_base_model_version": "sd_v1", "ss_network_module": "networks.lora"},
    "sdxl": {"ss_base_model_version": "sdxl_base_v1-0", "ss_network_module": "networks.lora"},
    "flux": {"ss_base_model_version": "flux1", "ss_network_module": "networks.lora_flux"},
}
_TAUGHT = re.compile(
    r"(attn\d?|self_attn|img_attn|txt_attn)\."
    r"(to_[qkv]|to_out\.0|[qkv]_proj|out_proj|qkv|proj)\.weight$"
)


def save_lora(
    folder: Path, path: Path, family_id: str, form: str = "kohya", size: float = 0.5, seed: int = 7
) -> Path:
    """Save a LoRA for a model of `build`: sd1, sdxl or flux.

    Args:
        folder: the model.
        path: is written.
        family_id: as in core.models.families.
        form: `kohya`, `kohya-ldm` (SDXL with the U-Net's first names) or `diffusers`.
        size: how far it moves the weights, in their own spread.
        seed: of what it teaches.
    """
    import torch

    draw = torch.Generator().manual_seed(seed)
    weights: Weights = {}
    for part, layers in _layers(folder, family_id, form).items():
        for layer, weight in layers.items():
            down = torch.randn(RANK, weight.shape[1], generator=draw) / weight.shape[1] ** 0.5
            up = torch.randn(weight.shape[0], RANK, generator=draw) * size * weight.std()
            weights |= _pair(part, layer, down, up, form)
    noted = KOHYA_METADATA[family_id] | {"ss_output_name": path.stem, "ss_network_dim": str(RANK)}
    return write(path, weights, noted if form.startswith("kohya") else {"format": "pt"})


def _pair(part: str, layer: str, down: Any, up: Any, form: str) -> Weights:
    import torch

    if form == "diffusers":
        return {f"{part}.{layer}.lora_A.weight": down, f"{part}.{layer}.lora_B.weight": up}
    name = f"{part}_{layer.replace('.', '_')}"
    alpha = torch.tensor(float(RANK))
    return {
        f"{name}.lora_down.weight": down,
        f"{name}.lora_up.weight": up,
        f"{name}.alpha": alpha,
    }


def _layers(folder: Path, family_id: str, form: str) -> dict[str, Weights]:
    """Return the layers that are taught, by the name of their part in such files."""
    if family_id == "flux":
        weights = component(folder, "transformer")
        if form == "diffusers":
            return {"transformer": _taught(weights)}
        return {"lora_unet": _taught(bfl.transformer(weights))}
    unet = component(folder, "unet")
    first, second = ldm.clip(component(folder, "text_encoder")), None
    if family_id == "sdxl":
        second = ldm.clip(component(folder, "text_encoder_2"))
    if form == "diffusers":
        named = {"unet": unet, "text_encoder": first, "text_encoder_2": second}
    else:
        unet = ldm.unet(unet) if form == "kohya-ldm" else unet
        named = {"lora_unet": unet, f"lora_te{1 if second else ''}": first, "lora_te2": second}
    return {part: _taught(weights) for part, weights in named.items() if weights}


def _taught(weights: Weights) -> Weights:
    """Return the weights of attention by the names of their layers."""
    return {
        name.removesuffix(".weight"): weight
        for name, weight in weights.items()
        if weight.ndim == 2 and _TAUGHT.search(name)
    }
