"""diffusers' schedulers, set up to start exactly at a chosen noise level and to end without noise."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from diffusers.schedulers.scheduling_ddim import DDIMScheduler
from diffusers.schedulers.scheduling_dpmsolver_multistep import DPMSolverMultistepScheduler
from diffusers.schedulers.scheduling_dpmsolver_singlestep import DPMSolverSinglestepScheduler
from diffusers.schedulers.scheduling_euler_ancestral_discrete import EulerAncestralDiscreteScheduler
from diffusers.schedulers.scheduling_euler_discrete import EulerDiscreteScheduler
from diffusers.schedulers.scheduling_heun_discrete import HeunDiscreteScheduler
from diffusers.schedulers.scheduling_unipc_multistep import UniPCMultistepScheduler

from core.errors import SettingsError
from core.recipe import SchedulerName

_TRAILING = {"timestep_spacing": "trailing"}
_TO_ZERO = {"final_sigmas_type": "zero"}


@dataclass(frozen=True)
class _Family:
    """How one scheduler is built. `draws`: it adds fresh noise at each step."""

    make: Callable[..., Any]
    options: dict[str, Any]
    draws: bool = False


_FAMILIES = {
    SchedulerName.DDIM: _Family(
        DDIMScheduler, {"clip_sample": False, "set_alpha_to_one": True, **_TRAILING}
    ),
    SchedulerName.EULER: _Family(EulerDiscreteScheduler, {**_TO_ZERO, **_TRAILING}),
    SchedulerName.EULER_A: _Family(EulerAncestralDiscreteScheduler, _TRAILING, draws=True),
    SchedulerName.DPMPP_2M: _Family(
        DPMSolverMultistepScheduler, {"algorithm_type": "dpmsolver++", **_TO_ZERO, **_TRAILING}
    ),
    SchedulerName.DPMPP_SDE: _Family(
        DPMSolverSinglestepScheduler,
        {"algorithm_type": "sde-dpmsolver++", "lower_order_final": True, **_TO_ZERO},
        draws=True,
    ),
    SchedulerName.UNIPC: _Family(UniPCMultistepScheduler, {**_TO_ZERO, **_TRAILING}),
    SchedulerName.HEUN: _Family(HeunDiscreteScheduler, _TRAILING),
}


class Sampler:
    """One scheduler on its way down `ratios`; stateful, so each state has its own.

    `levels` holds, call by call, which of the ratios the network is asked at: each once, and for
    schedulers of second order (Heun) most of them twice.
    """

    def __init__(self, name: SchedulerName, ratios: tuple[float, ...]) -> None:
        self._family = _family(name)
        # diffusers 0.42 turns tensors into arrays in a way that NumPy 2 warns about.
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            self._scheduler = _build(self._family, ratios)
        self._timesteps = list(self._scheduler.timesteps)
        self.levels = tuple(len(ratios) - 1 - round(float(t)) for t in self._timesteps)

    def start(self, picture: torch.Tensor, noise: torch.Tensor | None) -> torch.Tensor:
        """Return the first state: `picture` (-1 to 1) as this scheduler scales it, plus `noise`."""
        added = torch.zeros_like(picture) if noise is None else noise
        state = self._scheduler.add_noise(picture[None], added[None], self._timesteps[0][None])
        return torch.as_tensor(state[0])

    def input_scale(self, call: int) -> float:
        """Return what the state is multiplied with for the network at call number `call`."""
        one = torch.ones((), dtype=torch.float64)
        return float(self._scheduler.scale_model_input(one, self._timesteps[call]))

    def step(
        self, call: int, v: torch.Tensor, state: torch.Tensor, generator: torch.Generator
    ) -> torch.Tensor:
        """Return the next state from the network's `v` for this one; all (3, H, W)."""
        drawing = {"generator": generator} if self._family.draws else {}
        after = self._scheduler.step(v[None], self._timesteps[call], state[None], **drawing)
        return torch.as_tensor(after.prev_sample[0])


def calls_of(name: SchedulerName, steps: int) -> int:
    """Return how many network calls `steps` steps take."""
    return 2 * steps - 1 if name is SchedulerName.HEUN else steps


def _family(name: SchedulerName) -> _Family:
    if name not in _FAMILIES:
        known = ", ".join(known.value for known in _FAMILIES)
        raise SettingsError(
            f"This model does not run with the scheduler {name.value}.", hint=f"Choose: {known}."
        )
    return _FAMILIES[name]


def _build(family: _Family, ratios: tuple[float, ...]) -> Any:
    """Return a scheduler whose whole schedule is `ratios`, falling: one timestep a ratio.

    With as many training timesteps as steps there is nothing left to round or to interpolate.
    """
    alphas = [1 / (1 + ratio**2) for ratio in reversed(ratios)]
    betas = [1 - now / before for now, before in zip(alphas, [1.0, *alphas], strict=False)]
    scheduler = family.make(
        num_train_timesteps=len(ratios),
        trained_betas=betas,
        prediction_type="v_prediction",
        **family.options,
    )
    # The products of rounded single-precision betas are off by percents at low noise.
    scheduler.alphas_cumprod = torch.tensor(alphas, dtype=torch.float64)
    if family.make is DPMSolverSinglestepScheduler:
        scheduler.set_timesteps(timesteps=list(reversed(range(len(ratios)))))
    else:
        scheduler.set_timesteps(len(ratios))
    return scheduler
