"""The watch service: one process of a library watches its folders, one thread each."""

from __future__ import annotations

import contextlib
import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from core.errors import CoreError, LibraryError
from core.library.ids import JobId, WatchRuleId
from core.library.lock import RenderLock
from core.library.records import JobState, Origin
from core.library.watched import WatchRule, WatchSettings
from core.watch.clock import Jumps
from core.watch.folder import FolderWatch
from core.watch.parts import WatchParts

RULES_SECONDS = 1.0
STILL_SECONDS = 30.0
"""A process that did nothing for so long was stopped, swapped out, or asleep."""

TRY_STOPPED_SECONDS = 60.0
LOOK_FOR_STOPPED_SECONDS = 10.0
_TRY_STOPPED_MOST = 1800.0
_TROUBLE_SECONDS = 30.0
_JOIN_SECONDS = 2.0
"""So long a thread may hang on a drive; the whole must end within ten seconds of a SIGTERM."""

_log = logging.getLogger(__name__)


class WatchService:
    """Watches the folders of a library's rules until `stop`.

    Rules that are added, changed, paused or removed by other processes count within a second.
    Batches of watched folders that were stopped (a full disk) are tried again at intervals.

    Args:
        parts: what watching works with.
        lock: held by the one process that watches; None: this one watches whatever others do.
        wants: which rules are its own.
    """

    def __init__(
        self,
        parts: WatchParts,
        lock: RenderLock | None,
        wants: Callable[[WatchRule], bool] = lambda rule: not rule.settings.attended,
    ) -> None:
        self._parts = parts
        self._lock = lock
        self._wants = wants
        self._workers: dict[WatchRuleId, _Worker] = {}
        self._jumps = Jumps(parts.clock)
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="watch service", daemon=True)
        self._retries: dict[JobId, _Retry] = {}
        self._look_at = 0.0
        self._turned: float | None = None

    @property
    def watching(self) -> bool:
        """Whether this process is the one that watches."""
        return self._lock is None or self._lock.held

    def start(self) -> None:
        """Begin, on threads of its own."""
        self._thread.start()

    def stop(self) -> None:
        """End it within seconds; a photograph that was about to be taken is taken next time."""
        self._stopping.set()
        for worker in list(self._workers.values()):
            worker.ask_to_end()
        if self._thread.is_alive():
            self._thread.join(_JOIN_SECONDS)
        self._end_all()
        if self._lock is not None:
            self._lock.release()

    def rescan(self) -> None:
        """Look through all folders now."""
        for worker in list(self._workers.values()):
            worker.folder.rescan()
            worker.wake.set()

    def turn(self) -> None:
        """Do once what the service does every second."""
        if self._lock is not None and not self._lock.acquire():
            return
        self._take_rules(self._parts.rules.all())
        now = self._parts.clock.monotonic()
        stood_still = self._turned is not None and now - self._turned > STILL_SECONDS
        self._turned = now
        if self._jumps.jumped() or stood_still:
            self.rescan()
        self._try_stopped()

    def _run(self) -> None:
        while True:
            seconds = RULES_SECONDS
            try:
                self.turn()
            except CoreError as error:
                _log.warning("the watched folders cannot be read: %s %s", error, error.hint)
                seconds = _TROUBLE_SECONDS
            except Exception:
                _log.exception("a bug in the watch service; it goes on")
                seconds = _TROUBLE_SECONDS
            if self._stopping.wait(seconds):
                return

    def _take_rules(self, rules: list[WatchRule]) -> None:
        """Begin with rules that are new or changed, end those that are gone or paused."""
        wanted = {rule.id: rule for rule in rules if self._wants(rule) and not rule.paused}
        for which, worker in list(self._workers.items()):
            rule = wanted.get(which)
            if rule is None or rule.settings != worker.settings:
                del self._workers[which]
                worker.end()
        for which, rule in wanted.items():
            if which not in self._workers and not self._stopping.is_set():
                self._workers[which] = _Worker(rule, self._parts)

    def _end_all(self) -> None:
        workers, self._workers = list(self._workers.values()), {}
        for worker in workers:
            worker.ask_to_end()
        until = time.monotonic() + _JOIN_SECONDS
        for worker in workers:
            worker.end(max(0.0, until - time.monotonic()))

    def _try_stopped(self) -> None:
        """Let stopped batches of watched folders try again, ever more seldom."""
        now = self._parts.clock.monotonic()
        if now < self._look_at:
            return
        self._look_at = now + LOOK_FOR_STOPPED_SECONDS
        jobs = [j for j in self._parts.queue.jobs(unfinished=True) if j.origin is Origin.WATCH]
        self._retries = {j.id: self._retries[j.id] for j in jobs if j.id in self._retries}
        for job in jobs:
            if job.state is not JobState.STOPPED:
                continue
            retry = self._retries.get(job.id)
            if retry is None:
                self._retries[job.id] = _Retry(now + TRY_STOPPED_SECONDS, TRY_STOPPED_SECONDS)
            elif now >= retry.at:
                seconds = min(2 * retry.seconds, _TRY_STOPPED_MOST)
                self._retries[job.id] = _Retry(now + seconds, seconds)
                self._parts.queue.unblock(job.id)
                self._parts.wake()


@dataclass(frozen=True, slots=True)
class _Retry:
    """When a stopped batch is tried again, and after how long a wait."""

    at: float
    seconds: float


class _Worker:
    """One folder's thread: a network drive that hangs holds up no other folder."""

    def __init__(self, rule: WatchRule, parts: WatchParts) -> None:
        self.settings: WatchSettings = rule.settings
        self.folder = FolderWatch(rule, parts)
        self.wake = threading.Event()
        self.stopping = threading.Event()
        self._clock = parts.clock
        self._thread = threading.Thread(
            target=self._run, name=f"watch {rule.folder.name}", daemon=True
        )
        self._thread.start()

    def ask_to_end(self) -> None:
        """Let the thread end after its turn."""
        self.stopping.set()
        self.wake.set()

    def end(self, seconds: float = _JOIN_SECONDS) -> None:
        """End the thread and its observer; one that hangs on a drive is left behind."""
        self.ask_to_end()
        self._thread.join(seconds)

    def _run(self) -> None:
        try:
            while not self.stopping.is_set():
                self.wake.wait(self._turn())
                self.wake.clear()
        finally:
            with contextlib.suppress(OSError):
                self.folder.close()

    def _turn(self) -> float:
        """Do a turn; return for how many seconds there is nothing to do."""
        try:
            return max(0.0, self.folder.turn() - self._clock.monotonic())
        except LibraryError as error:
            _log.warning("watching %s: %s %s", self.settings.folder, error, error.hint)
        except Exception:
            _log.exception("a bug in watching %s; it goes on", self.settings.folder)
        return _TROUBLE_SECONDS
