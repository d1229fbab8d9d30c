"""Weights as they were first published, by family and component, and how they are converted."""

from __future__ import annotations

import importlib
from types import SimpleNamespace
from typing import Any

import torch

from core.engine.latent.flux_weights import convert_flux
from core.engine.latent.weights import Convert, Tensors, as_they_are

_DIFFUSERS_NAMES = (
    "encoder.down_blocks.", "down_blocks.", "transformer_blocks.", "single_transformer_blocks.",
    "all_final_layer.",
)  # fmt: skip
"""Beginnings of names that only diffusers' own classes have."""

_KIN = {"AutoencoderKLQwenImage": "AutoencoderKLWan", "AutoencoderKLFlux2": "AutoencoderKL"}
"""Classes whose weights were published under the names of another's."""

UNET = "model.diffusion_model."
VAE = "first_stage_model."
_CLIP_L = "text_encoders.clip_l.transformer."
_CLIP_G = "text_encoders.clip_g.transformer."
_T5 = "text_encoders.t5xxl.transformer."


def network(class_name: str) -> Convert:
    """Return how weights become those of one of diffusers' classes; its own names stay."""
    if class_name == "FluxTransformer2DModel":
        return convert_flux

    def convert(tensors: Tensors, config: Any) -> Tensors:
        if any(name.startswith(_DIFFUSERS_NAMES) for name in tensors):
            return tensors
        known = importlib.import_module("diffusers.loaders.single_file_model")
        entry = known.SINGLE_FILE_LOADABLE_CLASSES.get(_KIN.get(class_name, class_name))
        if entry is None:
            return tensors
        mapping = entry["checkpoint_mapping_fn"]
        lifted = {_lifted(name): tensor for name, tensor in tensors.items()}
        # Statistics have no other name in any layout, and conversions pass them over.
        kept = {name: tensor for name, tensor in lifted.items() if name.startswith("bn.")}
        return dict(mapping(checkpoint=lifted, config=config)) | kept

    return convert


def _lifted(name: str) -> str:
    """Return a name of FLUX.2's autoencoder as others have it: not in one of its halves."""
    nested = ("encoder.quant_conv.", "decoder.post_quant_conv.")
    return name.split(".", 1)[1] if name.startswith(nested) else name


def without(prefix: str) -> Convert:
    """Return a conversion that takes `prefix` off every name."""

    def convert(tensors: Tensors, _config: Any) -> Tensors:
        return {name.removeprefix(prefix): tensor for name, tensor in tensors.items()}

    return convert


def _projected(prefix: str = "") -> Convert:
    """Return `without`, with the projection that files of CLIP ViT-L leave out: none at all."""
    named = "text_model.embeddings.token_embedding.weight", "text_projection.weight"

    def convert(tensors: Tensors, config: Any) -> Tensors:
        found = without(prefix)(tensors, config)
        like = found[named[0]]
        identity = torch.eye(like.shape[1], dtype=like.dtype, device=like.device)
        return {named[1]: identity} | found

    return convert


def _open_clip(prefix: str) -> Convert:
    """Return the conversion of a text encoder as OpenCLIP names it."""

    def convert(tensors: Tensors, config: Any) -> Tensors:
        known = importlib.import_module("diffusers.loaders.single_file_utils")
        encoder = SimpleNamespace(config=config)
        return dict(known.convert_open_clip_checkpoint(encoder, dict(tensors), prefix=prefix))

    return convert


Place = tuple[str, Convert | None]
"""What a component's names begin with in one file; no conversion: that of its class."""

_FLUX = {
    "transformer": (UNET, None),
    "text_encoder": (_CLIP_L, without(_CLIP_L)),
    "text_encoder_2": (_T5, without(_T5)),
    "vae": ("vae.", None),
}
SINGLE: dict[str, dict[str, Place]] = {
    "sd1": {
        "unet": (UNET, None),
        "vae": (VAE, None),
        "text_encoder": (
            "cond_stage_model.transformer.", without("cond_stage_model.transformer."),
        ),
    },
    "sd2": {
        "unet": (UNET, None),
        "vae": (VAE, None),
        "text_encoder": ("cond_stage_model.model.", _open_clip("cond_stage_model.model.")),
    },
    "sdxl": {
        "unet": (UNET, None),
        "vae": (VAE, None),
        "text_encoder": (
            "conditioner.embedders.0.transformer.",
            without("conditioner.embedders.0.transformer."),
        ),
        "text_encoder_2": (
            "conditioner.embedders.1.model.", _open_clip("conditioner.embedders.1.model."),
        ),
    },
    "sd3": {
        "transformer": (UNET, None),
        "vae": (VAE, None),
        "text_encoder": (_CLIP_L, _projected(_CLIP_L)),
        "text_encoder_2": (_CLIP_G, without(_CLIP_G)),
        "text_encoder_3": (_T5, without(_T5)),
    },
    "flux": _FLUX,
    "flux-kontext": _FLUX,
}  # fmt: skip
"""Where the components are in a file that holds all of them, by family."""


def loose(component: str, class_name: str) -> Convert:
    """Return the conversion of a component in a file of its own."""
    if class_name == "CLIPTextModelWithProjection":
        return _projected()
    return as_they_are if component.startswith("text_encoder") else network(class_name)
