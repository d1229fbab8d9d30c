"""Denoises photographs with a model that works on latents; all else is as on pixels."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import replace
from typing import Any

import torch

from core.engine.finish import Finished
from core.engine.img2img import Ask
from core.engine.ladder import Rung
from core.engine.latent.bench import LatentBench
from core.engine.latent.bring_back import finish_photograph
from core.engine.latent.components import load_components
from core.engine.latent.task import LatentTask
from core.engine.passes import Predict
from core.engine.rendering import More, Renderer
from core.engine.task import Task


class LatentRenderer(Renderer):
    """Renders with one model; the same model in other numbers is loaded when it must be."""

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        self._others: dict[tuple[str, str], LatentBench] = {}

    def render(self, tasks: dict[int, Task], rung: Rung, more: More = lambda _tasks: None) -> None:
        """Settle all of `tasks`, which have one `setup`; as Renderer does."""
        bench = self._model.bench
        assert bench is not None
        with bench.held(next((task.setup for task in tasks.values()), None)):
            super().render(tasks, rung, more)

    def free(self) -> None:
        """Let go of what is only kept to be quicker."""
        assert self._model.bench is not None
        self._model.bench.encoded.forget()

    def _predict(self, rung: Rung, *, in_fp32: bool) -> Predict:
        return self._bench(rung, in_fp32=in_fp32).predict

    def _denoising(self, task: Task, rung: Rung) -> Generator[Ask, list[Any], torch.Tensor]:
        assert isinstance(task, LatentTask)
        assert task.prepared.descent is not None
        self._interlude.breathe()
        working = task.work_at(rung, self._model.spec)
        edit, seed = task.prepared.render.edit, task.prepared.descent.seed
        bench = self._bench(rung, in_fp32=task.in_fp32)
        return bench.denoising(working, edit, seed, facts=task.facts, tile_vae=rung.tiled)

    def _finished(self, task: Task, outcome: torch.Tensor) -> Finished:
        assert isinstance(task, LatentTask)
        assert task.working is not None
        photo, pixels = finish_photograph(task.working, outcome, self._interlude.breathe)
        if photo is not task.prepared.photo:
            render = task.prepared.render
            # It has the size of the result already.
            output = render.output.model_copy(update={"scale": 1.0})
            given = render.model_copy(update={"output": output})
            task.prepared = replace(task.prepared, photo=photo, render=given)
        return Finished(pixels)

    def _bench(self, rung: Rung, *, in_fp32: bool) -> LatentBench:
        """Return the model as it computes at this rung; other forms of it stay once loaded."""
        bench, numerics = self._model.bench, self._model.numerics
        assert bench is not None
        device = "cpu" if rung.on_cpu else bench.components.device
        dtype = "fp32" if in_fp32 or rung.on_cpu else numerics.dtype
        which = device, dtype
        if which == (bench.components.device, bench.components.dtype):
            return bench
        if which not in self._others:
            components = load_components(self._model.spec, *which)
            self._others[which] = LatentBench(components, encoded=bench.encoded)
        return self._others[which]
