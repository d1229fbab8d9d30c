"""Noise added and removed again with DDIM, for the measurements of the built-in model."""

from __future__ import annotations

from itertools import pairwise

import torch

from core.builtin.network import PhotoDenoiser
from core.builtin.schedule import make_betas, ratio_of_strength, timestep_of_ratio
from core.engine.noise import curve_of_betas, noise_ratios, steps_to_run
from core.recipe import SigmaSchedule

NUM_INFERENCE_STEPS = 20


def plan_ratios(strength: float, num_inference_steps: int = NUM_INFERENCE_STEPS) -> list[float]:
    """Noise ratios of the steps that run at `strength`, falling, with the 0 that ends them."""
    steps = steps_to_run(strength, num_inference_steps)
    first, curve = ratio_of_strength(strength), curve_of_betas(make_betas())
    return [*noise_ratios(first, steps, SigmaSchedule.NORMAL, curve), 0.0] if steps else []


@torch.inference_mode()
def repaint(
    model: PhotoDenoiser, picture: torch.Tensor, strength: float, seed: int = 0
) -> torch.Tensor:
    """The picture (1, 3, height, width; -1 to 1) after noise and DDIM (Song 2021, eta 0)."""
    ratios = plan_ratios(strength)
    if not ratios:
        return picture
    generator = torch.Generator().manual_seed(seed)
    noise = torch.randn(picture.shape, generator=generator)
    noisy = picture + ratios[0] * noise
    for ratio, following in pairwise(ratios):
        signal = 1 / (1 + ratio * ratio) ** 0.5
        predicted = model((noisy * signal).to(model.dtype), timestep_of_ratio(ratio)).sample.float()
        estimate = signal * (signal * noisy - ratio * predicted)
        noisy = estimate + following / ratio * (noisy - estimate)
    return noisy
