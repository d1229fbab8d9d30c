"""Reads photographs ahead, so that the next ones are there when the network is free."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

from core.engine.messages import Render
from core.engine.task import Task
from core.engine.writer import LARGE_PIXELS, is_large, result_of

Read = Callable[[Render], Task | None]
"""Reads a photograph; None when that settled it: canceled, trouble, or unchanged."""


class Reader:
    """Starts reading in order, and hands out in order.

    One that must be alone is not started before all else is handed out, and nothing after it
    before it is settled.

    Args:
        read: reads one; called in threads of the reader's own.
        ahead: how many may be read before they are asked for.
        wait: returns what a future holds, doing something else until it is there.
        large: after a photograph of more pixels none is read ahead.
    """

    def __init__(
        self,
        read: Read,
        ahead: int,
        wait: Callable[[Future[Task | None]], Task | None] = result_of,
        large: int = LARGE_PIXELS,
    ) -> None:
        self._large = large
        self._read = read
        self._wait = wait
        self._ahead = max(1, ahead)
        self._pool = ThreadPoolExecutor(self._ahead, "read")
        self._started: deque[tuple[Render, Future[Task | None]]] = deque()

    @property
    def has_work(self) -> bool:
        """Whether a photograph is being read that nobody has asked for yet."""
        return bool(self._started)

    def take(
        self, waiting: deque[Render], *, nothing_taken: bool, at_once: bool = False
    ) -> Task | None:
        """Return the next photograph, None when there is none that may go with those taken.

        `at_once`: None also while it is still being read.

        Raises:
            CoreError: whatever reading raised that concerns more than one photograph.
        """
        while True:
            self._start(waiting, may_be_alone=nothing_taken)
            if not self._started or (self._started[0][0].alone and not nothing_taken):
                return None
            if at_once and not self._started[0][1].done():
                return None
            render, future = self._started.popleft()
            task = self._wait(future)
            if task is not None:
                if not render.alone and not is_large(task, self._large):
                    self._start(waiting, may_be_alone=False)
                return task

    def drop(self, is_canceled: Callable[[int], bool]) -> list[int]:
        """Let go of what is canceled and not being read at this moment; return the items.

        What is being read, or was settled by reading, answers for itself.
        """
        dropped = []
        for entry in tuple(self._started):
            render, future = entry
            if not is_canceled(render.item) or not (future.cancel() or future.done()):
                continue
            self._started.remove(entry)
            if future.cancelled() or future.exception() or future.result() is not None:
                dropped.append(render.item)
        return dropped

    def forget(self) -> None:
        """Let go of everything that was not handed out."""
        for _, future in self._started:
            future.cancel()
        self._started.clear()

    def close(self) -> None:
        """End the threads, after what they are doing."""
        self.forget()
        self._pool.shutdown()

    def _start(self, waiting: deque[Render], *, may_be_alone: bool) -> None:
        while waiting and len(self._started) < self._ahead:
            if waiting[0].alone and (self._started or not may_be_alone):
                return
            render = waiting.popleft()
            self._started.append((render, self._pool.submit(self._read, render)))
            if render.alone:
                return
