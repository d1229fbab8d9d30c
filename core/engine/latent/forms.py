"""How each kind of denoiser is called: which argument is the picture, and in what form, as data."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Kind(Enum):
    """How latents lie in a denoiser's argument."""

    PLANES = "planes"
    """(rows, channels, h, w)."""
    TOKENS = "tokens"
    """(rows, h * w, channels): what lies in one patch of the latents is one token."""
    LISTED = "listed"
    """A list with (channels, 1, h, w) for every row."""


@dataclass(frozen=True)
class Form:
    """The arguments of one kind of denoiser.

    Attributes:
        picture: the argument with the noisy latents; the answer has its form.
        timestep: the argument with the noise level.
        kind: how the latents lie in it.
        cell: side in pixels of what one of its values stands for; it is cut between these.
        shared: arguments that are the same for every row.
        rows: arguments that are lists with one entry for every row.
    """

    picture: str
    timestep: str
    kind: Kind
    cell: int
    shared: frozenset[str] = frozenset()
    rows: frozenset[str] = frozenset()


UNET = Form("sample", "timestep", Kind.PLANES, 8, frozenset({"cross_attention_kwargs"}))
_SD3 = Form("hidden_states", "timestep", Kind.PLANES, 8)
_FLUX = Form("hidden_states", "timestep", Kind.TOKENS, 16, frozenset({"img_ids", "txt_ids"}))
# FLUX.2 has (rows, tokens, 4) as ids: one set a row.
_FLUX2 = Form("hidden_states", "timestep", Kind.TOKENS, 16)
_QWEN = Form("hidden_states", "timestep", Kind.TOKENS, 16, rows=frozenset({"img_shapes"}))
_Z_IMAGE = Form("x", "t", Kind.LISTED, 8, rows=frozenset({"x", "cap_feats"}))

FORMS = {
    "sd1": UNET,
    "sd2": UNET,
    "sdxl": UNET,
    "sd3": _SD3,
    "flux": _FLUX,
    "flux-kontext": _FLUX,
    "flux2-klein": _FLUX2,
    "qwen-image": _QWEN,
    "qwen-image-edit": _QWEN,
    "z-image": _Z_IMAGE,
}
"""By the family's id."""
