"""Files of Z-Image, Qwen-Image and FLUX.2 klein as their makers name what is in them."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from tests.families import ldm
from tests.families.original import component, write

Weights = dict[str, Any]

FILES = {
    "z-image": ("z_image_turbo_bf16", "qwen_3_4b", "ae"),
    "qwen-image": ("qwen_image_bf16", "qwen_2.5_vl_7b", "qwen_image_vae"),
    "flux2-klein": ("flux-2-klein-4b", "qwen_3_4b", "flux2-vae"),
}
"""Names of the files, without suffix: transformer, text encoder, VAE."""

_Z_IMAGE = (
    ("all_final_layer.2-1.", "final_layer."),
    ("all_x_embedder.2-1.", "x_embedder."),
    (".attention.to_out.0.", ".attention.out."),
    (".attention.norm_k.", ".attention.k_norm."),
    (".attention.norm_q.", ".attention.q_norm."),
)
_KLEIN = (
    ("time_guidance_embed.timestep_embedder.linear_1.", "time_in.in_layer."),
    ("time_guidance_embed.timestep_embedder.linear_2.", "time_in.out_layer."),
    ("single_transformer_blocks.", "single_blocks."),
    ("transformer_blocks.", "double_blocks."),
    ("context_embedder.", "txt_in."),
    ("x_embedder.", "img_in."),
    ("norm_out.linear.", "final_layer.adaLN_modulation.1."),
    ("_modulation_img.linear.", "_modulation_img.lin."),
    ("_modulation_txt.linear.", "_modulation_txt.lin."),
    ("single_stream_modulation.linear.", "single_stream_modulation.lin."),
    (".attn.to_out.0.", ".img_attn.proj."),
    (".attn.to_add_out.", ".txt_attn.proj."),
    (".attn.norm_added_q.weight", ".txt_attn.norm.query_norm.scale"),
    (".attn.norm_added_k.weight", ".txt_attn.norm.key_norm.scale"),
    (".ff.linear_in.", ".img_mlp.0."),
    (".ff.linear_out.", ".img_mlp.2."),
    (".ff_context.linear_in.", ".txt_mlp.0."),
    (".ff_context.linear_out.", ".txt_mlp.2."),
    (".attn.to_qkv_mlp_proj.", ".linear1."),
)
_WAN = (
    ("mid_block.resnets.0.", "middle.0."),
    ("mid_block.attentions.0.", "middle.1."),
    ("mid_block.resnets.1.", "middle.2."),
    ("coder.conv_in.", "coder.conv1."),
    ("coder.norm_out.", "coder.head.0."),
    ("coder.conv_out.", "coder.head.2."),
    (".norm1.", ".residual.0."),
    (".norm2.", ".residual.3."),
    (".conv_shortcut.", ".shortcut."),
    ("encoder.down_blocks.", "encoder.downsamples."),
)
_BLOCK = 4
"""Layers of a level of the decoder: three residual ones, and one that enlarges."""


def save_comfy(folder: Path, target: Path, family_id: str) -> dict[str, Path]:
    """Save a model of `build` as a file for each part; return them by component."""
    weights = {
        "transformer": TRANSFORMERS[family_id](component(folder, "transformer")),
        "text_encoder": _language(component(folder, "text_encoder")),
        "vae": VAES[family_id](component(folder, "vae")),
    }
    names = FILES[family_id]
    return {
        role: write(target / f"{name}.safetensors", kept)
        for name, (role, kept) in zip(names, weights.items(), strict=True)
    }


def z_image(weights: Weights) -> Weights:
    """Return Z-Image's transformer with queries, keys and values in one."""
    return _joined(weights, ".attention.to_", ("q", "k", "v"), ".attention.qkv", _Z_IMAGE)


def klein(weights: Weights) -> Weights:
    """Return FLUX.2's transformer under the names of Black Forest Labs."""
    import torch

    names = ("add_q_proj", "add_k_proj", "add_v_proj")
    text = _joined(weights, ".attn.", names, ".txt_attn.qkv", ())
    old: Weights = {}
    for new, weight in _joined(
        text, ".attn.", ("to_q", "to_k", "to_v"), ".img_attn.qkv", ()
    ).items():
        name = new
        is_single = name.startswith("single_transformer_blocks.")
        name = re.sub(r"^proj_out\.", "final_layer.linear.", name)
        kind = "" if is_single else "img_attn."
        name = re.sub(r"\.attn\.norm_q\.weight", f".{kind}norm.query_norm.scale", name)
        name = re.sub(r"\.attn\.norm_k\.weight", f".{kind}norm.key_norm.scale", name)
        name = name.replace(".attn.to_out.weight", ".linear2.weight") if is_single else name
        for now, before in _KLEIN:
            name = name.replace(now, before)
        # The two halves, scale and shift, stood the other way round.
        swapped = torch.cat(weight.chunk(2)[::-1]) if "adaLN" in name else weight
        old[name] = swapped
    return old


def qwen_vae(weights: Weights) -> Weights:
    """Return Qwen-Image's autoencoder under the names of Wan, which it is from."""
    old: Weights = {}
    for new, weight in weights.items():
        name = re.sub(r"^quant_conv\.", "conv1.", re.sub(r"^post_quant_conv\.", "conv2.", new))
        if new.startswith(("quant_conv.", "post_quant_conv.")):
            old[name] = weight
            continue
        for now, before in _WAN:
            name = name.replace(now, before)
        if "coder.conv1." not in name:
            name = name.replace(".conv1.", ".residual.2.").replace(".conv2.", ".residual.6.")
        name = re.sub(r"up_blocks\.(\d+)\.(resnets|upsamplers)\.(\d+)\.", _upsample, name)
        old[name] = weight
    return old


def _upsample(found: re.Match[str]) -> str:
    place = int(found[3]) if found[2] == "resnets" else _BLOCK - 1
    return f"upsamples.{_BLOCK * int(found[1]) + place}."


def klein_vae(weights: Weights) -> Weights:
    """Return FLUX.2's autoencoder; the layers around its code are in its two halves."""
    beside = {name: weight for name, weight in weights.items() if name.startswith("bn.")}
    rest = ldm.vae({name: weight for name, weight in weights.items() if name not in beside})
    moved = (
        ("post_quant_conv.", "decoder.post_quant_conv."),
        ("quant_conv.", "encoder.quant_conv."),
    )
    for new, before in moved:
        rest = {re.sub(f"^{new}", before, name): weight for name, weight in rest.items()}
    return rest | beside


def _joined(
    weights: Weights, start: str, members: tuple[str, str, str], whole: str,
    names: tuple[tuple[str, str], ...],
) -> Weights:  # fmt: skip
    import torch

    old: Weights = {}
    for new, weight in weights.items():
        first, *others = (f"{start}{member}." for member in members)
        if any(other in new for other in others):
            continue
        name, value = new, weight
        if first in new:
            value = torch.cat([weight, *(weights[new.replace(first, o)] for o in others)])
            name = new.replace(first, f"{whole}.")
        for now, before in names:
            name = name.replace(now, before)
        old[name] = value
    return old


def _language(weights: Weights) -> Weights:
    """Return a language model's weights under `model.`, as the whole of it is published."""
    prefixed = any(name.startswith("model.") for name in weights)
    return weights if prefixed else {f"model.{name}": weight for name, weight in weights.items()}


TRANSFORMERS = {"z-image": z_image, "qwen-image": dict, "flux2-klein": klein}
VAES = {"z-image": ldm.vae, "qwen-image": qwen_vae, "flux2-klein": klein_vae}
