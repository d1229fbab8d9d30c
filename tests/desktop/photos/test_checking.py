"""If these failed, files gone from the disk would look as if they were there, sizes be unknown."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from core.library.photo import Photo
from desktop.photos import checking
from desktop.photos.checking import PhotoChecker
from tests.desktop.photos.desk import PATIENCE, Desk


@pytest.fixture
def check(
    qtbot: QtBot, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[[int], list[int]]]:
    """Let the real codec process look at a project; return which photographs changed."""
    monkeypatch.setattr(checking, "_BEFORE_MILLISECONDS", 0)
    monkeypatch.setattr(checking, "AT_ONCE", 8)
    checker = PhotoChecker(desk.backend)

    def run(project: int) -> list[int]:
        changed: list[int] = []
        checker.checked.connect(changed.extend)
        with qtbot.waitSignal(checker.finished, timeout=PATIENCE):
            checker.open_project(project)
        checker.checked.disconnect(changed.extend)
        return sorted(changed)

    yield run
    assert checker.close(PATIENCE)


def test_sizes_become_known_and_what_is_gone_is_missing(
    desk: Desk, trip: list[Path], check: Callable[[int], list[int]]
) -> None:
    project = desk.project("Trip")
    photos = desk.add(project, trip)
    trip[3].unlink()
    assert check(project) == photos

    def rows() -> list[Photo]:
        return desk.ask(lambda services: services.photos.rows(photos))

    assert {(photo.width, photo.height) for photo in rows()} == {(32, 24), (0, 0)}
    assert [photo.path for photo in rows() if photo.missing] == [trip[3]]
    # The second look finds nothing new, but sees what has come back.
    assert check(project) == []
    trip[3].write_bytes(trip[4].read_bytes())
    assert check(project) == [photos[3]]
    assert not rows()[3].missing


def test_a_damaged_file_stops_nothing(
    desk: Desk, trip: list[Path], check: Callable[[int], list[int]]
) -> None:
    trip[0].write_bytes(b"\xff\xd8\xff")
    project = desk.project("Trip")
    photos = desk.add(project, trip[:3])
    assert check(project) == photos
    rows = desk.ask(lambda services: services.photos.rows(photos))
    assert [photo.width for photo in rows] == [0, 32, 32]
