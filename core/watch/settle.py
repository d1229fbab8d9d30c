"""When a file that is being written is whole: the rule alone, without a disk or a clock."""

from __future__ import annotations

import heapq
import math
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from core.library.records import FileStat

DEFAULT_SECONDS = 5.0
PATIENCE_SECONDS = 600.0
"""So long after its last change a file that looks unfinished, or is held open, is waited for."""

_SHORTEST_LOOK = 0.02
_ROUNDING = 1e-6


class Verdict(StrEnum):
    """What a look at a file says."""

    WAIT = "wait"
    GONE = "gone"
    READY = "ready"


@dataclass(slots=True)
class _Waiting:
    """One file on its way: its last change, since when it is quiet, the last look, the next."""

    changed: float
    quiet: float
    due: float
    looked: FileStat | None = None


class SettleBook:
    """The files of one folder that changed and are not taken yet.

    A file is ready after `seconds` without an event, when two looks at least half as long apart
    found the same and no program has it open for writing. Times are seconds that only grow, from
    the caller; an event's time may lie somewhat in the past.
    """

    def __init__(self, seconds: float = DEFAULT_SECONDS) -> None:
        self._seconds = max(seconds, 2 * _SHORTEST_LOOK)
        self._half = self._seconds / 2
        self._waiting: dict[str, _Waiting] = {}
        # Entries are put right when they come up: an event only changes its file's record.
        self._heap: list[tuple[float, str]] = []

    def __len__(self) -> int:
        return len(self._waiting)

    def __contains__(self, path: str) -> bool:
        return path in self._waiting

    def touched(self, path: str, when: float) -> None:
        """Note an event: the file's quiet time begins anew."""
        entry = self._waiting.get(path)
        if entry is None:
            self._add(path, when)
            return
        entry.changed = entry.quiet = max(entry.quiet, when)
        entry.looked = None
        self._look_at(path, entry, entry.quiet + self._half)

    def seen(self, path: str, now: float) -> None:
        """Note a file that a scan found changed; one that is known already goes on as it was."""
        if path not in self._waiting:
            self._add(path, now)

    def _add(self, path: str, when: float) -> None:
        entry = self._waiting[path] = _Waiting(when, when, when + self._half)
        heapq.heappush(self._heap, (entry.due, path))

    def _look_at(self, path: str, entry: _Waiting, due: float) -> None:
        """Set when a file is looked at next; the heap needs to know of earlier times only."""
        earlier, entry.due = due < entry.due, due
        if earlier:
            heapq.heappush(self._heap, (due, path))

    def next_due(self) -> float | None:
        """Return when the next look is due, None when nothing is waited for."""
        while self._heap:
            due, path = self._heap[0]
            entry = self._waiting.get(path)
            if entry is None:
                heapq.heappop(self._heap)
            elif entry.due > due:
                heapq.heapreplace(self._heap, (entry.due, path))
            else:
                return due
        return None

    def take_due(self, now: float) -> str | None:
        """Return a file that is to be looked at now, longest due first; `looked` must follow."""
        due = self.next_due()
        if due is None or due > now + _ROUNDING:
            return None
        return heapq.heappop(self._heap)[1]

    def looked(
        self, path: str, found: FileStat | None, now: float, is_open: Callable[[], bool]
    ) -> Verdict:
        """Judge a file by what stands there now; `is_open`: a program may still be writing.

        A file that is READY stays in the book until `drop`, or waits anew by `again`.
        """
        entry = self._waiting[path]
        if found is None:
            self.drop(path)
            return Verdict.GONE
        verdict = self._judge(entry, found, now, is_open)
        if verdict is Verdict.WAIT:
            heapq.heappush(self._heap, (entry.due, path))
        return verdict

    def _judge(
        self, entry: _Waiting, found: FileStat, now: float, is_open: Callable[[], bool]
    ) -> Verdict:
        last, entry.looked = entry.looked, found
        if last is not None and last != found:
            # A change that no event told: another computer's, or one through mapped memory.
            entry.changed = entry.quiet = now
        if last != found:
            entry.due = max(now + self._half, entry.quiet + self._seconds)
            return Verdict.WAIT
        if now + _ROUNDING < entry.quiet + self._seconds:
            entry.due = entry.quiet + self._seconds
            return Verdict.WAIT
        if now - entry.changed < PATIENCE_SECONDS and is_open():
            entry.due = now + self._half
            return Verdict.WAIT
        entry.due = math.inf
        return Verdict.READY

    def age(self, path: str, now: float) -> float:
        """Return the seconds since the file's last change, or since it was first seen."""
        return now - self._waiting[path].changed

    def again(self, path: str, now: float, seconds: float = 0.0) -> None:
        """Let a file that was READY wait anew, at least so many seconds; its age goes on."""
        entry = self._waiting[path]
        entry.quiet, entry.looked = now, None
        self._look_at(path, entry, now + max(self._half, seconds - self._half))

    def drop(self, path: str) -> None:
        """Forget a file: taken, gone, or nothing new."""
        self._waiting.pop(path, None)

    def clear(self) -> None:
        """Forget all, when the folder is gone: a scan finds them again."""
        self._waiting.clear()
        self._heap.clear()
