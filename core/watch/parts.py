"""What watching works with; handed down, so that a test can stand in for disk, clock and events."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from core.events import EventSink
from core.library.queue import JobQueue
from core.library.watch import WatchRules
from core.models.spec import ModelRegistry
from core.personal import Personal, personal
from core.watch.clock import Clock
from core.watch.mounts import Mount, mount_of
from core.watch.observe import Observation
from core.watch.writers import is_being_written


def _ignore(_event: object) -> None:
    """Tell nobody."""


def _nothing() -> None:
    """Wake nobody."""


@dataclass(frozen=True)
class WatchParts:
    """The library's side, and the system's.

    `sink` gets JobQueued and WatchStateChanged on the watching threads; `wake` is called when
    photographs wait to be rendered. `personal` says what a recipe means for one photograph.
    """

    rules: WatchRules
    queue: JobQueue
    registry: ModelRegistry
    pictures: Path
    sink: EventSink = _ignore
    wake: Callable[[], None] = _nothing
    clock: Clock = field(default_factory=Clock)
    observation: Callable[..., Observation] = Observation
    mount: Callable[[Path], Mount] = mount_of
    is_open: Callable[[str], bool] = is_being_written
    personal: Personal = personal
