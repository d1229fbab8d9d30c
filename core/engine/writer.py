"""Writes results beside the denoising, and reports each one when its file is closed."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

from core.engine.messages import FromRender, ItemTrouble, Rendered
from core.engine.prepare import memory_error
from core.engine.results import Written, copies_as_is, copy_result, write_result
from core.engine.task import Task
from core.errors import ItemError
from core.images.metadata import Provenance
from core.images.photo import Pixels

Send = Callable[[FromRender], None]

LARGE_PIXELS = 8_000_000
"""Photographs above this many pixels are read and written one by one, to hold memory down.

On a processor, which is busy for minutes with such a one.
"""


T = TypeVar("T")


def result_of(future: Future[T]) -> T:
    """Wait for a future; return what it holds."""
    return future.result()


def is_large(task: Task, pixels: int) -> bool:
    """Return whether a photograph is too large to have others in memory beside it."""
    return task.prepared.photo.width * task.prepared.photo.height > pixels


class Writer:
    """Encodes, reads back, syncs and reports, in threads of its own.

    Args:
        send: takes every message for the parent; called from any thread.
        threads: how many results are written at once; as many more may wait.
        wake: called, from any thread, when `check` has something to raise.
        wait: waits for a future, doing something else until it is done.
        large: results of more pixels are written one by one.
    """

    def __init__(
        self,
        send: Send,
        threads: int = 1,
        wake: Callable[[], None] | None = None,
        wait: Callable[[Future[None]], None] = result_of,
        large: int = LARGE_PIXELS,
    ) -> None:
        self._wait = wait
        self._large = large
        self._send = send
        self._threads = threads
        self._wake = wake
        self._pool = ThreadPoolExecutor(threads, "write")
        self._open: deque[Future[None]] = deque()
        self._failure: Exception | None = None

    def write(self, task: Task, pixels: Pixels, note: Provenance | None) -> None:
        """Write and report a result; returns before that is done, unless it is a large one."""
        self.check()
        self._open.append(self._pool.submit(self._write, task, pixels, note))
        is_alone = is_large(task, self._large)
        while self._open and (is_alone or len(self._open) > 2 * self._threads):
            self._wait(self._open.popleft())
        self.check()

    def keep_unchanged(self, task: Task) -> None:
        """Take a photograph over as it is, its coded data where the output allows that.

        Done at once, in the caller's thread; raises what writing raises.
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

    def trouble(self, item: int, error: ItemError) -> None:
        """Report a photograph's own trouble."""
        self._send(
            ItemTrouble(item=item, reason=error.reason, message=error.message, hint=error.hint)
        )

    def check(self) -> None:
        """Raise what stopped the writing.

        Raises:
            BatchStopped: the disk is full, read-only or gone.
        """
        failure, self._failure = self._failure, None
        if failure is not None:
            raise failure

    def drain(self) -> None:
        """Wait until everything is written and reported; raises as `check`."""
        while self._open:
            self._wait(self._open.popleft())
        self.check()

    def close(self) -> None:
        """End the threads, after what they are doing."""
        self._pool.shutdown()

    def _write(self, task: Task, pixels: Pixels, note: Provenance | None) -> None:
        render, photo = task.prepared.render, task.prepared.photo
        started = time.monotonic()
        try:
            written = write_result(photo, pixels, render.target, render.output, note)
            task.seconds += time.monotonic() - started
            self._report(task, written)
        except ItemError as error:
            self.trouble(task.item, error)
        except MemoryError:
            self.trouble(task.item, memory_error(task.name, on_device=False))
        except Exception as error:
            # Raised where the batch is led; there it is told, or ends the process as a bug.
            self._failure = error
            if self._wake is not None:
                self._wake()

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
