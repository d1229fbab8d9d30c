"""Models as they were first published, and as other programs keep them: a file, or one a part."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.families import bfl, ldm

Weights = dict[str, Any]

FLUX_PARTS = {
    "transformer": "flux1-dev.safetensors",
    "text_encoder": "clip_l.safetensors",
    "text_encoder_2": "t5xxl_fp16.safetensors",
    "vae": "ae.safetensors",
}
"""Files of FLUX.1 in parts, by the component that each is."""


def save_single(folder: Path, path: Path, family_id: str) -> Path:
    """Save a model of diffusers' layout as the one file that its family was published as.

    Args:
        folder: a model of `build`: sd1, sd2, sdxl, or flux (as ComfyUI's all-in-one files).
        path: is written.
        family_id: as in core.models.families.
    """
    return write(path, SINGLES[family_id](folder))


def _sd1(folder: Path) -> Weights:
    return {
        **_under("model.diffusion_model.", ldm.unet(component(folder, "unet"))),
        **_under("first_stage_model.", ldm.vae(component(folder, "vae"))),
        **_under("cond_stage_model.transformer.", ldm.clip(component(folder, "text_encoder"))),
    }


def _sd2(folder: Path) -> Weights:
    return {
        **_under("model.diffusion_model.", ldm.unet(component(folder, "unet"))),
        **_under("first_stage_model.", ldm.vae(component(folder, "vae"))),
        **_under("cond_stage_model.model.", ldm.open_clip(component(folder, "text_encoder"))),
    }


def _sdxl(folder: Path) -> Weights:
    first, second = "conditioner.embedders.0.transformer.", "conditioner.embedders.1.model."
    return {
        **_under("model.diffusion_model.", ldm.unet(component(folder, "unet"))),
        **_under("first_stage_model.", ldm.vae(component(folder, "vae"))),
        **_under(first, ldm.clip(component(folder, "text_encoder"))),
        **_under(second, ldm.open_clip(component(folder, "text_encoder_2"))),
    }


def _flux(folder: Path) -> Weights:
    found = flux_parts(folder)
    return {
        **_under("model.diffusion_model.", found["transformer"]),
        **_under("text_encoders.clip_l.transformer.", found["text_encoder"]),
        **_under("text_encoders.t5xxl.transformer.", found["text_encoder_2"]),
        **_under("vae.", found["vae"]),
    }


SINGLES = {"sd1": _sd1, "sd2": _sd2, "sdxl": _sdxl, "flux": _flux}


def flux_parts(folder: Path) -> dict[str, Weights]:
    """Return the weights of FLUX.1's parts under the names that their files have."""
    return {
        "transformer": bfl.transformer(component(folder, "transformer")),
        "text_encoder": ldm.clip(component(folder, "text_encoder")),
        "text_encoder_2": component(folder, "text_encoder_2"),
        "vae": ldm.vae(component(folder, "vae")),
    }


def save_parts(folder: Path, target: Path, form: str = "") -> dict[str, Path]:
    """Save FLUX.1 as a file for each part; return them by component.

    Args:
        folder: a model of `build`.
        target: the folder to write into.
        form: of the transformer's and T5's weights: `` as they are, `fp8` cut to 8 bits, `scaled`
            as ComfyUI's scaled 8 bits, `comfy_quant` as its newer kind.
    """
    target.mkdir(parents=True, exist_ok=True)
    saved = {}
    for name, weights in flux_parts(folder).items():
        large = name in ("transformer", "text_encoder_2")
        saved[name] = write(target / FLUX_PARTS[name], eight_bits(weights, form if large else ""))
    return saved


def eight_bits(weights: Weights, form: str) -> Weights:
    """Return weights in 8 bits: see `save_parts`."""
    import torch

    small = torch.float8_e4m3fn
    if form == "fp8":
        return {name: weight.to(small) for name, weight in weights.items()}
    if not form:
        return weights
    kept: Weights = {"scaled_fp8": torch.zeros(2, dtype=small)} if form == "scaled" else {}
    for name, weight in weights.items():
        if weight.ndim < 2 or not name.endswith(".weight"):
            kept[name] = weight
            continue
        layer = name.removesuffix(".weight")
        scale = (weight.abs().max() / torch.finfo(small).max).clamp(min=1e-12).float()
        kept[name] = (weight / scale).to(small)
        kept[f"{layer}.{'scale_weight' if form == 'scaled' else 'weight_scale'}"] = scale
        if form == "comfy_quant":
            note = b'{"format": "float8_e4m3fn"}'
            kept[f"{layer}.comfy_quant"] = torch.tensor(list(note), dtype=torch.uint8)
    return kept


def save_vae(folder: Path, path: Path) -> Path:
    """Save only a model's autoencoder, as files of VAEs are shared."""
    return write(path, ldm.vae(component(folder, "vae")))


def component(folder: Path, name: str) -> Weights:
    """Return the weights of one component of a diffusers folder."""
    from safetensors.torch import load_file

    found = sorted((folder / name).glob("*.safetensors"))
    return {key: weight for path in found for key, weight in load_file(path).items()}


def write(path: Path, weights: Weights, metadata: dict[str, str] | None = None) -> Path:
    """Write a .safetensors file."""
    from safetensors.torch import save_file

    path.parent.mkdir(parents=True, exist_ok=True)
    save_file({name: weight.contiguous() for name, weight in weights.items()}, path, metadata)
    return path


def _under(prefix: str, weights: Weights) -> Weights:
    return {prefix + name: weight for name, weight in weights.items()}
