"""What a piece of work costs: processor seconds, SQL statements, transactions, memory."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import psutil
from sqlalchemy import event
from sqlalchemy.engine import Engine


@dataclass(frozen=True)
class Cost:
    """Of one series: a photograph's share of everything but the start."""

    photographs: int
    parent: float
    child: float
    wall: float
    statements: int
    commits: int
    parent_growth: float
    child_growth: float

    @property
    def processor(self) -> float:
        """Milliseconds of processor time a photograph, of both processes."""
        return 1000 * (self.parent + self.child) / self.photographs

    @property
    def queries(self) -> float:
        """Statements a photograph."""
        return self.statements / self.photographs

    def line(self) -> str:
        """Say it in one line."""
        each = self.photographs
        return (
            f"{each:7} {self.processor:9.2f} {1000 * self.parent / each:9.2f} "
            f"{1000 * self.child / each:9.2f} {self.queries:9.3f} {self.commits / each:9.3f} "
            f"{1000 * self.wall / each:9.1f} {self.parent_growth:8.2f} {self.child_growth:8.2f}"
        )


HEAD = (
    " photos  cpu ms/p  parent ms  child ms   SQL a ph  commits   wall ms   parent %  child %\n"
    "                                                                   (memory, 2nd half)"
)


@dataclass
class Statements:
    """Counts what every engine of this process executes."""

    counted: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        event.listen(Engine, "before_cursor_execute", self._executed)
        event.listen(Engine, "commit", self._committed)

    def _executed(self, *_arguments: Any) -> None:
        self.counted["statements"] += 1

    def _committed(self, *_arguments: Any) -> None:
        self.counted["commits"] += 1


def processor_seconds(process: psutil.Process) -> float:
    """Return the processor time that a process has used, in seconds."""
    used = process.cpu_times()
    return float(used.user + used.system)


def growth(samples: list[int]) -> float:
    """Return by how many percent memory grew in the second half: its last fifth over its first."""
    half = samples[len(samples) // 2 :]
    part = max(1, len(half) // 5)
    if len(half) < 2:
        return 0.0
    first, last = sum(half[:part]) / part, sum(half[-part:]) / part
    return 100 * (last - first) / first
