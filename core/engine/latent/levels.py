"""Which noise levels a photograph passes on the strength scale shared by all models; no torch."""

from __future__ import annotations

from dataclasses import dataclass

from core.engine.noise import NoiseCurve, noise_ratios, sigma_ref
from core.models.spec import ModelSpec
from core.plan import step_counts
from core.recipe import EditSettings, SigmaSchedule

_TRAINED = 1000


@dataclass(frozen=True)
class Levels:
    """Noise ratios, falling, that the network is asked at, and its timesteps at these.

    `snapped`: the model's own timestep that was nearest, where it was trained at a few only.
    """

    ratios: tuple[float, ...]
    timesteps: tuple[float, ...]
    snapped: int | None = None


def noise_levels(edit: EditSettings, spec: ModelSpec, curve: NoiseCurve) -> Levels:
    """Return the levels of a model that predicts noise: from exactly the strength's on.

    A distilled model starts at the nearest level that it was trained at, and passes others below.
    """
    _, steps = step_counts(edit, spec)
    first = sigma_ref(edit.strength)
    if spec.levels:
        return _trained_levels(spec.levels, curve.timestep_of_ratio(first), steps, curve)
    ratios = noise_ratios(first, steps, edit.sigmas, curve)
    return Levels(ratios, tuple(map(curve.timestep_of_ratio, ratios)))


def _trained_levels(
    trained: tuple[int, ...], wanted: float, steps: int, curve: NoiseCurve
) -> Levels:
    chosen = _chosen(trained, wanted, steps)
    ratios = tuple(curve.ratio_of_timestep(level) for level in chosen)
    return Levels(ratios, tuple(map(float, chosen)), snapped=chosen[0])


def _chosen(trained: tuple[int, ...], wanted: float, steps: int) -> list[int]:
    first = min(trained, key=lambda level: abs(level - wanted))
    below = [level for level in trained if level <= first]
    count = min(steps, len(below))
    return [below[k * len(below) // count] for k in range(count)]


def flow_levels(
    first: float, steps: int, spacing: SigmaSchedule, shift: float
) -> tuple[float, ...]:
    """Return `steps` falling sigmas, of 1, of a flow model, from the noise ratio `first` on.

    A flow model's picture is (1 - sigma) x + sigma noise: the noise ratio is sigma / (1 - sigma).
    Its schedule moves u to sigma = shift u / (1 + (shift - 1) u); normal steps are even in u.
    """
    ratios = noise_ratios(first, steps, spacing, flow_curve(shift))
    return tuple(ratio / (1 + ratio) for ratio in ratios)


def flow_curve(shift: float) -> NoiseCurve:
    """Return a flow model's noise ratios; its number k is that of u = (k + 1) / 1000."""
    shares = [k / _TRAINED for k in range(1, _TRAINED)]
    return NoiseCurve(tuple(shift * u / (1 - u) for u in shares))
