"""The encoder with which an IP-Adapter sees its reference, found near the adapter."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from core.engine.latent.components import Components
from core.engine.latent.filling import build_component
from core.engine.latent.weights import WeightSource
from core.errors import CoreError, ModelNotFoundError, ModelUntrustedError
from core.models.trust import read_settings

CLASS = "CLIPVisionModelWithProjection"
_HEADS = 16
"""All CLIP vision models that IP-Adapters were trained with have so many."""

_LARGE = 1024
"""Width of ViT-L, the one of OpenAI's; the others are OpenCLIP's, with another activation."""

_EMBEDDINGS = "vision_model.embeddings."
_LAYER = "vision_model.encoder.layers."


def load_image_encoder(components: Components, adapter: Path, width: int) -> Any:
    """Load the encoder that an adapter was trained with.

    It is looked for in `image_encoder` folders at the adapter and above it, as its authors publish
    it, and in `clip_vision`, as ComfyUI keeps such files.

    Args:
        width: of the embeddings, or of the hidden states, that the adapter takes.

    Raises:
        ModelNotFoundError: there is none of this width.
        ModelUntrustedError: it is damaged.
    """
    for file in _candidates(adapter):
        source = WeightSource(components.spec.name, (file,))
        try:
            config = _config(file, source.shapes())
        except CoreError:
            continue
        if width in (config.get("projection_dim"), config.get("hidden_size")):
            return build_component(
                "transformers", CLASS, config, source, components.device, components.dtype
            )
    raise ModelNotFoundError(
        f"{adapter.name} lacks the image encoder that it was made with (width {width}).",
        hint="Put its image_encoder folder beside it, or the file into ComfyUI's clip_vision.",
    )


def _candidates(adapter: Path) -> Iterator[Path]:
    """Yield files that may be the encoder, nearest first."""
    above = list(adapter.parents)[:3]
    for folder in above:
        for place in ("image_encoder", "models/image_encoder", "sdxl_models/image_encoder"):
            yield from sorted((folder / place).glob("*.safetensors"))
    for folder in above:
        yield from sorted((folder / "clip_vision").rglob("*.safetensors"))


def _config(file: Path, shapes: dict[str, tuple[int, ...]]) -> dict[str, Any]:
    """Return the settings beside a file, or else those that follow from its weights."""
    beside = file.parent / "config.json"
    if beside.is_file():
        values = read_settings(beside)
        return values | {"architectures": [CLASS]}
    try:
        width, _, patch, _ = shapes[f"{_EMBEDDINGS}patch_embedding.weight"]
        places = shapes[f"{_EMBEDDINGS}position_embedding.weight"][0]
        projection = shapes["visual_projection.weight"][0]
        inner = shapes[f"{_LAYER}0.mlp.fc1.weight"][0]
    except (KeyError, ValueError, IndexError) as error:
        raise ModelUntrustedError(f"{file.name} is no image encoder.") from error
    layers = {name.split(".")[3] for name in shapes if name.startswith(_LAYER)}
    return {
        "hidden_size": width,
        "projection_dim": projection,
        "intermediate_size": inner,
        "num_hidden_layers": len(layers),
        "num_attention_heads": _HEADS,
        "patch_size": patch,
        "image_size": patch * round((places - 1) ** 0.5),
        "hidden_act": "quick_gelu" if width == _LARGE else "gelu",
    }
