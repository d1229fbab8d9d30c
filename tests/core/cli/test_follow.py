"""Following and summing up: a command's result is right whoever did the work."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from core.cli.console import Console
from core.cli.drive import Drive
from core.cli.exits import ExitCode
from core.cli.summary import exit_code, of_this_invocation, sentence
from core.errors import LibraryError
from core.events import Event, ItemDone, Totals
from core.library.ids import ItemId, JobId
from core.library.queue import JobQueue
from core.library.records import Enqueued, JobRequest, JobState
from core.runner import EngineChoice, RunOutcome, StopSignal
from core.runner.follow import Follower, follow
from core.services import open_services
from tests.core.cli.commands import Ran

Regrain = Callable[..., Ran]


@pytest.fixture
def events() -> list[Event]:
    return []


def test_each_photograph_is_told_once(regrain: Regrain, trip: Path, events: list[Event]) -> None:
    """Told by the runner and found in the library as well, it would be counted twice."""
    regrain("run", trip)
    with open_services() as services:
        follower = Follower(services.queue, JobId(1), events.append, resumed=True)
        assert [type(event) for event in events] == [ItemDone] * 4
        assert all(isinstance(event, ItemDone) and event.already for event in events)
        follower(ItemDone(JobId(1), ItemId(99), trip, trip, 1.0))
        assert follower.look() is RunOutcome.FINISHED
        assert len(events) == 5


def test_waiting_ends_when_the_batch_does(regrain: Regrain, trip: Path) -> None:
    regrain("run", trip)
    with open_services() as services:
        follower = Follower(services.queue, JobId(1), lambda _event: None, resumed=False)
        told: list[bool] = []
        outcome = follow(
            lambda: RunOutcome.BUSY,
            follower,
            StopSignal(),
            lambda: told.append(True),
            sleep=lambda _seconds: pytest.fail("waited for nothing"),
        )
    assert outcome is RunOutcome.FINISHED
    assert told == [True]


def test_waiting_ends_when_asked_to(
    regrain: Regrain, trip: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    regrain("run", trip)
    stop = StopSignal()
    with open_services() as services:
        follower = Follower(services.queue, JobId(1), lambda _event: None, resumed=False)
        monkeypatch.setattr(follower, "look", lambda: RunOutcome.BUSY)
        outcome = follow(
            lambda: RunOutcome.BUSY,
            follower,
            stop,
            lambda: None,
            sleep=lambda _seconds: stop.now(),
        )
    assert outcome is RunOutcome.STOPPED


def test_the_summary_is_of_this_invocation() -> None:
    totals = Totals(found=10, done=6, already_done=1, failed=2, pending=1, ignored=3)
    ours = of_this_invocation(totals, 4)
    assert (ours.done, ours.already_done) == (2, 5)
    assert ours.adds_up()
    assert sentence(ours) == (
        "Found 10: 2 done, 5 already done, 2 failed, 1 waiting. 3 other files ignored."
    )


@pytest.mark.parametrize(
    ("outcome", "totals", "code"),
    [
        (RunOutcome.FINISHED, Totals(2, done=2), ExitCode.OK),
        (RunOutcome.FINISHED, Totals(2, done=1, left_out=1), ExitCode.OK),
        (RunOutcome.FINISHED, Totals(2, done=1, failed=1), ExitCode.SOME_FAILED),
        (RunOutcome.FINISHED, Totals(2, done=1, quarantined=1), ExitCode.SOME_FAILED),
        (RunOutcome.FINISHED, Totals(2, done=1, canceled=1), ExitCode.OK),
        (RunOutcome.FINISHED, Totals(2, done=1, pending=1), ExitCode.STOPPED),
        (RunOutcome.BLOCKED, Totals(2, done=1, pending=1), ExitCode.STOPPED),
        (RunOutcome.STOPPED, Totals(2, done=1, failed=1), ExitCode.INTERRUPTED),
    ],
)
def test_exit_codes(outcome: RunOutcome, totals: Totals, code: ExitCode) -> None:
    assert exit_code(outcome, totals) is code


def test_a_paused_batch_is_said_and_is_no_success(
    regrain: Regrain, trip: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Paused in a window meanwhile, the command must not report the rest as done."""
    enqueue = JobQueue.enqueue

    def enqueue_paused(self: JobQueue, request: JobRequest) -> Enqueued:
        enqueued = enqueue(self, request)
        self.pause(enqueued.job)
        return enqueued

    monkeypatch.setattr(JobQueue, "enqueue", enqueue_paused)
    ran = regrain("run", trip, "--json")
    assert ran.code == 4
    assert ran.counts() == {"found": 4, "pending": 4}
    assert "paused" in ran.err
    with open_services() as services:
        assert services.queue.job(JobId(1)).state is JobState.PAUSED
    assert regrain("batches", "resume", "1", "--json").counts() == {"found": 4, "done": 4}


def test_a_library_that_breaks_is_said_in_json_too(
    regrain: Regrain, trip: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise LibraryError("The library cannot be written.", hint="Look at the disk.")

    monkeypatch.setattr(Drive, "_render", broken)
    ran = regrain("run", trip, "--json")
    assert ran.code == 5
    assert [line["reason"] for line in ran.named("stopped")] == ["db_error"]
    assert ran.counts() == {"found": 4, "pending": 4}


def test_nothing_to_resume_is_said(regrain: Regrain) -> None:
    ran = regrain("batches", "resume", "--json")
    assert ran.code == 0
    assert "No batch is unfinished." in ran.err
    assert ran.counts() == {}


def test_a_drive_without_work_starts_nothing(tmp_path: Path) -> None:
    with (
        open_services(tmp_path / "a.db") as services,
        Drive(services, Console(quiet=True), EngineChoice()) as drive,
    ):
        assert drive.resume([]) is ExitCode.OK
