"""A picture at a noise level, as a diffusion model is given it; NumPy only."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray


def with_noise(pixels: NDArray[np.uint8], ratio: float, seed: int) -> NDArray[np.uint8]:
    """Return (h, w, 3) sRGB with noise of `ratio`, on the model's scale of -1 to 1.

    sqrt(abar) x + sqrt(1 - abar) n with abar = 1 / (1 + ratio^2) (Ho et al. 2020, equation 4):
    the picture fades as its noise grows, so it is never blown out.
    """
    picture = pixels.astype(np.float32) / np.float32(127.5) - 1
    noise = np.random.default_rng(seed).standard_normal(picture.shape, dtype=np.float32)
    whole = math.hypot(1.0, ratio)
    state = picture * np.float32(1 / whole) + noise * np.float32(ratio / whole)
    return np.rint(np.clip((state + 1) * 127.5, 0, 255)).astype(np.uint8)
