"""The time left: users plan their evening by it."""

from __future__ import annotations

import pytest

from core.pace import Pace


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_time_left_comes_from_photographs_that_took_work() -> None:
    """Photographs that were done before take no time and must not promise a fast rest."""
    clock = Clock()
    pace = Pace(100, clock)
    for _ in range(50):
        pace.settle(worked=False)
    assert pace.seconds_each is None
    assert pace.sentence() == ""
    pace.start()
    for _ in range(10):
        clock.now += 6
        pace.settle(worked=True)
    assert pace.seconds_each == 6
    assert pace.seconds_left == 240
    assert pace.sentence() == "6.0 s a photograph, about 4 min left"


def test_time_left_runs_down_while_a_photograph_is_in_work() -> None:
    clock = Clock()
    pace = Pace(3, clock)
    pace.start()
    clock.now += 10
    pace.settle(worked=True)
    clock.now += 4
    assert pace.seconds_left == 16
    clock.now += 400
    assert pace.seconds_left == 0


def test_the_last_photograph_leaves_no_time() -> None:
    clock = Clock()
    pace = Pace(1, clock)
    pace.start()
    clock.now += 2
    pace.settle(worked=True)
    assert pace.sentence() == "2.0 s a photograph"


def test_large_photographs_that_wait_are_not_promised_as_quick_as_small_ones() -> None:
    clock = Clock()
    pace = Pace(4, clock, megapixels=2 + 2 + 24 + 24)
    pace.start()
    for _ in range(2):
        clock.now += 1
        pace.settle(worked=True, megapixels=2)
    assert pace.seconds_left == pytest.approx(24)
    pace.settle(worked=False, megapixels=24)
    assert pace.seconds_left == pytest.approx(12)
