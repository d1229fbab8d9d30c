"""Painting masks: a stroke that lands elsewhere edits the wrong part of a photograph."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image
from PySide6.QtCore import QEvent, QPoint, QSize, Qt
from PySide6.QtGui import QImage, QResizeEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from core.errors import SettingsError
from core.library.ids import PhotoId, ProjectId
from core.library.photo import Photo
from desktop.masks.bar import MaskBar
from desktop.masks.overlay import MaskOverlay
from desktop.masks.picture import LONGEST, Brush, MaskPicture
from desktop.masks.session import read, store
from desktop.viewer.canvas import Canvas
from desktop.viewer.geometry import Size
from desktop.viewer.reader import PictureReader
from tests.desktop.viewer.conftest import FakeCodec

LEFT, NONE = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier


def grey(picture: MaskPicture, x: float, y: float) -> int:
    across = picture.image.width() / picture.scene.width
    return picture.image.pixelColor(round(x * across), round(y * across)).red()


def test_a_stroke_is_white_where_it_was_drawn_and_black_elsewhere() -> None:
    picture = MaskPicture(Size(600, 400))
    picture.begin()
    picture.stroke([(100, 100), (300, 100)], Brush(20))
    assert [grey(picture, *at) for at in ((100, 100), (200, 115), (300, 100))] == [255] * 3
    assert [grey(picture, *at) for at in ((200, 130), (340, 100), (500, 300))] == [0] * 3


def test_a_large_photograph_is_painted_on_a_smaller_mask_of_its_shape() -> None:
    picture = MaskPicture(Size(6000, 4000))
    assert picture.image.size() == QSize(LONGEST, round(LONGEST * 4000 / 6000))
    picture.stroke([(5900, 3900)], Brush(100))
    assert grey(picture, 5900, 3900) == 255 and grey(picture, 5600, 3900) == 0


def test_the_eraser_takes_away_and_undo_gives_back() -> None:
    picture = MaskPicture(Size(300, 200))
    picture.begin()
    picture.stroke([(100, 100)], Brush(40))
    picture.begin()
    picture.stroke([(100, 100)], Brush(50, erases=True))
    assert picture.is_empty
    picture.undo()
    assert grey(picture, 100, 100) == 255 and picture.can_redo
    picture.redo()
    assert picture.is_empty
    picture.undo()
    picture.undo()
    assert picture.is_empty and not picture.can_undo


def test_invert_and_clear_are_steps() -> None:
    picture = MaskPicture(Size(30, 20))
    picture.invert()
    assert grey(picture, 5, 5) == 255
    picture.clear()
    assert picture.is_empty
    picture.undo()
    assert grey(picture, 5, 5) == 255


def photo(folder: Path) -> Photo:
    return Photo(PhotoId(1), ProjectId(1), folder / "IMG 1.JPG", 0.0, base=folder)


def test_a_mask_is_stored_by_its_content_and_read_again(tmp_path: Path) -> None:
    picture = MaskPicture(Size(60, 40))
    picture.stroke([(30, 20)], Brush(5))
    path = store(tmp_path / "masks", photo(tmp_path), picture.png())
    assert store(tmp_path / "masks", photo(tmp_path), picture.png()) == path
    picture.stroke([(10, 10)], Brush(5))
    other = store(tmp_path / "masks", photo(tmp_path), picture.png())
    assert other != path and path.exists()
    with Image.open(path) as image:
        assert (image.mode, image.size) == ("L", (60, 40))
        assert (image.getpixel((30, 20)), image.getpixel((10, 10))) == (255, 0)
    again = MaskPicture(Size(60, 40), read(path))
    assert grey(again, 30, 20) == 255 and grey(again, 10, 10) == 0


def test_a_folder_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    blocked = tmp_path / "masks"
    blocked.write_text("a file is in the way")
    with pytest.raises(SettingsError, match="mask cannot be written"):
        store(blocked, photo(tmp_path), b"png")


def test_a_file_that_is_no_picture_begins_an_empty_mask(tmp_path: Path) -> None:
    path = tmp_path / "mask.png"
    path.write_bytes(b"no picture")
    assert read(path) is None and read(tmp_path / "gone.png") is None and read(None) is None


@pytest.fixture
def canvas(qtbot: QtBot) -> Iterator[Canvas]:
    """A canvas that looks at a photograph of 600 x 400 pixels."""
    reader = PictureReader(FakeCodec)
    canvas = Canvas(reader)
    qtbot.addWidget(canvas)
    canvas.resize(800, 600)
    canvas.show()
    canvas.look.take_size(Size(600, 400))
    canvas.fit()
    yield canvas
    reader.close()


def place(canvas: Canvas, x: float, y: float) -> QPoint:
    ratio, look = canvas.devicePixelRatioF(), canvas.look
    left, top = look.view.to_canvas((x, y), look.pane)
    return QPoint(round(left / ratio), round(top / ratio))


def drag(overlay: MaskOverlay, start: QPoint, end: QPoint, button: Qt.MouseButton = LEFT) -> None:
    QTest.mousePress(overlay, button, NONE, start)
    QTest.mouseMove(overlay, (start + end) / 2)
    QTest.mouseMove(overlay, end)
    QTest.mouseRelease(overlay, button, NONE, end)


def test_the_pointer_paints_the_part_of_the_photograph_that_is_under_it(canvas: Canvas) -> None:
    overlay = MaskOverlay(canvas, MaskPicture(Size(600, 400)))
    overlay.show()
    drag(overlay, place(canvas, 100, 200), place(canvas, 300, 200))
    assert grey(overlay.picture, 200, 200) == 255 and grey(overlay.picture, 400, 200) == 0
    canvas.zoom_to(4.0)
    at = place(canvas, 330, 230)
    drag(overlay, at, at)
    assert grey(overlay.picture, 330, 230) == 255
    # Zoomed in, the same brush paints a smaller part.
    assert grey(overlay.picture, 345, 230) == 0


def test_the_right_button_erases_while_it_is_held(canvas: Canvas) -> None:
    overlay = MaskOverlay(canvas, MaskPicture(Size(600, 400)))
    overlay.show()
    at = place(canvas, 200, 200)
    drag(overlay, at, at)
    drag(overlay, at, at, Qt.MouseButton.RightButton)
    assert overlay.picture.is_empty and not overlay.erases


def test_the_bar_and_the_keys_do_the_same(canvas: Canvas, qtbot: QtBot) -> None:
    overlay = MaskOverlay(canvas, MaskPicture(Size(600, 400)))
    bar = MaskBar(overlay, 12)
    qtbot.addWidget(bar)
    overlay.show()
    assert not bar.done.isEnabled() and bar.feather.value() == 12
    at = place(canvas, 200, 200)
    drag(overlay, at, at)
    assert bar.done.isEnabled() and bar.undo.isEnabled()
    QTest.keyClick(overlay, Qt.Key.Key_E)
    assert bar.eraser.isChecked()
    bar.brush.click()
    assert not overlay.erases
    radius = overlay.radius
    QTest.keyClick(overlay, Qt.Key.Key_BracketRight)
    assert overlay.radius > radius and bar.size_dial.value() == overlay.radius
    QTest.keyClick(overlay, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert overlay.picture.is_empty and not bar.done.isEnabled() and bar.redo.isEnabled()
    bar.redo.click()
    with qtbot.waitSignal(bar.finished):
        QTest.keyClick(overlay, Qt.Key.Key_Return)
    with qtbot.waitSignal(bar.left):
        QTest.keyClick(overlay, Qt.Key.Key_Escape)


def test_keys_do_not_leave_the_photograph_that_is_painted_on(canvas: Canvas) -> None:
    overlay = MaskOverlay(canvas, MaskPicture(Size(600, 400)))
    event = QEvent(QEvent.Type.ShortcutOverride)
    event.ignore()
    assert QApplication.sendEvent(overlay, event) and event.isAccepted()


def test_the_layer_follows_the_canvas(canvas: Canvas) -> None:
    overlay = MaskOverlay(canvas, MaskPicture(Size(600, 400)))
    overlay.show()
    canvas.resize(640, 480)
    QApplication.sendEvent(canvas, QResizeEvent(QSize(640, 480), QSize(800, 600)))
    assert overlay.size() == QSize(640, 480)


def test_what_is_painted_is_seen_over_the_photograph(canvas: Canvas) -> None:
    overlay = MaskOverlay(canvas, MaskPicture(Size(600, 400)))
    overlay.show()
    at = place(canvas, 300, 200)
    before = overlay.grab().toImage().pixelColor(at)
    drag(overlay, at, at)
    overlay.leaveEvent(QEvent(QEvent.Type.Leave))
    image: QImage = overlay.grab().toImage()
    assert image.pixelColor(at) != before
    assert image.pixelColor(place(canvas, 500, 350)) == before
