"""If these failed, dropped photographs would be lost, or users not told why they are not there."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QUrl
from PySide6.QtGui import QColor, QImage
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from core.errors import CoreError, Reason
from core.library.photo import PhotoQuery
from core.scan import ScanTrouble
from desktop.photos.drop_report import DropReportPanel, lines_of
from desktop.photos.drops import DropReport, Drops
from desktop.photos.mime import carried
from desktop.photos.pasted import save_picture
from tests.desktop.photos.desk import Desk
from tests.runs import make_photographs


@pytest.fixture
def camera(tmp_path: Path) -> Path:
    """A folder as cameras leave it."""
    folder = tmp_path / "card"
    make_photographs(folder / "DCIM", [f"IMG_{number}.JPG" for number in range(24)])
    for number in range(24):
        (folder / "DCIM" / f"IMG_{number}.CR3").touch()
        (folder / "DCIM" / f"IMG_{number}.XMP").touch()
    (folder / "MVI_1.MOV").touch()
    return folder


def drop(qtbot: QtBot, desk: Desk, *paths: Path) -> tuple[int, DropReport]:
    drops = Drops(desk.backend)
    project = desk.ask(lambda services: services.projects.default()).id
    with qtbot.waitSignal(drops.taken) as taken:
        drops.take(paths, project)
    assert drops.close()
    return taken.args


def test_a_camera_folder_is_taken_and_counted(qtbot: QtBot, desk: Desk, camera: Path) -> None:
    project, report = drop(qtbot, desk, camera)
    assert report.sentence() == "24 pictures, 24 raw left out, 25 other files ignored"
    assert len(report.photos) == report.new == 24
    assert desk.ask(lambda services: services.photos.count(PhotoQuery(project))) == 24


def test_dropping_the_same_again_adds_nothing(qtbot: QtBot, desk: Desk, trip: list[Path]) -> None:
    drop(qtbot, desk, *trip[:2])
    _, report = drop(qtbot, desk, *trip[:3])
    assert report.sentence() == "3 pictures, 2 of them already here"
    assert (report.new, report.already) == (1, 2)


def test_a_large_folder_is_added_in_parts(
    qtbot: QtBot, desk: Desk, trip: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("desktop.photos.drops.ADDED_AT_ONCE", 7)
    _, report = drop(qtbot, desk, trip[0].parent.parent)
    assert report.new == len(set(report.photos)) == 30
    assert report.all_taken


def test_a_folder_without_pictures_says_what_is_in_it(
    qtbot: QtBot, desk: Desk, tmp_path: Path
) -> None:
    (tmp_path / "IMG.CR3").touch()
    _, report = drop(qtbot, desk, tmp_path)
    assert report.sentence().startswith(f"No pictures in {tmp_path.name}. Seen: 1 CR3 (raw files).")


def test_what_is_not_there_is_an_error_and_the_next_drop_still_works(
    qtbot: QtBot, desk: Desk, trip: list[Path], tmp_path: Path
) -> None:
    drops = Drops(desk.backend)
    project = desk.project("Trip")
    with qtbot.waitSignal(drops.failed) as failed:
        drops.take([tmp_path / "nowhere"], project)
    assert "nowhere" in failed.args[0].message
    assert not drops.busy
    with qtbot.waitSignal(drops.taken):
        drops.take(trip, project)
    assert drops.close()


def test_a_copied_picture_becomes_a_file_of_the_project(
    qtbot: QtBot, desk: Desk, tmp_path: Path
) -> None:
    image = QImage(30, 20, QImage.Format.Format_RGB32)
    image.fill(QColor(200, 10, 10))
    data = QMimeData()
    data.setImageData(image)
    drops = Drops(desk.backend)
    with qtbot.waitSignal(drops.taken) as taken:
        assert drops.take_data(data, tmp_path / "Regrain", desk.project("Trip"))
    assert drops.close()
    (photo,) = desk.ask(lambda services: services.photos.rows(taken.args[1].photos))
    assert photo.path.parent == tmp_path / "Regrain"
    assert QImage(str(photo.path)).pixelColor(0, 0) == QColor(200, 10, 10)


def test_an_address_on_the_network_is_refused_in_words(qtbot: QtBot, desk: Desk) -> None:
    data = QMimeData()
    data.setUrls([QUrl("https://example.org/a.jpg")])
    drops = Drops(desk.backend)
    with qtbot.waitSignal(drops.failed) as failed:
        assert not drops.take_data(data, Path("/nowhere"), desk.project("Trip"))
    assert "not a file on this computer" in failed.args[0].message
    assert drops.close()


def test_names_with_odd_characters_survive_the_drop() -> None:
    paths = [Path("/tmp/a b#1%.jpg"), Path("/tmp/Ärger.jpg")]
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path)) for path in (*paths, paths[0])])
    assert carried(data).paths == tuple(paths)


def test_two_pictures_pasted_in_one_second_are_two_files(tmp_path: Path) -> None:
    image, now = QImage(2, 2, QImage.Format.Format_RGB32), datetime(2026, 11, 21, 3, 14, 7)
    first, second = (save_picture(image, tmp_path, now) for _ in range(2))
    assert first.name == "Pasted 2026-11-21 at 03.14.07.png"
    assert second.name == "Pasted 2026-11-21 at 03.14.07 (2).png"


def test_a_folder_that_cannot_be_written_says_so(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(CoreError, match="cannot be saved"):
        save_picture(QImage(2, 2, QImage.Format.Format_RGB32), tmp_path / "file" / "in")


def test_the_report_lists_every_file_with_its_reason(qtbot: QtBot) -> None:
    raw = ScanTrouble(Path("/c/a.CR3"), Reason.RAW, "a.CR3 is a camera raw file.", "Export it.")
    locked = ScanTrouble(Path("/c/x"), Reason.UNREADABLE, "The folder /c/x cannot be looked into.")
    report = DropReport(1, 1, 0, 1, 3, (raw,), (locked,), {"CR3": 1, "XMP": 2, "": 1}, nothing="")
    assert [line[:2] for line in lines_of(report)] == [
        ("x", "The folder /c/x cannot be looked into."),
        ("a.CR3", "a.CR3 is a camera raw file. Export it."),
        ("2 XMP", "Ignored: no picture by its name."),
        ("1 without extension", "Ignored: no picture by its name."),
    ]
    window = QWidget()
    qtbot.addWidget(window)
    panel = DropReportPanel(window)
    panel.show_report(report)
    assert panel.text == "1 picture, 1 raw left out, 1 could not be read, 3 other files ignored."
    assert len(panel.lines) == 4


def test_a_report_can_be_taken_back_or_dismissed(qtbot: QtBot) -> None:
    window = QWidget()
    qtbot.addWidget(window)
    panel = DropReportPanel(window)
    assert panel.text == ""
    report = DropReport(found=2, new=2, photos=(1, 2))  # type: ignore[arg-type]
    panel.show_report(report)
    with qtbot.waitSignal(panel.undo_wanted) as wanted:
        panel._undo.click()
    assert wanted.args == [report]
    assert panel.text == ""
