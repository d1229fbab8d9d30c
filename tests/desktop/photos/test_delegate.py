"""If these failed, users could not tell from its cell how a photograph stands."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import QSize
from PySide6.QtGui import QColor, QImage, QPainter
from PySide6.QtWidgets import QStyle
from pytestqt.qtbot import QtBot

from core.library.ids import PhotoId, ProjectId
from core.library.photo import Decision, Photo
from core.library.records import ItemStatus
from desktop.photos.delegate import PhotoDelegate
from desktop.photos.pictures import PictureLoader
from desktop.photos.words import Progress

# What Qt's offscreen platform says whenever a window is shown on it.
pytestmark = pytest.mark.qt_log_ignore("propagateSizeHints")


def record(**values: object) -> Photo:
    known = {"id": PhotoId(1), "project": ProjectId(1), "path": Path("/t/a.jpg"), "added": 0.0}
    return Photo(**{**known, **values})  # type: ignore[arg-type]


def painted(
    delegate: PhotoDelegate,
    photo: Photo | None,
    state: QStyle.StateFlag = QStyle.StateFlag.State_Enabled,
    progress: Progress | None = None,
) -> QImage:
    image = QImage(delegate.shape.size, QImage.Format.Format_RGB32)
    image.fill(QColor(0, 0, 0))
    painter = QPainter(image)
    delegate.paint_cell(painter, image.rect(), state, photo, progress)
    painter.end()
    return image


@pytest.fixture
def delegate(pictures: PictureLoader, qapp: object) -> PhotoDelegate:
    return PhotoDelegate(pictures)


def test_each_state_looks_different(delegate: PhotoDelegate, tmp_path: Path) -> None:
    plain = record(path=tmp_path / "a.jpg")
    selected = QStyle.StateFlag.State_Enabled | QStyle.StateFlag.State_Selected
    looks = [
        painted(delegate, None),
        painted(delegate, plain),
        painted(delegate, plain, selected),
        painted(delegate, replace(plain, rating=3)),
        painted(delegate, replace(plain, missing=True)),
        painted(delegate, replace(plain, versions=2)),
        painted(delegate, replace(plain, own_recipe=True)),
        *(painted(delegate, replace(plain, decision=one)) for one in list(Decision)[1:]),
        *(painted(delegate, replace(plain, status=status)) for status in ItemStatus
          if status is not ItemStatus.QUARANTINED),
        painted(delegate, replace(plain, status=ItemStatus.DONE, unchanged=True)),
        painted(delegate, replace(plain, status=ItemStatus.RUNNING), progress=Progress(3, 6)),
    ]  # fmt: skip
    assert all(a != b for n, a in enumerate(looks) for b in looks[n + 1 :])


def test_a_failure_looks_the_same_however_it_failed(delegate: PhotoDelegate) -> None:
    failed = painted(delegate, record(status=ItemStatus.FAILED))
    assert failed == painted(delegate, record(status=ItemStatus.QUARANTINED))


def test_a_result_is_shown_in_place_of_its_original(
    qtbot: QtBot, delegate: PhotoDelegate, pictures: PictureLoader, trip: list[Path]
) -> None:
    photo = record(path=trip[0], output=trip[1], status=ItemStatus.DONE)
    assert delegate.shown_path(photo) == trip[1]
    again = replace(photo, status=ItemStatus.RUNNING)
    assert delegate.shown_path(again) == trip[1], "the earlier result stands meanwhile"
    assert delegate.shown_path(replace(again, output=None)) == trip[0]
    trip[1].unlink()
    with qtbot.waitSignal(pictures.ready):
        pictures.picture(trip[1], QSize(100, 100))
    assert delegate.shown_path(photo) == trip[0]
