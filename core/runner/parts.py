"""What a runner is made of, and how a run ends."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from core.engine.host import RenderHost
from core.library.catalog import Catalog
from core.library.lock import RenderLock
from core.library.publisher import Publisher
from core.library.queue import JobQueue
from core.models.spec import ModelRegistry
from core.personal import Personal, personal


class RunOutcome(StrEnum):
    """Why `BatchRunner.run` came back."""

    FINISHED = "finished"
    """Nothing is waiting any more (in the job asked for, or in the library)."""
    STOPPED = "stopped"
    """The StopSignal was given; what is not done is waiting."""
    BLOCKED = "blocked"
    """A batch is stopped for a reason outside the photographs; RunnerBlocked was emitted."""
    BUSY = "busy"
    """Another process renders for this library; nothing was done. Follow it through the queue."""


@dataclass(frozen=True)
class EngineChoice:
    """What the user asked of the device for batches that start now; a resumed batch keeps its own.

    `device` is auto (every usable device of the best kind), a DeviceInfo.key (`cpu`, `cuda:0`), or
    several with commas between them; `batch_size` 0 lets the device decide.
    """

    device: str = "auto"
    dtype: str = "auto"
    batch_size: int = 0

    @property
    def devices(self) -> tuple[str, ...]:
        """Return what `device` names, each once, in order."""
        names = (name.strip() for name in self.device.split(","))
        return tuple(dict.fromkeys(filter(None, names))) or ("auto",)


@dataclass(frozen=True)
class RunnerParts:
    """What a runner works with; Services hands these over.

    `host` makes the parent's side of a render process (`lambda: RenderHost(command)`): called for
    the first photograph that needs rendering, so that a batch already done starts no process.
    Photographs of more than `max_pixels` are refused. `personal` says what a recipe means for one
    photograph.
    """

    queue: JobQueue
    catalog: Catalog
    publisher: Publisher
    registry: ModelRegistry
    lock: RenderLock
    host: Callable[[], RenderHost]
    max_pixels: int = 500_000_000
    personal: Personal = personal
