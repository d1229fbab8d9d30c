"""LoRAs, ControlNets and IP-Adapters, known by the names and shapes of what they change."""

from __future__ import annotations

import re

from core.models.header import FoundFile, Header

_LORA = r"[._](lora_down|lora_up|lora_A|lora_B|lora\.down|lora\.up)\.|_lora\.(down|up)\."
_OTHER_LORAS = (
    (r"\.hada_w\d", "is a LoHa"),
    (r"\.lokr_w\d", "is a LoKr"),
    (r"\.oft_(blocks|diag)$|\.oft_R\.", "is an OFT"),
    (r"\.lora_mid\.", "is a LoCon of the kind with three parts"),
    (r"\.on_input$", "is an (IA)3"),
)
_BASES = (
    ("kontext", "flux-kontext"), ("flux.2", "flux2-klein"), ("flux-2", "flux2-klein"),
    ("flux2", "flux2-klein"), ("klein", "flux2-klein"), ("flux", "flux"), ("xl", "sdxl"),
    ("sd3", "sd3"), ("stable-diffusion-3", "sd3"), ("edit", "qwen-image-edit"),
    ("qwen", "qwen-image"), ("z-image", "z-image"), ("zimage", "z-image"), ("z_image", "z-image"),
    ("sd_v2", "sd2"), ("diffusion-v2", "sd2"), ("sd_v1", "sd1"), ("diffusion-v1", "sd1"),
)  # fmt: skip
"""What trainers note as the model that a LoRA is for, the more particular words first."""

_CROSS_WIDTHS = {768: "sd1", 1024: "sd2", 2048: "sdxl"}
"""Numbers of a prompt's token, as each family's attention reads it."""

_CONTROL_WORDS = ("union", "tile", "lineart", "canny", "depth", "softedge", "scribble", "openpose")
_DEEPEST_SD3 = 38


def adapter(header: Header) -> FoundFile | None:
    """Return what a file that changes another model is, None if it is none.

    Raises:
        ModelUntrustedError: it is of a kind that cannot be used here, and why.
    """
    _refuse_embedding(header)
    return _ip_adapter(header) or _controlnet(header) or _lora(header)


def _refuse_embedding(header: Header) -> None:
    if header.tensors.keys() <= {"emb_params", "clip_l", "clip_g", "t5xxl"} and header.tensors:
        raise header.refusal("is an embedding (textual inversion); Regrain does not use those")


def _ip_adapter(header: Header) -> FoundFile | None:
    if header.any_like(r"(^|\.)ip_adapter.*double_stream|^double_blocks\.\d+\.processor\.ip_"):
        raise header.refusal("is an IP-Adapter of FLUX.1; Regrain uses those of SD 1.x and SDXL")
    if not (header.starts("ip_adapter.") and header.starts("image_proj.")):
        return None
    if header.any_like(r"^ip_adapter\..*_lora\."):
        raise header.refusal(
            "is an IP-Adapter FaceID; the face recogniser that it needs is not free"
        )
    width = header.width("ip_adapter.1.to_k_ip.weight")
    known = {"sdxl"} & header.words or header.any_like(r"^ip_adapter\.33\.")
    family = _CROSS_WIDTHS.get(width) or ("sdxl" if known else "sd1")
    variant = "plus" if header.has("image_proj.latents") else ""
    return FoundFile("ip_adapter", family, variant, dtype=header.dtype, title=header.title)


def _controlnet(header: Header) -> FoundFile | None:
    if header.any_like(r"lllite_|^lora_controlnet$"):
        raise header.refusal("is a small kind of ControlNet (LLLite, Control-LoRA), not used here")
    if header.starts("adapter.body.") or header.has("body.0.resnets.0.block1.weight"):
        raise header.refusal("is a T2I-Adapter; Regrain uses ControlNets")
    if header.has("controlnet_x_embedder.weight"):
        return _control(header, "flux")
    net = header.under("control_model.") if header.starts("control_model.") else header
    old = net.has("input_hint_block.0.weight", "zero_convs.0.0.weight")
    new = net.has("controlnet_cond_embedding.conv_in.weight", "controlnet_down_blocks.0.weight")
    if not (old or new):
        return None
    if net.starts("label_emb.", "add_embedding."):
        return _control(header, "sdxl")
    width = _cross_width(net)
    return _control(header, _CROSS_WIDTHS.get(width, "sd1"))


