"""The queue says what the walk-through promises, in the same words."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from core.errors import Reason, StopReason
from core.events import Totals
from core.library.ids import ItemId, JobId, ProjectId
from core.library.records import ItemStatus, Job, JobItem, JobState, Origin
from core.recipe import Recipe
from desktop.queue.words import (
    item_words,
    job_words,
    main_words,
    reason_word,
    seconds_words,
    stop_word,
    sum_of,
    totals_words,
)


def item(status: ItemStatus, reason: Reason | None = None, unchanged: bool = False) -> JobItem:
    return JobItem(
        ItemId(1), JobId(1), Path("a.jpg"), None, status, 0, None, reason, unchanged=unchanged
    )


@pytest.mark.parametrize(
    ("shown", "words"),
    [
        (item(ItemStatus.PENDING), "Waiting"),
        (item(ItemStatus.STAGED), "Saving"),
        (item(ItemStatus.DONE), "Done"),
        (item(ItemStatus.DONE, unchanged=True), "Done (already clean, unchanged)"),
        (item(ItemStatus.ALREADY_DONE), "Already done"),
        (item(ItemStatus.LEFT_OUT, Reason.RAW), "Left out (raw file)"),
        (item(ItemStatus.FAILED, Reason.TRUNCATED), "Failed (ends too early)"),
        (item(ItemStatus.QUARANTINED, Reason.CRASHED_3X), "Failed: stopped the worker 3 times"),
        (item(ItemStatus.CANCELED), "Canceled"),
    ],
)
def test_a_photographs_state_in_words(shown: JobItem, words: str) -> None:
    assert item_words(shown) == words


def test_a_photograph_in_work_tells_its_step() -> None:
    assert item_words(item(ItemStatus.RUNNING), (4, 6)) == "Working (4 of 6)"
    assert item_words(item(ItemStatus.RUNNING)) == "Working"


def job(state: JobState, reason: StopReason | None = None) -> Job:
    recipe, origin = Recipe(), Origin.WINDOW
    made = Job(JobId(1), ProjectId(1), "", recipe, (), origin, "", None, state, False, 0.0)
    return replace(made, stop_reason=reason)


def test_a_batchs_state_in_words() -> None:
    failed = Totals(found=3, done=1, failed=1, quarantined=1)

    assert job_words(job(JobState.FINISHED), Totals()) == "Finished"
    assert job_words(job(JobState.FINISHED), failed) == "Finished, 2 failed"
    stopped = job(JobState.STOPPED, StopReason.DISK_FULL)
    assert job_words(stopped, Totals()) == "Stopped (disk is full)"


def test_counts_are_complete_and_add_up() -> None:
    totals = Totals(
        found=246, done=40, already_done=3, left_out=1, failed=1, quarantined=1, pending=200
    )

    assert totals.adds_up()
    assert totals_words(totals) == (
        "40 done, 200 waiting, 2 failed, 3 already done, 1 left out of 246"
    )
    assert main_words(Totals(found=240, done=40, pending=200)) == (
        "40 done, 200 waiting, 0 failed of 240"
    )
    assert sum_of([totals, totals]).found == 492 and sum_of([totals, totals]).adds_up()


def test_every_reason_has_words_of_its_own() -> None:
    assert len({reason_word(reason) for reason in Reason}) == len(Reason)
    assert all(stop_word(reason) for reason in StopReason)


def test_seconds_are_read_at_a_glance() -> None:
    assert [seconds_words(s) for s in (0.42, 3.14, 12.2, 200)] == [
        "0.4 s",
        "3.1 s",
        "12 s",
        "3:20 min",
    ]
