"""diffusers' schedulers made to pass exactly the noise levels that we choose."""

from __future__ import annotations

import inspect
import math
from typing import Any

import torch
from diffusers import FlowMatchEulerDiscreteScheduler, FlowMatchHeunDiscreteScheduler
from diffusers.configuration_utils import FrozenDict

from core.engine.latent.levels import Levels, flow_levels
from core.engine.latent.schedules import made_of, scheduler_class, scheduler_options
from core.engine.noise import NoiseCurve
from core.recipe import SchedulerName, SigmaSchedule

_TRAILING = {"timestep_spacing": "trailing"}
_TO_ZERO = {"final_sigmas_type": "zero"}
_EXACT: dict[SchedulerName, dict[str, Any]] = {
    SchedulerName.DDIM: {"clip_sample": False, "set_alpha_to_one": True, **_TRAILING},
    SchedulerName.EULER: {**_TO_ZERO, **_TRAILING},
    SchedulerName.EULER_A: _TRAILING,
    SchedulerName.DPMPP_2M: {**_TO_ZERO, **_TRAILING},
    SchedulerName.DPMPP_2M_SDE: {**_TO_ZERO, **_TRAILING},
    SchedulerName.DPMPP_SDE: _TO_ZERO,
    SchedulerName.UNIPC: {**_TO_ZERO, **_TRAILING},
    SchedulerName.HEUN: _TRAILING,
    SchedulerName.DDPM: {"clip_sample": False, **_TRAILING},
    SchedulerName.PNDM: {"set_alpha_to_one": True},
    SchedulerName.LMS: _TRAILING,
    SchedulerName.DPM2: _TRAILING,
    SchedulerName.DPM2_A: _TRAILING,
    # It ends at its lowest level instead of at none, and so gets one below the last.
    SchedulerName.DEIS: {"timestep_spacing": "leading"},
}
_BY_TRAINING = frozenset({SchedulerName.LCM, SchedulerName.TCD})
"""Their steps use the timesteps they were trained at, and not only the noise there."""

_NO_NOISE = 1e-3
_MOST_NOISE = 1e-8


def model_curve(config: dict[str, Any]) -> NoiseCurve:
    """Return a model's noise ratio at each timestep, from the settings of its scheduler.

    Some models were trained to the point where nothing of the picture is left; there the ratio is
    a very large number.
    """
    scheduler = scheduler_class(SchedulerName.DDIM).from_config(config)
    # In double precision: the products of rounded ones are off by percents at low noise.
    alphas = (1 - scheduler.betas.double()).cumprod(0).clamp(min=_MOST_NOISE).tolist()
    return NoiseCurve(tuple(math.sqrt((1 - abar) / abar) for abar in alphas))


class LeveledScheduler:
    """A scheduler of diffusers on its way down given levels, as pipelines use schedulers.

    Inside, a scheduler is built whose whole schedule are these levels, one timestep each, so that
    there is nothing to round or to interpolate; outside stand the model's own timesteps. The
    first level is there twice, since pipelines take the first one away at a strength below 1, and
    some start from pure noise at 1.
    """

    init_noise_sigma = 1.0

    def __init__(self, name: SchedulerName, levels: Levels, config: dict[str, Any]) -> None:
        by_training = name in _BY_TRAINING
        self._inner = _trained(name, config) if by_training else _built(name, levels, config)
        self._levels, self._by_training = levels, by_training
        # Told otherwise, pipelines complain about settings that change nothing here.
        self.config = FrozenDict(dict(config) | {"steps_offset": 1, "clip_sample": False})
        self.order: int = self._inner.order
        self.timesteps = torch.empty(0)
        self._call = 0

    @property
    def call_form(self) -> tuple[int, float]:
        """Return (num_inference_steps, strength) with which a pipeline takes all levels."""
        count = len(self._levels.ratios)
        return count + 1, (count + 0.5) / (count + 1)

    def set_timesteps(self, _num_inference_steps: int, device: Any = None) -> None:
        """Begin anew; the number of steps is that of the levels, whatever is asked."""
        inner, count = self._inner, len(self._levels.ratios)
        if self._by_training:
            # Told levels of one's own, they warn of those that are not their first one.
            inner.num_inference_steps, inner.custom_timesteps = count, True
            inner.timesteps = torch.tensor(list(map(int, self._levels.timesteps)), device=device)
            inner._step_index = inner._begin_index = None
        elif isinstance(inner, scheduler_class(SchedulerName.DPMPP_SDE)):
            inner.set_timesteps(timesteps=list(reversed(range(count))), device=device)
        else:
            inner.set_timesteps(count, device=device)
        asked = [self._timestep(float(t)) for t in inner.timesteps]
        doubled = asked[:1] * self.order + asked
        kind = torch.int64 if self._by_training else torch.float32
        self.timesteps = torch.tensor(doubled, dtype=kind, device=device)
        self._call = 0

    def _timestep(self, inner: float) -> float:
        """Return the model's timestep for the inner scheduler's, which may lie between levels."""
        if self._by_training:
            return inner
        levels = tuple(reversed(self._levels.timesteps))
        inner -= self._inner.config.num_train_timesteps - len(levels)
        low = min(max(math.floor(inner), 0), len(levels) - 1)
        if inner == low or len(levels) == 1:
            return levels[low]
        low = min(low, len(levels) - 2)
        return levels[low] + (levels[low + 1] - levels[low]) * (inner - low)

    def set_begin_index(self, begin_index: int = 0) -> None:
        """Do nothing: it always begins at its first level."""

    def scale_model_input(self, sample: torch.Tensor, _timestep: Any) -> torch.Tensor:
        """Return the state as the network takes it."""
        scaled = self._inner.scale_model_input(sample, self._inner.timesteps[self._call])
        return torch.as_tensor(scaled)

    def add_noise(
        self, original_samples: torch.Tensor, noise: torch.Tensor, _timesteps: Any
    ) -> torch.Tensor:
        """Return a picture with the noise of the level that comes next."""
        inner = self._inner
        noisy = inner.add_noise(original_samples, noise, inner.timesteps[self._call][None])
        return torch.as_tensor(noisy)

    def step(
        self, model_output: torch.Tensor, _timestep: Any, sample: torch.Tensor,
        eta: float = 0.0, generator: torch.Generator | None = None, return_dict: bool = True,
    ) -> tuple[torch.Tensor]:  # fmt: skip
        """Return the next state; always as a tuple."""
        del return_dict
        taken = inspect.signature(self._inner.step).parameters
        given = {"eta": eta, "generator": generator}
        given = {name: value for name, value in given.items() if name in taken}
        after = self._inner.step(
            model_output, self._inner.timesteps[self._call], sample, return_dict=False, **given
        )
        self._call += 1
        return (after[0],)


