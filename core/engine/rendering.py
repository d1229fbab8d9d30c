"""Denoises a few photographs together and brings each into its temporary file."""

from __future__ import annotations

import time
from collections.abc import Callable

from core.engine.bands import Bands
from core.engine.finish import Finished, finished_pixels
from core.engine.img2img import Denoising, denoise
from core.engine.ladder import Rung
from core.engine.loader import Denoiser, load_denoiser
from core.engine.messages import FromRender, ItemCanceled, ItemTrouble, Rendered, Stepped
from core.engine.note import provenance_of
from core.engine.passes import Group, Predict
from core.engine.results import Written, copies_as_is, copy_result, write_result
from core.engine.task import LoadedModel, Task
from core.errors import ItemError, Reason

Send = Callable[[FromRender], None]


class Renderer:
    """Renders with one model and reports each photograph as soon as its file is closed.

    Args:
        model: what to render with.
        send: takes every message for the parent.
        is_canceled: says of an item whether it is to be dropped.
    """

    def __init__(self, model: LoadedModel, send: Send, is_canceled: Callable[[int], bool]) -> None:
        self._model = model
        self._send = send
        self._is_canceled = is_canceled
        self._on_cpu: Denoiser | None = None

    def render(self, tasks: dict[int, Task], rung: Rung) -> None:
        """Settle all of `tasks`, and take out each one that is settled.

        What memory errors leave in `tasks` has no result and no temporary file yet.

        Raises:
            BatchStopped: results cannot be written.
        """
        self._denoise(tasks, rung, in_fp32=False)
        self._denoise(tasks, rung, in_fp32=True)

    def trouble(self, item: int, error: ItemError) -> None:
        """Report a photograph's own trouble."""
        self._send(
            ItemTrouble(item=item, reason=error.reason, message=error.message, hint=error.hint)
        )

    def keep_unchanged(self, task: Task) -> None:
        """Take a photograph over as it is: its coded data where the output allows that.

        Raises:
            ItemError: it changed meanwhile, or its result cannot be written.
            BatchStopped: results cannot be written.
        """
        render, photo = task.prepared.render, task.prepared.photo
        started = time.monotonic()
        copied = copies_as_is(photo, render.output)
        if copied:
            written = copy_result(render.source, photo, render.target, render.output.metadata)
        else:
            written = write_result(photo, photo.pixels, render.target, render.output, None)
        task.seconds += time.monotonic() - started
        self._report(task, written, unchanged=copied)

    def _denoise(self, tasks: dict[int, Task], rung: Rung, *, in_fp32: bool) -> None:
        """Run the network until every photograph has ended, was dropped, or waits for fp32."""
        group: Group[int] = Group(self._predict(rung, in_fp32=in_fp32), rung.rows)
        for task in tasks.values():
            if task.in_fp32 is in_fp32:
                group.add(task.item, _denoising(task, self._model, rung))
        while group.keys:
            self._drop_canceled(group, tasks)
            if group.keys:
                self._pass(group, tasks, rung)
            for ended in group.take_ended():
                self._settle(tasks, tasks[ended.key], ended.outcome, rung)

    def _pass(self, group: Group[int], tasks: dict[int, Task], rung: Rung) -> None:
        started = time.monotonic()
        rows = group.run_pass()
        elapsed = time.monotonic() - started
        for item, count in rows.items():
            task = tasks[item]
            task.seconds += elapsed * count / rows.total()
            task.calls_done += count
            steps = task.calls * task.tiles(rung)
            self._send(Stepped(item=item, step=min(task.calls_done, steps), steps=steps))

    def _drop_canceled(self, group: Group[int], tasks: dict[int, Task]) -> None:
        for item in group.keys:
            if self._is_canceled(item):
                group.drop(item)
                del tasks[item]
                self._send(ItemCanceled(item=item))

    def _settle(
        self, tasks: dict[int, Task], task: Task, outcome: Bands | ItemError, rung: Rung
    ) -> None:
        """Write and report what came out, or leave it for another try in fp32."""
        try:
            if isinstance(outcome, ItemError):
                raise outcome
            self._publish(task, finished_pixels(task.prepared, outcome), rung)
        except ItemError as error:
            again = error.reason in (Reason.NAN, Reason.BLACK) and not task.in_fp32
            if again and self._model.numerics.dtype != "fp32":
                task.in_fp32, task.calls_done = True, 0
                return
            self.trouble(task.item, error)
        del tasks[task.item]

    def _publish(self, task: Task, finished: Finished, rung: Rung) -> None:
        render, model = task.prepared.render, self._model
        started = time.monotonic()
        note = provenance_of(task.prepared, model.spec, model.numerics)
        written = write_result(
            task.prepared.photo, finished.pixels, render.target, render.output, note
        )
        task.seconds += time.monotonic() - started
        self._note_choices(task, finished, rung)
        self._report(task, written)

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

    def _report(self, task: Task, written: Written, *, unchanged: bool = False) -> None:
        self._send(
            Rendered(
                item=task.item,
                sha256=written.sha256,
                size=written.size,
                width=written.width,
                height=written.height,
                seconds=task.seconds,
                unchanged=unchanged,
                facts=task.facts,
            )
        )

    def _predict(self, rung: Rung, *, in_fp32: bool) -> Predict:
        denoiser = self._model.denoiser
        if rung.on_cpu:
            # Kept, once loaded: where one photograph did not fit, the next ones often do not.
            self._on_cpu = self._on_cpu or load_denoiser(self._model.spec, "cpu", "fp32")
            denoiser = self._on_cpu
        return denoiser.in_fp32().predict if in_fp32 else denoiser.predict


def _denoising(task: Task, model: LoadedModel, rung: Rung) -> Denoising:
    """Return the generator that leads a photograph from its first noise level to none."""
    prepared, denoiser = task.prepared, model.denoiser
    assert prepared.descent is not None
    size = prepared.photo.height, prepared.photo.width
    bands = Bands(*size, prepared.rows, prepared.descent)
    ratios, multiple = prepared.descent.ratios, denoiser.size_multiple
    return denoise(bands, ratios, denoiser.curve, task.tile(rung), multiple)
