"""What a recipe means for one photograph, before any work: calls, noise level, tiles, time, bytes.

Pure: the same settings, model, picture and device speed give the same plan. Loads no torch.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from core.builtin.schedule import ratio_of_strength
from core.engine.noise import sigma_ref, steps_to_run
from core.errors import SettingsError
from core.images.tile import chosen_tile, tile_grid
from core.models.families import FAMILIES
from core.models.spec import ModelSpec
from core.prompts.weights import check_weights_syntax
from core.recipe import (
    Amount,
    EditSettings,
    Mode,
    SchedulerName,
    SizeMode,
    StrengthScale,
)
from core.working_size import WorkingSize, working_size

CLEAN_GUESS_SIGMA = 10.0
"""Noise assumed for time estimates while the photograph's own is not measured yet, of 255."""

_SAMPLES_PER_STEP = dict.fromkeys(
    (SchedulerName.HEUN, SchedulerName.DPM2, SchedulerName.DPM2_A, SchedulerName.FLOW_HEUN), 2
)
_BYTES_PER_PIXEL = {"keep": 1.2, "jpeg": 0.9, "png": 2.2, "webp": 0.5, "avif": 0.4, "tiff": 3.1}
_SETTINGS_OF_CAPABILITY = {
    "prompt": "prompt",
    "prompts": "prompt",
    "wildcards": "prompt",
    "negative_prompt": "negative_prompt",
    "true_guidance": "true_guidance",
    "loras": "lora",
    "mask": "inpaint",
    "control": "control",
    "reference_image": "reference_image",
    "vae": "vae",
    "clip_skip": "clip_skip",
}
_ADD_A_MODEL = "Add a Stable Diffusion model with: regrain models add PATH."


@dataclass(frozen=True, slots=True)
class PictureSize:
    """Width and height in pixels, upright."""

    width: int
    height: int

    @property
    def pixels(self) -> int:
        """Number of pixels."""
        return self.width * self.height


@dataclass(frozen=True, slots=True)
class DeviceSpeed:
    """Measured speed: seconds for one denoiser call on a megapixel, and for files a megapixel."""

    seconds_per_megapixel_call: float
    seconds_per_megapixel_files: float = 0.15


@dataclass(frozen=True, slots=True)
class Plan:
    """What will happen to one photograph.

    `steps` of `of_steps` scheduler steps run, in `calls` denoiser calls a tile; `first_sigma` is
    the noise ratio sqrt((1 - abar) / abar) they start from; `tiles` 1 means whole. `width` and
    `height` are the result's; `size_words` say at what size the model works, where that is not
    simply the photograph's. `seconds` 0: not known yet. `unchanged` says that the coded data is
    taken over as it is.
    """

    steps: int
    of_steps: int
    calls: int
    first_sigma: float
    width: int
    height: int
    tiles: int
    seconds: float
    bytes: int
    zone: str = ""
    unchanged: bool = False
    size_words: str = ""

    def sentence(self, settings: EditSettings) -> str:
        """Return the line under the dial: `noise level 0.30, runs 6 of 20 steps`."""
        if self.unchanged:
            return "changes nothing"
        if settings.mode is Mode.CLEAN:
            return f"cleans in {self.steps} step{'s' if self.steps > 1 else ''}"
        if settings.mode is Mode.INSTRUCT:
            return f"does what the prompt says, in {self.steps} steps"
        level = f"noise level {settings.strength:.2f}"
        return f"{level}, runs {self.steps} of {self.of_steps} steps"


def plan(
    settings: EditSettings,
    spec: ModelSpec,
    picture: PictureSize,
    speed: DeviceSpeed | None = None,
    *,
    format: str = "keep",
    scale: float = 1.0,
) -> Plan:
    """Return what `settings` mean for `picture` under the model `spec`.

    `format` and `scale` are the output's.

    Raises:
        SettingsError: the model cannot use one of the settings.
    """
    check(settings, spec)
    speed = speed or DeviceSpeed(spec.seconds_per_megapixel_call)
    of_steps, steps = step_counts(settings, spec)
    calls = network_calls(settings, spec)
    working = working_size(settings, spec, picture.width, picture.height, scale)
    tiles = _tiles(settings, spec, working)
    result = PictureSize(working.full_width, working.full_height)
    return Plan(
        steps=steps,
        of_steps=of_steps,
        calls=calls * tiles,
        first_sigma=first_sigma(settings, spec),
        width=result.width,
        height=result.height,
        tiles=tiles,
        seconds=_seconds(speed, calls, working),
        bytes=round(result.pixels * bytes_per_pixel(format)),
        zone=spec.zone(settings.strength) if settings.mode is Mode.REPAINT else "",
        unchanged=steps == 0,
        size_words="" if spec.pixel_space else working.words,
    )


