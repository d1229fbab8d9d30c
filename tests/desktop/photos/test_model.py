"""If these failed, the grid would show wrong or stale photographs, or read all of them at once."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QAbstractItemModelTester
from pytestqt.qtbot import QtBot

from core.events import ItemDone, ItemStarted, StepProgress
from core.library.ids import ItemId, JobId, ProjectId
from core.library.photo import Decision, Photo, PhotoQuery, SortBy
from core.library.records import ItemStatus
from desktop.photos.model import PhotoModel
from desktop.photos.rows import CHUNK
from tests.desktop.photos.desk import Desk

TEXT = Qt.ItemDataRole.AccessibleTextRole


def opened(qtbot: QtBot, desk: Desk, query: PhotoQuery) -> PhotoModel:
    model = PhotoModel(desk.backend)
    QAbstractItemModelTester(model, QAbstractItemModelTester.FailureReportingMode.Fatal)
    show(qtbot, model, query)
    return model


def show(qtbot: QtBot, model: PhotoModel, query: PhotoQuery) -> None:
    with qtbot.waitSignal(model.arranged):
        model.set_query(query)


def names(model: PhotoModel) -> list[str]:
    return [str(model.index(row).data()) for row in range(model.rowCount())]


@pytest.fixture
def project(desk: Desk, trip: list[Path]) -> ProjectId:
    project = desk.project("Trip")
    desk.add(project, trip)
    return project


def test_photographs_come_in_natural_order(qtbot: QtBot, desk: Desk, project: ProjectId) -> None:
    model = opened(qtbot, desk, PhotoQuery(project))
    assert names(model)[:3] == ["IMG_1.JPG", "IMG_2.JPG", "IMG_3.JPG"]
    assert (model.rowCount(), model.whole) == (30, 30)


def test_searching_keeps_the_number_of_all(qtbot: QtBot, desk: Desk, project: ProjectId) -> None:
    model = opened(qtbot, desk, PhotoQuery(project, text="night"))
    assert (model.rowCount(), model.whole) == (10, 30)
    show(qtbot, model, PhotoQuery(project, text="night", sort=SortBy.NAME, descending=True))
    assert names(model)[0] == "night 10.png"


def test_records_are_read_where_one_looks(qtbot: QtBot, desk: Desk, tmp_path: Path) -> None:
    project = desk.project("Many")
    files = [tmp_path / f"{number:05}.jpg" for number in range(5 * CHUNK)]
    for file in files:
        file.touch()
    desk.add(project, files)
    model = opened(qtbot, desk, PhotoQuery(project))
    far = model.index(4 * CHUNK + 7)
    assert far.data() is None
    assert far.data(TEXT) == "Loading…"
    qtbot.waitUntil(lambda: model.photo(far) is not None)
    assert far.data() == files[4 * CHUNK + 7].name
    assert model.held(2 * CHUNK) is None


def test_a_rating_elsewhere_is_shown_after_refresh(
    qtbot: QtBot, desk: Desk, project: ProjectId
) -> None:
    model = opened(qtbot, desk, PhotoQuery(project))
    first = model.index(0)
    photo = model.photo(first)
    assert photo is not None and photo.rating == 0
    desk.ask(lambda services: services.photos.rate([photo.id], 4))
    with qtbot.waitSignal(model.dataChanged):
        model.refresh([photo.id])
    changed = model.photo(first)
    assert changed is not None and changed.rating == 4
    assert "4 stars" in first.data(TEXT)


def test_what_no_longer_matches_leaves(qtbot: QtBot, desk: Desk, project: ProjectId) -> None:
    model = opened(qtbot, desk, PhotoQuery(project))
    photo = model.photo(model.index(0))
    assert photo is not None
    desk.ask(lambda services: services.photos.rate([photo.id], 4))
    show(qtbot, model, PhotoQuery(project, min_rating=3))
    assert names(model) == ["IMG_1.JPG"]
    desk.ask(lambda services: services.photos.rate([photo.id], 1))
    with qtbot.waitSignal(model.modelReset):
        model.refresh([photo.id])
    assert names(model) == []


def test_added_photographs_appear(
    qtbot: QtBot, desk: Desk, project: ProjectId, tmp_path: Path
) -> None:
    model = opened(qtbot, desk, PhotoQuery(project))
    new = tmp_path / "0.jpg"
    new.touch()
    desk.add(project, [new])
    with qtbot.waitSignal(model.modelReset):
        model.refresh()
    assert names(model)[0] == "0.jpg"


def test_two_orders_asked_for_at_once_end_with_the_last(
    qtbot: QtBot, desk: Desk, project: ProjectId
) -> None:
    model = PhotoModel(desk.backend)
    for text in ("night", "nothing like it", "IMG_1"):
        model.set_query(PhotoQuery(project, text=text))
    qtbot.waitUntil(lambda: names(model)[:1] == ["IMG_1.JPG"])
    assert model.rowCount() == 11


def running(model: PhotoModel) -> Photo:
    photo = model.photo(model.index(2))
    assert photo is not None
    return photo


def test_a_running_batch_shows_its_steps(qtbot: QtBot, desk: Desk, project: ProjectId) -> None:
    model = opened(qtbot, desk, PhotoQuery(project))
    photo = running(model)
    job, item = JobId(1), ItemId(77)
    model.take(ItemStarted(job, item, photo.path))
    shown = running(model)
    assert shown.status is ItemStatus.RUNNING
    assert model.index(2).data(TEXT) == "IMG_3.JPG, Working"
    with qtbot.waitSignal(model.dataChanged):
        model.take(StepProgress(job, item, 4, 6))
    assert model.index(2).data(TEXT) == "IMG_3.JPG, Working (4 of 6)"
    model.take(ItemDone(job, item, photo.path, photo.path, 1.0))
    # The library was not told of this item, so its own record is what is shown again.
    qtbot.waitUntil(lambda: running(model).status is None)
    assert model.progress_of(shown) is None


def test_decisions_are_spoken(qtbot: QtBot, desk: Desk, project: ProjectId) -> None:
    model = opened(qtbot, desk, PhotoQuery(project))
    photo = running(model)
    desk.ask(lambda services: services.photos.decide([photo.id], Decision.KEEP))
    with qtbot.waitSignal(model.dataChanged):
        model.refresh([photo.id])
    assert model.index(2).data(TEXT) == "IMG_3.JPG, Keep"
