"""Figures against their bars, sent as lines from the measuring process to the one that prints."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass

_MARK = "FIGURE "


@dataclass(frozen=True)
class Figure:
    """One number. `bar` is the most that it may be; None: told for information."""

    name: str
    value: float
    unit: str
    bar: float | None = None

    @property
    def missed(self) -> bool:
        """Whether it is over its bar."""
        return self.bar is not None and not self.value <= self.bar

    def line(self) -> str:
        """Return it for a table."""
        bar = (
            "" if self.bar is None else f"{'MISSED' if self.missed else 'ok':>7}, bar {self.bar:g}"
        )
        return f"  {self.name:66} {self.value:10.3f} {self.unit:4}{bar}"


def tell(name: str, value: float, unit: str, bar: float | None = None) -> None:
    """Send a figure, from the measuring process."""
    print(_MARK + json.dumps(asdict(Figure(name, value, unit, bar))), flush=True)


def told(line: str) -> Figure | None:
    """Return the figure of a line, None if it is none."""
    return Figure(**json.loads(line.removeprefix(_MARK))) if line.startswith(_MARK) else None


def at_percentile(values: Sequence[float], percent: float) -> float:
    """Return the smallest value that at least so many percent do not exceed."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(len(ordered) * percent / 100) - 1)]


def load() -> str:
    """Return how busy the machine is: timings mean little beside other work."""
    cores = os.cpu_count() or 1
    return f"load {os.getloadavg()[0]:.1f} on {cores} cores"
