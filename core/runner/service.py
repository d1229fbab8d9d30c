"""Renders for one library as long as it is wanted: what waits, and previews in between."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from core.errors import CoreError
from core.events import EventSink, WorkerState, WorkState
from core.library.ids import JobId
from core.library.lock import RenderLock
from core.library.queue import JobQueue
from core.library.records import Job, JobState, Origin
from core.runner.batch import BatchRunner
from core.runner.follow import LibraryFollower
from core.runner.parts import EngineChoice, RunOutcome
from core.runner.previews import PreviewRequest
from core.runner.stop import Stop, StopSignal

LOOK_SECONDS = 2.0
"""How often the library is looked at without being woken: another process may have enqueued."""

FOLLOW_SECONDS = 0.5

_CLAIMABLE = frozenset({JobState.WAITING, JobState.RUNNING})
_log = logging.getLogger(__name__)


class RenderService:
    """Works batches off in the queue's order; `serve` is its thread, all else is for any thread.

    Args:
        queue: the batches.
        lock: says who renders for the library.
        runner: renders.
        sink: gets WorkerState, and what another process does.
        hold: batches that are unfinished at the start wait for `release` or `resume`.
        idle_seconds: the render process is ended after so long without work; 0: never.
    """

    def __init__(
        self,
        queue: JobQueue,
        lock: RenderLock,
        runner: BatchRunner,
        sink: EventSink,
        *,
        hold: bool = False,
        idle_seconds: float = 0.0,
    ) -> None:
        self._queue = queue
        self._lock = lock
        self._runner = runner
        self._sink = sink
        self._hold_at_start = hold
        self._idle_seconds = idle_seconds
        self._asking = threading.Lock()
        self._stop = StopSignal()
        self._choice: EngineChoice | None = None
        self._finishing = self._has_detected = False
        self._held: set[JobId] = set()
        self._tired: set[JobId] = set()
        self._lifted: set[JobId] = set()
        self._follower: LibraryFollower | None = None
        self._told: WorkerState | None = None

    # from any thread

    def wake(self) -> None:
        """Look for work now."""
        self._runner.wake()

    def stop(self, how: Stop) -> None:
        """Let the work in hand end so, and hold every batch that is unfinished then."""
        with self._asking:
            if how is Stop.NOW:
                self._stop.now()
            else:
                self._stop.after_this_one()
        self._order(self._say_stopping)

    def release(self) -> None:
        """Go on with everything that is held."""
        self._order(self._held.clear)

    def pause(self, job: JobId) -> None:
        """Let nothing more of a batch be begun, by any process."""
        self._order(lambda: self._queue.pause(job))

    def resume(self, job: JobId) -> None:
        """Lift a batch's hold, pause or stop."""

        def lift() -> None:
            self._held.discard(job)
            self._tired.discard(job)
            self._lifted.add(job)
            self._queue.resume(job)

        self._order(lift)

    def preview(self, request: PreviewRequest) -> None:
        """Make a preview; the one asked for before is dropped."""
        self._runner.preview(request)

    def warm_up(self) -> None:
        """Find the devices, and load the built-in model."""
        self._has_detected = True
        self._runner.detect()
        self._runner.warm_up()

    def choose(self, choice: EngineChoice) -> None:
        """Use another device for what is begun from now on."""
        with self._asking:
            self._choice = choice
        self._runner.wake()

    def finish(self, *, now: bool) -> None:
        """Let `serve` end, at once or after the photographs in work."""
        self._finishing = True
        self.stop(Stop.NOW if now else Stop.AFTER_THIS_ONE)

    # the thread

    def serve(self) -> None:
        """Work until `finish`; then the render process is ended.

        A library that cannot be used is told as FAILED and tried again when woken.
        """
        self._say(WorkState.STARTING)
        try:
            while not self._finishing:
                self._serve_once()
        finally:
            self._runner.close()

    def _serve_once(self) -> None:
        """Do what there is to be done, then rest until woken, or until the next look."""
        seconds = LOOK_SECONDS
        try:
            if self._hold_at_start:
                # What comes into watched folders is worked on unasked, today as yesterday.
                self._hold_unfinished(but=Origin.WATCH)
                self._hold_at_start = False
            if self._work_off() is RunOutcome.BUSY:
                seconds = FOLLOW_SECONDS
            self._heed_stop()
        except CoreError as error:
            _log.warning("%s %s", error.message, error.hint)
            self._say(WorkState.FAILED, error.message, error.hint)
        if not self._finishing:
            if self._runner.idle(seconds):
                self._tired.clear()
            if self._idle_seconds:
                self._runner.end_if_idle(self._idle_seconds)

    def _work_off(self) -> RunOutcome:
        """Run one batch after the other; BUSY when another process renders."""
        while self._stop.asked is Stop.NO:
            self._use_choice()
            job = self._next()
            if job is None or not self._lock.acquire():
                return self._look_on()
            try:
                self._run(job)
            finally:
                self._lock.release()
        return RunOutcome.STOPPED

    def _run(self, job: Job) -> None:
        self._follower = None
        self._lifted.clear()
        self._say(WorkState.WORKING)
        if not self._has_detected:
            self._has_detected = True
            self._runner.detect()
        outcome = self._runner.run(self._stop, job.id)
        if job.id in self._lifted:
            # Resumed while the stopped run was being put away: that order must not be forgotten.
            return
        # What it leaves is paused or stopped; anything else would be run for ever.
        self._tired.add(job.id)
        if outcome is RunOutcome.BLOCKED and self._queue.job(job.id).state in _CLAIMABLE:
            self._held.add(job.id)

    def _next(self) -> Job | None:
        """Return the first batch in the queue's order that may be worked on."""
        passed_over = self._held | self._tired
        for job in reversed(self._queue.jobs(unfinished=True)):
            if job.state in _CLAIMABLE and job.id not in passed_over:
                return job
        return None

    def _look_on(self) -> RunOutcome:
        """Follow another process that renders; else say that there is nothing to do."""
        if not self._is_rendered_elsewhere():
            self._follower = None
            self._say_resting()
            return RunOutcome.FINISHED
        if self._follower is None:
            self._follower = LibraryFollower(self._queue, self._sink)
            holder = self._lock.holder()
            process = f" (process {holder})" if holder else ""
            self._say(
                WorkState.FOLLOWING,
                f"Another Regrain{process} renders for this library; following it.",
            )
        self._follower.look()
        return RunOutcome.BUSY

    def _is_rendered_elsewhere(self) -> bool:
        if self._follower is None and not self._queue.jobs(unfinished=True):
            return False
        if not self._lock.acquire():
            return True
        self._lock.release()
        if self._follower is not None:
            # What its last moments brought.
            self._follower.look()
        return False

    def _heed_stop(self) -> None:
        """After a stop: hold what is unfinished, and be ready for what comes new."""
        with self._asking:
            stopped = self._stop.asked is not Stop.NO
            if stopped and not self._finishing:
                self._stop = StopSignal()
        if stopped:
            self._hold_unfinished()
            self._say_resting()

    def _hold_unfinished(self, but: Origin | None = None) -> None:
        jobs = self._queue.jobs(unfinished=True)
        self._held.update(job.id for job in jobs if job.origin is not but)

    def _use_choice(self) -> None:
        with self._asking:
            choice, self._choice = self._choice, None
        if choice is not None:
            self._runner.choose(choice)
            self.warm_up()

    def _order(self, act: Callable[[], None]) -> None:
        """Have something done on the service's thread, even while a batch runs."""

        def guarded() -> None:
            try:
                act()
            except CoreError as error:
                _log.warning("%s %s", error.message, error.hint)

        self._runner.do(guarded)

    # telling

    def _say_stopping(self) -> None:
        if self._told is not None and self._told.state is WorkState.WORKING:
            self._say(WorkState.STOPPING)

    def _say_resting(self) -> None:
        unfinished = {job.id for job in self._queue.jobs(unfinished=True)}
        self._held &= unfinished
        held = tuple(sorted(self._held))
        self._say(WorkState.HELD if held else WorkState.IDLE, held=held)

    def _say(
        self, state: WorkState, message: str = "", hint: str = "", held: tuple[JobId, ...] = ()
    ) -> None:
        told = WorkerState(state, message, hint, held)
        if told != self._told:
            self._told = told
            self._sink(told)
