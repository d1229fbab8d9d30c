"""diffusers' schedulers, made to start exactly at a chosen noise level and to end without noise."""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from typing import Any

import torch

from core.errors import SettingsError
from core.images.layout import strips
from core.recipe import SchedulerName

_TRAILING = {"timestep_spacing": "trailing"}
_TO_ZERO = {"final_sigmas_type": "zero"}


@dataclass(frozen=True)
class _Family:
    """How one scheduler is built: diffusers' module and class, and its options.

    The module is imported when it is used, since some take seconds. `draws`: it adds fresh noise
    at each step. `takes_timesteps`: it is told its timesteps one by one. `forgets`: a step
    depends on what it is given alone, so that rows can be stepped apart.
    """

    module: str
    name: str
    options: dict[str, Any]
    draws: bool = False
    takes_timesteps: bool = False
    forgets: bool = False

    def make(self, **options: Any) -> Any:
        """Return a scheduler with these options besides its own."""
        module = importlib.import_module(f"diffusers.schedulers.scheduling_{self.module}")
        return getattr(module, self.name)(**self.options, **options)


_FAMILIES = {
    SchedulerName.DDIM: _Family(
        "ddim",
        "DDIMScheduler",
        {"clip_sample": False, "set_alpha_to_one": True, **_TRAILING},
        forgets=True,
    ),
    SchedulerName.EULER: _Family(
        "euler_discrete", "EulerDiscreteScheduler", {**_TO_ZERO, **_TRAILING}
    ),
    SchedulerName.EULER_A: _Family(
        "euler_ancestral_discrete", "EulerAncestralDiscreteScheduler", _TRAILING, draws=True
    ),
    SchedulerName.DPMPP_2M: _Family(
        "dpmsolver_multistep",
        "DPMSolverMultistepScheduler",
        {"algorithm_type": "dpmsolver++", **_TO_ZERO, **_TRAILING},
    ),
    SchedulerName.DPMPP_SDE: _Family(
        "dpmsolver_singlestep",
        "DPMSolverSinglestepScheduler",
        {"algorithm_type": "sde-dpmsolver++", "lower_order_final": True, **_TO_ZERO},
        draws=True,
        takes_timesteps=True,
    ),
    SchedulerName.UNIPC: _Family(
        "unipc_multistep", "UniPCMultistepScheduler", {**_TO_ZERO, **_TRAILING}
    ),
    SchedulerName.HEUN: _Family("heun_discrete", "HeunDiscreteScheduler", _TRAILING),
}


class Sampler:
    """One scheduler on its way down `ratios`; stateful, so each state has its own.

    `levels` holds, call by call, which of the ratios the network is asked at: each once, and for
    schedulers of second order (Heun) most of them twice.
    """

    def __init__(self, name: SchedulerName, ratios: tuple[float, ...]) -> None:
        self._family = _family(name)
        self._scheduler = _build(self._family, ratios)
        self._timesteps = list(self._scheduler.timesteps)
        self.levels = tuple(len(ratios) - 1 - round(float(t)) for t in self._timesteps)

    @property
    def draws(self) -> bool:
        """Whether fresh noise is added at each step."""
        return self._family.draws

    def start(self, picture: torch.Tensor, noise: torch.Tensor | None) -> torch.Tensor:
        """Return the first state: `picture` (-1 to 1) as this scheduler scales it, plus `noise`.

        Each pixel's depends on nothing but that pixel.
        """
        added = torch.zeros(1, 1, 1) if noise is None else noise
        state = self._scheduler.add_noise(picture[None], added[None], self._timesteps[0][None])
        return torch.as_tensor(state[0])

    def input_scale(self, call: int) -> float:
        """Return what the state is multiplied with for the network at call number `call`."""
        one = torch.ones((), dtype=torch.float64)
        return float(self._scheduler.scale_model_input(one, self._timesteps[call]))

    def step(
        self, call: int, v: torch.Tensor, state: torch.Tensor, generator: torch.Generator
    ) -> torch.Tensor:
        """Return the next state from the network's `v` for this one; all (3, H, W).

        None keeps `v` itself, only what it computes from it.
        """
        if not self._family.forgets:
            return self._step(call, v, state, generator)
        after = torch.empty_like(state)
        for top, bottom in strips(*state.shape[1:]):
            rows = slice(top, bottom)
            after[:, rows] = self._step(call, v[:, rows], state[:, rows], generator)
        return after

    def _step(
        self, call: int, v: torch.Tensor, state: torch.Tensor, generator: torch.Generator
    ) -> torch.Tensor:
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
    )
    # The products of rounded single-precision betas are off by percents at low noise.
    scheduler.alphas_cumprod = torch.tensor(alphas, dtype=torch.float64)
    if family.takes_timesteps:
        scheduler.set_timesteps(timesteps=list(reversed(range(len(ratios)))))
    else:
        scheduler.set_timesteps(len(ratios))
    return scheduler
