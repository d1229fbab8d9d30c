"""The short list of what can be downloaded: models, settings of families, parts of models."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from core.models.families import FAMILIES


class OfferKind(StrEnum):
    """What comes: a whole model in the diffusers layout, only its settings, or single files."""

    MODEL = "model"
    SETTINGS = "settings"
    PART = "part"


@dataclass(frozen=True)
class Offer:
    """Something that can be downloaded.

    Attributes:
        id: as in `regrain models download ID`.
        repo: on the hub.
        gigabytes: about what it takes; the hub says it exactly before anything is downloaded.
        needs_login: its licence must be accepted on its page first.
        form: the form of the weights that is taken where there are several, such as `fp16`.
        file: of a part.
    """

    id: str
    name: str
    family: str
    repo: str
    licence: str
    gigabytes: float
    kind: OfferKind = OfferKind.MODEL
    sentence: str = ""
    needs_login: bool = False
    form: str = ""
    file: str = ""


_RAIL = "CreativeML Open RAIL-M"
_FLUX_DEV = "FLUX.1 [dev] non-commercial"

_MODELS = (
    Offer(
        "sd15", "Stable Diffusion 1.5", "sd1", "stable-diffusion-v1-5/stable-diffusion-v1-5",
        _RAIL, 2.1, sentence="Light; runs on most computers.", form="fp16",
    ),
    Offer(
        "lcm-dreamshaper", "LCM Dreamshaper v7", "sd1", "SimianLuo/LCM_Dreamshaper_v7",
        "MIT", 4.3, sentence="Light and fast: 2 to 8 steps.",
    ),
    Offer(
        "sdxl", "Stable Diffusion XL 1.0", "sdxl", "stabilityai/stable-diffusion-xl-base-1.0",
        "CreativeML Open RAIL++-M", 6.9, sentence="Finer, for larger pictures.", form="fp16",
    ),
    Offer(
        "sdxl-turbo", "SDXL Turbo", "sdxl", "stabilityai/sdxl-turbo",
        "Stability AI Community", 6.9, sentence="1 to 4 steps.", form="fp16",
    ),
    Offer(
        "sd35-medium", "Stable Diffusion 3.5 Medium", "sd3",
        "stabilityai/stable-diffusion-3.5-medium", "Stability AI Community", 16.4,
        needs_login=True,
    ),
    Offer(
        "flux-schnell", "FLUX.1 schnell", "flux", "black-forest-labs/FLUX.1-schnell",
        "Apache-2.0", 33.7, sentence="Large; 1 to 4 steps.", needs_login=True,
    ),
    Offer(
        "flux-dev", "FLUX.1 dev", "flux", "black-forest-labs/FLUX.1-dev", _FLUX_DEV, 33.7,
        sentence="Large; follows the prompt closely.", needs_login=True,
    ),
    Offer(
        "z-image-turbo", "Z-Image Turbo", "z-image", "Tongyi-MAI/Z-Image-Turbo",
        "Apache-2.0", 33.0, sentence="8 steps.",
    ),
    Offer(
        "qwen-image", "Qwen-Image", "qwen-image", "Qwen/Qwen-Image", "Apache-2.0", 57.7,
        sentence="Very large; writes legible text.",
    ),
    Offer(
        "flux-kontext", "FLUX.1 Kontext dev", "flux-kontext",
        "black-forest-labs/FLUX.1-Kontext-dev", _FLUX_DEV, 33.7,
        sentence="Does what the prompt says.", needs_login=True,
    ),
    Offer(
        "flux2-klein", "FLUX.2 klein 4B", "flux2-klein", "black-forest-labs/FLUX.2-klein-4B",
        "Apache-2.0", 16.0, sentence="Does what the prompt says, in 4 steps.",
    ),
    Offer(
        "qwen-image-edit", "Qwen-Image-Edit", "qwen-image-edit", "Qwen/Qwen-Image-Edit",
        "Apache-2.0", 57.7, sentence="Very large; does what the prompt says.",
    ),
)  # fmt: skip

_FLUX_TEXT = "comfyanonymous/flux_text_encoders"
_Z_PARTS = "Comfy-Org/z_image_turbo"
_QWEN_PARTS = "Comfy-Org/Qwen-Image_ComfyUI"
_PARTS = tuple(
    Offer(name, name, "", repo, licence, size, OfferKind.PART, file=file)
    for name, repo, file, licence, size in (
        ("clip_l", _FLUX_TEXT, "clip_l.safetensors", "MIT", 0.25),
        ("t5xxl", _FLUX_TEXT, "t5xxl_fp16.safetensors", "Apache-2.0", 9.8),
        ("ae", _Z_PARTS, "split_files/vae/ae.safetensors", "Apache-2.0", 0.34),
        (
            "qwen_3_4b", _Z_PARTS, "split_files/text_encoders/qwen_3_4b.safetensors",
            "Apache-2.0", 8.0,
        ),
        (
            "qwen_2.5_vl_7b", _QWEN_PARTS,
            "split_files/text_encoders/qwen_2.5_vl_7b.safetensors", "Apache-2.0", 16.6,
        ),
        (
            "qwen_image_vae", _QWEN_PARTS, "split_files/vae/qwen_image_vae.safetensors",
            "Apache-2.0", 0.25,
        ),
    )
)  # fmt: skip

_SETTINGS = tuple(
    Offer(
        f"{family.id}-settings",
        f"Settings and tokenizers of {family.name}",
        family.id,
        family.companions,
        family.licence,
        0.02,
        OfferKind.SETTINGS,
    )
    for family in FAMILIES.values()
    if family.companions
)

MODELS = {offer.id: offer for offer in _MODELS}
"""Whole models, the lightest first."""

PARTS = {offer.id: offer for offer in _PARTS}
"""Files that models in parts need, by the names that ModelSpec.missing has."""

SETTINGS = {offer.family: offer for offer in _SETTINGS}
"""Settings for models in single files, by family."""
