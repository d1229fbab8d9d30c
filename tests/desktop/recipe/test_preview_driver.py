"""When previews are asked for: too often shows nothing while a dial moves, too seldom lags."""

from __future__ import annotations

from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from core.events import PreviewFailed, PreviewKind, PreviewPart
from core.recipe import EditSettings
from core.runner.previews import PreviewRequest
from desktop.recipe.preview_driver import PreviewDriver

SOURCE = Path("a.jpg")


class Listener:
    def __init__(self, driver: PreviewDriver) -> None:
        self.requests: list[PreviewRequest] = []
        self.pictures: list[PreviewPart] = []
        self.noise: list[float] = []
        driver.request.connect(self.requests.append)
        driver.picture.connect(self.pictures.append)
        driver.noise_found.connect(lambda sigma, _chroma: self.noise.append(sigma))


@pytest.fixture
def driver(qapp: object) -> PreviewDriver:
    driver = PreviewDriver()
    driver.set_on(True)
    return driver


def dial(driver: PreviewDriver, grain: int) -> None:
    driver.set_edit(EditSettings(keep_grain=grain))


def answer(driver: PreviewDriver, request: PreviewRequest, kind: PreviewKind) -> PreviewPart:
    part = PreviewPart(request.request, kind, (0, 0, 8, 8), 8, 8, b"", facts={"noise": 11.0})
    driver.take(part)
    return part


def test_the_first_move_is_asked_for_at_once_and_only_the_last_of_the_others(
    driver: PreviewDriver,
) -> None:
    heard = Listener(driver)
    driver.set_source(SOURCE)
    for grain in (10, 20, 30, 40):
        dial(driver, grain)
    assert [request.edit.keep_grain for request in heard.requests] == [10]
    answer(driver, heard.requests[0], PreviewKind.DRAFT)
    assert [request.edit.keep_grain for request in heard.requests] == [10, 40]
    numbers = [request.request for request in heard.requests]
    assert numbers == sorted(set(numbers))


def test_a_render_process_that_says_nothing_is_not_waited_for_for_ever(
    driver: PreviewDriver, qtbot: QtBot
) -> None:
    heard = Listener(driver)
    driver.set_source(SOURCE)
    dial(driver, 10)
    dial(driver, 20)
    qtbot.waitUntil(lambda: len(heard.requests) == 2, timeout=2000)
    assert heard.requests[1].edit.keep_grain == 20


def test_another_photograph_is_asked_for_at_once_and_whole(driver: PreviewDriver) -> None:
    heard = Listener(driver)
    driver.set_source(SOURCE)
    dial(driver, 10)
    driver.set_box((0, 0, 100, 100))
    driver.set_source(Path("b.jpg"))
    assert heard.requests[-1].source == Path("b.jpg")
    assert heard.requests[-1].box is None


def test_pictures_of_a_photograph_that_is_no_longer_looked_at_are_dropped(
    driver: PreviewDriver,
) -> None:
    heard = Listener(driver)
    driver.set_source(SOURCE)
    dial(driver, 10)
    old = heard.requests[0]
    driver.set_source(Path("b.jpg"))
    answer(driver, old, PreviewKind.FULL)
    assert heard.pictures == []
    wanted = answer(driver, heard.requests[-1], PreviewKind.FULL)
    assert heard.pictures == [wanted]
    assert heard.noise == [11.0]


def test_it_is_busy_until_the_full_picture_or_a_failure_is_there(driver: PreviewDriver) -> None:
    heard = Listener(driver)
    driver.set_source(SOURCE)
    dial(driver, 10)
    answer(driver, heard.requests[0], PreviewKind.DRAFT)
    assert driver.busy
    answer(driver, heard.requests[0], PreviewKind.FULL)
    assert not driver.busy
    dial(driver, 20)
    assert driver.busy
    driver.take(PreviewFailed(heard.requests[-1].request, "It is gone."))
    assert not driver.busy


def test_nothing_is_asked_for_while_it_is_off(driver: PreviewDriver) -> None:
    heard = Listener(driver)
    driver.set_on(False)
    driver.set_source(SOURCE)
    dial(driver, 10)
    assert heard.requests == []
    driver.set_on(True)
    assert len(heard.requests) == 1
