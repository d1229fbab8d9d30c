"""Takes photographs in order, as many as fill a network pass, and sees each one settled."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable

from core.engine.between import BetweenLayers, Interlude
from core.engine.ladder import free_memory, is_out_of_memory, rungs
from core.engine.memory import MemoryBudget
from core.engine.messages import Alive, Announced, ItemCanceled, Render
from core.engine.prepare import memory_error, prepare, read_source
from core.engine.previews import Previewer
from core.engine.reader import Reader
from core.engine.rendering import Renderer
from core.engine.task import LoadedModel, Task
from core.engine.writer import Send, Writer
from core.errors import ItemError


class Worker:
    """Renders photographs with one model, reading and writing others meanwhile.

    Args:
        model: what to render with.
        send: takes every message for the parent; called from any thread.
        is_canceled: says of an item whether it is to be dropped.
        wake: called when `check` has something to raise.
        previews: makes previews between the work; None where nobody wants any.
    """

    def __init__(
        self,
        model: LoadedModel,
        send: Send,
        is_canceled: Callable[[int], bool],
        wake: Callable[[], None] | None = None,
        previews: Previewer | None = None,
    ) -> None:
        rows = model.numerics.rows
        self._waiting: deque[Render] = deque()
        interlude = self._interlude = Interlude(
            is_canceled, self._drop_waiting, previews, lambda: send(Alive())
        )
        self._layers = (
            BetweenLayers([model.network], interlude.layer),
            BetweenLayers(model.other_networks, interlude.alive),
        )
        self._model = model
        self._budget = MemoryBudget()
        self._send = send
        self._is_canceled = is_canceled
        self._writer = Writer(send, threads=rows, wake=wake, wait=interlude.result)
        self._reader = Reader(self._read, ahead=rows, wait=interlude.result)
        self._renderer = _renderer_class(model)(model, self._writer, send, is_canceled, interlude)
        self._rungs = tuple(rungs(model.numerics, cpu_allowed=model.cpu_allowed))
        self._level = 0
        self._held: Task | None = None

    @property
    def has_work(self) -> bool:
        """Whether there is a photograph that was read, or is being read, and not rendered."""
        return self._held is not None or self._reader.has_work

    def forget(self) -> None:
        """Let go of what was read and not rendered yet."""
        self._held = None
        self._reader.forget()

    def hurry(self) -> None:
        """Something was canceled: answer that soon. From any thread."""
        self._interlude.hurry()

    def breathe(self) -> None:
        """Answer cancellations, and make a preview that is ready."""
        self._interlude.breathe()

    def check(self) -> None:
        """Raise what stopped the writing; raises BatchStopped."""
        self._writer.check()

    def close(self) -> None:
        """Finish what is being written and end the threads; raises as `check`."""
        for layers in self._layers:
            layers.close()
        self._reader.close()
        self._writer.close()
        self._writer.drain()

    def work(self, waiting: deque[Render]) -> None:
        """Render the next photographs of `waiting`; one's own trouble is reported and over.

        Raises:
            BatchStopped: results cannot be written.
            SettingsError: the model cannot use one of the settings.
        """
        self._waiting = waiting
        if waiting and waiting[0].alone:
            self._writer.drain()
        tasks = self._take(waiting)
        is_alone = any(task.prepared.render.alone for task in tasks.values())
        tried = self._level
        if not self._fits(tasks, tried):
            for task in list(tasks.values()):
                self._climb(task, max(tried + 1, self._level))
        if is_alone:
            self._writer.drain()

    def _take(self, waiting: deque[Render]) -> dict[int, Task]:
        """Take photographs until their tiles, all of one shape, fill a pass."""
        rung = self._rungs[self._level]
        taken: dict[int, Task] = {}
        rows = 0
        while rows < rung.rows:
            task = self._held or self._reader.take(waiting, nothing_taken=not taken)
            self._held = None
            if task is None:
                break
            first = next(iter(taken.values()), task)
            if (task.shape(rung), task.setup) != (first.shape(rung), first.setup):
                self._held = task
                break
            taken[task.item] = task
            rows += rung.rows if task.prepared.render.alone else task.tiles(rung)
        return taken

    def _read(self, render: Render) -> Task | None:
        """Read a photograph; None when that settles it: canceled, trouble, or unchanged."""
        if self._is_canceled(render.item):
            self._send(ItemCanceled(item=render.item))
            return None
        self._send(Announced(item=render.item))
        try:
            task = self._prepared(render)
            if task.prepared.descent is not None:
                return task
            self._writer.keep_unchanged(task)
        except ItemError as error:
            self._writer.trouble(render.item, error)
        except MemoryError:
            self._writer.trouble(render.item, memory_error(render.source.name, on_device=False))
        return None

    def _drop_waiting(self) -> None:
        """Drop the canceled photographs that no pass was made for yet."""
        dropped = [render.item for render in self._waiting if self._is_canceled(render.item)]
        kept = [render for render in self._waiting if render.item not in dropped]
        self._waiting.clear()
        self._waiting.extend(kept)
        dropped += self._reader.drop(self._is_canceled)
        if self._held is not None and self._is_canceled(self._held.item):
            dropped.append(self._held.item)
            self._held = None
        for item in dropped:
            self._send(ItemCanceled(item=item))

    def _prepared(self, render: Render) -> Task:
        started, model = time.monotonic(), self._model
        photo = read_source(render, self._budget)
        if model.bench is not None:
            task = model.bench.task(render, photo)
        else:
            curve, tile = model.pixel_denoiser.curve, model.numerics.tile
            prepared = prepare(render, photo, model.spec, curve, tile)
            task = Task(prepared, model.spec.size_multiple, facts=dict(prepared.facts))
        task.seconds = time.monotonic() - started
        return task

    def _climb(self, task: Task, start: int) -> None:
        """Try a photograph that did not fit alone, with ever smaller settings."""
        for level in range(start, len(self._rungs)):
            if self._rungs[level] != self._rungs[0]:
                task.facts.update(self._rungs[level].facts())
            if self._fits({task.item: task}, level):
                # Kept for this model: where one photograph did not fit, the next ones do not.
                self._level = level if self._rungs[level] != self._rungs[0] else 0
                return
        on_device = self._model.numerics.device != "cpu"
        self._writer.trouble(task.item, memory_error(task.name, on_device=on_device))

    def _fits(self, tasks: dict[int, Task], level: int) -> bool:
        """Render; return whether all are settled, False when memory ran out for the rest."""
        try:
            self._renderer.render(tasks, self._rungs[level])
        except (MemoryError, RuntimeError) as error:
            if not is_out_of_memory(error):
                raise
        else:
            return True
        # Outside the handler: the exception holds on to every tensor of its frames.
        free_memory()
        for task in tasks.values():
            task.calls_done = 0
        return False


def _renderer_class(model: LoadedModel) -> type[Renderer]:
    if model.bench is None:
        return Renderer
    # Its pipelines take seconds to import, which the built-in model does without.
    from core.engine.latent.rendering import LatentRenderer

    return LatentRenderer
