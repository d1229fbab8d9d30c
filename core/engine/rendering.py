"""Denoises a few photographs together and hands each result over to be written."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Generator
from typing import Any

import torch

from core.engine.bands import Bands
from core.engine.between import Interlude, PassDropped
from core.engine.finish import Finished, finished_pixels
from core.engine.img2img import Ask, denoise
from core.engine.ladder import Rung
from core.engine.loaded_model import LoadedModel
from core.engine.loader import Denoiser, load_denoiser
from core.engine.messages import ItemCanceled, Stepped
from core.engine.note import provenance_of
from core.engine.passes import Group, Predict
from core.engine.task import Task
from core.engine.writer import Send, Writer
from core.errors import ItemError, Reason

More = Callable[[dict[int, Task]], Task | None]
"""Gives the next photograph that may go on with these; None when there is none, or no room."""


class Renderer:
    """Renders with one model; each photograph goes to the writer as soon as it is done.

    Args:
        model: what to render with.
        writer: writes and reports results.
        send: takes every message for the parent.
        is_canceled: says of an item whether it is to be dropped.
        interlude: what is let in between.
    """

    def __init__(
        self,
        model: LoadedModel,
        writer: Writer,
        send: Send,
        is_canceled: Callable[[int], bool],
        interlude: Interlude,
    ) -> None:
        self._model = model
        self._writer = writer
        self._send = send
        self._is_canceled = is_canceled
        self._interlude = interlude
        self._on_cpu: Denoiser | None = None

    def render(self, tasks: dict[int, Task], rung: Rung, more: More = lambda _tasks: None) -> None:
        """Settle all of `tasks`, and take out each one that is settled.

        What memory errors leave in `tasks` has no result yet.

        Args:
            tasks: photographs that may share passes.
            rung: in which settings.
            more: is asked before each pass; what it gives joins `tasks` where others ended.

        Raises:
            BatchStopped: results cannot be written.
        """
        self._denoise(tasks, rung, more, in_fp32=False)
        self._denoise(tasks, rung, more, in_fp32=True)

    def free(self) -> None:
        """Let go of what is only kept to be quicker."""

    def _denoise(self, tasks: dict[int, Task], rung: Rung, more: More, *, in_fp32: bool) -> None:
        """Run the network until every photograph has ended, was dropped, or waits for fp32."""
        group: Group[int, Any] = Group(self._predict(rung, in_fp32=in_fp32), rung.rows)
        for task in list(tasks.values()):
            if task.in_fp32 is in_fp32:
                self._begin(group, tasks, task, rung)
        while group.keys:
            self._drop_canceled(group, tasks)
            if group.keys:
                self._pass(group, tasks, rung)
            for ended in group.take_ended():
                self._settle(tasks, tasks[ended.key], ended.outcome, rung)
            self._take_more(group, tasks, rung, more)

    def _take_more(
        self, group: Group[int, Any], tasks: dict[int, Task], rung: Rung, more: More
    ) -> None:
        """Let others take the place of those that ended.

        One that waits for single precision is not to wait for all that may come.
        """
        while not any(task.in_fp32 for task in tasks.values()):
            task = more(tasks)
            if task is None:
                return
            tasks[task.item] = task
            self._begin(group, tasks, task, rung)

    def _begin(
        self, group: Group[int, Any], tasks: dict[int, Task], task: Task, rung: Rung
    ) -> None:
        try:
            group.add(task.item, self._denoising(task, rung))
        except ItemError as error:
            self._writer.trouble(task.item, error)
            del tasks[task.item]

    def _pass(self, group: Group[int, Any], tasks: dict[int, Task], rung: Rung) -> None:
        started, spent = time.monotonic(), self._interlude.spent
        self._interlude.begin(group.next_keys())
        try:
            rows = group.run_pass()
        except PassDropped:
            return
        finally:
            self._interlude.end()
        elapsed = time.monotonic() - started - (self._interlude.spent - spent)
        for item, count in rows.items():
            task = tasks[item]
            task.seconds += elapsed * count / rows.total()
            task.calls_done += count
            steps = task.calls * task.tiles(rung)
            self._send(
                Stepped(
                    item=item,
                    step=min(task.calls_done, steps),
                    steps=steps,
                    pixels=self._measured(task, rung),
                    seconds=task.seconds,
                )
            )

    def _measured(self, task: Task, rung: Rung) -> int:
        """Return how many pixels a photograph puts through the network; 0 under other settings.

        What falls back from the batch's own settings is slower, and says nothing about the pace.
        """
        numerics = self._model.numerics
        if task.in_fp32 or rung != Rung(numerics.rows, numerics.tile):
            return 0
        return task.calls * task.tiles(rung) * math.prod(task.shape(rung))

    def _drop_canceled(self, group: Group[int, Any], tasks: dict[int, Task]) -> None:
        for item in group.keys:
            if self._is_canceled(item):
                group.drop(item)
                del tasks[item]
                self._send(ItemCanceled(item=item))

    def _settle(self, tasks: dict[int, Task], task: Task, outcome: Any, rung: Rung) -> None:
        """Write and report what came out, or leave it for another try in fp32."""
        try:
            if isinstance(outcome, ItemError):
                raise outcome
            finished = self._finished(task, outcome)
            self._publish(task, finished, rung)
        except ItemError as error:
            again = error.reason in (Reason.NAN, Reason.BLACK) and not task.in_fp32
            if again and self._model.numerics.dtype != "fp32":
                task.in_fp32, task.calls_done = True, 0
                return
            self._writer.trouble(task.item, error)
        del tasks[task.item]

    def _finished(self, task: Task, outcome: Any) -> Finished:
        """Return the result's pixels; raises NotFinite, or another ItemError of its own."""
        return finished_pixels(task.prepared, outcome, self._interlude.breathe)

    def _publish(self, task: Task, finished: Finished, rung: Rung) -> None:
        model = self._model
        self._note_choices(task, finished, rung)
        note = provenance_of(task.prepared, model.spec, model.numerics)
        self._writer.write(task, finished.pixels, note)

    def _note_choices(self, task: Task, finished: Finished, rung: Rung) -> None:
        numerics, facts = self._model.numerics, task.facts
        facts["tiles"] = task.tiles(rung)
        facts["dtype"] = "fp32" if task.in_fp32 else numerics.dtype
        facts |= {"rows": rung.rows, "tile": task.tile(rung)}
        if task.prepared.descent is not None:
            facts["seed"] = task.prepared.descent.seed
        if finished.guarded:
            share = f"{finished.guarded:.2g} % left as it was"
            facts |= {"guarded": round(finished.guarded, 4), "note": f"{facts['note']}, {share}"}

    def _predict(self, rung: Rung, *, in_fp32: bool) -> Predict:
        denoiser = self._model.pixel_denoiser
        if rung.on_cpu:
            # Kept, once loaded: where one photograph did not fit, the next ones often do not.
            self._on_cpu = self._on_cpu or load_denoiser(self._model.spec, "cpu", "fp32")
            denoiser = self._on_cpu
        return denoiser.in_fp32().predict if in_fp32 else denoiser.predict

    def _denoising(self, task: Task, rung: Rung) -> Generator[Ask, list[Any], Any]:
        """Return the generator that leads a photograph from its first noise level to none."""
        prepared, denoiser = task.prepared, self._model.pixel_denoiser
        assert prepared.descent is not None

        def read(top: int, bottom: int) -> torch.Tensor:
            self._interlude.breathe()
            return prepared.rows(top, bottom)

        size = prepared.photo.height, prepared.photo.width
        bands = Bands(*size, read, prepared.descent)
        ratios, multiple = prepared.descent.ratios, denoiser.size_multiple
        return denoise(bands, ratios, denoiser.curve, task.tile(rung), multiple)
