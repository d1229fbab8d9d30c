"""How the pipelines of each family are called for one photograph."""

from __future__ import annotations

import inspect
import warnings
from dataclasses import dataclass
from typing import Any

import torch
from PIL import Image

from core.engine.latent.components import Components
from core.engine.latent.leveled import LeveledScheduler, leveled_flow, model_curve
from core.engine.latent.levels import noise_levels
from core.engine.latent.schedules import Schedule, native_scheduler
from core.engine.latent.working import Working
from core.engine.noise import sigma_ref
from core.errors import SettingsError
from core.models.spec import Prediction
from core.plan import scheduler_of, step_counts
from core.recipe import EditSettings, Mode, SchedulerName, StrengthScale

_ALL_OF_THEM = 0.9999
"""A strength at which flow pipelines take all levels, and do not start from pure noise."""

_CONTROLLED = {
    "StableDiffusionImg2ImgPipeline": "StableDiffusionControlNetImg2ImgPipeline",
    "StableDiffusionInpaintPipeline": "StableDiffusionControlNetInpaintPipeline",
    "StableDiffusionXLImg2ImgPipeline": "StableDiffusionXLControlNetImg2ImgPipeline",
    "StableDiffusionXLInpaintPipeline": "StableDiffusionXLControlNetInpaintPipeline",
}


@dataclass(frozen=True)
class PipelineCall:
    """A pipeline of one photograph's own, and what it is called with."""

    pipeline: Any
    arguments: dict[str, Any]
    schedule: Schedule

    def __call__(self) -> torch.Tensor:
        """Return the picture, (3, h, w), 0 to 1, on the CPU."""
        picture = self.pipeline(**self.arguments).images[0]
        # Fetched as it is, and only then twice as large.
        return torch.as_tensor(picture).cpu().float()


def pipeline_call(
    components: Components,
    working: Working,
    edit: EditSettings,
    conditions: dict[str, Any],
    seed: int,
    control: Any = None,
) -> PipelineCall:
    """Return the call for a photograph.

    Args:
        conditions: what its pipeline is called with besides: embeddings of the prompts, the
            ControlNet's picture.
        control: the ControlNet, if there is one.

    Raises:
        SettingsError: the settings exclude each other.
    """
    schedule = schedule_of(components, edit)
    name = pipeline_name(components, has_mask=working.mask is not None)
    if control is None:
        pipeline = components.pipeline(name, schedule.scheduler)
    else:
        pipeline = components.pipeline(_CONTROLLED[name], schedule.scheduler, controlnet=control)
    taken = inspect.signature(type(pipeline).__call__).parameters
    given = _numbers(components, working, edit, schedule) | _picture(components, working)
    given |= {"generator": torch.Generator().manual_seed(seed), "output_type": "pt"}
    if edit.control is not None:
        given |= {
            "controlnet_conditioning_scale": float(edit.control.weight),
            "control_guidance_end": float(edit.control.until),
        }
    arguments = {k: v for k, v in given.items() if k in taken and v is not None}
    return PipelineCall(pipeline, arguments | conditions, schedule)


def _pipeline(components: Components, name: str, scheduler: Any, control: Any) -> Any:
    with warnings.catch_warnings():
        # Some pipelines mend settings of old schedulers, and say so at every photograph.
        warnings.simplefilter("ignore", FutureWarning)
        if control is None:
            return components.pipeline(name, scheduler)
        return components.pipeline(_CONTROLLED[name], scheduler, controlnet=control)


def pipeline_name(components: Components, *, has_mask: bool) -> str:
    """Return the class of the family's pipeline."""
    family = components.family
    return family.inpaint if has_mask and family.inpaint else family.img2img


def schedule_of(components: Components, edit: EditSettings) -> Schedule:
    """Return a new scheduler for one photograph, and the numbers that go with it.

    Raises:
        SettingsError: no step would run, or diffusers has no such schedule.
    """
    spec, name = components.spec, scheduler_of(edit, components.spec)
    config = components.scheduler_config
    if edit.mode is Mode.INSTRUCT or not spec.capabilities.strength:
        steps = edit.num_inference_steps or spec.defaults.num_inference_steps
        return Schedule(native_scheduler(name, config, edit.sigmas), steps, None)
    if edit.strength_scale is StrengthScale.NATIVE:
        return _native(components, edit, name)
    if spec.prediction is Prediction.FLOW:
        _, steps = step_counts(edit, spec)
        first = sigma_ref(edit.strength)
        scheduler = leveled_flow(name, config, first, steps, edit.sigmas)
        return Schedule(scheduler, steps, _ALL_OF_THEM, {"first_sigma": round(first, 5)})
    levels = noise_levels(edit, spec, model_curve(config))
    scheduler = LeveledScheduler(name, levels, config)
    facts: dict[str, str | int | float] = {"first_sigma": round(levels.ratios[0], 5)}
    if levels.snapped is not None:
        facts |= {"level": levels.snapped, "steps": len(levels.ratios)}
    return Schedule(scheduler, *scheduler.call_form, facts)


def _native(components: Components, edit: EditSettings, name: SchedulerName) -> Schedule:
    spec = components.spec
    steps = edit.num_inference_steps or spec.defaults.num_inference_steps
    if name is SchedulerName.FLOW_HEUN and not components.family.takes_any_flow:
        raise SettingsError(
            f"diffusers' own call of {spec.name} does not take flow-heun.",
            hint="Use --scheduler flow-euler, or --strength-scale noise.",
        )
    is_flow = spec.prediction is Prediction.FLOW
    if (edit.strength if is_flow else int(edit.strength * steps)) <= 0:
        raise SettingsError(
            f"Strength {edit.strength:g} of {steps} steps runs no step on diffusers' own scale.",
            hint="Raise --steps or --strength, or use --strength-scale noise.",
        )
    scheduler = native_scheduler(name, components.scheduler_config, edit.sigmas)
    return Schedule(scheduler, steps, edit.strength)


def _numbers(
    components: Components, working: Working, edit: EditSettings, schedule: Schedule
) -> dict[str, Any]:
    height, width = working.picture.shape[1:]
    given: dict[str, Any] = {
        "height": height,
        "width": width,
        "strength": schedule.strength,
        "num_inference_steps": schedule.num_inference_steps,
        "true_cfg_scale": edit.true_guidance,
        "max_area": height * width,
        "_auto_resize": False,
    }
    guidance = edit.guidance_scale
    if guidance is None:
        guidance = components.spec.defaults.guidance_scale
    by_truth = components.family.guided_apart
    given["true_cfg_scale" if by_truth else "guidance_scale"] = guidance
    if working.tile:
        # A tile is to the network a picture of its own, of the size that it was trained at.
        side = min(working.tile, height), min(working.tile, width)
        given |= {"original_size": side, "target_size": side}
    return given


def _picture(components: Components, working: Working) -> dict[str, Any]:
    # Channels last, as pictures out of files lie: other kernels give other last bits.
    picture: Any = working.picture[None].clamp(0, 1).contiguous(memory_format=torch.channels_last)
    if components.family.takes_files:
        values = (picture[0].permute(1, 2, 0) * 255).round().to(torch.uint8)
        picture = Image.fromarray(values.numpy())
    mask = None if working.mask is None else working.mask[None]
    return {"image": picture, "mask_image": mask}
