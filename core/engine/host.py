"""The parent's side of the render process: started when needed, watched, ended when idle."""

from __future__ import annotations

import statistics
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum, auto
from pathlib import Path
from typing import TypeAlias

from core.child import Child, Death, python_command
from core.engine.memory import MemoryGauge
from core.engine.messages import (
    DEVICE_LOST_EXIT,
    FROM_RENDER,
    Alive,
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
    Stepped,
    ToRender,
)
from core.engine.watchdog import MemoryWatch, UsualPace
from core.events import PreviewKind

RENDER_COMMAND = python_command("core.engine.process")
AHEAD = "--ahead"
"""Added to it: the process imports what rendering needs before anything is asked of it."""

NO_NETWORK = {
    "HF_HUB_OFFLINE": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "DO_NOT_TRACK": "1",
    "DIFFUSERS_DISABLE_REMOTE_CODE": "1",
}
HANG_SECONDS = 120.0
"""A process at work that says nothing for so long hangs, unless its photographs are slow ones.

Nor may a photograph take longer, with many a word, that should take a tenth of it at most.
"""

LOAD_SECONDS = 900.0
"""Loading gigabytes from a slow disk, and the first import of torch, say nothing meanwhile."""

PATIENCE_PER_BYTE = 10e-6
"""Seconds of silence that large files earn: 10 for each megabyte, to be written in one go."""

_SLOWEST_TICK = 5.0
_MEDIAN_OF = 50


class Ending(StrEnum):
    """Why a render process was ended from here, in the middle of its work."""

    SILENT = auto()
    """It said nothing for too long."""
    SLOW = auto()
    """It worked at a photograph many times longer than usual."""
    MEMORY = auto()
    """It took the last of the computer's memory."""


@dataclass(frozen=True, slots=True)
class Died:
    """The render process ended. `announced` items were being touched, `sent` ones were waiting.

    `ending`: why we ended it; None: we did not. `preview` was asked for and not finished.
    """

    death: Death
    announced: tuple[int, ...] = ()
    sent: tuple[int, ...] = ()
    ending: Ending | None = None
    preview: int | None = None

    @property
    def hung(self) -> bool:
        """Whether it took far too long over its work."""
        return self.ending in (Ending.SILENT, Ending.SLOW)

    @property
    def starved(self) -> bool:
        """Whether it ended for want of memory, by the kernel or by us."""
        return self.death.oom_killed or self.ending is Ending.MEMORY

    @property
    def device_lost(self) -> bool:
        """Whether it ended because its device failed for good."""
        return self.death.returncode == DEVICE_LOST_EXIT

    @property
    def by_itself(self) -> bool:
        """Whether it broke down, hung or starved; otherwise somebody ended it from outside."""
        return self.death.native or self.hung or self.starved


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
        gauge: reads how much memory there is.

    Attributes:
        bell: called, on another thread, whenever there is something to receive.
    """

    def __init__(
        self,
        command: Sequence[str] = RENDER_COMMAND,
        environment: Mapping[str, str] | None = None,
        *,
        hang_seconds: float = HANG_SECONDS,
        clock: Callable[[], float] = time.monotonic,
        gauge: MemoryGauge | None = None,
    ) -> None:
        self._command = tuple(command)
        self._environment = NO_NETWORK | dict(environment or {})
        self._hang_seconds = hang_seconds
        self._clock = clock
        self.bell: Callable[[], object] = lambda: None
        self._child: Child[FromRender] | None = None
        self._seconds: list[float] = []
        self._pace = UsualPace(hang_seconds)
        self._memory = MemoryWatch(gauge or MemoryGauge(), clock)
        self._last_heard = self._looked = clock()
        self._begin()

    def _begin(self) -> None:
        self._sent: dict[int, float] = {}
        self._still: Counter[int] = Counter()
        self._announced: set[int] = set()
        self._loading = 0
        self._preview: int | None = None
        self._ending: Ending | None = None
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
            self._child = Child(self._command, FROM_RENDER, self._environment, lambda: self.bell())
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

        None comes earlier after a `poke`, and when the process only said that it goes on.
        """
        if self._child is None:
            return None
        got = self._child.receive(timeout)
        if isinstance(got, Death):
            return self._bury(got)
        self._watch(heard=got is not None)
        if got is None:
            return None
        if isinstance(got.message, Alive):
            return None
        if isinstance(got.message, Rendered):
            self._pace.rendered(got.message)
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
        elif isinstance(message, Stepped):
            self._judge_pace(message)
        elif isinstance(message, Rendered | ItemTrouble | ItemCanceled):
            self._finished(message.item)
        elif isinstance(message, DevicesFound | ModelLoaded):
            self._loading = max(0, self._loading - 1)
            if isinstance(message, ModelLoaded):
                self._pace.loaded(message)
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
        del self._still[item]
        self._pace.forget(item)

    def _judge_pace(self, message: Stepped) -> None:
        """Note how a photograph goes on; end a process that works at one for ever."""
        self._pace.stepped(message)
        patience = self._sent.get(message.item, 0.0) + self._still[message.item]
        if self._pace.is_too_slow(message, patience):
            self._put_down(Ending.SLOW)

    def _put_down(self, why: Ending) -> None:
        if self._ending is None:
            assert self._child is not None
            self._ending = why
            self._child.kill()

    def _watch(self, *, heard: bool) -> None:
        """Count silence; end a process at work that says nothing or takes the last memory.

        Each look counts for a few seconds at most: a computer that slept, or a stopped parent,
        is no hang of the child.
        """
        now = self._clock()
        elapsed, self._looked = now - self._looked, now
        if elapsed > _SLOWEST_TICK:
            # The photographs in work stood still as well, if not their process' clock.
            self._still.update(dict.fromkeys(self._sent, round(elapsed - _SLOWEST_TICK)))
        self._silence = 0.0 if heard else self._silence + min(elapsed, _SLOWEST_TICK)
        if heard:
            self._last_heard = now
        if not self._busy or self._child is None:
            return
        if self._silence > self._limit():
            self._put_down(Ending.SILENT)
        elif self._memory.must_end(self._child.pid):
            self._put_down(Ending.MEMORY)

    def _limit(self) -> float:
        if self._loading:
            return max(LOAD_SECONDS, self._hang_seconds)
        usual = statistics.median(self._seconds) if self._seconds else 0.0
        return max(self._hang_seconds, 10 * usual) + max(self._sent.values(), default=0.0)

    def _bury(self, death: Death) -> Died:
        announced, sent = tuple(sorted(self._announced)), tuple(self._sent)
        died = Died(death, announced, sent, self._ending, self._preview)
        self._child = None
        for item in sent:
            self._pace.forget(item)
        self._begin()
        return died


def _patience(source: Path) -> float:
    try:
        return source.stat().st_size * PATIENCE_PER_BYTE
    except OSError:
        return 0.0
