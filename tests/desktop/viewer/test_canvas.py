"""The canvas: what is compared must be what is seen, and pointing must do what it looks like."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QColor, QImage, QWheelEvent
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from desktop.viewer.canvas import Canvas
from desktop.viewer.comparison import Compare, Names
from desktop.viewer.geometry import Box, Size
from desktop.viewer.pointer import Pointer
from desktop.viewer.reader import PictureReader, Side
from desktop.viewer.tiles import PictureFile
from tests.desktop.viewer.conftest import FakeCodec

BEFORE, AFTER = PictureFile(Path("a.png")), PictureFile(Path("a-result.png"))
RED, GREEN, BLUE = (200, 40, 40), (40, 200, 40), (40, 40, 200)
LEFT = Qt.MouseButton.LeftButton
Make = Callable[..., np.ndarray]


@pytest.fixture
def canvas(
    qtbot: QtBot, codec: FakeCodec, reader: PictureReader, make_plain: Make
) -> Iterator[Canvas]:
    codec.pictures[BEFORE.path] = make_plain(1600, 1200, RED)
    codec.pictures[AFTER.path] = make_plain(1600, 1200, GREEN)
    made = Canvas(reader)
    Pointer(made)
    made.resize(424, 324)
    qtbot.addWidget(made)
    made.show()
    yield made


def show(qtbot: QtBot, canvas: Canvas, after: PictureFile | None = AFTER) -> None:
    canvas.show_files(BEFORE, after)
    qtbot.waitUntil(canvas.sharpened)


def colour(canvas: Canvas, x: int, y: int = 250) -> tuple[int, int, int]:
    found = canvas.grab().toImage().pixelColor(x, y)
    return found.red(), found.green(), found.blue()


def preview(canvas: Canvas) -> Box:
    box = canvas.look.box
    assert box is not None
    image = QImage(box[2], box[3], QImage.Format.Format_RGB32)
    image.fill(QColor(*BLUE))
    canvas.show_preview(image, box)
    return box


def wheel(canvas: Canvas, x: int, y: int, notches: float) -> None:
    at = QPointF(x, y)
    event = QWheelEvent(
        at,
        canvas.mapToGlobal(at),
        QPoint(),
        QPoint(0, round(notches * 120)),
        Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(canvas, event)


def test_the_slider_has_before_on_its_left_and_after_on_its_right(
    qtbot: QtBot, canvas: Canvas
) -> None:
    show(qtbot, canvas)
    assert colour(canvas, 60) == RED and colour(canvas, 360) == GREEN
    canvas.move_divider(330)
    assert colour(canvas, 300) == RED


def test_side_by_side_shows_the_same_place_twice(qtbot: QtBot, canvas: Canvas) -> None:
    show(qtbot, canvas)
    canvas.set_mode(Compare.SIDE)
    canvas.zoom_to(1.0)
    qtbot.waitUntil(canvas.sharpened)
    assert colour(canvas, 60) == RED and colour(canvas, 360) == GREEN
    left, right = canvas.look.panes
    point = canvas.look.view.to_photo((left.left + 10, 20), left)
    assert canvas.look.view.to_photo((right.left + 10, 20), right) == pytest.approx(point, abs=1)


def test_holding_shows_the_original_everywhere(qtbot: QtBot, canvas: Canvas) -> None:
    show(qtbot, canvas)
    canvas.hold(True)
    assert colour(canvas, 360) == RED
    canvas.hold(False)
    assert colour(canvas, 360) == GREEN


def test_the_result_alone(qtbot: QtBot, canvas: Canvas) -> None:
    show(qtbot, canvas)
    canvas.set_mode(Compare.AFTER)
    assert colour(canvas, 60) == GREEN
    assert canvas.look.divider_x() is None


def test_without_a_result_there_is_nothing_to_slide(qtbot: QtBot, canvas: Canvas) -> None:
    show(qtbot, canvas, after=None)
    assert canvas.look.seen_mode is Compare.AFTER
    assert colour(canvas, 360) == RED


def test_a_click_goes_to_one_to_one_at_its_place_and_back(qtbot: QtBot, canvas: Canvas) -> None:
    show(qtbot, canvas)
    canvas.move_divider(20)
    at = canvas.look.view.to_photo((250, 200), canvas.look.pane)
    qtbot.mouseClick(canvas, LEFT, pos=QPoint(250, 200))
    assert canvas.look.view.scale == 1.0
    assert canvas.look.view.to_photo((250, 200), canvas.look.pane) == pytest.approx(at, abs=2)
    qtbot.mouseClick(canvas, LEFT, pos=QPoint(250, 200))
    assert canvas.look.view.fitted


def drag(qtbot: QtBot, canvas: Canvas, start: tuple[int, int], end: tuple[int, int]) -> None:
    qtbot.mousePress(canvas, LEFT, pos=QPoint(*start))
    qtbot.mouseMove(canvas, QPoint((start[0] + end[0]) // 2, (start[1] + end[1]) // 2))
    qtbot.mouseMove(canvas, QPoint(*end))
    qtbot.mouseRelease(canvas, LEFT, pos=QPoint(*end))


def test_a_drag_pans_what_is_larger_than_the_canvas(qtbot: QtBot, canvas: Canvas) -> None:
    show(qtbot, canvas)
    canvas.zoom_to(1.0)
    at = canvas.look.view.to_photo((100, 100), canvas.look.pane)
    drag(qtbot, canvas, (100, 100), (140, 130))
    assert canvas.look.view.to_photo((140, 130), canvas.look.pane) == pytest.approx(at, abs=1)


def test_a_drag_at_the_divider_moves_it_at_any_zoom(qtbot: QtBot, canvas: Canvas) -> None:
    show(qtbot, canvas)
    canvas.zoom_to(2.0)
    view = canvas.look.view
    drag(qtbot, canvas, (212, 100), (300, 110))
    assert canvas.look.divider_x() == pytest.approx(300, abs=1)
    assert canvas.look.view == view


def test_a_drag_where_nothing_can_be_panned_moves_the_divider(qtbot: QtBot, canvas: Canvas) -> None:
    show(qtbot, canvas)
    drag(qtbot, canvas, (80, 100), (120, 100))
    assert canvas.look.divider_x() == pytest.approx(120, abs=1)


def test_the_wheel_zooms_about_the_pointer_up_to_eight(qtbot: QtBot, canvas: Canvas) -> None:
    show(qtbot, canvas)
    canvas.zoom_to(1.0)
    at = canvas.look.view.to_photo((300, 60), canvas.look.pane)
    wheel(canvas, 300, 60, 1)
    assert canvas.look.view.scale == pytest.approx(1.25)
    assert canvas.look.view.to_photo((300, 60), canvas.look.pane) == pytest.approx(at, abs=1)
    wheel(canvas, 300, 60, 40)
    assert canvas.look.view.scale == 8.0
    wheel(canvas, 300, 60, -200)
    assert canvas.look.view.scale == 1.0
    wheel(canvas, 300, 60, -200)
    assert canvas.look.view.fitted


def test_zoom_and_place_stay_for_the_next_photograph(
    qtbot: QtBot, codec: FakeCodec, canvas: Canvas, make_plain: Make
) -> None:
    """Leafing through a series at 1:1 is how sharpness is compared."""
    other = PictureFile(Path("b.png"))
    codec.pictures[other.path] = make_plain(1600, 1200, BLUE)
    show(qtbot, canvas)
    canvas.zoom_to(1.0, (300, 100))
    view = canvas.look.view
    canvas.show_files(other, None)
    qtbot.waitUntil(canvas.sharpened)
    assert canvas.look.view == view
    assert colour(canvas, 200) == BLUE


def test_the_loupe_names_its_part_and_again_for_another_photograph(
    qtbot: QtBot, codec: FakeCodec, canvas: Canvas, make_plain: Make
) -> None:
    """The same part of the next photograph is another preview; it must be asked for."""
    other = PictureFile(Path("b.png"))
    codec.pictures[other.path] = make_plain(1600, 1200, BLUE)
    told: list[Box | None] = []
    canvas.box_changed.connect(told.append)
    show(qtbot, canvas, after=None)
    canvas.set_loupe(True, 200)
    qtbot.waitUntil(lambda: told == [(700, 500, 200, 200)])
    canvas.show_files(other, None)
    qtbot.waitUntil(lambda: len(told) == 3)
    assert told[1:] == [None, (700, 500, 200, 200)]
    canvas.hide()
    assert told[-1] is None


def test_the_loupes_frame_can_be_dragged(qtbot: QtBot, canvas: Canvas) -> None:
    show(qtbot, canvas, after=None)
    canvas.set_loupe(True, 200)
    frame = canvas.look.box_pane()
    assert frame is not None
    middle = (round(frame[0] + frame[2] / 2), round(frame[1] + frame[3] / 2))
    drag(qtbot, canvas, middle, (middle[0] + 50, middle[1] - 25))
    scale = canvas.look.view.scale
    box = canvas.look.box
    assert box is not None
    assert box[0] == pytest.approx(700 + 50 / scale, abs=4)
    assert box[1] == pytest.approx(500 - 25 / scale, abs=4)


def test_at_one_to_one_the_preview_is_compared_in_its_place(qtbot: QtBot, canvas: Canvas) -> None:
    show(qtbot, canvas, after=None)
    canvas.set_loupe(True, 200)
    canvas.zoom_to(1.0)
    qtbot.waitUntil(canvas.sharpened)
    box = preview(canvas)
    assert box[2:] == (424, 324)
    assert canvas.look.seen_mode is Compare.SLIDER
    assert colour(canvas, 60) == RED and colour(canvas, 360) == BLUE
    canvas.hold(True)
    assert colour(canvas, 360) == RED


def test_a_preview_does_not_stay_on_another_photograph(
    qtbot: QtBot, codec: FakeCodec, canvas: Canvas, make_plain: Make
) -> None:
    other = PictureFile(Path("b.png"))
    codec.pictures[other.path] = make_plain(1600, 1200, GREEN)
    show(qtbot, canvas, after=None)
    canvas.set_loupe(True)
    preview(canvas)
    canvas.show_files(other, None)
    assert canvas.preview is None


def test_neighbours_are_read_ahead_but_last(
    qtbot: QtBot, codec: FakeCodec, reader: PictureReader, canvas: Canvas, make_plain: Make
) -> None:
    """The next arrow key must show a picture at once."""
    other = PictureFile(Path("b.png"))
    codec.pictures[other.path] = make_plain(1600, 1200, BLUE)
    canvas.set_neighbours([(Side.BEFORE, other)])
    show(qtbot, canvas)
    qtbot.waitUntil(lambda: reader.size(other) is not None)
    names = [name for kind, name, *_ in codec.asked if kind == "preview"]
    assert names.index("b.png") > names.index("a.png")


def test_labels_say_which_is_which(qtbot: QtBot, canvas: Canvas) -> None:
    canvas.set_names(Names("Before", "After", "With this recipe"))
    show(qtbot, canvas)
    assert [shown.label for shown in canvas.look.shown()] == ["Before", "After"]
    canvas.show_files(BEFORE, None)
    canvas.set_loupe(True)
    canvas.zoom_to(1.0)
    assert [shown.label for shown in canvas.look.shown()] == ["Before", "With this recipe"]


def test_a_pan_paints_within_a_frame(qtbot: QtBot, canvas: Canvas) -> None:
    """Dragging at 1:1 on both pictures must stay smooth, whatever is still being read."""
    import time

    canvas.resize(1280, 720)
    show(qtbot, canvas)
    canvas.zoom_to(1.0)
    qtbot.waitUntil(canvas.sharpened)
    spent = []
    for _ in range(30):
        canvas.pan(-5, -3)
        start = time.perf_counter()
        canvas.repaint()
        spent.append(time.perf_counter() - start)
    assert sorted(spent)[15] < 0.0167
    assert canvas.look.scene == Size(1600, 1200)
