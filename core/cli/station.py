"""Rendering whatever waits in a library, for hours or months; or following who does."""

from __future__ import annotations

from collections.abc import Callable

from core.cli.onlooker import Onlooker
from core.errors import LibraryDamagedError, LibraryError
from core.events import EventSink
from core.library.records import JobState
from core.runner import BatchRunner, EngineChoice, RunOutcome, StopSignal
from core.services import Services

_POLL_SECONDS = 1.0
_TROUBLE_SECONDS = 10.0
_MOST_TROUBLES = 30


class Station:
    """Works until `stop` is given.

    Args:
        services: the open library.
        sink: gets each photograph's last event, whoever rendered it, and the runner's others.
        choice: the device.
        stop: ends it.
        quiet: called again and again while nothing waits.
    """

    def __init__(
        self,
        services: Services,
        sink: EventSink,
        choice: EngineChoice,
        stop: StopSignal,
        quiet: Callable[[], None] = lambda: None,
    ) -> None:
        self._services = services
        self._onlooker = Onlooker(services.queue, services.watch, sink)
        self._runner: BatchRunner = services.runner(self._onlooker, choice)
        self._stop = stop
        self._quiet = quiet
        self._worked = False
        self._troubles = 0

    def wake(self) -> None:
        """Look at once whether something waits; from any thread."""
        self._runner.wake()

    def run(self) -> None:
        """Render or follow until `stop` is given.

        Raises:
            LibraryError: the library is damaged, or was unusable for minutes.
        """
        try:
            while not self._stop.asked:
                self._turn()
        finally:
            self._runner.close()

    def _turn(self) -> None:
        try:
            self._work()
            self._troubles = 0
        except LibraryDamagedError:
            raise
        except LibraryError:
            self._troubles += 1
            if self._troubles >= _MOST_TROUBLES:
                raise
            self._runner.idle(_TROUBLE_SECONDS)

    def _work(self) -> None:
        if self._something_waits():
            self._worked = True
            outcome = self._runner.run(self._stop)
            self._onlooker.look(following=outcome is RunOutcome.BUSY)
        elif self._worked:
            self._worked = False
            self._onlooker.look(following=True)
            self._quiet()
        else:
            self._onlooker.look()
            self._quiet()
            minutes = self._services.preferences.idle_minutes
            if minutes:
                self._runner.end_if_idle(60.0 * minutes)
        if not self._stop.asked:
            self._runner.idle(_POLL_SECONDS)

    def _something_waits(self) -> bool:
        jobs = self._services.queue.jobs(unfinished=True)
        return any(job.state in (JobState.WAITING, JobState.RUNNING) for job in jobs)
