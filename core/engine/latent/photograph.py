"""Leads one photograph through its family's own pipeline, network call by network call."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

from core.engine.change import all_finite
from core.engine.img2img import NotFinite
from core.engine.latent.calls import pipeline_call
from core.engine.latent.components import Components
from core.engine.latent.cutting import Cutting, cut_picture
from core.engine.latent.forms import FORMS
from core.engine.latent.stages import OnStage, StageWatch
from core.engine.latent.vae_tiles import stream_tiles
from core.engine.latent.weave import Woven, weave, weave_control, woven
from core.engine.latent.working import Working
from core.engine.prepare import Facts
from core.recipe import EditSettings

_TILED = "_regrain_tiled"
"""Where a VAE keeps how it was set up when it was loaded."""


def photograph(
    components: Components,
    working: Working,
    edit: EditSettings,
    conditions: dict[str, Any],
    seed: int,
    *,
    control: Any = None,
    facts: Facts | None = None,
    tile_vae: bool = False,
    on_stage: OnStage | None = None,
) -> Woven[torch.Tensor]:
    """Return what leads a photograph down; it ends with its picture, (3, h, w), 0 to 1.

    Args:
        conditions: arguments for the pipeline: prompts or their embeddings, and the like.
        seed: of the noise, drawn in diffusers' own order.
        control: the ControlNet, if there is one.
        facts: gets what was chosen for it.
        tile_vae: encode and decode in tiles, as pictures cut into tiles are anyway.
        on_stage: is shown each step.

    Raises:
        SettingsError: before anything is computed, if the settings exclude each other.
        NotFinite: by the generator, if the model gives no numbers.
    """
    weave(components.denoiser, FORMS[components.spec.family])
    if control is not None:
        weave_control(control)
    call = pipeline_call(components, working, edit, conditions, seed, control)
    if facts is not None:
        facts |= call.schedule.facts
    cutting = cutting_of(components, working)
    watch = StageWatch(call, working, components.spec.prediction, on_stage) if on_stage else None
    seen = watch.seen if watch else None
    enter = _vae_mode(components.modules["vae"], tiled=bool(working.tile) or tile_vae)
    return _checked(woven(call, cutting, seen, enter))


def _vae_mode(vae: Any, *, tiled: bool) -> Callable[[], None]:
    """Return what sets the shared VAE up for this photograph, whenever its turn comes."""
    if not hasattr(vae, "use_tiling"):
        return lambda: None
    if not hasattr(vae, _TILED):
        setattr(vae, _TILED, vae.use_tiling)
        stream_tiles(vae)

    def enter() -> None:
        vae.use_tiling = tiled or getattr(vae, _TILED)

    return enter


def cutting_of(components: Components, working: Working) -> Cutting:
    """Return into which tiles each network call is cut."""
    height, width = working.picture.shape[1:]
    spec = components.spec
    cell = FORMS[spec.family].cell
    return cut_picture(height, width, working.tile, spec.size_multiple, cell)


def _checked(denoising: Woven[torch.Tensor]) -> Woven[torch.Tensor]:
    picture = yield from denoising
    if not all_finite(picture):
        raise NotFinite
    return picture
