"""What the benchmark says to the process of an arm, and what it hears back: JSON, a line each."""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, ConfigDict

from core.models.spec import ModelSpec
from core.recipe import SchedulerName

PROMPT = "a photograph"
SEED = 7


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Work(_Record):
    """What an arm does, the same for all arms of a model.

    `pipeline`: diffusers' class, empty for the built-in model. `device`: its key, `cpu` or
    `cuda:0`. `dtype`: fp32, bf16, fp16; `auto` lets Regrain choose. `guidance` None: the model's
    own. `batch`: how many photographs a call of the pipeline takes.
    """

    arm: str
    model: ModelSpec
    pipeline: str
    device: str
    dtype: str
    strength: float
    guidance: float | None
    scheduler: SchedulerName
    batch: int = 1


class Order(_Record):
    """One round: these photographs, so many steps of the schedule, results into this folder."""

    photographs: tuple[Path, ...]
    steps: int
    results: Path


class Count(_Record):
    """Calls of a network, rows in all of them, the most rows of one, and rows times cells.

    Cells: height times width of what the network is given, or its tokens.
    """

    calls: int = 0
    rows: int = 0
    most: int = 0
    cells: int = 0


class Outcome(_Record):
    """What one round of an arm took.

    Attributes:
        seconds: from the first byte read to the last result written.
        phases: seconds by phase; where threads overlap, each counts its own.
        files_only: seconds in which files were read or written and no network was at work.
        other: seconds in which nothing of that was going on.
        busy: share of the time from the first call of denoiser or VAE to the last in such calls.
        counts: by network.
        first_result: seconds from the start of the process to its first result.
        memory: most bytes that the process held so far; `device_memory`: of the device's.
        setting: how it computed, in words.
    """

    seconds: float
    phases: dict[str, float]
    files_only: float
    other: float
    busy: float
    counts: dict[str, Count]
    first_result: float
    memory: int
    device_memory: int
    dtype: str
    setting: str
