"""diffusers' own call, as its documentation says: what the native strength scale must equal."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import diffusers
import numpy as np
import torch

from core.engine.latent.looking import load_processor
from core.models.families import FAMILIES
from core.recipe import SchedulerName as S
from tests.families.leading import Rgb, snapshot, spot
from tests.families.table import INPAINT

SCHEDULERS: dict[S, tuple[str, dict[str, Any]]] = {
    S.DDIM: ("DDIMScheduler", {}),
    S.EULER: ("EulerDiscreteScheduler", {}),
    S.EULER_A: ("EulerAncestralDiscreteScheduler", {}),
    S.DPMPP_2M: ("DPMSolverMultistepScheduler", {}),
    S.DPMPP_2M_SDE: ("DPMSolverMultistepScheduler", {"algorithm_type": "sde-dpmsolver++"}),
    S.DPMPP_SDE: (
        "DPMSolverSinglestepScheduler",
        {"algorithm_type": "sde-dpmsolver++", "lower_order_final": True},
    ),
    S.UNIPC: ("UniPCMultistepScheduler", {}),
    S.HEUN: ("HeunDiscreteScheduler", {}),
    S.DDPM: ("DDPMScheduler", {}),
    S.PNDM: ("PNDMScheduler", {"skip_prk_steps": True}),
    S.LMS: ("LMSDiscreteScheduler", {}),
    S.DPM2: ("KDPM2DiscreteScheduler", {}),
    S.DPM2_A: ("KDPM2AncestralDiscreteScheduler", {}),
    S.DEIS: ("DEISMultistepScheduler", {}),
    S.LCM: ("LCMScheduler", {}),
    S.TCD: ("TCDScheduler", {}),
    S.FLOW_EULER: ("FlowMatchEulerDiscreteScheduler", {}),
    S.FLOW_HEUN: ("FlowMatchHeunDiscreteScheduler", {}),
}

STEPS, STRENGTH, SEED = 6, 0.5, 11
_GUIDED_BY_TRUTH = ("qwen-image", "qwen-image-edit")


class Plain:
    """diffusers' pipelines of one small model, loaded by diffusers."""

    def __init__(self, folder: Path, family_id: str) -> None:
        self._family, self._folder = FAMILIES[family_id], folder
        given = {}
        if (folder / "processor").is_dir():
            # transformers' own way insists on a reader of videos.
            given["processor"] = load_processor(folder / "processor")
        loaded = diffusers.DiffusionPipeline.from_pretrained(folder, local_files_only=True, **given)
        self._components = loaded.components
        for part in self._components.values():
            if isinstance(part, torch.nn.Module):
                _align(part)

    def _made(self, name: str, scheduler: S) -> Any:
        kind, options = SCHEDULERS[scheduler]
        config = self._components["scheduler"].config
        own = {"scheduler": getattr(diffusers, kind).from_config(config, **options)}
        made = getattr(diffusers, name).from_pretrained(self._folder, **self._components | own)
        made.set_progress_bar_config(disable=True)
        return made

    def call(self, scheduler: S, pipeline: str, guidance: float, negative: str, **more: Any) -> Rgb:
        """Return the picture, (h, w, 3), of the small photograph; `more`: further arguments."""
        family = self._family
        pipe = self._made(family.inpaint if pipeline == INPAINT else family.img2img, scheduler)
        given: dict[str, Any] = {
            "prompt": "a cat",
            "image": snapshot(),
            "num_inference_steps": STEPS,
            "generator": torch.Generator().manual_seed(SEED),
            "output_type": "np",
        }
        by_truth = family.id in _GUIDED_BY_TRUTH
        given["true_cfg_scale" if by_truth else "guidance_scale"] = guidance
        if family.capabilities.negative_prompt and not family.capabilities.true_guidance:
            given["negative_prompt"] = negative
        if family.capabilities.strength:
            given["strength"] = STRENGTH
        if not family.capabilities.strength or family.id not in ("sd1", "sd2", "sdxl"):
            given |= {"height": 64, "width": 64}
        if family.id == "flux-kontext":
            given |= {"max_area": 64 * 64, "_auto_resize": False}
        if pipeline == INPAINT:
            given |= {"mask_image": spot(), "height": 64, "width": 64}
        picture = pipe(**given | more).images[0]
        return (np.asarray(picture) * 255).round().astype(np.uint8)


def _align(module: torch.nn.Module) -> None:
    """Move weights to where PyTorch puts its own, and freeze them as the engine does.

    Where files are mapped into memory, they lie at odd addresses; there matrix products are
    summed up in another order. So they are where a weight awaits a gradient: PyTorch then folds
    rows into one product that it would else take one by one. On processors with AVX-512 that is
    seen, in one pixel of some pictures, by one level.
    """
    for parameter in module.parameters():
        parameter.data = parameter.data.clone()
        parameter.requires_grad_(False)
