"""Whole models in one file, as Stable Diffusion was first published, known by names and shapes."""

from __future__ import annotations

from core.models.header import FoundFile, Header, variant_of
from core.models.spec import Prediction

NET = "model.diffusion_model."
VAE = "first_stage_model."
_CLIP = "cond_stage_model.transformer."
_OPEN_CLIP = "cond_stage_model.model."
_FIRST = "conditioner.embedders.0.transformer."
_SECOND = "conditioner.embedders.1.model."
_FIRST_CONV = "input_blocks.0.0.weight"
_OWN_WIDTH = 320
"""Channels of the first layer of the true Stable Diffusion 1, 2 and XL."""

_ODD_INPUTS = {
    9: "is an inpainting checkpoint, which takes the mask as part of the picture",
    8: "is an InstructPix2Pix checkpoint",
    7: "is an upscaling checkpoint",
    5: "is a checkpoint that needs a depth map",
}
_PLAIN_HINT = (
    "Masks work with ordinary checkpoints too: choose the one that this was made from, or one that "
    "is not made for inpainting."
)


def stable_diffusion(header: Header) -> FoundFile | None:
    """Return what a checkpoint of Stable Diffusion is, None if it is none.

    Raises:
        ModelUntrustedError: it is one that cannot be used here, and why.
    """
    net = header.under(NET)
    if not net.has(_FIRST_CONV):
        _refuse_bare(header)
        return None
    channels = net.width(_FIRST_CONV)
    if channels != 4:
        what = _ODD_INPUTS.get(channels, f"works on {channels} channels, not on 4")
        raise header.refusal(f"{what}; Regrain does not use it", _PLAIN_HINT)
    family = _family(header, net)
    if not header.starts(VAE):
        raise header.refusal("lacks its VAE, so it is no whole model", "Choose the unpruned one.")
    return FoundFile(
        role="checkpoint",
        family=family,
        variant=variant_of(family, header.words),
        prediction=_prediction(header, family),
        parameters=_parameters(header, net, family),
        dtype=net.dtype,
        title=header.title,
    )


def _family(header: Header, net: Header) -> str:
    if header.starts("conditioner.embedders."):
        return _sdxl(header, net)
    if net.starts("label_emb."):
        raise header.refusal("is unCLIP, which takes pictures as prompts; Regrain does not use it")
    if header.starts(_OPEN_CLIP):
        return "sd2"
    if header.starts(_CLIP):
        return "sd1"
    raise header.refusal("holds only a U-Net, so it is no whole model", "Choose the whole one.")


def _sdxl(header: Header, net: Header) -> str:
    if not header.starts(_SECOND):
        raise header.refusal(
            "is the refiner of Stable Diffusion XL, which only finishes another model's pictures",
            "Choose the base model; a low strength refines.",
        )
    if header.has("edm_mean") or header.has("edm_vpred.sigma_max"):
        raise header.refusal("counts noise in a way of its own (EDM), which Regrain does not")
    whole = net.blocks("input_blocks.7.1.transformer_blocks.") == 10
    if net.width(_FIRST_CONV, 0) == _OWN_WIDTH and not whole:
        raise header.refusal(
            "is a cut-down Stable Diffusion XL (SSD-1B or the like), not used here"
        )
    return "sdxl"


def _prediction(header: Header, family: str) -> Prediction | None:
    noted = header.metadata.get("modelspec.prediction_type", "").lower()
    if noted in ("v", "v_prediction", "v-prediction") or header.has("v_pred"):
        return Prediction.V
    if noted in ("epsilon", "eps") or family == "sd1":
        return Prediction.EPSILON
    if family == "sdxl":
        return Prediction.V if {"vpred"} & header.words else Prediction.EPSILON
    # Nothing in the weights of Stable Diffusion 2 tells; its base and Turbo forms say so.
    small = {"base", "512", "turbo"} & header.words
    return Prediction.EPSILON if small else Prediction.V


def _parameters(header: Header, net: Header, family: str) -> dict[str, int]:
    counts = {"unet": net.count(), "vae": header.under(VAE).count(r"^loss\.|^model_ema\.")}
    if family == "sdxl":
        counts["text_encoder"] = header.under(_FIRST).count()
        counts["text_encoder_2"] = header.under(_SECOND).count()
    elif family == "sd1":
        counts["text_encoder"] = header.under(_CLIP).count()
    else:
        counts["text_encoder"] = _count_open_clip(header.under(_OPEN_CLIP))
    return counts


def _count_open_clip(text: Header) -> int:
    """Return the numbers of Stable Diffusion 2's text encoder, of which the last block is unused.

    OpenCLIP's H has 24 blocks; diffusers keeps the 23 that are run.
    """
    whole = text.blocks("transformer.resblocks.") == 24
    return text.count(r"^text_projection$" + (r"|resblocks\.23\." if whole else ""))


def _refuse_bare(header: Header) -> None:
    """Refuse a U-Net that lies alone, under either kind of names."""
    first = header.has(_FIRST_CONV) and header.starts("middle_block.")
    alone = header.has("conv_in.weight") and header.starts("down_blocks.0.resnets.")
    if first or (alone and header.starts("time_embedding.") and not header.starts("controlnet_")):
        raise header.refusal(
            "holds only a U-Net, so it is no whole model",
            "Choose the whole checkpoint, or the folder that it is from.",
        )
