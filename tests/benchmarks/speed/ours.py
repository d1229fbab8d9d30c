"""Regrain's arm: the render process' own worker, set up as that process does it."""

from __future__ import annotations

import hashlib
import time
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from queue import SimpleQueue

from core.engine.messages import EngineFailed, FromRender, ItemTrouble, LoadModel, Render, Rendered
from core.engine.process import versions
from core.engine.setup import set_up
from core.engine.worker import Worker
from core.recipe import EditSettings, OutputSettings
from tests.benchmarks.speed.hooks import time_files
from tests.benchmarks.speed.meter import Meter
from tests.benchmarks.speed.records import PROMPT, SEED, Order, Work

_PATIENCE_SECONDS = 300.0


class RegrainArm:
    """A worker that keeps its model between rounds, as a render process does between batches."""

    def __init__(self, work: Work, meter: Meter) -> None:
        self.work = work
        load = LoadModel(model=work.model, device=work.device, dtype=work.dtype)
        self._model = set_up(load, versions())
        self._heard: SimpleQueue[tuple[float, FromRender]] = SimpleQueue()
        self._worker = Worker(self._model, self._hear, lambda _item: False)
        time_files(meter)

    @property
    def setting(self) -> tuple[str, str]:
        """Return the dtype, and how it computes."""
        numerics = self._model.numerics
        plain = numerics.model_dump(exclude={"versions", "device", "dtype"})
        chosen = ", ".join(f"{name} {value}" for name, value in plain.items() if value != "")
        return numerics.dtype, f"{numerics.device}, {numerics.dtype}, {chosen}"

    def run(self, order: Order) -> Iterator[float]:
        """Yield when each result was written."""
        targets = {n: order.results / f"{p.stem}.png" for n, p in enumerate(order.photographs)}
        waiting = deque(
            self._render(number, order.photographs[number], target, order.steps)
            for number, target in targets.items()
        )
        while waiting or self._worker.has_work:
            self._worker.work(waiting)
        for _ in targets:
            yield self._written()

    def _hear(self, message: FromRender) -> None:
        if isinstance(message, Rendered | ItemTrouble | EngineFailed):
            self._heard.put((time.time(), message))

    def _written(self) -> float:
        """Return when the next result was there; anything else ends the benchmark."""
        when, message = self._heard.get(timeout=_PATIENCE_SECONDS)
        self._worker.check()
        if not isinstance(message, Rendered):
            raise RuntimeError(f"Regrain made no result: {message}")
        return when

    def _render(self, item: int, source: Path, target: Path, steps: int) -> Render:
        return Render(
            item=item,
            attempt=1,
            source=source,
            source_sha256=hashlib.sha256(source.read_bytes()).hexdigest(),
            target=target,
            edit=edit_of(self.work, steps),
            output=OutputSettings.model_validate({"format": "png"}),
        )


def edit_of(work: Work, steps: int) -> EditSettings:
    """Return what the plain arms do, in Regrain's words: diffusers' own scale, nothing fitted."""
    prompted = work.model.capabilities.prompt
    return EditSettings.model_validate(
        {
            "model": work.model.id,
            "mode": "repaint",
            "strength": work.strength,
            "strength_scale": "native",
            "num_inference_steps": steps,
            "guidance_scale": work.guidance,
            "scheduler": work.scheduler,
            "prompt": PROMPT if prompted else "",
            "seed": SEED,
            "seed_mode": "fixed",
            "size": "native",
        }
    )
