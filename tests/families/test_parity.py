"""`--strength-scale native` is diffusers' own call: without it, settings found elsewhere mean
something else here, and no picture made elsewhere can be made again."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from core.engine.latent.calls import schedule_of
from core.errors import SettingsError
from core.models.families import FAMILIES
from core.recipe import SchedulerName as S
from core.recipe import StrengthScale
from tests.families.leading import denoising, edit_of, in_bytes, led_down, seen, snapshot, spot
from tests.families.loading import Loaded
from tests.families.plain import SEED, STEPS, STRENGTH, Plain
from tests.families.table import IMG2IMG, INPAINT, Parity

Case = tuple[str, str, S, str]

DISTILLED = (("sd1", "lcm"), ("sd1", "turbo"), ("sdxl", "lightning"), ("sdxl", "hyper"))
NOT_TAKEN = ("flux", "z-image", "qwen-image")
"""Families whose own pipelines tell schedulers a shift, which flow-heun does not take there."""


def cases() -> Iterator[Case]:
    """Yield every family with each of its schedulers and pipelines."""
    for family_id, variant in [*((name, "") for name in FAMILIES), *DISTILLED]:
        family = FAMILIES[family_id]
        schedulers = family.variants[variant].schedulers if variant else family.schedulers
        for scheduler in schedulers:
            for pipeline in (IMG2IMG, INPAINT):
                inpaints = family.inpaint and family.capabilities.inpaint
                refused = scheduler is S.FLOW_HEUN and family_id in NOT_TAKEN
                if not refused and (pipeline == IMG2IMG or inpaints):
                    yield family_id, variant, scheduler, pipeline


def slice_of(all_cases: list[Case]) -> set[Case]:
    """Return a few that hold every family, every scheduler, and both pipelines of each family."""
    chosen: list[Case] = []
    for case in all_cases:
        known = {(c[0], c[3]) for c in chosen}, {c[2] for c in chosen}
        if (case[0], case[3]) not in known[0] or case[2] not in known[1]:
            chosen.append(case)
    return set(chosen)


ALL = list(cases())
# Qwen-Image-Edit's pipeline makes every picture a megapixel.
USUAL = slice_of([case for case in ALL if case[0] != "qwen-image-edit"])
MARKED = [
    pytest.param(*case, marks=[] if case in USUAL else [pytest.mark.slow], id="-".join(case))
    for case in ALL
]


@pytest.fixture(scope="session")
def plains(family_folder: Callable[..., Path]) -> Callable[[str, str], Plain]:
    """Return what gives diffusers' own pipelines of a small model."""
    return cache(lambda family, variant: Plain(family_folder(family, variant), family))


# Of diffusers: it mends settings of old schedulers, and turns tensors into arrays as NumPy 2
# does not like.
@pytest.mark.filterwarnings("ignore::FutureWarning", "ignore::DeprecationWarning")
@pytest.mark.parametrize(("family_id", "variant", "scheduler", "pipeline"), MARKED)
def test_native_equals_diffusers_own_call(
    family_id: str,
    variant: str,
    scheduler: S,
    pipeline: str,
    loaded: Loaded,
    plains: Callable[[str, str], Plain],
    parity: Parity,
) -> None:
    """All pixels are equal: for inpainting too, before what lies outside is the source's again."""
    components = loaded(family_id, variant)
    guided = FAMILIES[family_id].capabilities.guidance and not variant
    guidance, negative = (3.0, "dull") if guided else (1.0, "")
    able = components.spec.capabilities
    if able.true_guidance or not able.negative_prompt:
        negative = ""
    edit = edit_of(
        components,
        strength=STRENGTH,
        num_inference_steps=STEPS,
        scheduler=scheduler,
        guidance_scale=guidance,
        negative_prompt=negative,
        strength_scale=StrengthScale.NATIVE,
    )
    working = seen(snapshot(), spot() if pipeline == INPAINT else None)
    ours = in_bytes(led_down(components, {0: denoising(components, working, edit, SEED)})[0])
    theirs = plains(family_id, variant).call(scheduler, pipeline, guidance, negative)
    unlike = int((ours != theirs).any(-1).sum())
    name = f"{family_id} {variant}".strip()
    parity(name, scheduler.value, pipeline, f"{unlike} pixels unlike" if unlike else "identical")
    assert ours.std() > 1
    assert not np.array_equal(ours, np.array(snapshot()))
    assert unlike == 0


def test_true_guidance_equals_diffusers_own_call(
    loaded: Loaded, plains: Callable[[str, str], Plain]
) -> None:
    """The network is asked twice a step, and each answer must get to its own place."""
    components = loaded("flux")
    edit = edit_of(
        components,
        strength=STRENGTH,
        num_inference_steps=STEPS,
        guidance_scale=3.0,
        true_guidance=2.5,
        negative_prompt="dull",
        strength_scale=StrengthScale.NATIVE,
    )
    leading = denoising(components, seen(snapshot()), edit, SEED)
    ours = in_bytes(led_down(components, {0: leading})[0])
    more = {"true_cfg_scale": 2.5, "negative_prompt": "dull"}
    theirs = plains("flux", "").call(S.FLOW_EULER, IMG2IMG, 3.0, "", **more)
    assert np.array_equal(ours, theirs)


@pytest.mark.parametrize("family_id", NOT_TAKEN)
def test_a_scheduler_that_diffusers_own_call_does_not_take_is_refused_with_a_hint(
    family_id: str, loaded: Loaded, parity: Parity
) -> None:
    """Else its call would end in an error about `set_timesteps`."""
    components = loaded(family_id)
    edit = edit_of(components, scheduler=S.FLOW_HEUN, strength_scale=StrengthScale.NATIVE)
    parity(family_id, S.FLOW_HEUN.value, IMG2IMG, "refused, as diffusers has")
    parity(family_id, S.FLOW_HEUN.value, INPAINT, "refused, as diffusers has")
    with pytest.raises(SettingsError) as caught:
        schedule_of(components, edit)
    assert "flow-euler" in str(caught.value.hint)


def test_native_strength_that_runs_no_step_is_refused_with_a_hint(loaded: Loaded) -> None:
    """diffusers ends there with `cannot reshape tensor of 0 elements`."""
    components = loaded("sd1")
    native = StrengthScale.NATIVE
    edit = edit_of(components, strength=0.1, num_inference_steps=6, strength_scale=native)
    with pytest.raises(SettingsError) as caught:
        schedule_of(components, edit)
    assert "--steps" in str(caught.value.hint)
