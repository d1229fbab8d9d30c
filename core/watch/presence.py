"""Who watches a library's folders just now."""

from __future__ import annotations

import os
from dataclasses import dataclass

from core.library.lock import RenderLock


@dataclass(frozen=True, slots=True)
class Watchers:
    """Whether a process watches, and which; its number is for show only."""

    running: bool
    process: int | None = None


def who_watches(lock: RenderLock) -> Watchers:
    """Return who holds the watch lock (`Services.watch_lock`), this process included."""
    if lock.held:
        return Watchers(True, os.getpid())
    if lock.acquire():
        lock.release()
        return Watchers(False)
    return Watchers(True, lock.holder())
