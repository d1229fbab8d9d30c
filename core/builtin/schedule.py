"""The built-in model's noise schedule: pure arithmetic, no torch.

A noise ratio r = sqrt((1 - abar) / abar) is the deviation of the noise over that of the picture's
scale of -1 to 1: sigma of 255 is 127.5 r. Timesteps 0 to 999 are evenly spaced in log r.
"""

from __future__ import annotations

import math

NUM_TRAIN_TIMESTEPS = 1000
MIN_RATIO = 0.008
MAX_RATIO = 12.0
LEVELS_PER_UNIT = 127.5

STRENGTH_TOP = 2.6
STRENGTH_POWER = 1.45

_LAST = NUM_TRAIN_TIMESTEPS - 1
_LOG_SPAN = math.log(MAX_RATIO / MIN_RATIO)


def ratio_of_timestep(timestep: float) -> float:
    """Noise ratio at a timestep (0 to 999, fractions allowed)."""
    return MIN_RATIO * math.exp(_LOG_SPAN * timestep / _LAST)


def timestep_of_ratio(ratio: float) -> float:
    """Timestep (fractional, held to 0 to 999) whose noise ratio is `ratio`."""
    held = min(max(ratio, MIN_RATIO), MAX_RATIO)
    return _LAST * math.log(held / MIN_RATIO) / _LOG_SPAN


def ratio_of_sigma(sigma: float) -> float:
    """Noise ratio of Gaussian noise of deviation `sigma`, in levels of 255."""
    return sigma / LEVELS_PER_UNIT


def sigma_of_ratio(ratio: float) -> float:
    """Deviation of the noise in levels of 255."""
    return ratio * LEVELS_PER_UNIT


def make_alphas_cumprod() -> list[float]:
    """abar of every timestep: 1 / (1 + r**2)."""
    return [1 / (1 + ratio_of_timestep(step) ** 2) for step in range(NUM_TRAIN_TIMESTEPS)]


def make_betas() -> list[float]:
    """The same schedule as diffusers' `trained_betas`."""
    cumulated = make_alphas_cumprod()
    pairs = zip(cumulated, [1.0, *cumulated[:-1]], strict=True)
    return [1 - current / previous for current, previous in pairs]


def ratio_of_strength(strength: float) -> float:
    """Noise ratio at which repainting at `strength` (0 to 1) starts.

    A power law, fixed by `python -m core.builtin.calibrate`: on pixels the ratios of latent models
    would destroy far more, so the built-in model has a curve of its own. Raises ValueError outside
    0 to 1.
    """
    if not 0 <= strength <= 1:
        raise ValueError(f"strength must lie between 0 and 1: {strength}")
    return STRENGTH_TOP * math.pow(strength, STRENGTH_POWER)


def strength_of_ratio(ratio: float) -> float:
    """The strength that starts at `ratio`; above the curve's end, 1."""
    return min(1.0, math.pow(max(ratio, 0.0) / STRENGTH_TOP, 1 / STRENGTH_POWER))
