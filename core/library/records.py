"""Frozen records that go into and come out of the library; no database row ever leaves it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from core.engine.messages import Numerics
from core.errors import Reason, StopReason
from core.library.ids import ItemId, JobId, ProjectId, ResultId
from core.models.spec import ModelSpec
from core.personal import Personal, personal
from core.recipe import EditSettings, OnConflict, OutputSettings, Recipe

Facts = Mapping[str, str | int | float]
"""What rendering chose, in words and numbers."""


class ItemStatus(StrEnum):
    """Where one photograph of a batch stands."""

    PENDING = "pending"
    RUNNING = "running"
    STAGED = "staged"
    DONE = "done"
    ALREADY_DONE = "already_done"
    LEFT_OUT = "left_out"
    FAILED = "failed"
    QUARANTINED = "quarantined"
    CANCELED = "canceled"


OPEN_STATUSES = frozenset({ItemStatus.PENDING, ItemStatus.RUNNING, ItemStatus.STAGED})
"""A batch with an item in one of these is unfinished."""


class JobState(StrEnum):
    """Where a batch stands; derived from its items, never stored."""

    WAITING = "waiting"
    RUNNING = "running"
    PAUSED = "paused"
    STOPPED = "stopped"
    FINISHED = "finished"
    CANCELED = "canceled"


class Origin(StrEnum):
    """Who asked for a batch."""

    COMMAND_LINE = "command_line"
    WINDOW = "window"
    WATCH = "watch"
    DEMO = "demo"


@dataclass(frozen=True, slots=True)
class FileStat:
    """What tells an unchanged file without reading it: two equal ones mean equal bytes."""

    device: int
    inode: int
    size: int
    mtime_ns: int
    ctime_ns: int

    @classmethod
    def of(cls, result: os.stat_result) -> FileStat:
        """Take the five numbers out of a stat result."""
        return cls(
            result.st_dev, result.st_ino, result.st_size, result.st_mtime_ns, result.st_ctime_ns
        )


@dataclass(frozen=True, slots=True)
class HashedFile:
    """A file's bytes by their sha256 (hex), and its stat while they were read."""

    sha256: str
    stat: FileStat


@dataclass(frozen=True, slots=True)
class Project:
    """A named collection of photographs; `photographs` counts those that it holds."""

    id: ProjectId
    name: str
    archived: bool = False
    photographs: int = 0


@dataclass(frozen=True, slots=True)
class ItemRequest:
    """One result to be made: a photograph at one strength, and where it is planned.

    `root` is the output folder as the user knows it; `output` lies in it or in a folder below.
    `strength` None: the recipe's own. `seed` is set only when it was drawn for this item.
    `held_for`: where a result that is held for review goes when it is exported.
    """

    source: Path
    output: Path
    root: Path
    strength: float | None = None
    seed: int | None = None
    held_for: Path | None = None


@dataclass(frozen=True, slots=True)
class SettledRequest:
    """A file that is settled before any work: left out by rule, or failed while looking for it.

    Which of the two follows from the reason (core.errors.LEFT_OUT_REASONS).
    """

    source: Path
    reason: Reason
    message: str
    hint: str = ""


@dataclass(frozen=True, slots=True)
class JobRequest:
    """A batch to be stored. `signature` names the command: same inputs, recipe, output folder.

    `again`: results that already stand are made again. `review`: results are held in the library
    until they are exported; each item's `held_for` says where to. `personal` says what the recipe
    means for one photograph.
    """

    recipe: Recipe
    model: ModelSpec
    items: tuple[ItemRequest, ...]
    signature: str
    strengths: tuple[float, ...] = ()
    settled: tuple[SettledRequest, ...] = ()
    ignored: int = 0
    project: str = ""
    name: str = ""
    origin: Origin = Origin.COMMAND_LINE
    again: bool = False
    review: bool = False
    personal: Personal = personal


@dataclass(frozen=True, slots=True)
class Enqueued:
    """A batch is stored. `resumed`: an unfinished batch of the same signature was taken up.

    `done_before` of its items had been done by earlier invocations; a summary of this one counts
    them as already_done: `totals.done - done_before`, `totals.already_done + done_before`.
    """

    job: JobId
    resumed: bool
    done_before: int


@dataclass(frozen=True, slots=True)
class Job:
    """A batch: one recipe over many photographs."""

    id: JobId
    project: ProjectId
    name: str
    recipe: Recipe
    strengths: tuple[float, ...]
    origin: Origin
    signature: str
    numerics: Numerics | None
    state: JobState
    again: bool
    created: float
    """Seconds since the epoch, for show only."""
    position: int = 0
    """Its place in the queue: lower ones are claimed first."""
    review: bool = False
    """Its results are held in the library until they are exported."""
    stop_reason: StopReason | None = None
    stop_message: str = ""
    stop_hint: str = ""


@dataclass(frozen=True, slots=True)
class JobItem:
    """One photograph (at one strength) of a batch, as it stands.

    `output` is the planned path until a result stands, then the result's; None for what never
    had one. `note` is what a finished item says ("noise 11 of 255, 2 steps").
    """

    id: ItemId
    job: JobId
    source: Path
    strength: float | None
    status: ItemStatus
    attempts: int
    output: Path | None
    reason: Reason | None = None
    message: str = ""
    hint: str = ""
    note: str = ""
    unchanged: bool = False
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Claim:
    """What a runner needs to render one item; `attempt` is the fence of every later report.

    `edit` holds this item's own strength and, where one was drawn, its own seed with seed_mode
    fixed. The output folder `root` exists since the batch was stored: when it is missing, the
    volume is gone. `alone`: render it with nothing else in flight, it once was in a crash.
    """

    item: ItemId
    job: JobId
    attempt: int
    source: Path
    edit: EditSettings
    output: OutputSettings
    planned: Path
    root: Path
    alone: bool
    again: bool

    @property
    def on_conflict(self) -> OnConflict:
        """What to do when a file that is not ours has the planned name."""
        return self.output.on_conflict


@dataclass(frozen=True, slots=True)
class Rendered:
    """A finished temporary file, hashed and synced by whoever wrote it.

    `key` is the idempotency key, `source_sha256` the hash of the bytes that were edited.
    """

    temp: Path
    sha256: str
    size: int
    key: str
    source_sha256: str
    seconds: float = 0.0
    note: str = ""
    unchanged: bool = False
    facts: Facts = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class StagedFile:
    """What a staged row promises: `temp` holds `sha256` and is to become `final`.

    `replaces` is the hash of the file that stands there now and is to go, None for a new name.
    """

    temp: Path
    final: Path
    sha256: str
    size: int
    replaces: str | None = None


@dataclass(frozen=True, slots=True)
class Result:
    """A result file that Regrain made and knows: which source, which key, which bytes."""

    id: ResultId
    source: Path
    path: Path
    key: str
    sha256: str
    source_sha256: str
    stat: FileStat
    unchanged: bool = False


@dataclass(frozen=True, slots=True)
class Recovered:
    """What `recover` settled after a killed run; all zero when there was nothing to do.

    `items` are those that wait no more.
    """

    done: int = 0
    published: int = 0
    requeued: int = 0
    canceled: int = 0
    swept: int = 0
    items: tuple[ItemId, ...] = field(default=(), compare=False)
