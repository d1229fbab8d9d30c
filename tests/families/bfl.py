"""Names of tensors as FLUX.1 was published, from the names that diffusers gives."""

from __future__ import annotations

import re
from typing import Any

Weights = dict[str, Any]

_STARTS = (
    ("time_text_embed.timestep_embedder.linear_1.", "time_in.in_layer."),
    ("time_text_embed.timestep_embedder.linear_2.", "time_in.out_layer."),
    ("time_text_embed.text_embedder.linear_1.", "vector_in.in_layer."),
    ("time_text_embed.text_embedder.linear_2.", "vector_in.out_layer."),
    ("time_text_embed.guidance_embedder.linear_1.", "guidance_in.in_layer."),
    ("time_text_embed.guidance_embedder.linear_2.", "guidance_in.out_layer."),
    ("context_embedder.", "txt_in."),
    ("x_embedder.", "img_in."),
    ("norm_out.linear.", "final_layer.adaLN_modulation.1."),
)
_DOUBLE = (
    ("norm1.linear.", "img_mod.lin."),
    ("norm1_context.linear.", "txt_mod.lin."),
    ("attn.to_out.0.", "img_attn.proj."),
    ("attn.to_add_out.", "txt_attn.proj."),
    ("attn.norm_q.weight", "img_attn.norm.query_norm.scale"),
    ("attn.norm_k.weight", "img_attn.norm.key_norm.scale"),
    ("attn.norm_added_q.weight", "txt_attn.norm.query_norm.scale"),
    ("attn.norm_added_k.weight", "txt_attn.norm.key_norm.scale"),
    ("ff.net.0.proj.", "img_mlp.0."),
    ("ff.net.2.", "img_mlp.2."),
    ("ff_context.net.0.proj.", "txt_mlp.0."),
    ("ff_context.net.2.", "txt_mlp.2."),
)
_SINGLE = (
    ("norm.linear.", "modulation.lin."),
    ("attn.norm_q.weight", "norm.query_norm.scale"),
    ("attn.norm_k.weight", "norm.key_norm.scale"),
    ("proj_out.", "linear2."),
)
_JOINED = (
    (("attn.to_q.", "attn.to_k.", "attn.to_v."), "img_attn.qkv."),
    (("attn.add_q_proj.", "attn.add_k_proj.", "attn.add_v_proj."), "txt_attn.qkv."),
)
_SINGLE_JOINED = ((("attn.to_q.", "attn.to_k.", "attn.to_v.", "proj_mlp."), "linear1."),)


def transformer(weights: Weights) -> Weights:
    """Return the weights of FLUX.1's transformer under the names of Black Forest Labs."""
    import torch

    old: Weights = {}
    for name, weight in weights.items():
        if block := re.match(r"(single_)?transformer_blocks\.(\d+)\.(.*)", name):
            old |= _block(weights, block)
        elif name.startswith("proj_out."):
            old["final_layer.linear." + name.removeprefix("proj_out.")] = weight
        else:
            first = next((name.replace(n, o, 1) for n, o in _STARTS if name.startswith(n)), "")
            # The two halves, scale and shift, stood the other way round.
            swapped = torch.cat(weight.chunk(2)[::-1]) if "adaLN" in first else weight
            old[first] = swapped
    return old


def _block(weights: Weights, found: re.Match[str]) -> Weights:
    import torch

    single, number, rest = found[1] or "", found[2], found[3]
    block = f"{'single' if single else 'double'}_blocks.{number}."
    for members, name in _SINGLE_JOINED if single else _JOINED:
        if rest.startswith(members[0]):
            end = rest.removeprefix(members[0])
            whole = f"{single}transformer_blocks.{number}."
            return {f"{block}{name}{end}": torch.cat([weights[whole + m + end] for m in members])}
        if rest.startswith(members):
            return {}
    for new, name in _SINGLE if single else _DOUBLE:
        if rest.startswith(new):
            return {block + name + rest.removeprefix(new): weights[found[0]]}
    raise KeyError(found[0])