def _seconds(speed: DeviceSpeed, calls: int, working: WorkingSize) -> float:
    if not speed.seconds_per_megapixel_call:
        return 0.0
    seen = working.width * working.height / 1e6
    written = working.full_width * working.full_height / 1e6
    denoising = calls * speed.seconds_per_megapixel_call * seen
    return denoising + speed.seconds_per_megapixel_files * written


def check(settings: EditSettings, spec: ModelSpec) -> None:
    """Refuse what the model cannot use.

    Raises:
        SettingsError: says which setting would do nothing and what to do instead.
    """
    _check_mode(settings, spec)
    for name, capability in _SETTINGS_OF_CAPABILITY.items():
        value = getattr(settings, name)
        if value and not getattr(spec.capabilities, capability):
            raise SettingsError(_takes_no(spec, name, value), hint=_ADD_A_MODEL)
    for text in (settings.prompt, settings.negative_prompt):
        check_weights_syntax(spec, text)
    _check_guidance(settings, spec)
    scheduler = settings.scheduler
    if scheduler is not None and scheduler not in spec.schedulers:
        known = ", ".join(s.value for s in spec.schedulers)
        raise SettingsError(
            f"{spec.name} does not run with the scheduler {scheduler.value}.",
            hint=f"It runs with: {known}.",
        )


def _check_guidance(settings: EditSettings, spec: ModelSpec) -> None:
    guidance = settings.guidance_scale
    if guidance not in (None, 1.0, 0.0) and not spec.capabilities.guidance:
        hint = f"{spec.name} is distilled: leave guidance out." if spec.distilled else _ADD_A_MODEL
        raise SettingsError(_takes_no(spec, "guidance_scale", guidance), hint=hint)
    if settings.negative_prompt and not _guides_away(settings, spec):
        which = "true_guidance" if spec.capabilities.true_guidance else "guidance"
        raise SettingsError(
            f"Without {which.replace('_', ' ')} above 1 the negative prompt would do nothing.",
            hint=f"Give --{which.replace('_', '-')} 4, or leave the negative prompt out.",
        )


def _guides_away(settings: EditSettings, spec: ModelSpec) -> bool:
    """Return whether the model is asked twice, with the prompt and with the negative one."""
    if spec.capabilities.true_guidance:
        return (settings.true_guidance or 1.0) > 1
    guidance = settings.guidance_scale
    return (spec.defaults.guidance_scale if guidance is None else guidance) > 1


def _check_mode(settings: EditSettings, spec: ModelSpec) -> None:
    if settings.mode is Mode.CLEAN and not spec.capabilities.clean:
        instead = "does what a prompt says" if spec.capabilities.instruct else "repaints"
        raise SettingsError(
            f"{spec.name} does not clean; it {instead}.",
            hint="Choose one of its presets, or the built-in model to clean.",
        )
    if settings.mode is Mode.REPAINT and not spec.capabilities.strength:
        raise SettingsError(
            f"{spec.name} edits by instruction and has no strength.", hint="Leave --strength out."
        )
    if settings.mode is Mode.INSTRUCT:
        _check_instruction(settings, spec)
    if spec.pixel_space and settings.size is SizeMode.FIT:
        raise SettingsError(
            f"{spec.name} works at the photograph's own size; it fits nothing.",
            hint="Use --size auto, native or tile.",
        )


def _check_instruction(settings: EditSettings, spec: ModelSpec) -> None:
    if not spec.capabilities.instruct:
        raise SettingsError(
            f"{spec.name} does not edit by instruction.",
            hint="Give --strength, or choose a model such as FLUX.1 Kontext.",
        )
    if not settings.prompt and settings.prompts is None:
        raise SettingsError(
            f"{spec.name} needs to be told what to do.",
            hint='Give a prompt, such as --prompt "make it evening".',
        )


