"""What is said in place of a picture: a user must learn what is wrong and what to do."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from core.errors import ImageReadError, Reason
from core.library.ids import ItemId, JobId, PhotoId, ProjectId
from core.library.photo import Photo
from core.library.records import ItemStatus
from desktop.viewer.notices import Remedy, notice_of, remedy_words
from desktop.viewer.words import has_result, noted_noise, zoom_words


def photo(**values: Any) -> Photo:
    return Photo(PhotoId(1), ProjectId(1), Path("/trip/IMG_0412.JPG"), 0.0, **values)


def done(**values: Any) -> Photo:
    standing = {"item": ItemId(5), "job": JobId(1), "output": Path("/out/IMG_0412.JPG")}
    return photo(status=ItemStatus.DONE, **standing, **values)


GONE = ImageReadError(Reason.VANISHED, "IMG_0412.JPG is no longer there.")
CUT = ImageReadError(Reason.TRUNCATED, "IMG_0412.JPG ends too early.", hint="Copy it again.")


def test_nothing_is_said_where_nothing_is_wrong() -> None:
    assert notice_of(photo()) is None
    assert notice_of(done()) is None
    assert notice_of(photo(status=ItemStatus.PENDING)) is None


def test_a_failure_has_its_reason_its_hint_and_another_try() -> None:
    failed = photo(status=ItemStatus.FAILED, message="It ends too early.", hint="Copy it again.")
    notice = notice_of(failed)
    assert notice is not None
    assert notice.message == "Failed: It ends too early." and notice.hint == "Copy it again."
    assert remedy_words(notice.remedy) == "Try again"


def test_a_quarantined_photograph_says_what_it_did() -> None:
    notice = notice_of(photo(status=ItemStatus.QUARANTINED))
    assert notice is not None and "stopped the worker 3 times" in notice.message.lower()


def test_what_was_left_out_by_rule_is_no_error() -> None:
    notice = notice_of(photo(status=ItemStatus.LEFT_OUT, message="It is a raw file."))
    assert notice is not None
    assert (notice.message, notice.remedy) == ("Left out: It is a raw file.", Remedy.NONE)


def test_a_missing_photograph_can_be_relocated() -> None:
    for lost in (notice_of(photo(missing=True)), notice_of(photo(), before=GONE)):
        assert lost is not None and lost.remedy is Remedy.RELOCATE
        assert "IMG_0412.JPG is not there any more." in lost.message and "/trip" in lost.hint


def test_a_result_that_was_deleted_can_be_made_again() -> None:
    notice = notice_of(done(), after=GONE)
    assert notice is not None and notice.remedy is Remedy.REDO
    assert "result" in notice.message


def test_an_unreadable_photograph_says_why() -> None:
    notice = notice_of(photo(), before=CUT)
    assert notice is not None
    assert (notice.message, notice.hint) == (CUT.message, CUT.hint)


def test_an_earlier_result_stands_while_the_photograph_is_edited_again() -> None:
    assert has_result(done())
    assert has_result(photo(status=ItemStatus.RUNNING, output=Path("/out/earlier.jpg")))
    assert not has_result(photo(status=ItemStatus.RUNNING))
    assert not has_result(None)


def test_the_noise_that_was_found_is_said_but_not_one_that_was_told() -> None:
    assert noted_noise(done(note="noise 11 of 255, 2 steps")) == "Noise found: 11 of 255"
    noted = noted_noise(done(note="noise 11 of 255 (colour 8), 2 steps"))
    assert noted == "Noise found: 11 of 255 (colour 8)"
    assert noted_noise(done(note="noise 15 of 255 as told, 2 steps")) == ""
    assert noted_noise(done(note="noise level 0.30, 6 of 20 steps")) == ""


def test_scales_are_said_as_photographers_do() -> None:
    assert zoom_words(1.0, fitted=False) == "1:1"
    assert zoom_words(4.0, fitted=False) == "4:1"
    assert zoom_words(0.171, fitted=True) == "Fit 17 %"
