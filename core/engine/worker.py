"""Takes photographs in order, as many as fill a network pass, and sees each one settled."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable

from core.engine.between import BetweenLayers, Interlude
from core.engine.ladder import free_memory, is_out_of_memory, rungs
from core.engine.loaded_model import LoadedModel
from core.engine.memory import MemoryBudget
from core.engine.messages import Alive, Announced, ItemCanceled, Render
from core.engine.photographs import Photographs
from core.engine.prepare import memory_error, prepare
from core.engine.previews import Previewer
from core.engine.reader import Reader
from core.engine.rendering import More, Renderer
from core.engine.task import Task
from core.engine.writer import LARGE_PIXELS, Send, Writer
from core.errors import CoreError, ItemError

_IN_MEMORY = 5
"""Photographs in memory for each row: one read ahead, one in work, three being written."""


class Worker:
    """Renders photographs with one model, reading and writing others meanwhile.

    Args:
        model: what to render with.
        send: takes every message for the parent; called from any thread.
        is_canceled: says of an item whether it is to be dropped.
        wake: called when `check` has something to raise.
        previews: makes previews between the work; None where nobody wants any.
        take_in: adds to what waits whatever has come for it meanwhile.
    """

    def __init__(
        self,
        model: LoadedModel,
        send: Send,
        is_canceled: Callable[[int], bool],
        wake: Callable[[], None] | None = None,
        previews: Previewer | None = None,
        take_in: Callable[[], None] = lambda: None,
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
        budget = MemoryBudget()
        self._photographs = Photographs(budget)
        self._take_in = take_in
        self._send = send
        self._is_canceled = is_canceled
        large = _large_pixels(model, budget)
        self._writer = Writer(send, threads=rows, wake=wake, wait=interlude.result, large=large)
        self._reader = Reader(self._read, ahead=rows, wait=interlude.result, large=large)
        self._renderer = _renderer_class(model)(model, self._writer, send, is_canceled, interlude)
        self._rungs = tuple(rungs(model.numerics, cpu_allowed=model.cpu_allowed))
        self._level = 0
        self._held: Task | None = None
        self._stopped: CoreError | None = None

    @property
    def has_work(self) -> bool:
        """Whether there is a photograph that was read, or is being read, and not rendered."""
        return self._held is not None or self._reader.has_work

    def forget(self) -> None:
        """Let go of what was read and not rendered yet."""
        self._held = self._stopped = None
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

        Where one ends before the others, the next one takes its place.

        Raises:
            BatchStopped: results cannot be written.
            SettingsError: the model cannot use one of the settings.
        """
        self._waiting = waiting
        if waiting and waiting[0].alone:
            self._writer.drain()
        tasks = self._take()
        is_alone = any(task.prepared.render.alone for task in tasks.values())
        tried = self._level
        if not self._fits(tasks, tried, self._more):
            for task in list(tasks.values()):
                self._climb(task, max(tried + 1, self._level))
        if is_alone:
            self._writer.drain()
        stopped, self._stopped = self._stopped, None
        if stopped is not None:
            raise stopped

    def _take(self) -> dict[int, Task]:
        """Take photographs until their tiles, all of one shape, fill a pass."""
        taken: dict[int, Task] = {}
        while task := self._next(taken):
            taken[task.item] = task
        return taken

    def _more(self, tasks: dict[int, Task]) -> Task | None:
        """Return one that takes the place of another that ended; what is wrong is raised later."""
        if not tasks or self._stopped is not None:
            return None
        self._take_in()
        try:
            return self._next(tasks, at_once=True)
        except CoreError as error:
            # Those in work are led to their end first.
            self._stopped = error
            return None

    def _next(self, taken: dict[int, Task], *, at_once: bool = False) -> Task | None:
        """Return the next one that may share passes with `taken`; None: no room, or no such."""
        rung = self._rungs[self._level]
        rows = [t.tiles(rung) if not t.prepared.render.alone else rung.rows for t in taken.values()]
        if sum(rows) >= rung.rows:
            return None
        task = self._held or self._reader.take(
            self._waiting, nothing_taken=not taken, at_once=at_once
        )
        self._held = None
        if task is None:
            return None
        first = next(iter(taken.values()), task)
        if (task.shape(rung), task.setup) != (first.shape(rung), first.setup):
            self._held = task
            return None
        return task

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
        photo = self._photographs.read(render)
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

    def _fits(self, tasks: dict[int, Task], level: int, more: More = lambda _tasks: None) -> bool:
        """Render; return whether all are settled, False when memory ran out for the rest."""
        try:
            self._renderer.render(tasks, self._rungs[level], more)
        except (MemoryError, RuntimeError) as error:
            if not is_out_of_memory(error):
                raise
        else:
            return True
        # Outside the handler: the exception holds on to every tensor of its frames.
        self._renderer.free()
        free_memory()
        for task in tasks.values():
            task.calls_done = 0
        return False


def _large_pixels(model: LoadedModel, budget: MemoryBudget) -> int:
    """Return above how many pixels photographs are read and written one by one.

    A graphics card would wait longer for the files of a camera than it works on them: with it
    they are so only where memory does not hold all that are read, in work and written.
    """
    if model.numerics.device == "cpu":
        return LARGE_PIXELS
    return max(LARGE_PIXELS, budget.pixels_each(_IN_MEMORY * model.numerics.rows))


def _renderer_class(model: LoadedModel) -> type[Renderer]:
    if model.bench is None:
        return Renderer
    # Its pipelines take seconds to import, which the built-in model does without.
    from core.engine.latent.rendering import LatentRenderer

    return LatentRenderer
