"""The models that are measured, and where those of true size with random weights are kept."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from core.models.shelf import ModelShelf
from core.models.spec import ModelSpec, builtin_spec
from core.recipe import SchedulerName
from tests.benchmarks.families.true_sizes import BETAS, TRUE, TrueModel
from tests.benchmarks.families.weights import save_true


@dataclass(frozen=True)
class Subject:
    """A model, and what is done with it.

    Attributes:
        true: which weights are drawn; empty for the built-in model.
        side: of its photographs, which are square; 0: as they are.
        guidance: None: the model's own.
        rows: of the network for each call of a photograph: 2 with guidance.
        apart: arms one after another, since together they take more memory than most have.
    """

    name: str
    title: str
    true: str
    side: int
    pipeline: str
    scheduler: SchedulerName
    strength: float
    guidance: float | None = None
    rows: int = 1
    calls: int = 4
    photographs: int = 2
    apart: bool = False


_SD, _XL = "StableDiffusionImg2ImgPipeline", "StableDiffusionXLImg2ImgPipeline"
_DPM = SchedulerName.DPMPP_2M

_LIST = (
    Subject("builtin", "The built-in model", "", 0, "", SchedulerName.DDIM, 0.3, photographs=6),
    Subject("sd15-256", "SD 1.5 at 256", "sd1", 256, _SD, _DPM, 0.5, 7.5, 2),
    Subject("sd15-512", "SD 1.5 at 512", "sd1", 512, _SD, _DPM, 0.5, 7.5, 2, apart=True),
    Subject("sdxl-1024", "SDXL at 1024", "sdxl", 1024, _XL, _DPM, 0.5, 7.5, 2,
            photographs=1, apart=True),
    Subject("sd15-lcm", "SD 1.5 LCM at 512", "sd1-lcm", 512, _SD, SchedulerName.LCM, 0.5,
            calls=2, apart=True),
    Subject("flux", "FLUX.1 at 1024", "flux", 1024, "FluxImg2ImgPipeline",
            SchedulerName.FLOW_EULER, 0.5, photographs=1, apart=True),
)  # fmt: skip

SUBJECTS = {subject.name: subject for subject in _LIST}


def true_model(name: str) -> TrueModel:
    """Return what a model of true size is made of."""
    if name in TRUE:
        return TRUE[name]
    plain = TRUE["sd1"]
    modules = plain.modules | {"unet": _lcm_unet}
    return replace(plain, modules=modules, others=plain.others | {"scheduler": _lcm_scheduler})


def _lcm_unet() -> Any:
    from diffusers import UNet2DConditionModel

    return UNet2DConditionModel(sample_size=64, cross_attention_dim=768, time_cond_proj_dim=256)


def _lcm_scheduler() -> Any:
    from diffusers import LCMScheduler

    return LCMScheduler(**BETAS)


def spec_of(subject: Subject, scratch: Path) -> ModelSpec:
    """Return the model, saved in `scratch` and added there, unless that was done before."""
    if not subject.true:
        return builtin_spec()
    folder = scratch / "models" / subject.true
    # Written last, so that a folder without it was left in the middle.
    if not (folder / "model_index.json").exists():
        shutil.rmtree(folder, ignore_errors=True)
        print(f"Drawing the weights of {subject.title} into the scratch folder ...", flush=True)
        save_true(true_model(subject.true), folder)
    return ModelShelf(scratch / "shelf").at(folder)


def steps_for(calls: int, strength: float, *, rounds_up: bool) -> int:
    """Return how many steps a schedule needs for exactly so many calls of the denoiser.

    `rounds_up`: as diffusers does for flow models; for others it rounds down.
    """
    for steps in range(calls, 1001):
        share = steps * strength
        run = steps - int(steps - share) if rounds_up else int(share)
        # Where floating point decides, other programs may decide otherwise.
        if run == calls and (rounds_up or int(share + 1e-6) == calls):
            return steps
    raise SystemExit(f"No schedule runs {calls} calls at strength {strength:g}. Try --strength 0.5")
