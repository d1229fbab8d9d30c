"""What a result says about how it was made, in Regrain's terms and in those of other programs."""

from __future__ import annotations

from core import plan
from core.engine.messages import Numerics, Render
from core.engine.prepare import Prepared
from core.images.metadata import Provenance
from core.models.spec import ModelSpec
from core.recipe import Mode, SigmaSchedule
from core.scheduler_facts import facts_of

_KEPT_FACTS = ("noise", "noise_luminance", "noise_chroma", "removed", "first_sigma", "steps")


def provenance_of(prepared: Prepared, spec: ModelSpec, numerics: Numerics) -> Provenance | None:
    """Return the note for a result; None when the user wants none.

    No time, place or name of a file or computer is in it: the same edit gives the same bytes.
    """
    render = prepared.render
    if render.provenance is None or prepared.descent is None:
        return None
    found = {name: str(prepared.facts[name]) for name in _KEPT_FACTS if name in prepared.facts}
    found |= {"seed": str(prepared.descent.seed), "dtype": numerics.dtype}
    return Provenance(render.provenance | found, _parameters(prepared, spec, found))


def _parameters(prepared: Prepared, spec: ModelSpec, found: dict[str, str]) -> str:
    """Return the text that Automatic1111 made common: prompts, then pairs in one line."""
    render, photo = prepared.render, prepared.photo
    edit = render.edit
    of_steps, _ = plan.step_counts(edit, spec)
    pairs = {
        "Steps": str(of_steps),
        "Sampler": facts_of(plan.scheduler_of(edit, spec)).name,
        "Schedule type": _schedule_type(render),
        "CFG scale": f"{edit.guidance_scale or spec.defaults.guidance_scale:g}",
        "Seed": found["seed"],
        "Size": f"{photo.width}x{photo.height}",
        "Model hash": (spec.hashes() or ("",))[0][:10],
        "Model": spec.id,
        "Denoising strength": f"{edit.strength:g}" if edit.mode is Mode.REPAINT else "",
        "Clean": found.get("removed", ""),
        "Version": "Regrain",
    }
    line = ", ".join(f"{name}: {value}" for name, value in pairs.items() if value)
    negative = f"Negative prompt: {edit.negative_prompt}" if edit.negative_prompt else ""
    return "\n".join(part for part in (edit.prompt, negative, line) if part)


def _schedule_type(render: Render) -> str:
    sigmas = render.edit.sigmas
    return "" if sigmas is SigmaSchedule.NORMAL else sigmas.value.capitalize()
