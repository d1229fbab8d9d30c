"""One preview from its first draft to its exact picture."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace

import torch

from core.engine.bands import Descent
from core.engine.change import Holding
from core.engine.excerpt import Region
from core.engine.img2img import NotFinite
from core.engine.messages import MakePreview, PreviewPicture
from core.engine.noise import LEVELS_PER_UNIT, noise_ratios
from core.engine.passes import Predict
from core.engine.prepare import Aim, Facts, aim_of, descent_of, holding_of
from core.engine.preview_lead import Bench, Call, lead
from core.engine.preview_memory import Part
from core.engine.preview_source import Source
from core.engine.preview_view import Rgb, View, middle_of, model_picture, picture_message
from core.engine.schedulers import calls_of
from core.events import PreviewKind
from core.images.preview import coded
from core.recipe import SchedulerName

Show = Callable[[PreviewPicture, bytes], None]

CLEAN_DRAFT_SECONDS, REPAINT_DRAFT_SECONDS = 0.16, 0.4
"""What the network may take for a first draft; decoding it and showing it come on top."""

MARGIN, WIDE_MARGIN, DRAFT_MARGIN = 32, 64, 16
"""Pixels around a part that the network sees besides: usually, with structure held, in drafts."""

_DRAFT_STEPS = 3
_LEAST_MIDDLE, _MOST_MIDDLE = 4096, 0.7
_FEATHER = 12
_INVISIBLE_SIGMA = 0.5


class PreviewJob:
    """Makes the pictures of one request; `make` shows them one after the other.

    The middle comes first, in few steps and over what is known of other amounts; then all of it
    as a batch would make it, with the model's guess after each call on the way there.
    """

    def __init__(self, message: MakePreview, source: Source, bench: Bench, show: Show) -> None:
        self._message = message
        self._source = source
        self._bench = bench
        self._show = show
        self._began = time.monotonic()
        self._facts: Facts = {}
        self._holding = Holding()
        self._predict: Predict = bench.model.pixel_denoiser.predict

    def make(self) -> None:
        """Show all pictures.

        Raises:
            SettingsError: the model cannot use one of the settings; nothing lies in the box.
            ItemError: the model gave no numbers.
        """
        view = self._source.view(self._message.box, self._message.max_side)
        aim, descent = self._aim(view)
        self._facts = dict(aim.facts)
        if view.factor < 1:
            self._facts["reduced"] = round(view.factor, 4)
        if descent is None:
            self._picture(PreviewKind.FULL, view, view.region, None)
            return
        self._holding = holding_of(self._message.edit, aim)
        try:
            self._lead_down(view, descent)
        except NotFinite:
            if self._bench.model.numerics.dtype == "fp32":
                raise
            self._predict = self._bench.model.pixel_denoiser.in_fp32().predict
            self._lead_down(view, descent)

    def _aim(self, view: View) -> tuple[Aim, Descent | None]:
        """Return where to start; a reduced photograph has less noise than the whole one."""
        model, edit, source = self._bench.model, self._message.edit, self._source
        curve = model.pixel_denoiser.curve
        aim = aim_of(edit, model.spec, curve, source.noise)
        used = aim
        if view.factor < 1 and aim.sigma is not None and aim.ratio > 0:
            left = source.noise_of(view).sigma / max(source.noise().sigma, 0.1)
            sigma = aim.sigma * min(1.0, left)
            ratio = sigma / LEVELS_PER_UNIT if sigma >= _INVISIBLE_SIGMA else 0.0
            used = replace(aim, sigma=sigma, ratio=ratio)
        return used, descent_of(edit, model.spec, curve, used, lambda: source.seed(edit))

    # the pictures, from the first draft on

    def _lead_down(self, view: View, descent: Descent) -> None:
        part = Part(view.photo.sha256, view.factor, view.region)
        changes, around = self._bench.changes, self._around(view)
        known = None if self._message.stages else changes.get(part, descent)
        if known is None:
            self._draft(view, part, descent)

            def watch(call: Call) -> None:
                self._watch(view, around, call)

            known = lead(view, around, descent, self._bench, self._predict, watch)
            changes.keep(part, descent, known)
        self._picture(PreviewKind.FULL, view, around, known)

    def _around(self, view: View) -> Region:
        margin = WIDE_MARGIN if self._message.edit.hold_structure else MARGIN
        return self._grown(view, view.region, margin)

    def _grown(self, view: View, region: Region, margin: int) -> Region:
        multiple = self._bench.model.spec.size_multiple
        return region.grown(margin, view.photo.height, view.photo.width, multiple)

    def _draft(self, view: View, part: Part, descent: Descent) -> None:
        around = self._around(view)
        base, is_near = self._bench.changes.guess(part, descent)
        if base is None or base.shape[1:] != (around.height, around.width):
            base, is_near = torch.zeros(3, around.height, around.width), False
        if not is_near:
            few = self._few(descent)
            middle = self._middle(view, few)
            if middle is None:
                return
            base = self._with_middle(base, view, around, middle, few)
        self._picture(PreviewKind.DRAFT, view, around, base)

    def _few(self, descent: Descent) -> Descent:
        """Return a descent of at most a few network calls with the same start."""
        steps = min(_DRAFT_STEPS if descent.add_noise else 1, len(descent.ratios))
        if _calls(descent) <= steps:
            return descent
        curve, sigmas = self._bench.model.pixel_denoiser.curve, self._message.edit.sigmas
        ratios = noise_ratios(descent.ratios[0], steps, sigmas, curve)
        return replace(descent, scheduler=SchedulerName.DDIM, ratios=ratios)

    def _middle(self, view: View, few: Descent) -> Region | None:
        """Return as much of the middle as is quickly done; None when all of it nearly is."""
        seconds = REPAINT_DRAFT_SECONDS if few.add_noise else CLEAN_DRAFT_SECONDS
        budget = seconds / self._bench.pace.seconds_per_pixel / _calls(few)
        border = 4 * DRAFT_MARGIN * budget**0.5
        most = max(_LEAST_MIDDLE, int(budget - border))
        if most > _MOST_MIDDLE * view.region.pixels:
            return None
        return middle_of(view.region, most)

    def _with_middle(
        self, base: torch.Tensor, view: View, around: Region, middle: Region, few: Descent
    ) -> torch.Tensor:
        seen = self._grown(view, middle, DRAFT_MARGIN)
        change = lead(view, seen, few, self._bench, self._predict, timed=True)
        rows, columns = middle.within(seen)
        drawn = base.clone()
        place = (slice(None), *middle.within(around))
        weight = _feathered(middle.height, middle.width)
        drawn[place] = torch.lerp(drawn[place], change[:, rows, columns], weight)
        return drawn

    # telling

    def _watch(self, view: View, around: Region, call: Call) -> None:
        """Show what went into a call, and what the model takes the picture for by its answer."""
        if self._message.stages:
            rows, columns = view.region.within(around)
            stages = {PreviewKind.NOISY: call.noisy, PreviewKind.GUESS: call.guess}
            for kind, planes in stages.items():
                picture = model_picture(planes[:, rows, columns], self._message.max_side)
                self._send(kind, view, picture, call)
        elif call.number < call.count:
            before = view.before(around, 0, around.height)
            self._picture(PreviewKind.DRAFT, view, around, call.guess * 0.5 + 0.5 - before, call)

    def _picture(
        self, kind: PreviewKind, view: View, around: Region, change: torch.Tensor | None,
        call: Call | None = None,
    ) -> None:  # fmt: skip
        picture = view.picture(around, change, self._holding, self._message.max_side)
        self._send(kind, view, picture, call)

    def _send(self, kind: PreviewKind, view: View, picture: Rgb, call: Call | None) -> None:
        steps = (call.number, call.count) if call else (0, 0)
        message = picture_message(self._message, kind, view, picture, steps)
        told = {"facts": self._facts, "seconds": time.monotonic() - self._began}
        self._show(message.model_copy(update=told), coded(picture, sharp=True))


def _calls(descent: Descent) -> int:
    return calls_of(descent.scheduler, len(descent.ratios))


def _feathered(height: int, width: int) -> torch.Tensor:
    """Return (height, width) weights: 1 inside, going to 0 over a few pixels at the edges."""
    down, across = (
        ((torch.minimum(torch.arange(n), torch.arange(n).flip(0)) + 1) / _FEATHER).clamp(max=1)
        for n in (height, width)
    )
    return down[:, None] * across
