"""FLUX.1's transformer as its authors publish it, renamed and cut to diffusers' classes.

diffusers has this conversion too, but only for the width of the published models.
"""

from __future__ import annotations

import re
from typing import Any

import torch

from core.engine.latent.weights import Tensors

_ATTENTION = {"img": ("to_q", "to_k", "to_v"), "txt": ("add_q_proj", "add_k_proj", "add_v_proj")}
_NAMES = (
    (r"^img_in\.", "x_embedder."),
    (r"^txt_in\.", "context_embedder."),
    (r"^time_in\.(in|out)_layer\.", r"time_text_embed.timestep_embedder.\1_layer."),
    (r"^vector_in\.(in|out)_layer\.", r"time_text_embed.text_embedder.\1_layer."),
    (r"^guidance_in\.(in|out)_layer\.", r"time_text_embed.guidance_embedder.\1_layer."),
    (r"\.in_layer\.", ".linear_1."),
    (r"\.out_layer\.", ".linear_2."),
    (r"^final_layer\.linear\.", "proj_out."),
    (r"^final_layer\.adaLN_modulation\.1\.", "norm_out.linear."),
    (r"^double_blocks\.", "transformer_blocks."),
    (r"^single_blocks\.", "single_transformer_blocks."),
    (r"\.img_mod\.lin\.", ".norm1.linear."),
    (r"\.txt_mod\.lin\.", ".norm1_context.linear."),
    (r"\.modulation\.lin\.", ".norm.linear."),
    (r"\.img_mlp\.0\.", ".ff.net.0.proj."),
    (r"\.img_mlp\.2\.", ".ff.net.2."),
    (r"\.txt_mlp\.0\.", ".ff_context.net.0.proj."),
    (r"\.txt_mlp\.2\.", ".ff_context.net.2."),
    (r"\.img_attn\.proj\.", ".attn.to_out.0."),
    (r"\.txt_attn\.proj\.", ".attn.to_add_out."),
    (r"\.img_attn\.norm\.(query|key)_norm\.scale$", r".attn.norm_\1.weight"),
    (r"\.txt_attn\.norm\.(query|key)_norm\.scale$", r".attn.norm_added_\1.weight"),
    (r"\.norm\.(query|key)_norm\.scale$", r".attn.norm_\1.weight"),
    (r"norm_(added_)?query\.", r"norm_\1q."),
    (r"norm_(added_)?key\.", r"norm_\1k."),
    (r"(single_transformer_blocks\.\d+)\.linear2\.", r"\1.proj_out."),
)  # fmt: skip
"""Applied one after another, in this order."""

_PATTERNS = tuple((re.compile(pattern), name) for pattern, name in _NAMES)
_JOINT = re.compile(r"^(?P<block>double_blocks\.\d+)\.(?P<side>img|txt)_attn\.qkv\.(?P<kind>\w+)$")
_FUSED = re.compile(r"^single_blocks\.(?P<block>\d+)\.linear1\.(?P<kind>\w+)$")


def convert_flux(tensors: Tensors, _config: Any) -> Tensors:
    """Return the transformer's weights by diffusers' names; those named so already stay."""
    converted: Tensors = {}
    for name, tensor in tensors.items():
        name = name.removeprefix("model.diffusion_model.")
        if joint := _JOINT.match(name):
            converted |= _cut(tensor, joint)
        elif fused := _FUSED.match(name):
            converted |= _cut_single(tensor, tensors, fused)
        else:
            swapped = name.startswith("final_layer.adaLN_modulation")
            converted[_renamed(name)] = _scale_first(tensor) if swapped else tensor
    return converted


def _renamed(name: str) -> str:
    for pattern, replacement in _PATTERNS:
        name = pattern.sub(replacement, name)
    return name


def _cut(tensor: torch.Tensor, match: re.Match[str]) -> Tensors:
    block = _renamed(f"{match['block']}.")
    parts = tensor.chunk(3, dim=0)
    names = _ATTENTION[match["side"]]
    return {
        f"{block}attn.{name}.{match['kind']}": part for name, part in zip(names, parts, strict=True)
    }


def _cut_single(tensor: torch.Tensor, tensors: Tensors, match: re.Match[str]) -> Tensors:
    """Return query, key, value and the beginning of the MLP, which lie above each other."""
    block, kind = f"single_transformer_blocks.{match['block']}", match["kind"]
    # The block's last layer gives its width back.
    last = next(
        value
        for name, value in tensors.items()
        if name.endswith(f"single_blocks.{match['block']}.linear2.weight")
    )
    width = last.shape[0]
    *attention, mlp = torch.split(tensor, [width] * 3 + [len(tensor) - 3 * width])
    cut = {
        f"{block}.attn.{name}.{kind}": part
        for name, part in zip(_ATTENTION["img"], attention, strict=True)
    }
    return cut | {f"{block}.proj_mlp.{kind}": mlp}


def _scale_first(tensor: torch.Tensor) -> torch.Tensor:
    """Return the last layer's modulation as diffusers has it: scale before shift."""
    shift, scale = tensor.chunk(2, dim=0)
    return torch.cat([scale, shift], dim=0)
