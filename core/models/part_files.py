"""Text encoders and autoencoders in files of their own, known by names and shapes."""

from __future__ import annotations

from core.models.header import FoundFile, Header

_CLIP = "encoder.layers.0.self_attn.q_proj.weight"
_QWEN = "layers.0.self_attn.q_proj."
_T5 = "encoder.block.0.layer.0.SelfAttention.q.weight"
_CLIP_G_WIDTH = 1280
_UMT5_WORDS = 256384
_QWEN3 = {2560: "qwen_3_4b", 4096: "qwen_3_8b"}

_LDM_VAE = ("encoder.down.0.block.0.norm1.weight", "decoder.up.0.block.0.norm1.weight")
_VAE = ("encoder.down_blocks.0.resnets.0.norm1.weight", "decoder.mid_block.resnets.0.norm1.weight")
_XL_VAE_WORDS = frozenset({"sdxl", "xl", "pony", "illustrious"})
_SD3 = frozenset({"sd3", "sd35"})
_SD1_VAE_WORDS = frozenset({"mse", "ema", "ft", "840000", "560000", "kl", "sd15"})


def text_encoder(header: Header) -> FoundFile | None:
    """Return which text encoder it is, None if it is none."""
    # Newer libraries save CLIP without the prefix that older ones give all its names.
    text = header.under("text_model.") if header.starts("text_model.") else header
    if text.has(_CLIP, "embeddings.token_embedding.weight"):
        return _clip(header, text)
    if header.has(_T5):
        return _t5(header)
    if header.starts("vision_model.encoder."):
        return _part(header, "image_encoder", "", "clip_vision")
    return _qwen(header)


def _clip(header: Header, text: Header) -> FoundFile:
    if text.width(_CLIP, 0) == _CLIP_G_WIDTH:
        return _part(header, "text_encoder_2", "sd3", "clip_g")
    return _part(header, "text_encoder", "", "clip_l", without="^text_projection")


def _t5(header: Header) -> FoundFile:
    if header.width("shared.weight", 0) == _UMT5_WORDS:
        raise header.refusal("is UMT5, a text encoder of models of videos; Regrain does not use it")
    if not header.has("encoder.block.0.layer.1.DenseReluDense.wi_0.weight"):
        raise header.refusal("is a T5 of the first kind; Regrain uses T5 1.1 (t5xxl)")
    return _part(header, "text_encoder_2", "", "t5xxl", without="embed_tokens")


def _qwen(header: Header) -> FoundFile | None:
    prefixes = ("model.language_model.", "language_model.model.", "model.", "")
    prefix = next((p for p in prefixes if header.has(f"{p}{_QWEN}weight")), None)
    if prefix is None:
        return None
    language = header.under(prefix)
    if language.has("layers.0.self_attn.q_norm.weight"):
        kind = _QWEN3.get(language.width("embed_tokens.weight"), "qwen_3")
        family = "flux2-klein" if kind == "qwen_3_8b" else ""
        return _part(header, "text_encoder", family, kind, without="^lm_head")
    if language.has(f"{_QWEN}bias") and header.any_like(r"(^|\.)visual\."):
        return _part(header, "text_encoder", "qwen-image", "qwen_2.5_vl_7b")
    return None


def autoencoder(header: Header) -> FoundFile | None:
    """Return which autoencoder it is, None if it is none."""
    prefix = next((p for p in ("first_stage_model.", "vae.") if header.starts(p)), "")
    code = header.under(prefix)
    if code.has("decoder.middle.0.residual.0.gamma") or code.has(
        "decoder.mid_block.resnets.0.norm1.gamma"
    ):
        return _part(header, "vae", "qwen-image", "qwen_image_vae")
    if not (code.has(*_LDM_VAE) or code.has(*_VAE)):
        return None
    channels = code.width("decoder.conv_in.weight")
    kind, family = _autoencoder_kind(header, code, channels)
    return _part(header, "vae", family, kind)


def _autoencoder_kind(header: Header, code: Header, channels: int) -> tuple[str, str]:
    words = header.words
    if channels == 32 and code.has("bn.running_mean"):
        return "flux2-vae", "flux2-klein"
    if channels == 16:
        return ("sd3_vae", "sd3") if _SD3 & words else ("ae", "flux")
    if channels != 4:
        raise header.refusal(f"is an autoencoder of {channels} channels; Regrain does not use it")
    # Of all others the weights are alike; only names tell.
    if words & _XL_VAE_WORDS:
        return "sd_vae", "sdxl"
    return "sd_vae", "sd1" if words & _SD1_VAE_WORDS else ""


def _part(header: Header, role: str, family: str, kind: str, without: str = "$^") -> FoundFile:
    return FoundFile(
        role=role,
        family=family,
        variant=kind,
        parameters={role: header.count(without)},
        dtype=header.dtype,
        title=header.title,
    )