def _takes_no(spec: ModelSpec, name: str, value: object) -> str:
    word = name.replace("_", " ")
    shown = value if isinstance(value, str | int | float) else "it"
    return f"{spec.name} takes no {word}; '{shown}' would do nothing."


def step_counts(settings: EditSettings, spec: ModelSpec) -> tuple[int, int]:
    """Return (num_inference_steps, steps that run); 0 run only when nothing is to be changed."""
    if settings.mode is Mode.CLEAN:
        steps = settings.num_inference_steps or spec.defaults.clean_steps
        nothing = not isinstance(settings.amount, Amount) and settings.amount == 0
        return steps, 0 if nothing else steps
    of_steps = settings.num_inference_steps or spec.defaults.num_inference_steps
    if settings.mode is Mode.INSTRUCT:
        return of_steps, of_steps
    steps = steps_to_run(settings.strength, of_steps, spec.min_steps)
    if settings.strength_scale is StrengthScale.NATIVE or not spec.levels:
        return of_steps, steps
    return of_steps, min(steps, _trained_below(settings.strength, spec))


def _trained_below(strength: float, spec: ModelSpec) -> int:
    """Return how many trained levels lie at or below the one nearest to a strength."""
    nearest = min(spec.levels, key=lambda level: abs(level - 1000 * strength))
    return sum(level <= nearest for level in spec.levels)


def scheduler_of(settings: EditSettings, spec: ModelSpec) -> SchedulerName:
    """Return the scheduler that will run: the chosen one or the model's default."""
    return settings.scheduler or spec.defaults.scheduler


def first_sigma(settings: EditSettings, spec: ModelSpec) -> float:
    """Return the noise ratio that denoising starts from; Clean without a number: a guess."""
    if settings.mode is Mode.CLEAN:
        amount = settings.amount
        sigma = CLEAN_GUESS_SIGMA if isinstance(amount, Amount) else amount
        return sigma / 127.5
    if settings.mode is Mode.INSTRUCT or settings.strength == 0:
        return 0.0
    curve = ratio_of_strength if spec.pixel_space else sigma_ref
    return curve(settings.strength)


def network_calls(settings: EditSettings, spec: ModelSpec) -> int:
    """Return how often the network is called for a picture, or for each tile of it.

    Steps of second order call twice, all but the last; PNDM has one step more with models on
    latents. Families that are guided apart are asked again with the negative prompt, and so are
    others for a true guidance.
    """
    _, steps = step_counts(settings, spec)
    scheduler = scheduler_of(settings, spec)
    order = _SAMPLES_PER_STEP.get(scheduler, 1)
    calls = max(0, order * steps - (order - 1))
    if scheduler is SchedulerName.PNDM and steps > 1:
        calls += 1
    guidance = settings.true_guidance
    family = FAMILIES.get(spec.family)
    if family is not None and family.guided_apart:
        guidance = settings.guidance_scale or spec.defaults.guidance_scale
    return calls * 2 if (guidance or 1.0) > 1 else calls


def _tiles(settings: EditSettings, spec: ModelSpec, working: WorkingSize) -> int:
    tile = working.tile
    if spec.pixel_space:
        tile = chosen_tile(settings.size, working.height, working.width, spec.native_size)
    return len(tile_grid(working.height, working.width, tile, spec.size_multiple))


def fits(required: int, free: int) -> bool:
    """Return whether `required` bytes fit, leaving a gibibyte for everybody else."""
    return required + (1 << 30) <= free


def bytes_per_pixel(format: str) -> float:
    """Return what a result of this format takes on the disk, measured on photographs."""
    return _BYTES_PER_PIXEL[format]


def readable_seconds(seconds: float) -> str:
    """Return a duration as people say it: `40 s`, `about 6 min`, `about 2 h`."""
    if seconds < 90:
        return f"{max(1, math.ceil(seconds))} s"
    if seconds < 5400:
        return f"about {round(seconds / 60)} min"
    return f"about {round(seconds / 3600)} h"
