"""What happened, as frozen records; a runner emits them, a window or a command line shows them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from core.errors import Reason, StopReason
from core.library.ids import ItemId, JobId


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
)
EventSink = Callable[[Event], None]
