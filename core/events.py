"""What happened, as frozen records; a runner emits them, a window or a command line shows them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from core.errors import Reason, StopReason
from core.library.ids import ItemId, JobId, WatchRuleId

if TYPE_CHECKING:
    from core.device import DeviceInfo

Box: TypeAlias = tuple[int, int, int, int]
"""Left, top, width and height in upright pixels of a photograph."""


@dataclass(frozen=True, slots=True)
class JobQueued:
    """A batch and its photographs are stored."""

    job: JobId
    items: int


@dataclass(frozen=True, slots=True)
class ItemStarted:
    """The render process is about to touch a photograph."""

    job: JobId
    item: ItemId
    source: Path


@dataclass(frozen=True, slots=True)
class StepProgress:
    """One denoiser call is done: `step` of `steps`, both counted from 1."""

    job: JobId
    item: ItemId
    step: int
    steps: int


@dataclass(frozen=True, slots=True)
class ItemDone:
    """A result stands under its final name.

    `already` says that it was there before; `unchanged` that the photograph needed no edit;
    `note` what was chosen ("noise 11 of 255, 2 steps") or what could not be kept.
    """

    job: JobId
    item: ItemId
    source: Path
    output: Path
    seconds: float
    already: bool = False
    unchanged: bool = False
    note: str = ""


@dataclass(frozen=True, slots=True)
class ItemLeftOut:
    """A photograph was left out by rule; nothing is wrong."""

    job: JobId
    item: ItemId
    source: Path
    reason: Reason
    message: str


@dataclass(frozen=True, slots=True)
class ItemFailed:
    """A photograph has no result; `quarantined` when it killed the worker three times."""

    job: JobId
    item: ItemId
    source: Path
    reason: Reason
    message: str
    hint: str = ""
    quarantined: bool = False


@dataclass(frozen=True, slots=True)
class Totals:
    """Counts of one batch; `found` is always the sum of the seven after it."""

    found: int = 0
    done: int = 0
    already_done: int = 0
    left_out: int = 0
    failed: int = 0
    quarantined: int = 0
    canceled: int = 0
    pending: int = 0
    ignored: int = 0

    def adds_up(self) -> bool:
        """Return whether every photograph that was found is accounted for once."""
        parts = self.done + self.already_done + self.left_out + self.failed
        return self.found == parts + self.quarantined + self.canceled + self.pending


@dataclass(frozen=True, slots=True)
class JobFinished:
    """No photograph of the batch is waiting any more, or it was canceled."""

    job: JobId
    totals: Totals


@dataclass(frozen=True, slots=True)
class RunnerBlocked:
    """The batch is stopped for a reason outside the photographs; Resume goes on."""

    job: JobId
    reason: StopReason
    message: str
    hint: str = ""


@dataclass(frozen=True, slots=True)
class ModelLoading:
    """The render process started to load a model."""

    model: str


@dataclass(frozen=True, slots=True)
class ModelReady:
    """The model is loaded: on which device, in which number format, after how long."""

    model: str
    device: str
    dtype: str
    seconds: float


@dataclass(frozen=True, slots=True)
class DeviceLost:
    """The render process died or its device stopped answering; work in flight is redone."""

    message: str


@dataclass(frozen=True, slots=True)
class DevicesDetected:
    """What this computer can render with, best usable first; the others say why they cannot."""

    devices: tuple[DeviceInfo, ...]


class PreviewKind(StrEnum):
    """What a preview's picture shows."""

    DRAFT = "draft"
    """The result, not exact yet: fewer steps, or only its middle done."""
    FULL = "full"
    """The result, as a batch would make it; the last picture of a request."""
    NOISY = "noisy"
    """What the model was given at one step."""
    GUESS = "guess"
    """What the model took the finished picture for at that step."""


@dataclass(frozen=True, slots=True)
class PreviewPart:
    """A picture of a preview; several come for one request, the last one is FULL.

    `box` is what it shows of the photograph, all that was asked for and that lies within it.
    `width` and `height` are the picture's own pixels, fewer than the box's where it was reduced.
    `jpeg` is sRGB. `step` of `steps` denoiser calls, counted from 1. `facts` as a result has
    them: `noise` and `noise_chroma` (of 255), `note`, `steps`, `first_sigma`; `reduced` where the
    model worked on a reduced copy. `seconds` since the render process took the request up.
    """

    request: int
    kind: PreviewKind
    box: Box
    width: int
    height: int
    jpeg: bytes
    step: int = 0
    steps: int = 0
    facts: Mapping[str, str | int | float] = field(default_factory=dict)
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class PreviewFailed:
    """A preview cannot be made, and why; nothing more comes for the request."""

    request: int
    message: str
    hint: str = ""


class WorkState(StrEnum):
    """What the rendering thread is doing."""

    STARTING = "starting"
    IDLE = "idle"
    WORKING = "working"
    STOPPING = "stopping"
    HELD = "held"
    """Batches wait for Resume."""
    FOLLOWING = "following"
    """Another process renders for this library."""
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class WorkerState:
    """What the rendering thread is doing; `held` batches wait for Resume."""

    state: WorkState
    message: str = ""
    hint: str = ""
    held: tuple[JobId, ...] = ()


class WatchState(StrEnum):
    """How it stands with a watched folder."""

    STARTING = "starting"
    WATCHING = "watching"
    POLLING = "polling"
    """Looked at again and again: a network folder, or the system gives no events."""
    PAUSED = "paused"
    MISSING = "missing"
    """The folder, or its drive, is not there."""
    BLOCKED = "blocked"
    """Photographs wait for something that only the user can put right."""


@dataclass(frozen=True, slots=True)
class WatchStateChanged:
    """A watched folder's state, and what it means, in a sentence."""

    rule: WatchRuleId
    folder: Path
    state: WatchState
    message: str = ""
    hint: str = ""


Event = (
    JobQueued
    | ItemStarted
    | StepProgress
    | ItemDone
    | ItemLeftOut
    | ItemFailed
    | JobFinished
    | RunnerBlocked
    | ModelLoading
    | ModelReady
    | DeviceLost
    | DevicesDetected
    | PreviewPart
    | PreviewFailed
    | WorkerState
    | WatchStateChanged
)
EventSink = Callable[[Event], None]