def _trained(name: SchedulerName, config: dict[str, Any]) -> Any:
    return scheduler_class(name).from_config(config, **scheduler_options(name))


def _built(name: SchedulerName, levels: Levels, config: dict[str, Any]) -> Any:
    """Return a scheduler whose training timesteps are the levels; see LeveledScheduler."""
    ratios = list(reversed(levels.ratios))
    if name is SchedulerName.DEIS:
        ratios.insert(0, ratios[0] * _NO_NOISE)
    alphas = [1 / (1 + ratio**2) for ratio in ratios]
    betas = [1 - now / before for now, before in zip(alphas, [1.0, *alphas], strict=False)]
    scheduler = scheduler_class(name)(
        **scheduler_options(name),
        **_EXACT[name],
        num_train_timesteps=len(ratios),
        trained_betas=betas,
        prediction_type=config.get("prediction_type", "epsilon"),
    )
    scheduler.alphas_cumprod = torch.tensor(alphas, dtype=torch.float64)
    return scheduler


class _FlowLevels:
    """How far down and in how many steps a flow scheduler goes, whatever a pipeline asks."""

    def __init__(self, first: float, steps: int, spacing: SigmaSchedule) -> None:
        self.first, self.steps, self.spacing = first, steps, spacing

    def sigmas(self, scheduler: Any, mu: float | None) -> torch.Tensor:
        """Return the levels under the shift that the scheduler has for this size of picture."""
        shift = float(scheduler.config.shift)
        if scheduler.config.get("use_dynamic_shifting") and mu is not None:
            is_linear = scheduler.config.get("time_shift_type") == "linear"
            shift = mu if is_linear else math.exp(mu)
        levels = flow_levels(self.first, self.steps, self.spacing, shift)
        return torch.tensor(levels, dtype=torch.float32)


class LeveledFlowEuler(FlowMatchEulerDiscreteScheduler):  # type: ignore[misc]
    """Flow-matching Euler on its way down given levels."""

    levels: _FlowLevels

    def set_timesteps(
        self, num_inference_steps: int | None = None, device: Any = None,
        sigmas: Any = None, mu: float | None = None, timesteps: Any = None,
    ) -> None:  # fmt: skip
        """Begin anew; levels and their number are fixed."""
        del num_inference_steps, sigmas, timesteps
        levels = self.levels.sigmas(self, mu).to(device)
        self.num_inference_steps = len(levels)
        self.timesteps = levels * self.config.num_train_timesteps
        self.sigmas = torch.cat([levels, levels.new_zeros(1)])
        self._step_index = self._begin_index = None


class LeveledFlowHeun(FlowMatchHeunDiscreteScheduler):  # type: ignore[misc]
    """Flow-matching Heun on its way down given levels."""

    levels: _FlowLevels

    def set_timesteps(
        self, num_inference_steps: int | None = None, device: Any = None,
        sigmas: Any = None, mu: float | None = None,
    ) -> None:  # fmt: skip
        """Begin anew; levels and their number are fixed."""
        del num_inference_steps, sigmas
        levels = self.levels.sigmas(self, mu).to(device)
        self.num_inference_steps = len(levels)
        times = levels * self.config.num_train_timesteps
        self.timesteps = torch.cat([times[:1], times[1:].repeat_interleave(2)])
        middle = levels[1:].repeat_interleave(2)
        self.sigmas = torch.cat([levels[:1], middle, levels.new_zeros(1)])
        self.prev_derivative = self.dt = None
        self._step_index = self._begin_index = None


def leveled_flow(
    name: SchedulerName,
    config: dict[str, Any],
    first: float,
    steps: int,
    spacing: SigmaSchedule,
) -> Any:
    """Return a flow scheduler that begins exactly at the noise ratio `first`."""
    kind: Any = LeveledFlowHeun if name is SchedulerName.FLOW_HEUN else LeveledFlowEuler
    scheduler = made_of(kind, config)
    scheduler.levels = _FlowLevels(first, steps, spacing)
    return scheduler
