"""Takes photographs in order, as many as fill a network pass, and sees each one settled."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable

from core.engine.ladder import free_memory, is_out_of_memory, rungs
from core.engine.messages import Announced, ItemCanceled, Render
from core.engine.prepare import memory_error, prepare, read_source
from core.engine.rendering import Renderer, Send
from core.engine.task import LoadedModel, Task
from core.errors import ItemError


class Worker:
    """Renders photographs with one model; arguments as for Renderer."""

    def __init__(self, model: LoadedModel, send: Send, is_canceled: Callable[[int], bool]) -> None:
        self._model = model
        self._send = send
        self._is_canceled = is_canceled
        self._renderer = Renderer(model, send, is_canceled)
        self._rungs = tuple(rungs(model.numerics, cpu_allowed=model.cpu_allowed))
        self._level = 0
        self._held: Task | None = None

    @property
    def has_work(self) -> bool:
        """Whether a photograph was read that waits for the next pass."""
        return self._held is not None

    def forget(self) -> None:
        """Let go of a photograph that was read and not rendered yet."""
        self._held = None

    def work(self, waiting: deque[Render]) -> None:
        """Settle the next photographs of `waiting`; one's own trouble is reported and over.

        Raises:
            BatchStopped: results cannot be written.
            SettingsError: the model cannot use one of the settings.
        """
        tasks = self._take(waiting)
        tried = self._level
        if self._fits(tasks, tried):
            return
        for task in list(tasks.values()):
            self._climb(task, max(tried + 1, self._level))

    def _take(self, waiting: deque[Render]) -> dict[int, Task]:
        """Read photographs until their tiles, all of one shape, fill a pass."""
        rung = self._rungs[self._level]
        taken: dict[int, Task] = {}
        rows = 0
        while rows < rung.rows and (self._held or waiting):
            if taken and not self._held and waiting[0].alone:
                break
            task, self._held = self._held or self._read(waiting.popleft()), None
            if task is None:
                continue
            first = next(iter(taken.values()), task)
            if task.shape(rung) != first.shape(rung):
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
            self._renderer.keep_unchanged(task)
        except ItemError as error:
            self._renderer.trouble(render.item, error)
        except MemoryError:
            self._renderer.trouble(render.item, memory_error(render.source.name, on_device=False))
        return None

    def _prepared(self, render: Render) -> Task:
        started, model = time.monotonic(), self._model
        photo = read_source(render)
        curve, tile = model.denoiser.curve, model.numerics.tile
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
        self._renderer.trouble(task.item, memory_error(task.name, on_device=on_device))

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
