"""The noise levels that a repaint goes through, for the curve that shows them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from core.builtin.schedule import make_betas, ratio_of_strength
from core.engine.latent.levels import flow_levels
from core.engine.latent.levels import noise_levels as levels_of
from core.engine.noise import (
    NoiseCurve,
    curve_of_betas,
    native_start,
    noise_ratios,
    scaled_linear_betas,
    sigma_ref,
)
from core.models.spec import ModelSpec, Prediction
from core.plan import first_sigma, step_counts
from core.recipe import EditSettings, Mode, StrengthScale

_USUAL_SHIFT = 3.0
"""How far flow models' schedules are moved to high noise; some move with the picture's size."""


@dataclass(frozen=True, slots=True)
class NoiseLevels:
    """Falling noise ratios, one a step: `skipped` lie above the start, `run` from it down.

    The level 0 that the last step reaches is implied. `skipped` and `run` together are as many as
    num_inference_steps, except where more steps run than the strength's share of them.
    """

    skipped: tuple[float, ...]
    run: tuple[float, ...]


def noise_levels(settings: EditSettings, spec: ModelSpec) -> NoiseLevels:
    """Return the levels of the steps that run under `settings`, and of those that do not.

    Clean skips nothing: it starts at the noise of the photograph itself (or, as long as that is
    not measured, at a guess). What is told by instruction has no levels to choose from.
    """
    if settings.mode is Mode.INSTRUCT:
        return NoiseLevels((), ())
    curve = _curve(spec.pixel_space)
    of_steps, steps = step_counts(settings, spec)
    first = first_sigma(settings, spec)
    if settings.mode is Mode.REPAINT and settings.strength_scale is StrengthScale.NATIVE:
        steps, first = native_start(settings.strength, of_steps, curve)
    run = _run(settings, spec, curve, first, steps) if steps and first > 0 else ()
    if settings.mode is Mode.CLEAN:
        return NoiseLevels((), run)
    top = ratio_of_strength(1.0) if spec.pixel_space else sigma_ref(1.0)
    return NoiseLevels(_between(top, first, of_steps - len(run), curve), run)


def _run(
    settings: EditSettings, spec: ModelSpec, curve: NoiseCurve, first: float, steps: int
) -> tuple[float, ...]:
    """Return the levels that the engine goes through from `first` on."""
    if spec.prediction is Prediction.FLOW:
        sigmas = flow_levels(first, steps, settings.sigmas, _USUAL_SHIFT)
        return tuple(sigma / (1 - sigma) for sigma in sigmas)
    if spec.levels and settings.strength_scale is StrengthScale.NOISE:
        return levels_of(settings, spec, curve).ratios
    return noise_ratios(first, steps, settings.sigmas, curve)


def _between(top: float, first: float, count: int, curve: NoiseCurve) -> tuple[float, ...]:
    """Return `count` falling levels from `top`, evenly spaced in timesteps; `first` is not one."""
    if count <= 0 or first >= top:
        return ()
    high = curve.timestep_of_ratio(top)
    low = curve.timestep_of_ratio(first) if first > 0 else -1.0
    return tuple(
        curve.ratio_of_timestep(high + (low - high) * step / count) for step in range(count)
    )


@lru_cache(maxsize=2)
def _curve(pixel_space: bool) -> NoiseCurve:
    return curve_of_betas(make_betas() if pixel_space else scaled_linear_betas(0.00085, 0.012))
