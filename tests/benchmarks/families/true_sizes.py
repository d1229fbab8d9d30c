"""What the families' published models are made of, by their configs; weights are drawn anew."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.families import words

Make = Callable[[], Any]
"""Makes a module; called on the meta device, where it takes no memory."""

BETAS = {"beta_start": 0.00085, "beta_end": 0.012, "beta_schedule": "scaled_linear"}


@dataclass(frozen=True)
class TrueModel:
    """A model: its pipeline's class, modules, tokenizers and scheduler by component."""

    pipeline: str
    modules: dict[str, Make]
    others: dict[str, Make]
    settings: dict[str, Any]


def _unet(**config: Any) -> Make:
    def make() -> Any:
        from diffusers import UNet2DConditionModel

        return UNet2DConditionModel(**config)

    return make


def _vae(**config: Any) -> Make:
    def make() -> Any:
        from diffusers import AutoencoderKL

        blocks = 4
        return AutoencoderKL(
            **{
                "block_out_channels": (128, 256, 512, 512),
                "down_block_types": ("DownEncoderBlock2D",) * blocks,
                "up_block_types": ("UpDecoderBlock2D",) * blocks,
                "layers_per_block": 2,
                "latent_channels": 4,
                "sample_size": 512,
                "scaling_factor": 0.18215,
            }
            | config
        )

    return make


def _clip(width: int, layers: int, heads: int, *, projected: bool = False) -> Make:
    def make() -> Any:
        from transformers import CLIPTextConfig, CLIPTextModel, CLIPTextModelWithProjection

        config = CLIPTextConfig(
            vocab_size=49408,
            hidden_size=width,
            intermediate_size=4 * width,
            num_hidden_layers=layers,
            num_attention_heads=heads,
            projection_dim=width,
            hidden_act="gelu" if projected else "quick_gelu",
            eos_token_id=words.CLIP_WORDS - 1,
        )
        return (CLIPTextModelWithProjection if projected else CLIPTextModel)(config)

    return make


def _t5() -> Any:
    from transformers import T5Config, T5EncoderModel

    return T5EncoderModel(
        T5Config(
            vocab_size=32128,
            d_model=4096,
            d_kv=64,
            d_ff=10240,
            num_layers=24,
            num_heads=64,
            feed_forward_proj="gated-gelu",
        )
    )


def _scheduler(name: str, **config: Any) -> Make:
    def make() -> Any:
        import diffusers

        return getattr(diffusers, name)(**config)

    return make


_NO_CHECKER = {"safety_checker": [None, None], "feature_extractor": [None, None],
               "requires_safety_checker": False}  # fmt: skip
_VP = _scheduler("EulerDiscreteScheduler", **BETAS, steps_offset=1, timestep_spacing="leading")
_FLOW_VAE = _vae(
    latent_channels=16,
    scaling_factor=0.3611,
    shift_factor=0.1159,
    sample_size=1024,
    use_quant_conv=False,
    use_post_quant_conv=False,
)


def _flux_transformer() -> Any:
    from diffusers import FluxTransformer2DModel

    return FluxTransformer2DModel(guidance_embeds=True)


TRUE = {
    "sd1": TrueModel(
        "StableDiffusionPipeline",
        {
            "unet": _unet(sample_size=64, cross_attention_dim=768),
            "vae": _vae(),
            "text_encoder": _clip(768, 12, 12),
        },
        {"tokenizer": words.clip_tokenizer, "scheduler": _VP},
        _NO_CHECKER,
    ),
    "sdxl": TrueModel(
        "StableDiffusionXLPipeline",
        {
            "unet": _unet(
                sample_size=128,
                block_out_channels=(320, 640, 1280),
                down_block_types=("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
                up_block_types=("CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"),
                transformer_layers_per_block=[1, 2, 10],
                attention_head_dim=[5, 10, 20],
                use_linear_projection=True,
                addition_embed_type="text_time",
                addition_time_embed_dim=256,
                projection_class_embeddings_input_dim=2816,
                cross_attention_dim=2048,
            ),
            "vae": _vae(scaling_factor=0.13025, sample_size=1024, force_upcast=False),
            "text_encoder": _clip(768, 12, 12),
            "text_encoder_2": _clip(1280, 32, 20, projected=True),
        },
        {
            "tokenizer": words.clip_tokenizer,
            "tokenizer_2": lambda: words.clip_tokenizer(pad="!"),
            "scheduler": _VP,
        },
        {"force_zeros_for_empty_prompt": True, "add_watermarker": None},
    ),
    "flux": TrueModel(
        "FluxPipeline",
        {
            "transformer": _flux_transformer,
            "vae": _FLOW_VAE,
            "text_encoder": _clip(768, 12, 12),
            "text_encoder_2": _t5,
        },
        {
            "tokenizer": words.clip_tokenizer,
            "tokenizer_2": lambda: words.t5_tokenizer(512),
            "scheduler": _scheduler(
                "FlowMatchEulerDiscreteScheduler", shift=3.0, use_dynamic_shifting=True
            ),
        },
        {"image_encoder": [None, None], "feature_extractor": [None, None]},
    ),
}
"""By family. What takes more than this is for a device with that much memory."""
