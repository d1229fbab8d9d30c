"""Whether the kernel's out-of-memory killer struck: its counters, read before and after a death."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

_CGROUPS = Path("/proc/self/cgroup")
_MOUNT = Path("/sys/fs/cgroup")
_WHOLE_MACHINE = Path("/proc/vmstat")
_PERIOD = 5.0


class OomWitness:
    """Watches one counter of out-of-memory kills: this cgroup's, else the whole machine's.

    A rise around the time when a child dies of SIGKILL means that the kernel did it, for want of
    memory, and nobody else. Tick now and then while the child lives, so that an old rise is not
    taken for a new one.
    """

    def __init__(
        self, counter: Path | None = None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._counter = counter or find_counter()
        self._clock = clock
        self._ticked = clock()
        self._before = self._now = self._read()

    def tick(self) -> None:
        """Move the time from which a rise counts to at least one, at most two periods ago."""
        if self._clock() - self._ticked >= _PERIOD:
            self._ticked = self._clock()
            self._before, self._now = self._now, self._read()

    def struck(self) -> bool:
        """Return whether the killer struck lately."""
        return self._read() > self._before

    def _read(self) -> int:
        if self._counter is None:
            return 0
        try:
            lines = self._counter.read_text(encoding="ascii", errors="replace").splitlines()
        except OSError:
            return 0
        pairs = (line.split() for line in lines)
        return next((int(pair[1]) for pair in pairs if pair[:1] == ["oom_kill"]), 0)


def find_counter(
    cgroups: Path = _CGROUPS, mount: Path = _MOUNT, machine: Path = _WHOLE_MACHINE
) -> Path | None:
    """Return the file that counts kills nearest to this process (cgroup v1, v2, then vmstat)."""
    try:
        lines = cgroups.read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    for candidate in [*_candidates(lines, mount), machine]:
        try:
            if "oom_kill " in candidate.read_text(encoding="ascii", errors="replace"):
                return candidate
        except OSError:
            continue
    return None


def _candidates(lines: list[str], mount: Path) -> list[Path]:
    found = []
    for line in lines:
        number, controllers, group = line.split(":", 2)
        inside = group.lstrip("/")
        if "memory" in controllers.split(","):
            found.append(mount / "memory" / inside / "memory.oom_control")
        elif number == "0":
            found += [
                mount / inside / "memory.events",
                mount / "unified" / inside / "memory.events",
            ]
    # In a container the path is often that of the host: its own group is then mounted at the top.
    return [*found, mount / "memory" / "memory.oom_control", mount / "memory.events"]
