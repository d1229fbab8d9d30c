"""Transformers of the flow families, alone or in ComfyUI's all-in-one files, known by names."""

from __future__ import annotations

from dataclasses import dataclass

from core.models.header import FoundFile, Header, variant_of
from core.models.spec import Prediction

_PREFIXES = ("model.diffusion_model.", "diffusion_model.")
_WHOLE = ("text_encoders.", "conditioner.")
_VAES = ("vae.", "first_stage_model.")


@dataclass(frozen=True)
class Sign:
    """What a transformer is known by.

    `names`: tensors that it has, under its makers' names or diffusers'. `inputs`: the layer that
    reads the picture, and how wide that is.
    """

    family: str
    names: tuple[str, ...]
    inputs: str
    width: int


_SIGNS = (
    Sign("flux2-klein", ("double_stream_modulation_img.lin.weight",), "img_in.weight", 128),
    Sign("flux2-klein", ("double_stream_modulation_img.linear.weight",), "x_embedder.weight", 128),
    Sign(
        "flux",
        ("double_blocks.0.img_attn.norm.key_norm.scale", "single_blocks.0.linear1.weight"),
        "img_in.weight",
        64,
    ),
    Sign(
        "flux",
        ("transformer_blocks.0.norm1_context.linear.weight",
         "single_transformer_blocks.0.proj_mlp.weight"),
        "x_embedder.weight",
        64,
    ),
    Sign(
        "sd3",
        ("joint_blocks.0.context_block.adaLN_modulation.1.weight",),
        "x_embedder.proj.weight",
        16,
    ),
    Sign(
        "sd3",
        ("transformer_blocks.0.norm1_context.linear.weight", "pos_embed.pos_embed"),
        "pos_embed.proj.weight",
        16,
    ),
    Sign("qwen-image", ("transformer_blocks.0.img_mod.1.weight", "txt_norm.weight"),
         "img_in.weight", 64),
    Sign("z-image", ("layers.0.adaLN_modulation.0.weight", "all_x_embedder.2-1.weight"),
         "all_x_embedder.2-1.weight", 64),
    Sign("z-image", ("layers.0.adaLN_modulation.0.weight", "cap_embedder.1.weight"),
         "x_embedder.weight", 64),
)  # fmt: skip

_OTHERS = (
    (r"(^|\.)distilled_guidance_layer\.", "is Chroma, a relative of FLUX.1"),
    (r"^redux_(up|down)\.", "is FLUX.1 Redux, which takes pictures as prompts"),
    (r"(^|\.)addition_t_embedding", "is Qwen-Image-Layered, which takes pictures apart"),
    (r"(^|\.)txt_in\.text_norm\.", "is Qwen-Image 2.1"),
    (r"(^|\.)joint_transformer_blocks\.", "is AuraFlow"),
    (r"(^|\.)txtfusion\.", "is Krea 2"),
    (r"(^|\.)head\.modulation$", "is Wan, a model of videos"),
    (r"(^|\.)patchify_proj\.", "is LTX, a model of videos"),
    (r"(^|\.)individual_token_refiner\.", "is HunyuanVideo, a model of videos"),
    (r"(^|\.)double_stream_blocks\.", "is HiDream"),
    (r"(^|\.)net\.pos_embedder\.", "is Cosmos"),
)
_ODD_INPUTS = {
    384: "is FLUX.1 Fill, which takes the mask as part of the picture",
    128: "is FLUX.1 for depth maps or edges (Control)",
}


def transformer(header: Header) -> FoundFile | None:
    """Return what a flow family's transformer is, None if it is none.

    Raises:
        ModelUntrustedError: it is one that cannot be used here, and why.
    """
    for pattern, what in _OTHERS:
        if header.any_like(pattern):
            raise header.refusal(f"{what}; Regrain does not use it")
    prefix = next((p for p in _PREFIXES if header.starts(p)), "")
    net = header.under(prefix)
    sign = next((sign for sign in _SIGNS if net.has(*sign.names)), None)
    if sign is None:
        return None
    _check_inputs(header, net, sign)
    family = _family(sign.family, header.words)
    return FoundFile(
        role="checkpoint" if header.starts(*_WHOLE) and header.starts(*_VAES) else "transformer",
        family=family,
        variant=_variant(family, net, header.words),
        prediction=Prediction.FLOW,
        parameters={"transformer": net.count()} | _others(header, family),
        dtype=net.dtype,
        title=header.title,
    )


def _check_inputs(header: Header, net: Header, sign: Sign) -> None:
    width = net.width(sign.inputs)
    if width != sign.width:
        what = _ODD_INPUTS.get(width, f"reads pictures of {width} channels")
        raise header.refusal(f"{what}; Regrain does not use it")
    if sign.family == "flux2-klein" and net.any_like(r"^(guidance_in|time_guidance_embed\.guid)"):
        raise header.refusal("is FLUX.2 dev; Regrain uses FLUX.2 klein")


def _family(family: str, words: frozenset[str]) -> str:
    """Return the family that edits by instruction, where the name says so; weights are alike."""
    if family == "flux" and "kontext" in words:
        return "flux-kontext"
    if family == "qwen-image" and "edit" in words:
        return "qwen-image-edit"
    return family


def _variant(family: str, net: Header, words: frozenset[str]) -> str:
    if family == "flux" and not net.any_like(r"^(guidance_in|time_text_embed\.guidance_embedder)"):
        return "schnell"
    if family == "flux2-klein" and "base" in words:
        return "base"
    if family == "qwen-image-edit" and {"plus", "2509", "2511"} & words:
        return "plus"
    return variant_of(family, words)


def _others(header: Header, family: str) -> dict[str, int]:
    """Return the numbers of the components beside it in the same file."""
    encoders = {
        "clip_l": "text_encoder",
        "clip_g": "text_encoder_2",
        "t5xxl": "text_encoder_3" if family == "sd3" else "text_encoder_2",
    }
    counts = {
        role: header.under(f"text_encoders.{name}.transformer.").count(
            "embed_tokens" if name == "t5xxl" else "$^"
        )
        for name, role in encoders.items()
    }
    counts["vae"] = sum(header.under(prefix).count() for prefix in _VAES)
    return {role: count for role, count in counts.items() if count}
