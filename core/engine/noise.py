"""Noise levels as arithmetic, without torch: the strength scale, step counts, spacing of levels.

A noise ratio is r = sqrt((1 - abar) / abar): the noise's deviation over the picture's scale of -1
to 1, which diffusers calls sigma. Sigma of 255 is 127.5 r.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass

from core.recipe import SigmaSchedule

LEVELS_PER_UNIT = 127.5
"""Levels of 255 in one unit of the model's scale of -1 to 1."""

_ROUNDING = 1e-9
_KARRAS_RHO = 7.0
_BETA_SHAPE = 0.6


@dataclass(frozen=True, slots=True)
class NoiseCurve:
    """A model's noise ratio at each of its training timesteps, rising.

    Between timesteps it is interpolated in log r, and before the first one continued likewise.
    """

    ratios: tuple[float, ...]

    @property
    def smallest(self) -> float:
        """Return the least noise the model was trained on."""
        return self.ratios[0]

    def ratio_of_timestep(self, timestep: float) -> float:
        """Return the noise ratio at `timestep`, fractions and values below 0 allowed."""
        low = min(max(math.floor(timestep), 0), len(self.ratios) - 2)
        below, above = math.log(self.ratios[low]), math.log(self.ratios[low + 1])
        return math.exp(below + (above - below) * (timestep - low))

    def timestep_of_ratio(self, ratio: float) -> float:
        """Return the timestep, from 0 to the last, whose noise ratio comes nearest `ratio`."""
        if ratio <= self.ratios[0]:
            return 0.0
        if ratio >= self.ratios[-1]:
            return len(self.ratios) - 1.0
        above = bisect_left(self.ratios, ratio)
        low, high = math.log(self.ratios[above - 1]), math.log(self.ratios[above])
        return above - 1 + (math.log(ratio) - low) / (high - low)


def curve_of_alphas(alphas_cumprod: Iterable[float]) -> NoiseCurve:
    """Return the curve of a diffusers schedule, given abar of every timestep."""
    return NoiseCurve(tuple(math.sqrt((1 - abar) / abar) for abar in alphas_cumprod))


def curve_of_betas(betas: Iterable[float]) -> NoiseCurve:
    """Return the curve of a diffusers schedule, given its `trained_betas`."""
    alphas, abar = [], 1.0
    for beta in betas:
        abar *= 1 - beta
        alphas.append(abar)
    return curve_of_alphas(alphas)


def scaled_linear_betas(start: float, end: float, count: int = 1000) -> list[float]:
    """Return diffusers' `scaled_linear` betas: evenly spaced square roots."""
    low, high = math.sqrt(start), math.sqrt(end)
    return [(low + (high - low) * k / (count - 1)) ** 2 for k in range(count)]


def sigma_ref(strength: float) -> float:
    """Return the noise ratio that `strength` (0 to 1) means on the scale shared by all models.

    It is Stable Diffusion 1.x's schedule (scaled linear, 0.00085 to 0.012) at timestep
    min(1000 strength, 999); 0 means no noise.
    """
    if strength <= 0:
        return 0.0
    reference = curve_of_betas(scaled_linear_betas(0.00085, 0.012))
    return reference.ratio_of_timestep(min(1000 * strength, 999))


def steps_to_run(strength: float, num_inference_steps: int, min_steps: int = 1) -> int:
    """Return how many of `num_inference_steps` run: at least `min_steps`, 0 only at strength 0.

    A product that floating point lifts just above a whole number does not cost a step more.
    """
    if strength <= 0:
        return 0
    return max(1, min_steps, math.ceil(strength * num_inference_steps - _ROUNDING))


def native_start(strength: float, num_inference_steps: int, curve: NoiseCurve) -> tuple[int, float]:
    """Return (steps, first ratio) of diffusers' own image-to-image call: the last share of steps.

    Steps are int(strength * num_inference_steps), as Stable Diffusion's pipelines count, guarded
    against floating point; 0 steps means that nothing is changed. `trailing` spacing.
    """
    steps = min(math.floor(strength * num_inference_steps + _ROUNDING), num_inference_steps)
    count = len(curve.ratios)
    timestep = count * steps / num_inference_steps - 1
    return steps, curve.ratio_of_timestep(timestep) if steps else 0.0


def noise_ratios(
    first: float, steps: int, spacing: SigmaSchedule, curve: NoiseCurve
) -> tuple[float, ...]:
    """Return `steps` falling noise ratios from exactly `first`; the level 0 after them is implied.

    `normal` is evenly spaced in the model's own timesteps as diffusers' `trailing`; `karras`
    (Karras et al. 2022, rho 7) and `exponential` end at the least noise the model knows; `beta`
    (Lee et al. 2024, 0.6 and 0.6) spaces timesteps by the beta distribution's quantiles.
    """
    if steps == 1:
        return (first,)
    lowest = min(curve.smallest, first / 2)
    shares = [k / (steps - 1) for k in range(1, steps)]
    if spacing is SigmaSchedule.KARRAS:
        high, low = first ** (1 / _KARRAS_RHO), lowest ** (1 / _KARRAS_RHO)
        rest = [(high + (low - high) * share) ** _KARRAS_RHO for share in shares]
    elif spacing is SigmaSchedule.EXPONENTIAL:
        rest = [first * (lowest / first) ** share for share in shares]
    else:
        rest = _along_timesteps(first, _quantiles(steps, spacing), curve)
    return (first, *rest)


def _quantiles(steps: int, spacing: SigmaSchedule) -> list[float]:
    """Return the shares of the first timestep at which the steps after the first one stand."""
    shares = [1 - k / steps for k in range(1, steps)]
    if spacing is SigmaSchedule.NORMAL:
        return shares
    from scipy.special import betaincinv

    return [float(betaincinv(_BETA_SHAPE, _BETA_SHAPE, share)) for share in shares]


def _along_timesteps(first: float, shares: list[float], curve: NoiseCurve) -> list[float]:
    if first <= curve.smallest:
        return [first * share for share in shares]
    start = curve.timestep_of_ratio(first) + 1
    return [curve.ratio_of_timestep(start * share - 1) for share in shares]
