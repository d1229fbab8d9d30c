"""One invocation's work on batches: stored, brought to their end, reported, summed up."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import astuple
from pathlib import Path
from types import TracebackType
from typing import Self

from core.cli.ahead import EarlyStart
from core.cli.console import Console
from core.cli.exits import ExitCode
from core.cli.hook import run_hook
from core.cli.interrupts import stop_on_signals
from core.cli.logs import log_to
from core.cli.progress import make_progress
from core.cli.report import Reporter
from core.cli.summary import exit_code, of_this_invocation, sentence, totals_of_request
from core.errors import BatchStopped, LibraryError, StopReason
from core.events import Event, EventSink, Totals
from core.library.ids import JobId
from core.library.records import JobRequest, JobState
from core.runner import BatchRunner, EngineChoice, RunOutcome, StopSignal
from core.runner.follow import Follower, follow
from core.services import Services


class Drive:
    """Brings batches to their end and says how it went; one render process serves them all.

    A context manager: leaving it ends the render process.

    Args:
        services: the open library and all around it.
        console: where lines go.
        choice: the device, for batches that have not begun.
        on_done: a command to run once at the end.
        also: gets each event, besides the lines.
        show_folders: whether the output folders are the result.
        early: has the render process, if one is started already.
    """

    def __init__(
        self,
        services: Services,
        console: Console,
        choice: EngineChoice,
        *,
        on_done: str | None = None,
        also: EventSink = lambda _event: None,
        show_folders: bool = True,
        early: EarlyStart | None = None,
    ) -> None:
        self._services = services
        self._queue = services.queue
        self._console = console
        self._choice = choice
        self._on_done = on_done
        self._also = also
        self._show_folders = show_folders
        self._early = early
        self._stop = StopSignal()
        self._runner: BatchRunner | None = None
        self._sink: EventSink = also

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._runner is not None:
            self._runner.close()

    def request(self, request: JobRequest) -> ExitCode:
        """Store the batch, or take up the unfinished one of the same command, and end it."""
        try:
            enqueued = self._queue.enqueue(request)
        except BatchStopped as error:
            self._say_stopped(request, error)
            raise
        if enqueued.resumed:
            self._console.say(f"Going on with batch {enqueued.job}.")
        return self._work([(enqueued.job, enqueued.done_before)], resumed=enqueued.resumed)

    def resume(self, jobs: Iterable[JobId]) -> ExitCode:
        """Lift stops and pauses of stored batches, and bring them to their end."""
        before = []
        for job in jobs:
            before.append((job, self._queue.totals(job).done))
            self._queue.resume(job)
        return self._work(before, resumed=True)

    def _work(self, jobs: Sequence[tuple[JobId, int]], *, resumed: bool) -> ExitCode:
        outcome, code = RunOutcome.FINISHED, ExitCode.OK
        totals = Totals()
        with stop_on_signals(self._stop), log_to(self._services.paths.logs, self._console):
            for job, done_before in jobs:
                outcome = self._end(job, done_before, resumed=resumed)
                counts = self._counts(job, done_before)
                totals = _added(totals, counts)
                code = max(code, exit_code(outcome, counts))
                if outcome is RunOutcome.STOPPED:
                    break
        self._sum_up([job for job, _ in jobs], outcome, totals, code)
        return code

    def _counts(self, job: JobId, done_before: int) -> Totals:
        return of_this_invocation(self._queue.totals(job), done_before)

    def _end(self, job: JobId, done_before: int, *, resumed: bool) -> RunOutcome:
        """Bring one batch as far as it goes."""
        strengths = self._queue.job(job).strengths
        of_item = {i.id: i.strength for i in self._queue.items(job)} if strengths else {}
        known = {item: value for item, value in of_item.items() if value is not None}
        reporter = Reporter(self._console, known, lost=self._stop.now)

        def sink(event: Event) -> None:
            reporter(event)
            self._also(event)

        follower = Follower(self._queue, job, sink, resumed=resumed)
        waiting = self._queue.totals(job).pending
        if not waiting:
            return RunOutcome.FINISHED
        with make_progress(self._console, waiting) as progress:
            reporter.progress = progress
            try:
                return self._render(job, follower)
            except LibraryError as error:
                reporter.json_stopped(StopReason.DB_ERROR, error.message, error.hint)
                with suppress(LibraryError):
                    reporter.summary(self._counts(job, done_before))
                raise

    def _render(self, job: JobId, follower: Follower) -> RunOutcome:
        self._sink = follower
        if self._runner is None:
            started = self._early.take() if self._early else None
            self._runner = self._services.runner(self._pass_on, self._choice, started)
        run = self._runner.run
        outcome = follow(lambda: run(self._stop, job), follower, self._stop, self._say_busy)
        if outcome is not RunOutcome.BLOCKED:
            follower.look()
        return outcome

    def _pass_on(self, event: Event) -> None:
        self._sink(event)

    def _say_busy(self) -> None:
        holder = self._services.lock.holder()
        process = f" (process {holder})" if holder else ""
        self._console.say(f"Another Regrain{process} renders for this library; following it.")

    def _sum_up(
        self, jobs: Sequence[JobId], outcome: RunOutcome, totals: Totals, code: ExitCode
    ) -> None:
        self._console.say(sentence(totals))
        folders = self._folders(jobs)
        if outcome is RunOutcome.STOPPED or totals.pending:
            self._say_how_to_go_on(jobs, outcome)
        if self._on_done and outcome is not RunOutcome.STOPPED:
            run_hook(self._on_done, totals, code, folders, self._console)
        for folder in folders if self._show_folders else ():
            self._console.result(folder)
        Reporter(self._console).summary(totals)

    def _say_how_to_go_on(self, jobs: Sequence[JobId], outcome: RunOutcome) -> None:
        numbers = " ".join(str(job) for job in jobs)
        states = {self._queue.job(job).state for job in jobs}
        if JobState.PAUSED in states and outcome is RunOutcome.FINISHED:
            self._console.say("The batch is paused.")
        self._console.say(f"To go on: the same command again, or regrain batches resume {numbers}")

    def _say_stopped(self, request: JobRequest, error: BatchStopped) -> None:
        """Write the JSON lines of a batch that could not even be stored."""
        reporter = Reporter(self._console)
        reporter.json_stopped(error.reason, error.message, error.hint)
        reporter.summary(totals_of_request(request))

    def _folders(self, jobs: Sequence[JobId]) -> list[Path]:
        """Return the output folders, the ones above others only."""
        outputs = {folder for job in jobs for folder in self._queue.output_folders(job)}
        return [path for path in sorted(outputs) if outputs.isdisjoint(path.parents)]


def _added(first: Totals, second: Totals) -> Totals:
    return Totals(*(a + b for a, b in zip(astuple(first), astuple(second), strict=True)))
