"""Small random models of every family, complete and of its true structure, as diffusers folders."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.families import parts, words

Parts = dict[str, Any]

BETAS = {"beta_start": 0.00085, "beta_end": 0.012, "beta_schedule": "scaled_linear"}


def build(family_id: str, folder: Path, variant: str = "") -> Path:
    """Save a small model of a family in the diffusers layout and return its folder.

    Weights are drawn from a fixed seed: the same call saves the same bytes.

    Args:
        family_id: as in core.models.families.
        folder: is made.
        variant: a distilled or other form (`lcm`, `turbo`, `schnell`, `v` ...), by family.
    """
    import torch

    state = torch.get_rng_state()
    torch.manual_seed(sum(family_id.encode()) + 1)
    try:
        pipeline = BUILDERS[family_id](variant)
        _heed(getattr(pipeline, "transformer", None))
    finally:
        torch.set_rng_state(state)
    pipeline.save_pretrained(folder, safe_serialization=True)
    if family_id == "qwen-image-edit":
        words.save_processor(folder / "processor")
        _note(folder, "processor", ["transformers", "Qwen2VLProcessor"])
    return folder


def _heed(transformer: Any) -> None:
    """Let it look more at prompt and picture: random attention evens out what it looks at."""
    looking = ("attn", "attention", "embedder.w", "_in.w", "mod", "norm1", "proj_out.w")
    for name, weight in transformer.named_parameters() if transformer else ():
        if weight.dim() == 2 and any(word in name for word in looking):
            weight.data *= 3


def _note(folder: Path, name: str, value: Any) -> None:
    index = folder / "model_index.json"
    values = json.loads(index.read_text()) | {name: value}
    index.write_text(json.dumps(values, indent=2))


def _unet(**config: Any) -> Any:
    from diffusers import UNet2DConditionModel

    return UNet2DConditionModel(
        **{
            "sample_size": 8,
            "layers_per_block": 2,
            "block_out_channels": (16, 16, 32, 32),
            "norm_num_groups": 8,
            "attention_head_dim": 4,
            "down_block_types": ("CrossAttnDownBlock2D",) * 3 + ("DownBlock2D",),
            "up_block_types": ("UpBlock2D",) + ("CrossAttnUpBlock2D",) * 3,
            "cross_attention_dim": 32,
        }
        | config
    )


def _sd1(variant: str) -> Any:
    from diffusers import LCMScheduler, PNDMScheduler, StableDiffusionPipeline

    extra = {"lcm": {"time_cond_proj_dim": 32}, "inpaint": {"in_channels": 9}}.get(variant, {})
    kind: Any = LCMScheduler if variant == "lcm" else PNDMScheduler
    own = {} if variant == "lcm" else {"skip_prk_steps": True}
    return StableDiffusionPipeline(
        vae=parts.kl(),
        text_encoder=parts.clip(),
        tokenizer=words.clip_tokenizer(),
        unet=_unet(**extra),
        scheduler=kind(
            **BETAS,
            **own,
            set_alpha_to_one=False,
            steps_offset=1,
            prediction_type="v_prediction" if variant == "v" else "epsilon",
        ),
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    )


def _sd2(variant: str) -> Any:
    from diffusers import DDIMScheduler, StableDiffusionPipeline

    return StableDiffusionPipeline(
        vae=parts.kl(),
        text_encoder=parts.clip(64, 3),
        tokenizer=words.clip_tokenizer(pad="!"),
        unet=_unet(
            attention_head_dim=(2, 2, 4, 4), use_linear_projection=True, cross_attention_dim=64
        ),
        scheduler=DDIMScheduler(
            **BETAS,
            clip_sample=False,
            set_alpha_to_one=False,
            steps_offset=1,
            prediction_type="epsilon" if variant in ("base", "turbo") else "v_prediction",
            timestep_spacing="trailing" if variant == "turbo" else "leading",
        ),
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    )


def _sdxl(variant: str) -> Any:
    from diffusers import (
        EulerAncestralDiscreteScheduler,
        EulerDiscreteScheduler,
        StableDiffusionXLPipeline,
    )

    fast = variant in ("turbo", "lightning")
    kind: Any = EulerAncestralDiscreteScheduler if variant == "turbo" else EulerDiscreteScheduler
    return StableDiffusionXLPipeline(
        vae=parts.kl(scaling=0.13025, force_upcast=False),
        text_encoder=parts.clip(),
        text_encoder_2=parts.clip_projected(),
        tokenizer=words.clip_tokenizer(),
        tokenizer_2=words.clip_tokenizer(pad="!"),
        unet=_unet(
            block_out_channels=(16, 32, 32),
            down_block_types=("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
            up_block_types=("CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"),
            transformer_layers_per_block=[1, 2, 3],
            attention_head_dim=[2, 4, 4],
            use_linear_projection=True,
            addition_embed_type="text_time",
            addition_time_embed_dim=8,
            projection_class_embeddings_input_dim=6 * 8 + 64,
            cross_attention_dim=32 + 64,
        ),
        scheduler=kind(**BETAS, steps_offset=1, timestep_spacing="trailing" if fast else "leading"),
        force_zeros_for_empty_prompt=not fast,
        add_watermarker=False,
    )


def _flow(shift: float = 3.0, *, dynamic: bool = True, longest: int = 4096, **config: Any) -> Any:
    from diffusers import FlowMatchEulerDiscreteScheduler

    return FlowMatchEulerDiscreteScheduler(
        shift=shift, use_dynamic_shifting=dynamic, max_image_seq_len=longest, **config
    )


def _flux_parts(guidance: bool) -> Parts:
    from diffusers import FluxTransformer2DModel

    transformer = FluxTransformer2DModel(
        in_channels=64,
        num_layers=2,
        num_single_layers=2,
        attention_head_dim=16,
        num_attention_heads=2,
        joint_attention_dim=32,
        pooled_projection_dim=32,
        guidance_embeds=guidance,
        axes_dims_rope=(4, 6, 6),
    )
    return {
        "vae": parts.flow_kl(),
        "text_encoder": parts.clip(),
        "tokenizer": words.clip_tokenizer(),
        "text_encoder_2": parts.t5(),
        "tokenizer_2": words.t5_tokenizer(512),
        "transformer": transformer,
        "scheduler": _flow() if guidance else _flow(1.0, dynamic=False),
    }


def _flux(variant: str) -> Any:
    from diffusers import FluxPipeline

    return FluxPipeline(**_flux_parts(variant != "schnell"))


def _flux_kontext(variant: str) -> Any:
    from diffusers import FluxKontextPipeline

    return FluxKontextPipeline(**_flux_parts(True))


def _sd3(variant: str) -> Any:
    from diffusers import SD3Transformer2DModel, StableDiffusion3Pipeline

    # 3.5 medium normalises queries and keys, and looks twice at the picture in early blocks.
    own = {"qk_norm": "rms_norm", "dual_attention_layers": (0,)} if variant == "3.5" else {}
    transformer = SD3Transformer2DModel(
        sample_size=8,
        num_layers=2,
        attention_head_dim=16,
        num_attention_heads=2,
        joint_attention_dim=128,
        caption_projection_dim=32,
        pooled_projection_dim=32 + 64,
        pos_embed_max_size=32,
        **own,
    )
    return StableDiffusion3Pipeline(
        vae=parts.kl(
            16, scaling=1.5305, shift_factor=0.0609, use_quant_conv=False, use_post_quant_conv=False
        ),
        text_encoder=parts.clip_projected(32, 2, 32),
        tokenizer=words.clip_tokenizer(),
        text_encoder_2=parts.clip_projected(),
        tokenizer_2=words.clip_tokenizer(pad="!"),
        text_encoder_3=parts.t5(128),
        tokenizer_3=words.t5_tokenizer(512),
        transformer=transformer,
        scheduler=_flow(dynamic=False),
    )


def _z_image(variant: str) -> Any:
    from diffusers import ZImagePipeline, ZImageTransformer2DModel

    transformer = ZImageTransformer2DModel(
        dim=32,
        n_layers=2,
        n_refiner_layers=1,
        n_heads=2,
        n_kv_heads=2,
        cap_feat_dim=32,
        axes_dims=[4, 6, 6],
    )
    return ZImagePipeline(
        vae=parts.flow_kl(),
        text_encoder=parts.qwen3().model,
        tokenizer=words.qwen_tokenizer(),
        transformer=transformer,
        scheduler=_flow(3.0 if variant == "turbo" else 6.0, dynamic=False),
    )


def _qwen_parts(**config: Any) -> Parts:
    from diffusers import QwenImageTransformer2DModel

    transformer = QwenImageTransformer2DModel(
        num_layers=2,
        attention_head_dim=16,
        num_attention_heads=2,
        joint_attention_dim=32,
        axes_dims_rope=(4, 6, 6),
        **config,
    )
    # Qwen-Image's own settings.
    scheduler = _flow(1.0, max_shift=0.9, base_image_seq_len=256, shift_terminal=0.02, longest=8192)
    return {
        "vae": parts.qwen_kl(),
        "text_encoder": parts.qwen25_vl(),
        "tokenizer": words.qwen_tokenizer(),
        "transformer": transformer,
        "scheduler": scheduler,
    }


def _qwen_image(variant: str) -> Any:
    from diffusers import QwenImagePipeline

    return QwenImagePipeline(**_qwen_parts())


def _qwen_image_edit(variant: str) -> Any:
    from diffusers import QwenImageEditPipeline, QwenImageEditPlusPipeline

    made: Any = QwenImageEditPlusPipeline if variant == "plus" else QwenImageEditPipeline
    return made(**_qwen_parts(), processor=None)


def _flux2_klein(variant: str) -> Any:
    from diffusers import Flux2KleinPipeline, Flux2Transformer2DModel

    transformer = Flux2Transformer2DModel(
        num_layers=2,
        num_single_layers=2,
        attention_head_dim=16,
        num_attention_heads=2,
        joint_attention_dim=3 * 32,
        timestep_guidance_channels=32,
        axes_dims_rope=(4, 4, 4, 4),
        guidance_embeds=False,
    )
    return Flux2KleinPipeline(
        vae=parts.flux2_kl(),
        # Its prompts are read after the layers 9, 18 and 27.
        text_encoder=parts.qwen3(28),
        tokenizer=words.qwen_tokenizer(),
        transformer=transformer,
        scheduler=_flow(),
        is_distilled=variant != "base",
    )


BUILDERS: dict[str, Callable[[str], Any]] = {
    "sd1": _sd1,
    "sd2": _sd2,
    "sdxl": _sdxl,
    "flux": _flux,
    "sd3": _sd3,
    "z-image": _z_image,
    "qwen-image": _qwen_image,
    "flux-kontext": _flux_kontext,
    "flux2-klein": _flux2_klein,
    "qwen-image-edit": _qwen_image_edit,
}
"""What makes the pipeline of each family, by its id; they take the variant."""
