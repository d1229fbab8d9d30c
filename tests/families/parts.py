"""Parts of small models: text encoders and autoencoders, of their family's true structure."""

from __future__ import annotations

from typing import Any

from tests.families.words import CLIP_WORDS, QWEN_WORDS, T5_WORDS, qwen_id

BLOCKS = 4


def kl(channels: int = 4, *, scaling: float = 0.18215, **config: Any) -> Any:
    """Return a KL autoencoder that shrinks 8 times."""
    from diffusers import AutoencoderKL

    return AutoencoderKL(
        latent_channels=channels,
        block_out_channels=(16, 16, 32, 32),
        down_block_types=("DownEncoderBlock2D",) * BLOCKS,
        up_block_types=("UpDecoderBlock2D",) * BLOCKS,
        layers_per_block=1,
        norm_num_groups=8,
        sample_size=64,
        scaling_factor=scaling,
        **config,
    )


def flow_kl() -> Any:
    """Return FLUX.1's kind of autoencoder: 16 channels, shifted, no layer around its code."""
    return kl(
        16, scaling=0.3611, shift_factor=0.1159, use_quant_conv=False, use_post_quant_conv=False
    )


def clip_config(width: int, layers: int, projection: int) -> Any:
    """Return the settings of a small CLIP text encoder."""
    from transformers import CLIPTextConfig

    return CLIPTextConfig(
        vocab_size=CLIP_WORDS,
        hidden_size=width,
        intermediate_size=2 * width,
        num_hidden_layers=layers,
        num_attention_heads=4,
        max_position_embeddings=77,
        projection_dim=projection,
        hidden_act="quick_gelu" if width == 32 else "gelu",
        bos_token_id=CLIP_WORDS - 2,
        eos_token_id=CLIP_WORDS - 1,
        pad_token_id=1,
    )


def clip(width: int = 32, layers: int = 2) -> Any:
    """Return a CLIP text encoder."""
    from transformers import CLIPTextModel

    return CLIPTextModel(clip_config(width, layers, width))


def clip_projected(width: int = 64, layers: int = 2, projection: int = 64) -> Any:
    """Return a CLIP text encoder with the projection of its last token."""
    from transformers import CLIPTextModelWithProjection

    return CLIPTextModelWithProjection(clip_config(width, layers, projection))


def t5(width: int = 32) -> Any:
    """Return the encoder of a small T5 1.1."""
    from transformers import T5Config, T5EncoderModel

    return T5EncoderModel(
        T5Config(
            vocab_size=T5_WORDS,
            d_model=width,
            d_kv=8,
            d_ff=64,
            num_layers=2,
            num_heads=4,
            feed_forward_proj="gated-gelu",
            decoder_start_token_id=0,
        )
    )


def qwen3(layers: int = 3) -> Any:
    """Return a small Qwen3 language model."""
    from transformers import Qwen3Config, Qwen3ForCausalLM

    return Qwen3ForCausalLM(
        Qwen3Config(
            vocab_size=QWEN_WORDS,
            hidden_size=32,
            intermediate_size=64,
            num_hidden_layers=layers,
            num_attention_heads=4,
            num_key_value_heads=2,
            head_dim=8,
            max_position_embeddings=4096,
            tie_word_embeddings=True,
            pad_token_id=qwen_id("<|endoftext|>"),
            eos_token_id=qwen_id("<|im_end|>"),
            bos_token_id=qwen_id("<|endoftext|>"),
        )
    )


def qwen25_vl() -> Any:
    """Return a small Qwen2.5-VL, which reads prompts and pictures."""
    from transformers import Qwen2_5_VLConfig, Qwen2_5_VLForConditionalGeneration

    vision = {
        "depth": 2,
        "hidden_size": 32,
        "intermediate_size": 64,
        "num_heads": 2,
        "out_hidden_size": 32,
        "fullatt_block_indexes": [1],
    }
    text = {
        "vocab_size": QWEN_WORDS,
        "hidden_size": 32,
        "intermediate_size": 64,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
        "num_key_value_heads": 2,
        "max_position_embeddings": 4096,
        "rope_parameters": {"rope_type": "default", "mrope_section": [1, 1, 2]},
        "bos_token_id": qwen_id("<|endoftext|>"),
        "eos_token_id": qwen_id("<|im_end|>"),
        "pad_token_id": qwen_id("<|endoftext|>"),
    }
    return Qwen2_5_VLForConditionalGeneration(
        Qwen2_5_VLConfig(
            text_config=text,
            vision_config=vision,
            image_token_id=qwen_id("<|image_pad|>"),
            video_token_id=qwen_id("<|video_pad|>"),
            vision_start_token_id=qwen_id("<|vision_start|>"),
            vision_end_token_id=qwen_id("<|vision_end|>"),
        )
    )


def qwen_kl() -> Any:
    """Return Qwen-Image's kind of autoencoder, with the true mean and spread of its code."""
    from diffusers import AutoencoderKLQwenImage

    vae = AutoencoderKLQwenImage(base_dim=4)
    # Random, it paints all in greys.
    vae.decoder.conv_out.weight.data *= 4
    return vae


def flux2_kl() -> Any:
    """Return FLUX.2's kind of autoencoder, normalised over 2 x 2 patches."""
    from diffusers import AutoencoderKLFlux2

    return AutoencoderKLFlux2(
        block_out_channels=(16, 16, 32, 32), layers_per_block=1, norm_num_groups=8, sample_size=64
    )
