"""BatchRunner: works through the queue of one library with one render process."""

from __future__ import annotations

import uuid

from core.events import EventSink
from core.library.ids import JobId
from core.library.recovery import recover
from core.runner.engine import Engine
from core.runner.parts import EngineChoice, RunnerParts, RunOutcome
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
        runner.close()                    # ends the render process
    """

    def __init__(
        self, parts: RunnerParts, sink: EventSink, choice: EngineChoice | None = None
    ) -> None:
        self._parts = parts
        self._report = Report(sink)
        self._engine = Engine(parts.host, choice or EngineChoice())

    def run(self, stop: StopSignal, job: JobId | None = None) -> RunOutcome:
        """Work until nothing is waiting in `job` (None: in the library), or `stop` is given.

        A batch that is stopped (see `JobQueue.unblock`) or paused is passed over.

        Raises:
            LibraryError: the library cannot be used at all.
        """
        lock = self._parts.lock
        held_before = lock.held
        if not lock.acquire():
            return RunOutcome.BUSY
        try:
            recover(self._parts.publisher, lock)
            name = uuid.uuid4().hex
            shift = Shift(self._parts, self._report, self._engine, stop, run_name=name)
            return shift.work(job)
        finally:
            if not held_before:
                lock.release()

    def end_if_idle(self, seconds: float) -> bool:
        """End a render process without work for `seconds`; return whether it was ended."""
        return self._engine.end_if_idle(seconds)

    def close(self) -> None:
        """End the render process; a later `run` starts it again."""
        self._engine.end()