def _control(header: Header, family: str) -> FoundFile:
    variant = next((word for word in _CONTROL_WORDS if word in header.file.lower()), "")
    return FoundFile("controlnet", family, variant, dtype=header.dtype, title=header.title)


def _cross_width(net: Header) -> int:
    names = [name for name in net.tensors if re.search(r"attn2[._]to_k\b.*weight$", name)]
    widths = [net.width(name) for name in names if ".lora_up." not in name and "lora_B" not in name]
    return max(widths, default=0)


def _lora(header: Header) -> FoundFile | None:
    for pattern, what in _OTHER_LORAS:
        if header.any_like(pattern):
            raise header.refusal(f"{what}, not a plain LoRA; Regrain does not use it")
    if not header.any_like(_LORA):
        return None
    title = header.title or header.metadata.get("ss_output_name", "")[:120]
    return FoundFile("lora", _lora_family(header), dtype=header.dtype, title=title)


def _lora_family(header: Header) -> str:
    noted = ("modelspec.architecture", "ss_base_model_version")
    base = " ".join(header.metadata.get(name, "") for name in noted).lower()
    said = next((family for word, family in _BASES if word in base), "")
    by_weights = _family_by_names(header)
    # Trainers note `flux1` for Kontext too, and weights tell the two kinds of FLUX apart.
    return said if said and (not by_weights or _is_kin(said, by_weights)) else by_weights


def _is_kin(said: str, by_weights: str) -> bool:
    same = {"flux-kontext": "flux", "qwen-image-edit": "qwen-image"}
    return same.get(said, said) == same.get(by_weights, by_weights)


def _family_by_names(header: Header) -> str:
    """Return the family whose layers the LoRA's are; empty where they may be of several."""
    names = " ".join(name.replace(".", "_") for name in header.tensors)
    if re.search(r"single_(transformer_)?blocks_\d|(^|[ _])double_blocks_\d", names):
        return _flux_family(header, names)
    if "joint_blocks_" in names:
        return "sd3"
    if re.search(r"transformer_blocks_\d+_(img_m|txt_m)", names):
        return "qwen-image"
    if re.search(r"(^|[ _])layers_\d+_(attention_to_|attention_qkv|adaLN)", names):
        return "z-image"
    if "attn_add_q_proj" in names:
        deepest = max(map(int, re.findall(r"transformer_blocks_(\d+)_", names)), default=0)
        return "qwen-image" if deepest > _DEEPEST_SD3 else "sd3"
    return _unet_family(header, names)


def _flux_family(header: Header, names: str) -> str:
    if "to_qkv_mlp_proj" in names:
        return "flux2-klein"
    for name in header.tensors:
        if re.search(r"single_blocks[._]\d+[._]linear1\.(lora_up|lora_B)\.", name):
            down = name.replace("lora_up", "lora_down").replace("lora_B", "lora_A")
            # FLUX.2's layer makes nine times its width, FLUX.1's seven times.
            return "flux2-klein" if header.width(name, 0) == 9 * header.width(down) else "flux"
    return "flux"


def _unet_family(header: Header, names: str) -> str:
    known = _CROSS_WIDTHS.get(_cross_width(header), "")
    if known or not re.search(r"(down|up|mid)_block|(input|output|middle)_block", names):
        return known
    if re.search(r"down_blocks_0_attentions|input_blocks_1_1_|up_blocks_3_att", names):
        return "sd1"
    deep = r"(attentions_\d|_blocks?_\d+_1|middle_block_1)_transformer_blocks_[1-9]"
    return "sdxl" if re.search(deep, names) else ""
