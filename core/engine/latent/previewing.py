"""A preview by a model that works on latents: a draft of few steps first, then as a batch does."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import replace

import numpy as np
from PIL import Image
from torch.nn import functional

from core import plan
from core.engine.excerpt import Region
from core.engine.latent.bench import LatentBench
from core.engine.latent.bring_back import finish_photograph
from core.engine.latent.conditions import setup
from core.engine.latent.masks import Cover, cover_of
from core.engine.latent.stages import Stage
from core.engine.latent.working import working_of
from core.engine.messages import MakePreview, PreviewPicture
from core.engine.prepare import Facts
from core.engine.preview_source import Source
from core.engine.preview_view import Rgb, View, model_picture, picture_message
from core.errors import CoreError
from core.events import PreviewKind
from core.images.photo import Photo
from core.images.preview import coded, small_srgb
from core.recipe import EditSettings, Mode, OutputSettings, SizeMode
from core.working_size import chosen_mode

Show = Callable[[PreviewPicture, bytes], None]

DRAFT_STEPS = 3
MARGIN = 64
"""Pixels around a part that the network sees besides."""


class LatentPreview:
    """Makes the pictures of one request; `make` shows them one after the other."""

    def __init__(
        self, message: MakePreview, source: Source, bench: LatentBench, show: Show
    ) -> None:
        self._message = message
        self._source = source
        self._bench = bench
        self._show = show
        self._spec = bench.components.spec
        self._began = time.monotonic()
        self._facts: Facts = {}

    def make(self) -> None:
        """Show all pictures.

        Raises:
            SettingsError: the model cannot use one of the settings; nothing lies in the box.
            CoreError: a batch is at work with other LoRAs or another VAE.
            ItemError: the model gave no numbers, or the mask is missing.
        """
        edit = self._message.edit
        plan.check(edit, self._spec)
        view = self._source.view(self._message.box, self._message.max_side)
        if view.factor < 1:
            self._facts["reduced"] = round(view.factor, 4)
        of_steps, steps = plan.step_counts(edit, self._spec)
        if not steps:
            self._facts["note"] = f"strength {edit.strength:g} changes nothing"
            self._picture(PreviewKind.FULL, view, view.photo, view.region)
            return
        if not self._bench.may_use(setup(edit)):
            raise CoreError(
                "A batch is at work with other LoRAs, another VAE or ControlNet.",
                hint="The preview is made when that is done.",
            )
        if steps > DRAFT_STEPS + 1 and not self._message.stages:
            self._lead(PreviewKind.DRAFT, view, self._with_few_steps(edit))
        if edit.mode is Mode.REPAINT:
            self._facts["note"] = f"noise level {edit.strength:.2f}, {steps} of {of_steps} steps"
        self._lead(PreviewKind.FULL, view, edit)

    def _with_few_steps(self, edit: EditSettings) -> EditSettings:
        share = edit.strength if edit.mode is Mode.REPAINT else 1.0
        return edit.model_copy(update={"num_inference_steps": math.ceil(DRAFT_STEPS / share)})

    def _lead(self, kind: PreviewKind, view: View, edit: EditSettings) -> None:
        part, region, cover = self._seen(view, edit)
        working = working_of(part, edit, OutputSettings(), self._spec, cover=cover)
        self._facts["size"] = working.size.words
        if working.is_untouched:
            self._picture(kind, view, view.photo, view.region)
            return

        def on_stage(stage: Stage) -> None:
            self._stage(view, region, (part.height, part.width), stage)

        watched = on_stage if self._message.stages else None
        seed = self._source.seed(edit)
        denoising = self._bench.denoising(working, edit, seed, on_stage=watched)
        after = self._bench.lead_alone(denoising)
        photo, pixels = finish_photograph(working, after)
        made = replace(photo, pixels=pixels)
        # Sizes that are no multiple are cut where that was asked.
        inside = Region(
            region.top, region.left, min(region.bottom, made.height), min(region.right, made.width)
        )
        self._picture(kind, view, made, inside)

    def _seen(self, view: View, edit: EditSettings) -> tuple[Photo, Region, Cover | None]:
        """Return what the model is to work on, where in it the shown part lies, and its mask.

        All of the photograph, as a batch takes it, unless that goes in tiles: then the part with
        some pixels around it.
        """
        photo, shown, cover = view.photo, view.region, _cover(self._source.photo, view, edit)
        mode = chosen_mode(edit, self._spec, photo.width, photo.height)
        if mode is not SizeMode.TILE or view.factor < 1:
            return photo, shown, cover
        multiple = self._spec.size_multiple
        around = shown.grown(MARGIN, photo.height, photo.width, multiple)
        rows, columns = slice(around.top, around.bottom), slice(around.left, around.right)
        alpha = None if photo.alpha is None else photo.alpha[rows, columns]
        top, left = shown.top - around.top, shown.left - around.left
        within = Region(top, left, top + shown.height, left + shown.width)
        part = replace(photo, pixels=photo.pixels[rows, columns], alpha=alpha)
        return part, within, None if cover is None else cover[rows, columns]

    # telling

    def _stage(self, view: View, region: Region, whole: tuple[int, int], stage: Stage) -> None:
        for kind, planes in (
            (PreviewKind.NOISY, stage.noisy),
            (PreviewKind.GUESS, stage.guess),
        ):
            large = functional.interpolate(planes[None], whole, mode="bicubic")[0]
            shown = large[:, region.top : region.bottom, region.left : region.right]
            picture = model_picture(shown * 2 - 1, self._message.max_side)
            self._send(kind, view, picture, stage)

    def _picture(self, kind: PreviewKind, view: View, photo: Photo, region: Region) -> None:
        rows, columns = slice(region.top, region.bottom), slice(region.left, region.right)
        alpha = None if photo.alpha is None else photo.alpha[rows, columns]
        part = replace(photo, pixels=np.ascontiguousarray(photo.pixels[rows, columns]), alpha=alpha)
        self._send(kind, view, small_srgb(part, self._message.max_side), None)

    def _send(self, kind: PreviewKind, view: View, picture: Rgb, stage: Stage | None) -> None:
        steps = (stage.number, stage.count) if stage else (0, 0)
        message = picture_message(self._message, kind, view, picture, steps)
        told = {"facts": self._facts, "seconds": time.monotonic() - self._began}
        self._show(message.model_copy(update=told), coded(picture, sharp=True))


def _cover(photo: Photo, view: View, edit: EditSettings) -> Cover | None:
    """Return the mask of what is looked at; its own lengths are of the photograph itself."""
    if edit.mask is None:
        return None
    cover = cover_of(edit.mask, photo)
    if view.factor >= 1:
        return cover
    left, top, width, height = view.box
    part = Image.fromarray(cover[top : top + height, left : left + width])
    size = view.photo.width, view.photo.height
    return np.asarray(part.resize(size, Image.Resampling.BOX))
