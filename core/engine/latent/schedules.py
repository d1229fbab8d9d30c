"""diffusers' schedulers by the names that users know, made of the settings of the model's own."""

from __future__ import annotations

import importlib
from dataclasses import dataclass, field
from typing import Any

from core.errors import SettingsError
from core.recipe import SchedulerName as S
from core.recipe import SigmaSchedule

_NAMES = {
    S.DDIM: "DDIMScheduler",
    S.EULER: "EulerDiscreteScheduler",
    S.EULER_A: "EulerAncestralDiscreteScheduler",
    S.DPMPP_2M: "DPMSolverMultistepScheduler",
    S.DPMPP_2M_SDE: "DPMSolverMultistepScheduler",
    S.DPMPP_SDE: "DPMSolverSinglestepScheduler",
    S.UNIPC: "UniPCMultistepScheduler",
    S.HEUN: "HeunDiscreteScheduler",
    S.DDPM: "DDPMScheduler",
    S.PNDM: "PNDMScheduler",
    S.LMS: "LMSDiscreteScheduler",
    S.DPM2: "KDPM2DiscreteScheduler",
    S.DPM2_A: "KDPM2AncestralDiscreteScheduler",
    S.DEIS: "DEISMultistepScheduler",
    S.LCM: "LCMScheduler",
    S.TCD: "TCDScheduler",
    S.FLOW_EULER: "FlowMatchEulerDiscreteScheduler",
    S.FLOW_HEUN: "FlowMatchHeunDiscreteScheduler",
}

_OPTIONS: dict[S, dict[str, Any]] = {
    S.DPMPP_2M: {"algorithm_type": "dpmsolver++"},
    S.DPMPP_2M_SDE: {"algorithm_type": "sde-dpmsolver++"},
    # Without a first-order last step it would divide by the noise that is left: none.
    S.DPMPP_SDE: {"algorithm_type": "sde-dpmsolver++", "lower_order_final": True},
    S.PNDM: {"skip_prk_steps": True},
}

_SIGMAS = {
    SigmaSchedule.KARRAS: "use_karras_sigmas",
    SigmaSchedule.EXPONENTIAL: "use_exponential_sigmas",
    SigmaSchedule.BETA: "use_beta_sigmas",
}


@dataclass(frozen=True)
class Schedule:
    """A photograph's own scheduler, and with which numbers its pipeline is to be called.

    `strength` None: the pipeline has none. `facts`: what is to be said of it.
    """

    scheduler: Any
    num_inference_steps: int
    strength: float | None
    facts: dict[str, str | int | float] = field(default_factory=dict)


def scheduler_class(name: S) -> Any:
    """Return diffusers' class."""
    return getattr(importlib.import_module("diffusers"), _NAMES[name])


def scheduler_options(name: S) -> dict[str, Any]:
    """Return what a scheduler is told besides the model's own settings."""
    return dict(_OPTIONS.get(name, {}))


def native_scheduler(name: S, config: dict[str, Any], sigmas: SigmaSchedule) -> Any:
    """Return a scheduler as diffusers makes it of the model's own settings.

    Raises:
        SettingsError: diffusers' scheduler knows no such spacing of noise levels.
    """
    kind, options = scheduler_class(name), scheduler_options(name)
    if sigmas is not SigmaSchedule.NORMAL:
        flag = _SIGMAS[sigmas]
        if flag not in kind._get_init_keys(kind):
            raise SettingsError(
                f"diffusers' {name.value} has no {sigmas.value} sigmas.",
                hint="Use --sigmas normal, or --strength-scale noise, which has them for all.",
            )
        options |= dict.fromkeys(_SIGMAS.values(), False) | {flag: True}
        options = {k: v for k, v in options.items() if k in kind._get_init_keys(kind)}
    return made_of(kind, config, **options)


def made_of(kind: Any, config: dict[str, Any], **options: Any) -> Any:
    """Return a scheduler of a model's own settings, and of `options`.

    Flow schedulers complain of settings for one another; pipelines look for some of them all the
    same, such as how much the size of a picture shifts its levels.
    """
    if kind._compatibles:
        return kind.from_config(config, **options)
    known = kind._get_init_keys(kind)
    scheduler = kind(**{name: value for name, value in config.items() if name in known} | options)
    others = {k: v for k, v in config.items() if k not in known and not k.startswith("_")}
    scheduler.register_to_config(**others)
    return scheduler
