"""How much memory is left: for this computer, and for the control group that this process is in."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil

from core.errors import ImageReadError, Reason

BASE_BYTES = 1_300_000_000
BYTES_PER_PIXEL = 60
"""Peak of the render process: BASE_BYTES and so much for each pixel.

Measured with the built-in model and the scheduler that keeps most (UniPC): 2.7 GB for 24 megapixels
in bf16 on a processor with AMX, 2.6 GB in single precision there; 2.4 GB without AMX.
"""

_CGROUPS = Path("/proc/self/cgroup")
_MOUNT = Path("/sys/fs/cgroup")
_UNLIMITED = 1 << 60


@dataclass(frozen=True, slots=True)
class Group:
    """A control group: the files that hold its memory's limit and use.

    `pages`: how it names the pages of files, which the kernel takes back when they are needed.
    """

    limit: Path
    used: Path
    pages: str

    def room(self) -> tuple[int, int] | None:
        """Return limit and what is left of it in bytes; None where there is no limit."""
        try:
            limit = int(self.limit.read_text(encoding="ascii"))
            used = int(self.used.read_text(encoding="ascii"))
            lines = (self.limit.parent / "memory.stat").read_text(encoding="ascii").splitlines()
        except (OSError, ValueError):
            return None
        names = {f"{self.pages}inactive_file", f"{self.pages}active_file"}
        if limit >= _UNLIMITED:
            return None
        pairs = (line.split() for line in lines)
        pages = sum(int(pair[1]) for pair in pairs if pair[0] in names)
        return limit, max(0, limit - used + pages)


class MemoryGauge:
    """Reads how much memory there is.

    Args:
        cgroups: this process' list of control groups.
        mount: where their files are.
    """

    def __init__(self, cgroups: Path = _CGROUPS, mount: Path = _MOUNT) -> None:
        self._groups = tuple(_limited(cgroups, mount))

    def total(self) -> int:
        """Return how many bytes this process could ever have."""
        limits = [room[0] for group in self._groups if (room := group.room())]
        return min([int(psutil.virtual_memory().total), *limits])

    def free(self) -> int:
        """Return how many bytes can be had without any other program being swapped out."""
        rooms = [room[1] for group in self._groups if (room := group.room())]
        return min([int(psutil.virtual_memory().available), *rooms])

    def free_with_swap(self) -> int:
        """Return how many bytes can be had, slowly, when others make room."""
        rooms = [room[1] for group in self._groups if (room := group.room())]
        swap = int(psutil.swap_memory().free)
        return min([int(psutil.virtual_memory().available) + swap, *rooms])

    def held(self, pid: int | None = None) -> int:
        """Return the bytes of memory that a process has; 0 when it is gone. None: this one."""
        try:
            return int(psutil.Process(pid).memory_info().rss)
        except psutil.Error:
            return 0


class MemoryBudget:
    """Refuses photographs that cannot be edited in the memory there is, by their header alone.

    What the process holds beyond its model is what earlier photographs left: it is used again.
    """

    def __init__(self, gauge: MemoryGauge | None = None) -> None:
        self._gauge = gauge or MemoryGauge()
        self._model = self._gauge.held()

    def check(self, name: str, width: int, height: int) -> None:
        """Say whether a photograph of this size fits.

        Raises:
            ImageReadError: too_large for this computer, or oom_host: for what is free now.
        """
        needed = BASE_BYTES + BYTES_PER_PIXEL * width * height
        total = self._gauge.total()
        if needed > total:
            raise _too_large(name, width, height, f"this computer has {total / 1e9:.1f} GB")
        left = max(0, self._gauge.held() - self._model)
        free = self._gauge.free_with_swap() + left + min(self._model, BASE_BYTES)
        if needed > free:
            raise ImageReadError(
                Reason.OOM_HOST,
                f"{name} needs about {needed / 1e9:.1f} GB of memory, {free / 1e9:.1f} GB are "
                "free; no result was made.",
                hint="Close other programs, then retry.",
            )

    def pixels_each(self, count: int) -> int:
        """Return of how many pixels `count` photographs may be that are in memory at once."""
        return self._gauge.free() // (BYTES_PER_PIXEL * count)


def _too_large(name: str, width: int, height: int, have: str) -> ImageReadError:
    needed = (BASE_BYTES + BYTES_PER_PIXEL * width * height) / 1e9
    return ImageReadError(
        Reason.TOO_LARGE,
        f"{name} says it has {width} x {height} pixels, which need about {needed:.0f} GB of "
        f"memory; {have}. It was not opened.",
        hint="Make it smaller, or edit it in parts.",
    )


def _limited(cgroups: Path, mount: Path) -> Iterator[Group]:
    """Yield the groups above this process that have a limit now."""
    try:
        lines = cgroups.read_text(encoding="utf-8").splitlines()
    except OSError:
        return
    seen: set[Group] = set()
    for number, controllers, name in (line.split(":", 2) for line in lines if line.count(":") > 1):
        for group in _groups(mount, number, controllers.split(","), Path(name.lstrip("/"))):
            if group not in seen and group.room():
                seen.add(group)
                yield group


def _groups(mount: Path, number: str, controllers: list[str], name: Path) -> Iterator[Group]:
    """Yield the group and all around it, outermost last; in containers it is mounted at the top."""
    for inside in (name, *name.parents):
        if "memory" in controllers:
            folder = mount / "memory" / inside
            names = "memory.limit_in_bytes", "memory.usage_in_bytes", "total_"
        elif number == "0":
            folder = mount / inside
            names = "memory.max", "memory.current", ""
        else:
            return
        yield Group(folder / names[0], folder / names[1], names[2])
