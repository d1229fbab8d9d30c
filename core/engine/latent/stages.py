"""What a photograph looks like on its way down, as small pictures, without decoding latents."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch.nn.functional import avg_pool2d, pixel_shuffle

from core.engine.latent.calls import PipelineCall
from core.engine.latent.forms import Kind
from core.engine.latent.leveled import model_curve
from core.engine.latent.request import Request
from core.engine.latent.working import Working
from core.models.spec import Prediction

_RIDGE = 1e-4


@dataclass(frozen=True)
class Stage:
    """One network call: number `number` of `count`.

    `noisy`: what went in; `guess`: what the model takes the photograph for; (3, h / 8, w / 8),
    0 to 1.
    """

    number: int
    count: int
    noisy: torch.Tensor
    guess: torch.Tensor


OnStage = Callable[[Stage], None]


class StageWatch:
    """Looks on while a pipeline steps, and shows each step.

    Colours are a linear map of latents, fitted to the photograph's own: at first its latents
    without noise pass by, and how it looks is known. So it is right for every family and VAE.
    """

    def __init__(
        self, call: PipelineCall, working: Working, prediction: Prediction, on_stage: OnStage
    ) -> None:
        self._pipeline, self._on_stage = call.pipeline, on_stage
        self._picture, self._prediction = working.picture, prediction
        self._map: torch.Tensor | None = None
        self._request: Request | None = None
        self._number = 0
        scheduler = call.pipeline.scheduler
        if prediction is not Prediction.FLOW:
            self._curve = model_curve(dict(scheduler.config))
        self._look_on(scheduler)

    def seen(self, request: Request) -> None:
        """Take note of what the network was asked."""
        self._request = request

    def _look_on(self, scheduler: Any) -> None:
        """Be told of this one scheduler's first noise and of each of its steps."""
        noising = "scale_noise" if hasattr(scheduler, "scale_noise") else "add_noise"
        add, step = getattr(scheduler, noising), scheduler.step

        @functools.wraps(add)
        def watched_add(sample: torch.Tensor, *args: Any, **kwargs: Any) -> Any:
            self._fit(sample)
            return add(sample, *args, **kwargs)

        @functools.wraps(step)
        def watched_step(
            model_output: torch.Tensor, timestep: Any, *args: Any, **kwargs: Any
        ) -> Any:
            self._show(model_output, float(timestep))
            return step(model_output, timestep, *args, **kwargs)

        setattr(scheduler, noising, watched_add)
        scheduler.step = watched_step

    def _fit(self, latents: torch.Tensor) -> None:
        planes = latents.squeeze().float().cpu()
        if self._map is not None or planes.dim() != 3:
            return
        height, width = planes.shape[1:]
        shown = avg_pool2d(self._picture, self._picture.shape[1] // height)[:, :height, :width]
        known = _with_one(planes)
        ridge = _RIDGE * known.shape[1] * torch.eye(known.shape[0])
        self._map = torch.linalg.solve(known @ known.mT + ridge, known @ shown.flatten(1).mT)

    def _show(self, output: torch.Tensor, timestep: float) -> None:
        """Show a step: `output` is the network's answer, after guidance."""
        self._number += 1
        if self._request is None:
            return
        answer = self._planes(output)
        noisy, rest = self._input(answer)
        if self._map is None and rest is not None:
            self._fit(rest)
        if self._map is None:
            return
        guess = self._guess(noisy, answer, timestep)
        count = max(self._number, self._pipeline.num_timesteps)
        self._on_stage(Stage(self._number, count, self._colours(noisy), self._colours(guess)))

    def _input(self, answer: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor | None]:
        """Return the latents that went in, and those of a photograph that lay beside them."""
        assert self._request is not None
        form = self._request.form
        given = self._request.values[form.picture][-1]
        if form.kind is not Kind.TOKENS:
            return given.squeeze().float().cpu()[: len(answer)], None
        tokens = answer.shape[1] * answer.shape[2] // 4
        beside = given[tokens : 2 * tokens]
        rest = self._planes(beside[None]) if len(beside) == tokens else None
        return self._planes(given[None, :tokens]), rest

    def _planes(self, latents: torch.Tensor) -> torch.Tensor:
        """Return (channels, h, w) of one row in any form."""
        row = latents[-1].squeeze().float().cpu()
        if row.dim() == 3:
            return row
        height, width = self._picture.shape[1] // 16, self._picture.shape[2] // 16
        return pixel_shuffle(row.mT.reshape(-1, height, width), 2)

    def _guess(self, noisy: torch.Tensor, answer: torch.Tensor, timestep: float) -> torch.Tensor:
        if self._prediction is Prediction.FLOW:
            return noisy - timestep / 1000 * answer
        ratio = self._curve.ratio_of_timestep(timestep)
        signal = 1 / math.sqrt(1 + ratio**2)
        noise = ratio * signal
        if self._prediction is Prediction.V:
            return signal * noisy - noise * answer
        return (noisy - noise * answer) / signal

    def _colours(self, planes: torch.Tensor) -> torch.Tensor:
        assert self._map is not None
        rgb = self._map.mT @ _with_one(planes)
        return rgb.reshape(3, *planes.shape[1:]).clamp(0, 1)


def _with_one(planes: torch.Tensor) -> torch.Tensor:
    flat = planes.flatten(1)
    return torch.cat([flat, torch.ones(1, flat.shape[1])])
