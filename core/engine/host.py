"""The parent's side of the render process: started when needed, watched, ended when idle."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from core.child import Child, Death, python_command
from core.engine.messages import (
    FROM_RENDER,
    Announced,
    CancelItems,
    Detect,
    DevicesFound,
    EngineFailed,
    FromRender,
    ItemCanceled,
    ItemTrouble,
    LoadModel,
    MakePreview,
    ModelLoaded,
    PreviewPicture,
    PreviewTrouble,
    Render,
    Rendered,
    Shutdown,
    ToRender,
)
from core.events import PreviewKind

RENDER_COMMAND = python_command("core.engine.process")
NO_NETWORK = {
    "HF_HUB_OFFLINE": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "DO_NOT_TRACK": "1",
    "DIFFUSERS_DISABLE_REMOTE_CODE": "1",
}
HANG_SECONDS = 120.0
"""A process at work that says nothing for so long hangs, unless its photographs are slow ones."""

LOAD_SECONDS = 900.0
"""Loading gigabytes from a slow disk, and the first import of torch, say nothing meanwhile."""

PATIENCE_PER_BYTE = 10e-6
"""Seconds of silence that large files earn: 10 for each megabyte, to be written in one go."""

_SLOWEST_TICK = 5.0
_MEDIAN_OF = 50


@dataclass(frozen=True, slots=True)
class Died:
    """The render process ended. `announced` items were being touched, `sent` ones were waiting.

    `hung`: it said nothing for too long and was ended for that. `preview` was asked for and not
    finished.
    """

    death: Death
    announced: tuple[int, ...] = ()
    sent: tuple[int, ...] = ()
    hung: bool = False
    preview: int | None = None


@dataclass(frozen=True, slots=True)
class Pictured:
    """A picture of a preview, and its JPEG bytes."""

    message: PreviewPicture
    jpeg: bytes


Heard: TypeAlias = FromRender | Pictured | Died


class RenderHost:
    """Talks to one render process, which `send` starts when there is none.

    Args:
        command: program and arguments; default the real render process.
        environment: added to this process' own.
        hang_seconds: how long it may be silent while it has work; at least ten times as long as
            the median photograph took, and longer for large files.
        clock: seconds that only grow.
    """

    def __init__(
        self,
        command: Sequence[str] = RENDER_COMMAND,
        environment: Mapping[str, str] | None = None,
        *,
        hang_seconds: float = HANG_SECONDS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._command = tuple(command)
        self._environment = NO_NETWORK | dict(environment or {})
        self._hang_seconds = hang_seconds
        self._clock = clock
        self._child: Child[FromRender] | None = None
        self._seconds: list[float] = []
        self._last_heard = self._looked = clock()
        self._begin()

    def _begin(self) -> None:
        self._sent: dict[int, float] = {}
        self._announced: set[int] = set()
        self._loading = 0
        self._preview: int | None = None
        self._hung = False
        self._silence = 0.0

    @property
    def running(self) -> bool:
        """Whether there is a process whose death has not been told yet."""
        return self._child is not None

    @property
    def pid(self) -> int | None:
        """The process id, for show."""
        return self._child.pid if self._child else None

    def start(self) -> None:
        """Start the process if there is none.

        Raises:
            OSError: the program cannot be started.
        """
        if self._child is None:
            self._begin()
            self._child = Child(self._command, FROM_RENDER, self._environment)
            self._last_heard = self._looked = self._clock()

    def send(self, message: ToRender) -> None:
        """Send a message, starting the process first if there is none; errors as in `start`."""
        self.start()
        assert self._child is not None
        if not self._busy:
            self._silence, self._looked = 0.0, self._clock()
        if isinstance(message, Render):
            self._sent[message.item] = _patience(message.source)
        elif isinstance(message, Detect | LoadModel):
            self._loading += 1
        elif isinstance(message, MakePreview):
            self._preview = message.request
        self._child.send(message)

    def cancel(self, items: Iterable[int]) -> None:
        """Ask for these items to be dropped at the next denoiser call."""
        if self._child is not None and (chosen := tuple(items)):
            self._child.send(CancelItems(items=chosen))

    def poke(self) -> None:
        """Let `receive` come back at once; from any thread."""
        child = self._child
        if child is not None:
            child.poke()

    def receive(self, timeout: float) -> Heard | None:
        """Return what the process says next, that it died, or None after `timeout` seconds.

        None comes earlier after a `poke`.
        """
        if self._child is None:
            return None
        got = self._child.receive(timeout)
        if isinstance(got, Death):
            return self._bury(got)
        self._watch(heard=got is not None)
        if got is None:
            return None
        self._note(got.message)
        if isinstance(got.message, PreviewPicture):
            return Pictured(got.message, got.tail)
        return got.message

    def stop(self, grace: float = 2.0) -> None:
        """End the process: ask, and after `grace` seconds kill; what it was doing is dropped."""
        if self._child is not None:
            self._child.send(Shutdown())
            self._child.end(grace)
            self._child = None
            self._begin()

    def end_if_idle(self, seconds: float) -> bool:
        """End a process that has had nothing to do for `seconds`: its memory is free again."""
        idle = self.running and not self._busy
        if idle and self._clock() - self._last_heard >= seconds:
            self.stop()
            return True
        return False

    @property
    def _busy(self) -> bool:
        return bool(self._sent or self._loading or self._preview is not None)

    def _note(self, message: FromRender) -> None:
        if isinstance(message, Announced):
            self._announced.add(message.item)
        elif isinstance(message, Rendered | ItemTrouble | ItemCanceled):
            self._finished(message.item)
        elif isinstance(message, DevicesFound | ModelLoaded):
            self._loading = max(0, self._loading - 1)
        elif isinstance(message, EngineFailed):
            self._loading = 0
            if message.item is not None:
                self._finished(message.item)
        elif isinstance(message, PreviewPicture | PreviewTrouble):
            self._note_preview(message)
        if isinstance(message, Rendered):
            self._seconds = [*self._seconds[-_MEDIAN_OF + 1 :], message.seconds]

    def _note_preview(self, message: PreviewPicture | PreviewTrouble) -> None:
        goes_on = isinstance(message, PreviewPicture) and message.shows is not PreviewKind.FULL
        if message.request == self._preview and not goes_on:
            self._preview = None

    def _finished(self, item: int) -> None:
        self._announced.discard(item)
        self._sent.pop(item, None)

    def _watch(self, *, heard: bool) -> None:
        """Count silence; end a process that has work and says nothing for too long.

        Each look counts for a few seconds at most: a computer that slept, or a stopped parent,
        is no hang of the child.
        """
        now = self._clock()
        elapsed, self._looked = now - self._looked, now
        self._silence = 0.0 if heard else self._silence + min(elapsed, _SLOWEST_TICK)
        if heard:
            self._last_heard = now
        if self._busy and self._silence > self._limit() and not self._hung:
            self._hung = True
            assert self._child is not None
            self._child.kill()

    def _limit(self) -> float:
        if self._loading:
            return max(LOAD_SECONDS, self._hang_seconds)
        usual = statistics.median(self._seconds) if self._seconds else 0.0
        return max(self._hang_seconds, 10 * usual) + max(self._sent.values(), default=0.0)

    def _bury(self, death: Death) -> Died:
        announced, sent = tuple(sorted(self._announced)), tuple(self._sent)
        died = Died(death, announced, sent, self._hung, self._preview)
        self._child = None
        self._begin()
        return died


def _patience(source: Path) -> float:
    try:
        return source.stat().st_size * PATIENCE_PER_BYTE
    except OSError:
        return 0.0
