"""One run from its first claim to its end: keeps the render process fed, and stops in order."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable

from core.engine.messages import Render
from core.errors import BatchStopped, CoreError, LibraryError, StopReason, stop_reason
from core.events import JobFinished, ModelLoading
from core.library.ids import JobId
from core.library.records import Claim, JobState
from core.models.spec import ModelSpec
from core.runner.answers import Answers
from core.runner.asides import Asides
from core.runner.decide import Decider, ToRender
from core.runner.engine import Engine, cannot_start
from core.runner.parts import RunnerParts, RunOutcome
from core.runner.provenance import provenance
from core.runner.report import Report
from core.runner.space import Space
from core.runner.stop import Stop, StopSignal
from core.runner.work import Flight, Work, claims_of

TICK = 0.1
LOOK_SECONDS = 1.0
DROP_SECONDS = 2.0
"""How long the render process may take to drop its work before it is ended."""


class Shift:
    """Works through the queue; `work` is called once.

    Args:
        run_name: names this run in the claims.
        clock: seconds that only grow.
    """

    def __init__(
        self,
        parts: RunnerParts,
        report: Report,
        engine: Engine,
        stop: StopSignal,
        run_name: str,
        asides: Asides,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._parts = parts
        self._queue = parts.queue
        self._report = report
        self._engine = engine
        self._stop = stop
        self._run_name = run_name
        self._clock = clock
        self._decider = Decider(parts, report)
        self._asides = asides
        self._answers = Answers(parts, report, engine, self._decider, asides)
        self._space = Space(parts.queue, parts.publisher.fs, clock)
        self._work: Work | None = None
        self._blocked = False
        self._drop_at: float | None = None
        self._looked = clock()
        self._claim_at = 0.0
        self._told: set[JobId] = set()

    def work(self, job: JobId | None) -> RunOutcome:
        """Work until nothing waits in `job` (None: in the library), or the run is to stop."""
        try:
            while self._turn(job):
                pass
        except LibraryError as error:
            self._library_failed(error, job)
        finally:
            self._abandon()
        return self._outcome(job)

    def _turn(self, job: JobId | None) -> bool:
        """Do a little of everything; return whether there is more to do."""
        try:
            return self._step(job)
        except BatchStopped as stopped:
            self._block(stopped)
        except LibraryError:
            raise
        except CoreError as error:
            self._block(BatchStopped(stop_reason(error), error.message, hint=error.hint))
        return True

    def _step(self, job: JobId | None) -> bool:
        self._asides.pump(busy=bool(self._work and self._work.flights))
        stopping = self._stop.asked is not Stop.NO
        if stopping and not self._wind_down():
            return False
        progressed = not stopping and self._fill(job)
        work = self._work
        if work is None:
            return progressed
        if not stopping:
            self._dispatch(work)
        self._listen(work, 0.0 if progressed else TICK)
        self._look_after(work)
        return True

    # claiming and deciding

    def _fill(self, job: JobId | None) -> bool:
        """Claim and decide until about two passes are in hand; return whether anything moved."""
        work, now = self._work, self._clock()
        if work is not None:
            work.fresh.extend(work.take_due(now) + work.take_parked())
        room = self._engine.capacity - (work.open if work else 0)
        if room > 0 and (work is None or now >= self._claim_at):
            claims = self._queue.claim(self._run_name, room, work.job.id if work else job)
            if claims and work is None:
                work = self._work = Work(self._queue.job(claims[0].job))
            if claims and work is not None:
                work.fresh.extend(claims)
                self._space.check(work.job)
            self._claim_at = 0.0 if claims else now + LOOK_SECONDS
        if work is None:
            return False
        return self._decide(work) or self._job_over(work)

    def _decide(self, work: Work) -> bool:
        moved = bool(work.fresh)
        while work.fresh and self._stop.asked is Stop.NO:
            decision = self._decider.decide(work.fresh[0], self._spec(work))
            work.fresh.popleft()
            work.add(decision, self._clock())
        return moved

    def _job_over(self, work: Work) -> bool:
        """Leave a batch of which nothing is in hand or waiting; return whether it is left."""
        if not work.empty or self._clock() >= self._claim_at:
            return False
        self._work = None
        self._finished(work.job.id)
        return True

    def _finished(self, job: JobId) -> None:
        totals = self._queue.totals(job)
        if totals.pending == 0 and job not in self._told:
            self._told.add(job)
            self._report.emit(JobFinished(job, totals))

    def _spec(self, work: Work) -> ModelSpec:
        if work.spec is None:
            work.spec = self._parts.registry.get(work.job.recipe.edit.model)
        return work.spec

    # the render process

    def _dispatch(self, work: Work) -> None:
        """Hand over what is decided: about two passes, suspects one by one."""
        suspects = self._answers.suspects
        while work.ready and self._drop_at is None:
            task = work.ready[0]
            item = task.claim.item
            alone = task.claim.alone or suspects.is_alone(item)
            flying = list(work.flights.values())
            if flying and (alone or flying[0].alone or len(flying) >= self._engine.capacity):
                return
            if not self._engine.holds(work.job.id, suspects.level(item)):
                if flying or self._engine.loading:
                    return
                self._load(work, suspects.level(item))
                continue
            self._send(work, task, alone=alone)

    def _load(self, work: Work, level: int) -> None:
        spec = self._spec(work)
        try:
            loaded = self._engine.load(work.job.id, spec, work.job.numerics, level)
        except OSError as error:
            raise cannot_start(error) from error
        if loaded is not None:
            self._answers.model_loaded(work, loaded)
        else:
            self._report.emit(ModelLoading(spec.id))

    def _send(self, work: Work, task: ToRender, *, alone: bool) -> None:
        claim, spec = task.claim, self._spec(work)
        target = self._parts.publisher.prepare(claim)
        work.ready.popleft()
        work.flights[claim.item] = Flight(task, target, alone)
        self._engine.render(
            Render(
                item=claim.item,
                attempt=claim.attempt,
                source=claim.source,
                source_sha256=task.source_sha256,
                target=target,
                edit=claim.edit,
                output=claim.output,
                provenance=provenance(claim, task.key, spec),
                alone=alone,
                max_pixels=self._parts.max_pixels,
            )
        )

    def _listen(self, work: Work, timeout: float) -> None:
        """Act on what the render process says; wait for it up to `timeout` seconds."""
        if not self._engine.running:
            time.sleep(timeout)
            return
        message = self._engine.receive(timeout)
        while message is not None:
            self._answers.hear(work, message, self._clock())
            message = self._engine.receive(0.0)

    # stopping

    def _wind_down(self) -> bool:
        """Let go of what is only waiting; return whether something is still in work."""
        work = self._work
        if work is None:
            return False
        self._release(work.take_idle())
        if self._stop.asked is Stop.NOW:
            self._drop(work)
        else:
            waiting = [f for f in work.flights.values() if not (f.announced or f.canceled)]
            self._cancel(waiting)
        return bool(work.flights)

    def _drop(self, work: Work) -> None:
        """Have everything in flight dropped; `_look_after` sees to it that it is."""
        if self._drop_at is None:
            self._drop_at = self._clock() + DROP_SECONDS
        self._cancel([flight for flight in work.flights.values() if not flight.canceled])

    def _cancel(self, flights: list[Flight]) -> None:
        for flight in flights:
            flight.canceled = True
        self._engine.cancel(flight.claim.item for flight in flights)

    def _look_after(self, work: Work) -> None:
        """Notice a canceled batch, and work that was to be dropped and was not."""
        now = self._clock()
        if now - self._looked >= LOOK_SECONDS:
            self._looked = now
            if self._queue.is_canceled(work.job.id):
                self._release(work.take_idle())
                self._drop(work)
        if self._drop_at is None:
            return
        if work.flights and now >= self._drop_at:
            self._give_up(work)
        if not work.flights:
            self._drop_at = None

    def _give_up(self, work: Work) -> None:
        """End the render process and let go of everything that it had."""
        self._engine.end(grace=0.0)
        flights = work.take_flights()
        for flight in flights:
            self._parts.publisher.discard(flight.claim)
        self._release(work.take_idle() + claims_of(flights))

    def _release(self, claims: list[Claim]) -> None:
        """Let claims wait again; nothing was wrong with the photographs."""
        if claims:
            self._queue.release(claims, refund=True)

    def _block(self, stopped: BatchStopped) -> None:
        """Stop the batch in work for a reason outside its photographs."""
        self._blocked = True
        work, self._work, self._drop_at = self._work, None, None
        if work is None:
            raise stopped
        if work.flights or self._engine.loading_for_batch:
            self._give_up(work)
        self._release(work.take_idle())
        self._queue.block(work.job.id, stopped.reason, stopped.message, stopped.hint)
        self._report.blocked(work.job.id, stopped)

    def _library_failed(self, error: LibraryError, job: JobId | None) -> None:
        """Tell that the library cannot be written; its rows are settled at the next start."""
        self._blocked = True
        which = self._work.job.id if self._work else job
        if which is None:
            raise error
        stopped = BatchStopped(StopReason.DB_ERROR, error.message, hint=error.hint)
        self._report.blocked(which, stopped)

    def _abandon(self) -> None:
        """Leave nothing in work, however the run ends."""
        work, self._work = self._work, None
        if self._engine.loading_for_batch:
            self._engine.end(grace=0.0)
        if work is not None and not work.empty:
            # The library may be what failed: then the next start settles the rows.
            with contextlib.suppress(CoreError):
                self._give_up(work)

    def _outcome(self, job: JobId | None) -> RunOutcome:
        if self._blocked:
            return RunOutcome.BLOCKED
        if self._stop.asked is not Stop.NO:
            return RunOutcome.STOPPED
        if job is None:
            return RunOutcome.FINISHED
        self._finished(job)
        stopped = self._queue.job(job).state is JobState.STOPPED
        return RunOutcome.BLOCKED if stopped else RunOutcome.FINISHED
