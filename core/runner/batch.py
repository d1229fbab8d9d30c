"""BatchRunner: works through the queue of one library with one render process a device."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Callable

from core.engine.host import Died, Heard, Pictured
from core.engine.messages import DevicesFound, EngineFailed, ModelLoaded, PreviewTrouble
from core.events import DeviceLost, EventSink
from core.library.ids import JobId
from core.library.recovery import recover
from core.runner.answers import lost_message
from core.runner.asides import Asides
from core.runner.crew import Crew, Lane
from core.runner.follow import emit_settled
from core.runner.parts import EngineChoice, RunnerParts, RunOutcome
from core.runner.previews import PreviewRequest
from core.runner.report import Report
from core.runner.shift import Shift
from core.runner.stop import StopSignal

__all__ = ["BatchRunner", "EngineChoice", "RunOutcome", "RunnerParts"]


class BatchRunner:
    """Claims photographs, has them rendered, publishes and records them.

    One a library at a time (the render lock); a plain object without global state, for a plain
    thread or a QThread. Events go to `sink` on the thread that runs; what a sink raises is logged.

        runner = BatchRunner(RunnerParts(...), sink, EngineChoice(device="cpu"))
        outcome = runner.run(stop, job)   # returns when nothing waits, stopped, blocked or busy
        runner.idle(60)                   # previews and devices, until woken or a minute is over
        runner.close()                    # ends the render processes

    `preview`, `detect`, `warm_up` and `wake` may be called from any thread; they are heeded in
    `run` and in `idle`.
    """

    def __init__(
        self, parts: RunnerParts, sink: EventSink, choice: EngineChoice | None = None
    ) -> None:
        self._parts = parts
        self._report = Report(sink)
        self._crew = Crew(parts.host, choice or EngineChoice())
        self._asides = Asides(
            self._crew.first.engine,
            parts.registry,
            self._report,
            parts.max_pixels,
            parts.personal,
        )
        self._woken = threading.Event()

    # from any thread

    def preview(self, request: PreviewRequest) -> None:
        """Make a preview between the work; PreviewParts or PreviewFailed tell. The newest wins."""
        self._asides.preview(request)
        self.wake()

    def detect(self) -> None:
        """Find the devices; DevicesDetected tells."""
        self._asides.detect()
        self.wake()

    def warm_up(self) -> None:
        """Start the render process and load the built-in model, if none is loaded."""
        self._asides.warm_up()
        self.wake()

    def do(self, act: Callable[[], None]) -> None:
        """Have something done on the thread that runs, between two pieces of its work."""
        self._asides.do(act)
        self.wake()

    def wake(self) -> None:
        """Let `idle` come back, and `run` look up at once."""
        self._woken.set()
        self._crew.poke()

    # on the thread that runs

    def run(self, stop: StopSignal, job: JobId | None = None) -> RunOutcome:
        """Work until nothing is waiting in `job` (None: in the library), or `stop` is given.

        A batch that is stopped (see `JobQueue.unblock`) or paused is passed over.

        Raises:
            LibraryError: the library cannot be used at all.
        """
        with self._parts.lock.for_a_run() as may:
            if not may:
                return RunOutcome.BUSY
            recovered = recover(self._parts.publisher, self._parts.lock)
            for item in self._parts.queue.items_by_id(recovered.items):
                emit_settled(item, self._report.emit)
            name = uuid.uuid4().hex
            shift = Shift(self._parts, self._report, self._crew, stop, name, self._asides)
            return shift.work(job)

    def idle(self, seconds: float) -> bool:
        """Answer previews and the like for `seconds`; return early, with True, when woken."""
        until = time.monotonic() + seconds
        while True:
            self._asides.pump(busy=False)
            left = until - time.monotonic()
            if self._woken.is_set():
                self._woken.clear()
                self._asides.pump(busy=False)
                return True
            if left <= 0:
                return False
            if not self._crew.running:
                self._woken.wait(left)
            for lane, message in self._crew.listen(left):
                self._hear(lane, message)

    def choose(self, choice: EngineChoice) -> None:
        """Use another device from now on; not while `run` is going on."""
        if choice != self._crew.choice:
            self._crew.end()
            self._crew = Crew(self._parts.host, choice)
            self._asides.use(self._crew.first.engine)

    def end_if_idle(self, seconds: float) -> bool:
        """End a render process without work for `seconds`; return whether one was ended."""
        return self._crew.end_if_idle(seconds)

    def close(self) -> None:
        """End the render processes; a later `run` starts them again."""
        self._crew.end()

    def _hear(self, lane: Lane, message: Heard) -> None:
        """Act on what a render process says while no batch is worked on."""
        if isinstance(message, Pictured | PreviewTrouble | DevicesFound):
            self._asides.hear(message)
        elif isinstance(message, ModelLoaded):
            if lane.engine.loaded(message):
                self._asides.model_loaded(message)
        elif isinstance(message, EngineFailed):
            lane.engine.load_failed(message)
            if lane is self._crew.first:
                self._asides.load_failed(message)
        elif isinstance(message, Died):
            if lane is self._crew.first:
                self._asides.died(message)
            if message.death.native or message.hung:
                self._report.emit(DeviceLost(lost_message(message, lane.device)))
