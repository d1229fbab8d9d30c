"""Counts a network's products, convolutions and attention, on tensors without memory."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch.utils.flop_counter import FlopCounterMode

from tests.benchmarks.speed.meter import DECODE, DENOISE, ENCODE
from tests.benchmarks.speed.subjects import Subject, true_model

_WORDS, _FLUX_WORDS, _BUILTIN_SIDE = 77, 512, 512


def flop_a_cell(subject: Subject) -> dict[str, float]:
    """Return the operations for each cell of one row, by network, at the subject's size.

    A multiplication with its addition counts as two. Norms and activations are left out.
    """
    with torch.device("meta"):
        if not subject.true:
            from core.builtin.network import PhotoDenoiser

            sample = torch.empty(1, 3, _BUILTIN_SIDE, _BUILTIN_SIDE)
            network = PhotoDenoiser()
            return {DENOISE: _counted(lambda: network(sample, 300.0)) / _BUILTIN_SIDE**2}
        return _of_latent(subject)


def _of_latent(subject: Subject) -> dict[str, float]:
    modules = true_model(subject.true).modules
    vae, side = modules["vae"](), subject.side // 8
    picture = torch.empty(1, 3, subject.side, subject.side)
    latents = torch.empty(1, vae.config.latent_channels, side, side)
    name = "transformer" if "transformer" in modules else "unet"
    given = (_flux_given if name == "transformer" else _unet_given)(subject, latents)
    network, cells = modules[name](), side**2 // (4 if name == "transformer" else 1)
    return {
        DENOISE: _counted(lambda: network(**given)) / cells,
        ENCODE: _counted(lambda: vae.encoder(picture)) / subject.side**2,
        DECODE: _counted(lambda: vae.decoder(latents)) / side**2,
    }


def _unet_given(subject: Subject, latents: torch.Tensor) -> dict[str, Any]:
    width = 2048 if subject.true == "sdxl" else 768
    given: dict[str, Any] = {
        "sample": latents,
        "timestep": torch.empty(1),
        "encoder_hidden_states": torch.empty(1, _WORDS, width),
    }
    if subject.true == "sdxl":
        added = {"text_embeds": torch.empty(1, 1280), "time_ids": torch.empty(1, 6)}
        given["added_cond_kwargs"] = added
    if subject.true == "sd1-lcm":
        given["timestep_cond"] = torch.empty(1, 256)
    return given


def _flux_given(subject: Subject, latents: torch.Tensor) -> dict[str, Any]:
    tokens = latents.shape[2] * latents.shape[3] // 4
    return {
        "hidden_states": torch.empty(1, tokens, 64),
        "encoder_hidden_states": torch.empty(1, _FLUX_WORDS, 4096),
        "pooled_projections": torch.empty(1, 768),
        "timestep": torch.empty(1),
        "img_ids": torch.empty(tokens, 3),
        "txt_ids": torch.empty(_FLUX_WORDS, 3),
        "guidance": torch.empty(1),
    }


@torch.no_grad()
def _counted(act: Callable[[], object]) -> float:
    with FlopCounterMode(display=False) as counter:
        act()
    return float(counter.get_total_flops())
