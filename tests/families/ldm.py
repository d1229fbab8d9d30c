"""Names of tensors as Stable Diffusion was first published, from the names that diffusers gives."""

from __future__ import annotations

import re
from typing import Any

Weights = dict[str, Any]

_UNET_ENDS = (
    ("time_embedding.linear_1.", "time_embed.0."),
    ("time_embedding.linear_2.", "time_embed.2."),
    ("time_embedding.cond_proj.", "time_embed.cond_proj."),
    ("add_embedding.linear_1.", "label_emb.0.0."),
    ("add_embedding.linear_2.", "label_emb.0.2."),
    ("conv_in.", "input_blocks.0.0."),
    ("conv_norm_out.", "out.0."),
    ("conv_out.", "out.2."),
    ("mid_block.resnets.0.", "middle_block.0."),
    ("mid_block.attentions.0.", "middle_block.1."),
    ("mid_block.resnets.1.", "middle_block.2."),
)
_RESNET = (
    ("norm1.", "in_layers.0."),
    ("conv1.", "in_layers.2."),
    ("time_emb_proj.", "emb_layers.1."),
    ("norm2.", "out_layers.0."),
    ("conv2.", "out_layers.3."),
    ("conv_shortcut.", "skip_connection."),
)
_OPEN_CLIP = (
    ("text_model.embeddings.token_embedding.weight", "token_embedding.weight"),
    ("text_model.embeddings.position_embedding.weight", "positional_embedding"),
    ("text_model.final_layer_norm.", "ln_final."),
    ("text_model.encoder.layers.", "transformer.resblocks."),
    (".layer_norm1.", ".ln_1."),
    (".layer_norm2.", ".ln_2."),
    (".mlp.fc1.", ".mlp.c_fc."),
    (".mlp.fc2.", ".mlp.c_proj."),
    (".self_attn.out_proj.", ".attn.out_proj."),
)
_VAE = (
    ("conv_norm_out.", "norm_out."),
    ("conv_shortcut.", "nin_shortcut."),
    ("mid_block.resnets.0.", "mid.block_1."),
    ("mid_block.resnets.1.", "mid.block_2."),
    ("mid_block.attentions.0.", "mid.attn_1."),
    ("downsamplers.0.conv.", "downsample.conv."),
    ("upsamplers.0.conv.", "upsample.conv."),
    ("attn_1.group_norm.", "attn_1.norm."),
    ("attn_1.to_q.", "attn_1.q."),
    ("attn_1.to_k.", "attn_1.k."),
    ("attn_1.to_v.", "attn_1.v."),
    ("attn_1.to_out.0.", "attn_1.proj_out."),
)


def unet(weights: Weights, layers: int = 2) -> Weights:
    """Return a U-Net's weights under their first names.

    Args:
        weights: as diffusers saves them.
        layers: residual blocks on each level on the way down.
    """
    attended = {name.split(".")[1] for name in weights if name.startswith("up_blocks.")} & {
        name.split(".")[1] for name in weights if re.match(r"up_blocks\.\d+\.attentions", name)
    }
    return {unet_name(name, layers, attended): weight for name, weight in weights.items()}


def unet_name(name: str, layers: int = 2, attended: set[str] | frozenset[str] = frozenset()) -> str:
    """Return the first name of one tensor of a U-Net."""
    for new, old in _UNET_ENDS:
        if name.startswith(new):
            return _resnet_name(name.replace(new, old, 1), ".resnets." in name)
    way, level, part, number, rest = name.split(".", 4)
    first = int(level) * (layers + 1) + (way == "down_blocks")
    block = "input_blocks" if way == "down_blocks" else "output_blocks"
    if part == "resnets":
        return _resnet_name(f"{block}.{first + int(number)}.0.{rest}", True)
    if part == "attentions":
        return f"{block}.{first + int(number)}.1.{rest}"
    if part == "downsamplers":
        return f"{block}.{first + layers}.0.{rest.replace('conv.', 'op.')}"
    return f"{block}.{first + layers}.{2 if level in attended else 1}.{rest}"


def _resnet_name(name: str, is_resnet: bool) -> str:
    for new, old in _RESNET if is_resnet else ():
        name = name.replace(f".{new}", f".{old}", 1)
    return name


def vae(weights: Weights) -> Weights:
    """Return an autoencoder's weights under their first names; attention was made of 1x1 layers."""
    levels = 1 + max(int(name.split(".")[2]) for name in weights if ".up_blocks." in name)
    old: Weights = {}
    for new_name, weight in weights.items():
        name = new_name
        for new, first in _VAE:
            name = name.replace(new, first)
        name = re.sub(r"down_blocks\.(\d+)\.resnets\.", r"down.\1.block.", name)
        name = re.sub(r"down_blocks\.(\d+)\.", r"down.\1.", name)
        name = re.sub(
            r"up_blocks\.(\d+)\.", lambda found: f"up.{levels - 1 - int(found[1])}.", name
        ).replace(".resnets.", ".block.")
        is_layer = ".attn_1." in name and weight.ndim == 2
        old[name] = weight[:, :, None, None].contiguous() if is_layer else weight
    return old


def clip(weights: Weights) -> Weights:
    """Return a CLIP text encoder's weights as OpenAI's: under `text_model.`."""
    return {
        name
        if name.startswith(("text_model.", "text_projection"))
        else f"text_model.{name}": weight
        for name, weight in weights.items()
    }


def open_clip(weights: Weights) -> Weights:
    """Return a CLIP text encoder's weights as OpenCLIP's: queries, keys and values in one."""
    import torch

    old: Weights = {"logit_scale": torch.tensor(4.6052)}
    for new_name, weight in clip(weights).items():
        name = new_name
        for new, first in _OPEN_CLIP:
            name = name.replace(new, first)
        if name == "text_projection.weight":
            old["text_projection"] = weight.T.contiguous()
        elif ".self_attn.q_proj." in name:
            all_three = [clip(weights)[new_name.replace("q_proj", f"{x}_proj")] for x in "qkv"]
            joined = name.replace(".self_attn.q_proj.", ".attn.in_proj_")
            old[joined] = torch.cat(all_three)
        elif ".self_attn." not in name:
            old[name] = weight
    if "text_projection" not in old:
        # Stable Diffusion 2 has it in its file, and never uses it.
        old["text_projection"] = torch.eye(len(old["ln_final.weight"]))
    return old
