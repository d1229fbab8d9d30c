"""If these failed, the grid would say something else than queue, command line and README say."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.errors import Reason
from core.library.ids import PhotoId, ProjectId
from core.library.photo import Decision, Photo, Shown, SortBy
from core.library.records import ItemStatus
from desktop.photos.words import (
    Progress,
    photograph_sentence,
    shown_words,
    sort_words,
    status_sentence,
    status_words,
)


def photo(status: ItemStatus | None = None, **values: object) -> Photo:
    known = {"id": PhotoId(1), "project": ProjectId(1), "path": Path("/t/IMG_1.JPG"), "added": 0.0}
    return Photo(**{**known, "status": status, **values})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (None, ""),
        (ItemStatus.PENDING, "Waiting"),
        (ItemStatus.RUNNING, "Working"),
        (ItemStatus.STAGED, "Saving"),
        (ItemStatus.DONE, "Done"),
        (ItemStatus.ALREADY_DONE, "Already done"),
        (ItemStatus.LEFT_OUT, "Left out"),
        (ItemStatus.FAILED, "Failed"),
        (ItemStatus.QUARANTINED, "Failed"),
        (ItemStatus.CANCELED, "Canceled"),
    ],
)
def test_each_status_has_its_word(status: ItemStatus | None, words: str) -> None:
    assert status_words(photo(status)) == words


def test_steps_are_counted() -> None:
    assert status_words(photo(ItemStatus.RUNNING), Progress(4, 6)) == "Working (4 of 6)"


def test_a_clean_photograph_is_done_and_says_why_nothing_changed() -> None:
    said = status_sentence(photo(ItemStatus.DONE, unchanged=True))
    assert said == "Done (already clean, unchanged)"


def test_a_failure_says_what_happened_and_what_to_do() -> None:
    failed = photo(
        ItemStatus.FAILED,
        reason=Reason.TRUNCATED,
        message="IMG_1.JPG ends too early; no result was made.",
        hint="Copy it from the card again.",
    )
    assert status_sentence(failed) == (
        "Failed (ends too early): IMG_1.JPG ends too early; no result was made. "
        "Copy it from the card again."
    )


def test_what_killed_the_worker_says_so() -> None:
    said = status_sentence(photo(ItemStatus.QUARANTINED, reason=Reason.CRASHED_3X))
    assert said == "Failed: stopped the worker 3 times"


def test_a_missing_file_says_what_to_do() -> None:
    assert status_sentence(photo(missing=True)).startswith("Missing. ")


def test_a_screen_reader_hears_all_that_is_painted() -> None:
    full = photo(ItemStatus.DONE, rating=1, decision=Decision.REJECT, versions=2, own_recipe=True)
    assert photograph_sentence(full) == (
        "IMG_1.JPG, Done, 1 star, Reject, 2 earlier versions, Has a recipe of its own"
    )


def test_every_filter_and_order_has_a_name() -> None:
    assert len({shown_words(shown) for shown in Shown}) == len(Shown)
    assert len({sort_words(sort) for sort in SortBy}) == len(SortBy)
