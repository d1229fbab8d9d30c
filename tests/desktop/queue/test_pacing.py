"""Time left is measured, not guessed: a user plans the evening by it."""

from __future__ import annotations

import pytest

from core.events import Totals
from core.library.ids import JobId, ProjectId
from core.library.records import Job, JobState, Origin
from core.recipe import Recipe
from desktop.queue.facts import BatchFacts
from desktop.queue.pacing import Pacing


class Clock:
    """Seconds that a test sets."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def batch(number: int, pending: int, state: JobState = JobState.RUNNING) -> BatchFacts:
    job = Job(
        JobId(number), ProjectId(1), "", Recipe(), (), Origin.WINDOW, "", None, state, False, 0.0
    )
    return BatchFacts(job, Totals(found=pending, pending=pending))


def measured(clock: Clock, seconds: float, photographs: int) -> Pacing:
    """Return the pace of batch 1 after so many photographs of so many seconds each."""
    pacing = Pacing(clock)
    pacing.start(JobId(1), 100)
    for _ in range(photographs):
        clock.now += seconds
        pacing.settle(JobId(1), worked=True)
    return pacing


def test_nothing_is_promised_before_the_first_photograph_is_done() -> None:
    pacing = measured(Clock(), 3, 0)

    assert pacing.seconds_left(batch(1, 100)) is None
    assert pacing.all_left([batch(1, 100)]) is None


def test_time_left_follows_the_measured_pace() -> None:
    clock = Clock()
    pacing = measured(clock, 3, 10)

    assert pacing.seconds_left(batch(1, 90)) == pytest.approx(270)
    clock.now += 2
    assert pacing.seconds_left(batch(1, 90)) == pytest.approx(268)


def test_photographs_that_were_done_already_do_not_make_it_look_fast() -> None:
    clock = Clock()
    pacing = measured(clock, 3, 2)
    for _ in range(50):
        pacing.settle(JobId(1), worked=False)

    assert pacing.seconds_left(batch(1, 48)) == pytest.approx(144)


def test_a_rest_does_not_count_as_work() -> None:
    clock = Clock()
    pacing = measured(clock, 3, 10)
    pacing.rest()
    clock.now += 3600

    assert pacing.seconds_left(batch(1, 90)) == pytest.approx(270)
    pacing.start(JobId(1), 90)
    clock.now += 4
    pacing.settle(JobId(1), worked=True)
    assert pacing.seconds_left(batch(1, 89)) == pytest.approx(356)


def test_what_is_paused_is_not_waited_for_and_what_is_new_goes_as_the_last_one() -> None:
    pacing = measured(Clock(), 3, 10)
    paused = batch(2, 50, JobState.PAUSED)
    new = batch(3, 10, JobState.WAITING)

    assert pacing.all_left([batch(1, 90), paused, new]) == pytest.approx(300)
