"""What a run does with each thing that the render process says, or with its death."""

from __future__ import annotations

import logging

from core.engine.host import Died, Heard, Pictured
from core.engine.messages import (
    Announced,
    DevicesFound,
    EngineFailed,
    ItemCanceled,
    ItemTrouble,
    ModelLoaded,
    PreviewTrouble,
    Rendered,
    Stepped,
)
from core.errors import BatchStopped, ItemError, OutputWriteError, Reason, StopReason
from core.events import DeviceLost, ItemDone, ItemStarted, ModelReady, StepProgress
from core.library import records
from core.library.ids import ItemId
from core.library.queue import StaleClaim
from core.library.records import Claim, ItemStatus
from core.runner.asides import Asides
from core.runner.crew import OF_A_DEVICE, Crew, Lane
from core.runner.deaths import Suspects, Verdict
from core.runner.decide import Decider
from core.runner.parts import RunnerParts
from core.runner.report import Report
from core.runner.work import Flight, Work

_log = logging.getLogger(__name__)


class Answers:
    """Turns messages into records and events."""

    def __init__(
        self,
        parts: RunnerParts,
        report: Report,
        crew: Crew,
        decider: Decider,
        asides: Asides,
    ) -> None:
        self._queue = parts.queue
        self._publisher = parts.publisher
        self._report = report
        self._crew = crew
        self._decider = decider
        self._asides = asides
        self.suspects = Suspects()

    def hear(self, work: Work, lane: Lane, message: Heard, now: float) -> None:
        """Act on one message of a lane's process.

        Raises:
            BatchStopped: the batch cannot go on, or not on this lane.
            SettingsError: a device that was asked for is not there.
        """
        if isinstance(message, Died):
            self._died(work, lane, message)
        elif isinstance(message, ModelLoaded):
            self.model_loaded(work, lane, message)
        elif isinstance(message, Pictured | PreviewTrouble | DevicesFound):
            self._asides.hear(message)
        elif isinstance(message, EngineFailed):
            self._failed(lane, message)
        elif isinstance(message, Announced | Stepped | Rendered | ItemTrouble | ItemCanceled):
            flight = work.flights.get(ItemId(message.item))
            # Without one it is about an item that was given up meanwhile.
            if flight is not None and flight.lane is lane:
                self._about(work, flight, message, now)

    def _about(
        self,
        work: Work,
        flight: Flight,
        message: Announced | Stepped | Rendered | ItemTrouble | ItemCanceled,
        now: float,
    ) -> None:
        claim = flight.claim
        if isinstance(message, Announced):
            self._announced(flight)
            return
        if isinstance(message, Stepped):
            self._report.emit(StepProgress(claim.job, claim.item, message.step, message.steps))
            return
        del work.flights[claim.item]
        if isinstance(message, Rendered):
            self._rendered(flight, message)
        elif isinstance(message, ItemTrouble):
            self._trouble(work, flight, message, now)
        else:
            self.give_back([flight])

    def _announced(self, flight: Flight) -> None:
        claim = flight.claim
        flight.announced = True
        try:
            self._queue.announce(claim.item, claim.attempt)
        except StaleClaim:
            flight.lane.engine.cancel([claim.item])
            return
        self._report.emit(ItemStarted(claim.job, claim.item, claim.source))

    def _rendered(self, flight: Flight, message: Rendered) -> None:
        """Publish a temporary file that is whole, and record it."""
        claim = flight.claim
        self.suspects.item_finished(flight.lane.number)
        rendered = self._record(flight, message)
        try:
            standing = self._publisher.unchanged_copy(claim, rendered)
            path = standing or self._publisher.publish(claim, rendered)
        except OutputWriteError as error:
            self._decider.unpublished(claim, error)
            return
        except StaleClaim:
            return
        except BatchStopped:
            # A staged item stays so: the next start goes on from there without rendering again.
            if self._queue.item(claim.item).status is ItemStatus.RUNNING:
                self.give_back([flight])
            raise
        if claim.again:
            self._decider.made(flight.task.key)
        done = ItemDone(
            claim.job,
            claim.item,
            claim.source,
            path,
            message.seconds,
            already=standing is not None,
            unchanged=message.unchanged,
            note=rendered.note,
        )
        self._report.emit(done)

    def _record(self, flight: Flight, message: Rendered) -> records.Rendered:
        claim, engine = flight.claim, flight.lane.engine
        notes = [str(message.facts.get("note", "")), engine.note(claim.job)]
        return records.Rendered(
            temp=flight.target,
            sha256=message.sha256,
            size=message.size,
            key=flight.task.key,
            source_sha256=flight.task.source_sha256,
            seconds=message.seconds,
            note="; ".join(filter(None, notes)),
            unchanged=message.unchanged,
            facts={"device": engine.device, **message.facts},
        )

    def _trouble(self, work: Work, flight: Flight, message: ItemTrouble, now: float) -> None:
        """Settle a photograph that has no result; one that cannot be read may be tried again."""
        claim = flight.claim
        self._publisher.discard(claim)
        self.suspects.item_finished(flight.lane.number)
        error = ItemError(message.reason, message.message, hint=message.hint)
        if message.reason in (Reason.VANISHED, Reason.UNREADABLE, Reason.CHANGED_WHILE_READING):
            work.add(self._decider.trouble(claim, error), now)
            return
        self._decider.fail(claim, message.reason, message.message, message.hint)

    def model_loaded(self, work: Work, lane: Lane, message: ModelLoaded) -> None:
        """Note with which numerics the batch's model is there; raises as `hear`."""
        job = work.job.id
        if not lane.engine.loaded(message):
            return
        if lane.engine.asked_job != job:
            self._asides.model_loaded(message)
            return
        if lane.device and message.device != lane.device:
            # Its process took another device, which another lane has.
            raise BatchStopped(StopReason.GPU_LOST, f"{lane.device} is not there any more.")
        lane.engine.keep_numerics(job, self._queue.set_numerics(job, message.numerics))
        self._report.emit(ModelReady(message.model, message.device, message.dtype, message.seconds))
        self._crew.found(lane, message.devices)

    def _failed(self, lane: Lane, message: EngineFailed) -> None:
        """Stop the batch, unless it was a model for something else that cannot be had."""
        if message.loading is not None and not lane.engine.load_failed(message):
            if lane is self._crew.first:
                self._asides.load_failed(message)
            return
        if message.loading is not None and message.reason in OF_A_DEVICE:
            self._crew.found(lane, message.devices)
        reason = message.reason or StopReason.SETTINGS_REFUSED
        raise BatchStopped(reason, message.message, hint=message.hint)

    def _died(self, work: Work, lane: Lane, died: Died) -> None:
        """Give every photograph in flight its verdict; what was only waiting is not concerned."""
        flights = work.take_flights(lane)
        announced = [flight for flight in flights if flight.announced]
        judgement = self.suspects.judge(
            died,
            [flight.claim.item for flight in announced],
            # The lanes share the computer's memory.
            alone=len(flights) == 1 and flights[0].alone and not (died.starved and work.flights),
            rungs=lane.engine.rungs(work.job.id),
            lane=lane.number,
        )
        _log.warning("render process %s\n%s", died.death.describe(), died.death.stderr)
        if lane is self._crew.first:
            self._asides.died(died)
        self._report.emit(DeviceLost(lost_message(died, lane.device)))
        self.give_back([flight for flight in flights if not flight.announced])
        for flight in announced:
            self._sentence(flight, judgement.items[flight.claim.item], died)
        if judgement.block:
            raise BatchStopped(
                StopReason.GPU_LOST,
                judgement.block,
                hint="Resume; if it happens again, use --device cpu or update the driver.",
            )

    def _sentence(self, flight: Flight, verdict: Verdict, died: Died) -> None:
        claim = flight.claim
        if verdict is Verdict.CRASHED:
            self._publisher.discard(claim)
            self._crashed(claim, died)
        elif verdict is Verdict.TIMED_OUT:
            self._publisher.discard(claim)
            message = f"{claim.source.name} took far too long, twice."
            hint = "Open it in another program and save it anew."
            self._decider.fail(claim, Reason.TIMED_OUT, message, hint)
        elif verdict is Verdict.OUT_OF_MEMORY:
            self._publisher.discard(claim)
            message = f"{claim.source.name} needs more memory than this computer has free."
            self._decider.fail(claim, Reason.OOM_HOST, message, "Close other programs, then retry.")
        else:
            self.give_back([flight])

    def _crashed(self, claim: Claim, died: Died) -> None:
        message = f"{claim.source.name} stopped the worker ({died.death.describe()})."
        try:
            status = self._queue.crashed(claim.item, claim.attempt, message)
        except StaleClaim:
            return
        if status is ItemStatus.QUARANTINED:
            hint = "Left aside; `regrain batches retry` tries it again."
            self._report.settled(claim, status, Reason.CRASHED_3X, message, hint)

    def give_back(self, flights: list[Flight]) -> None:
        """Let photographs that were handed over wait again; nothing was wrong with them."""
        for flight in flights:
            self._publisher.discard(flight.claim)
        self._queue.release([flight.claim for flight in flights], refund=True)


def lost_message(died: Died, device: str = "") -> str:
    """Say that the process is gone, for a DeviceLost; `device`: which, where there are several."""
    return f"{device}: {_lost(died)}" if device else _lost(died)


def _lost(died: Died) -> str:
    if died.hung:
        return "The render process stopped answering and was ended; its work is done again."
    if died.starved:
        return "The render process took the last of the memory; its work is done in smaller parts."
    if died.device_lost:
        return "The device stopped answering; its work is done again by a new process."
    return f"The render process {died.death.describe()}; its work is done again."
