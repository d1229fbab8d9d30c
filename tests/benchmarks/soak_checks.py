"""What must hold after a soak, and its table."""

from __future__ import annotations

import hashlib
import sqlite3
from collections import Counter
from collections.abc import Sequence
from contextlib import closing
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from core.services import Services

if TYPE_CHECKING:
    from tests.benchmarks.soak_service import Service

_WARM = 5000
_MEGABYTE = 1 << 20
_FEW = 20
_SLOPE = 1.0
_DESCRIPTORS = 8


@dataclass(frozen=True, slots=True)
class Sample:
    """The service at one moment: which life it is, items done, bytes in memory, descriptors."""

    life: int
    done: int
    seconds: float
    memory: int
    descriptors: int

    def line(self) -> str:
        """Return it as a line of the table."""
        return (
            f"{self.seconds / 60:6.1f} min  {self.done:>8,} done  {self.done / self.seconds:5.0f}/s"
            f"  life {self.life:>2}  {self.memory / _MEGABYTE:6.1f} MB  {self.descriptors:>3} files"
        )


def growth(samples: Sequence[Sample]) -> tuple[float, int]:
    """Return MB more for each 10,000 items in the last life after its start, and more files.

    Of a soak that is too short for it: nothing.
    """
    last = [one for one in samples if one.life == samples[-1].life]
    warm = [one for one in last if one.done >= last[0].done + _WARM]
    if len(warm) < _FEW:
        return 0.0, 0
    done = np.array([one.done for one in warm], float)
    memory = np.array([one.memory for one in warm], float) / _MEGABYTE
    slope = float(np.polyfit(done, memory, 1)[0]) * 10_000
    tenth = max(1, len(warm) // 10)
    first, end = (max(one.descriptors for one in part) for part in (warm[:tenth], warm[-tenth:]))
    return slope, end - first


def report(
    home: Path, services: Services, service: Service, samples: Sequence[Sample], waits: float
) -> int:
    """Print what happened and what holds; return 1 if something does not."""
    last = samples[-1]
    slope, files = growth(samples)
    ended = service.end()
    totals = _totals(services)
    items = totals["found"]
    faults = [*_faults(home, totals, _names(home)), *_library(services.database.path)]
    again = (home / "state" / "touched").read_text().count("\n") - items
    seconds = last.seconds - waits
    table = {
        "items": f"{items:,} in {last.seconds / 60:.1f} min, {items / seconds:.0f} a second",
        "killed": ", ".join(f"{name} {count}" for name, count in service.killed.items()) or "none",
        "full disks": str(service.full_disks),
        "totals": ", ".join(f"{count:,} {name}" for name, count in totals.items() if count),
        "rendered twice": f"{again:,}, at most {service.most_again:,} may be",
        "memory": f"{slope:+.2f} MB for 10,000 items, {last.memory / _MEGABYTE:.0f} MB at the end",
        "open files": f"{files:+d}",
        "ended by SIGTERM": f"in {ended:.1f} s",
    }
    for name, value in table.items():
        print(f"{name:<18}{value}")
    if again > service.most_again:
        faults.append(f"{again} photographs were rendered twice")
    if slope >= _SLOPE:
        faults.append(f"memory grows by {slope:.2f} MB for 10,000 items")
    if files > _DESCRIPTORS:
        faults.append(f"{files} more files are open")
    if ended > 10:
        faults.append(f"it took {ended:.1f} s to end")
    print("\n".join(f"BROKEN: {fault}" for fault in faults) or "Everything holds.")
    return int(bool(faults))


def _totals(services: Services) -> Counter[str]:
    """Add the counts of all batches up."""
    all_totals = services.queue.all_totals(job.id for job in services.queue.jobs())
    return sum((Counter(asdict(one)) for one in all_totals.values()), Counter())


def _names(home: Path) -> list[str]:
    trips = (path.name for path in (home / "trips").rglob("*.png"))
    return sorted([*trips, *(path.name for path in (home / "inbox").glob("*.png"))])


def _faults(home: Path, totals: Counter[str], sources: list[str]) -> list[str]:
    """Return what is wrong with counts and results."""
    faults = []
    if totals["found"] != totals["done"] + totals["already_done"] or totals["pending"]:
        faults.append("the totals do not add up")
    if totals["found"] != len(sources):
        faults.append(f"{totals['found']} counted of {len(sources)} photographs")
    made = sorted(path.name for path in (home / "out").iterdir())
    if made != sources:
        odd = sorted((Counter(made) - Counter(sources)) + (Counter(sources) - Counter(made)))
        faults.append(f"{len(odd)} results missing or too many: {odd[:5]}")
    hashes = {hashlib.sha256(path.read_bytes()).digest() for path in (home / "out").iterdir()}
    if len(hashes) != len(made):
        faults.append(f"{len(made) - len(hashes)} results have another's bytes")
    return faults


def _library(path: Path) -> list[str]:
    with closing(sqlite3.connect(path)) as connection:
        (answer,) = connection.execute("PRAGMA integrity_check").fetchone()
        twice = connection.execute("SELECT count(*) - count(DISTINCT name_key) FROM result")
        (more,) = twice.fetchone()
    found = [] if answer == "ok" else [f"the library is damaged: {answer}"]
    return [*found, *([f"{more} results recorded twice"] if more else [])]
