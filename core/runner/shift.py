"""One run from its first claim to its end: keeps the render processes fed, and stops in order."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator

from core.engine.messages import Render
from core.errors import BatchStopped, CoreError, LibraryError, StopReason, stop_reason
from core.events import DeviceLost, JobFinished, ModelLoading
from core.library.ids import JobId
from core.library.records import Claim, JobState
from core.models.spec import ModelSpec
from core.runner.answers import Answers
from core.runner.asides import Asides
from core.runner.crew import OF_A_DEVICE, Crew, Lane
from core.runner.decide import Decider, ToRender
from core.runner.dispatch import is_worth_more, lane_for
from core.runner.engine import cannot_start
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
    """Works through the queue with all lanes of a crew, in one thread; `work` is called once.

    Args:
        run_name: names this run in the claims.
        clock: seconds that only grow.
    """

    def __init__(
        self,
        parts: RunnerParts,
        report: Report,
        crew: Crew,
        stop: StopSignal,
        run_name: str,
        asides: Asides,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._parts = parts
        self._queue = parts.queue
        self._report = report
        self._crew = crew
        self._stop = stop
        self._run_name = run_name
        self._clock = clock
        self._decider = Decider(parts, report)
        self._asides = asides
        self._answers = Answers(parts, report, crew, self._decider, asides)
        self._space = Space(parts.queue, parts.publisher.fs, clock)
        self._work: Work | None = None
        self._blocked = False
        self._drop_at: float | None = None
        self._looked = clock()
        self._claim_at = self._staff_at = 0.0
        self._told: set[JobId] = set()

    def work(self, job: JobId | None) -> RunOutcome:
        """Work until nothing waits in `job` (None: in the library), or the run is to stop."""
        self._crew.begin_run()
        self._crew.begin_batch()
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
        is_busy = bool(self._work and self._work.flights) and not self._crew.first.lost
        self._asides.pump(busy=is_busy)
        stopping = self._stop.asked is not Stop.NO
        if stopping and not self._wind_down():
            return False
        progressed = not stopping and self._fill(job)
        work = self._work
        if work is None:
            return progressed
        if not stopping:
            self._dispatch(work)
            self._staff(work)
        self._listen(work, 0.0 if progressed else TICK)
        self._look_after(work)
        return True

    # claiming and deciding

    def _fill(self, job: JobId | None) -> bool:
        """Claim and decide until each lane has about two passes; return whether anything moved."""
        work, now = self._work, self._clock()
        if work is not None:
            work.fresh.extend(work.take_due(now) + work.take_parked())
        room = self._crew.capacity - (work.open if work else 0)
        if room > 0 and (work is None or now >= self._claim_at):
            claims = self._queue.claim(self._run_name, room, work.job.id if work else job)
            if claims and work is None:
                work = self._work = Work(self._queue.job(claims[0].job))
                self._crew.begin_batch()
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

    # the render processes

    def _dispatch(self, work: Work) -> None:
        """Hand over what is decided: about two passes a lane, suspects one by one."""
        suspects = self._answers.suspects
        while work.ready and self._drop_at is None:
            task = work.ready[0]
            lane = lane_for(work, task, self._crew.at_work, suspects)
            if lane is None:
                return
            level = suspects.level(task.claim.item)
            if not lane.engine.holds(work.job.id, level):
                self._load(work, lane, level)
                continue
            alone = task.claim.alone or suspects.is_alone(task.claim.item)
            self._send(work, lane, task, alone=alone)

    def _staff(self, work: Work) -> None:
        """Have one more lane load the batch's model, where it has it already or it is worth it."""
        lane, now = self._crew.spare, self._clock()
        is_loading = any(other.engine.loading for other in self._crew.at_work)
        if lane is None or is_loading or self._drop_at is not None or now < self._staff_at:
            return
        if not work.flights:
            return
        pending = self._queue.totals(work.job.id).pending
        if lane.engine.has(self._spec(work)) or is_worth_more(self._crew, work.job.id, pending):
            lane.hired = True
            self._load(work, lane, 0)
        else:
            self._staff_at = now + LOOK_SECONDS

    def _load(self, work: Work, lane: Lane, level: int) -> None:
        spec = self._spec(work)
        with self._on(work, lane):
            try:
                loaded = lane.engine.load(work.job.id, spec, work.job.numerics, level)
            except OSError as error:
                raise cannot_start(error) from error
            if loaded is not None:
                self._answers.model_loaded(work, lane, loaded)
            else:
                self._report.emit(ModelLoading(spec.id))

    @contextlib.contextmanager
    def _on(self, work: Work, lane: Lane) -> Iterator[None]:
        """Go on without the lane when its device fails for good and others are left."""
        try:
            yield
        except BatchStopped as stopped:
            if stopped.reason not in OF_A_DEVICE or self._crew.left == [lane]:
                raise
            # A lost one may have been started again for a preview.
            if not lane.lost:
                self._lose(work, lane, stopped)

    def _lose(self, work: Work, lane: Lane, stopped: BatchStopped) -> None:
        self._crew.lose(lane)
        self._answers.give_back(work.take_flights(lane))
        left = ", ".join(one.device or one.engine.name for one in self._crew.left)
        name = lane.device or lane.engine.name
        words = f"{name} is left out: {stopped.message} The batch goes on with {left}."
        self._report.emit(DeviceLost(words))

    def _send(self, work: Work, lane: Lane, task: ToRender, *, alone: bool) -> None:
        claim, spec = task.claim, self._spec(work)
        target = self._parts.publisher.prepare(claim)
        work.ready.popleft()
        work.flights[claim.item] = Flight(task, target, lane, alone)
        lane.engine.render(
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
        """Act on what the render processes say; wait for it up to `timeout` seconds."""
        if not self._crew.running:
            time.sleep(timeout)
            return
        for lane, message in self._crew.listen(timeout):
            with self._on(work, lane):
                self._answers.hear(work, lane, message, self._clock())

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
        for lane in self._crew.at_work:
            lane.engine.cancel(flight.claim.item for flight in flights if flight.lane is lane)

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
            self._give_up(work, [lane for lane in self._crew.lanes if work.flights_of(lane)])
        if not work.flights:
            self._drop_at = None

    def _give_up(self, work: Work, lanes: list[Lane]) -> None:
        """End render processes, let go of everything that they had and of what waited."""
        for lane in lanes:
            lane.engine.end(grace=0.0)
        flights = [flight for lane in lanes for flight in work.take_flights(lane)]
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
        if work.flights or any(lane.engine.loading_for_batch for lane in self._crew.lanes):
            self._give_up(work, self._crew.at_work)
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
        for lane in self._crew.lanes:
            if lane.engine.loading_for_batch:
                lane.engine.end(grace=0.0)
        if work is not None and not work.empty:
            # The library may be what failed: then the next start settles the rows.
            with contextlib.suppress(CoreError):
                self._give_up(work, self._crew.at_work)

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
