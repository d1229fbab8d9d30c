"""Painting: at 1:1 the user must see the file's own pixels, and never a seam or a hole."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PySide6.QtGui import QColor, QImage, QPainter
from pytestqt.qtbot import QtBot

from desktop.viewer import geometry
from desktop.viewer.geometry import Pane, Size, Viewport
from desktop.viewer.painting import Layer, Placed, is_sharp, paint_layer, paint_preview, wanted
from desktop.viewer.reader import PictureReader, Side
from desktop.viewer.tiles import Part, PictureFile, Tile, Whole
from tests.desktop.viewer.conftest import FakeCodec

SIZE = Size(1500, 1100)
PANE = Pane(0, 0, 400, 300)
FILE = PictureFile(Path("a.png"))
LAYER = Layer(FILE, Side.BEFORE, (360,))
Make = Callable[..., NDArray[np.uint8]]


def pixels_of(image: QImage) -> NDArray[np.uint8]:
    image = image.convertToFormat(QImage.Format.Format_RGB888)
    rows = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), -1)
    return rows[:, : image.width() * 3].reshape(image.height(), image.width(), 3).copy()


def read(qtbot: QtBot, reader: PictureReader, parts: list[Part]) -> None:
    reader.want(Side.BEFORE, parts)
    qtbot.waitUntil(lambda: all(reader.image(part) is not None for part in parts))


def placed(view: Viewport) -> Placed:
    return Placed.of(view, PANE, SIZE, SIZE)


def painted(reader: PictureReader, view: Viewport, layer: Layer = LAYER) -> NDArray[np.uint8]:
    image = QImage(PANE.width, PANE.height, QImage.Format.Format_RGB32)
    image.fill(QColor(255, 0, 255))
    painter = QPainter(image)
    paint_layer(painter, layer, reader, placed(view), PANE)
    painter.end()
    return pixels_of(image)


@pytest.fixture
def speckled(codec: FakeCodec, make_speckled: Make) -> NDArray[np.uint8]:
    codec.pictures[FILE.path] = make_speckled(SIZE.width, SIZE.height)
    return codec.pictures[FILE.path]


def everything(reader: PictureReader, view: Viewport) -> list[Part]:
    return wanted(LAYER, reader, view, PANE, SIZE)


def test_one_to_one_shows_the_files_own_pixels(
    qtbot: QtBot, reader: PictureReader, speckled: NDArray[np.uint8]
) -> None:
    view = Viewport(700, 520, 1.0, False)
    read(qtbot, reader, [Whole(FILE, 360)])
    read(qtbot, reader, everything(reader, view))
    left, top = 700 - 200, 520 - 150
    assert np.array_equal(painted(reader, view), speckled[top : top + 300, left : left + 400])
    assert is_sharp(LAYER, reader, placed(view), PANE)


def test_four_to_one_shows_each_pixel_as_a_square(
    qtbot: QtBot, reader: PictureReader, speckled: NDArray[np.uint8]
) -> None:
    view = Viewport(700, 520, 4.0, False)
    read(qtbot, reader, [Whole(FILE, 360)])
    read(qtbot, reader, everything(reader, view))
    left, top = (700 - 50), round(520 - 37.5)
    found = painted(reader, view)[2::4, 2::4][:70, :90]
    near = speckled[top - 1 : top + 73, left - 1 : left + 93]
    matches = [
        np.array_equal(found, near[dy : dy + 70, dx : dx + 90])
        for dy in (0, 1, 2)
        for dx in (0, 1, 2)
    ]
    assert any(matches)


@pytest.mark.parametrize("scale", [0.31, 0.37, 0.5, 0.73, 1.0, 1.37, 3.3, 8.0])
def test_no_seam_and_no_hole_at_any_scale(
    qtbot: QtBot, codec: FakeCodec, reader: PictureReader, make_plain: Make, scale: float
) -> None:
    codec.pictures[FILE.path] = make_plain(SIZE.width, SIZE.height, (90, 120, 150))
    view = geometry.settled(Viewport(731, 553, scale, False), SIZE, PANE)
    read(qtbot, reader, [Whole(FILE, 360)])
    read(qtbot, reader, everything(reader, view))
    found = painted(reader, view).astype(int)
    assert abs(found - (90, 120, 150)).max() <= 1


def test_a_missing_tile_is_filled_coarsely(
    qtbot: QtBot, codec: FakeCodec, reader: PictureReader, make_plain: Make
) -> None:
    """While it is read the place must show the photograph, blurred, and not the background."""
    codec.pictures[FILE.path] = make_plain(SIZE.width, SIZE.height, (200, 30, 60))
    view = Viewport(700, 520, 1.0, False)
    read(qtbot, reader, [Whole(FILE, 360), Tile(FILE, 0, 1, 1)])
    assert abs(painted(reader, view).astype(int) - (200, 30, 60)).max() <= 1
    assert not is_sharp(LAYER, reader, placed(view), PANE)


def test_a_placeholder_is_shown_before_anything_is_read(reader: PictureReader) -> None:
    small = QImage(30, 22, QImage.Format.Format_RGB32)
    small.fill(QColor(10, 200, 10))
    view = geometry.fitted(SIZE, PANE)
    found = painted(reader, view, Layer(FILE, Side.BEFORE, (360,), small))
    assert tuple(found[150, 200]) == (10, 200, 10)


def test_the_whole_picture_is_enough_while_all_of_it_is_seen(
    qtbot: QtBot, reader: PictureReader, speckled: NDArray[np.uint8]
) -> None:
    """Decoding the whole file for a small view would make leafing through slow."""
    view = geometry.fitted(SIZE, PANE)
    layer = Layer(FILE, Side.BEFORE, (round(1500 * view.scale),))
    read(qtbot, reader, [Whole(FILE, layer.sides[0])])
    assert wanted(layer, reader, view, PANE, SIZE) == [Whole(FILE, layer.sides[0])]
    assert is_sharp(layer, reader, placed(view), PANE)


def test_a_result_of_twice_the_size_lies_on_its_photograph(
    qtbot: QtBot, codec: FakeCodec, reader: PictureReader, make_plain: Make
) -> None:
    double = make_plain(3000, 2200, (0, 0, 0))
    double[:, 1500:] = 255
    codec.pictures[FILE.path] = double
    view = Viewport(750, 550, 1.0, False)
    read(qtbot, reader, [Whole(FILE, 360)])
    read(qtbot, reader, everything(reader, view))
    image = QImage(PANE.width, PANE.height, QImage.Format.Format_RGB32)
    painter = QPainter(image)
    place = Placed.of(view, PANE, SIZE, Size(3000, 2200))
    paint_layer(painter, LAYER, reader, place, PANE)
    painter.end()
    row = pixels_of(image)[150, :, 0]
    # Reducing an edge overshoots by a level or two.
    assert row[:199].max() <= 4 and row[201:].min() >= 251


def test_a_preview_covers_its_own_place_only(qtbot: QtBot) -> None:
    image = QImage(PANE.width, PANE.height, QImage.Format.Format_RGB32)
    image.fill(QColor(0, 0, 0))
    small = QImage(50, 40, QImage.Format.Format_RGB32)
    small.fill(QColor(255, 255, 255))
    view = Viewport(700, 520, 1.0, False)
    painter = QPainter(image)
    paint_preview(painter, small, (600, 450, 50, 40), placed(view), PANE)
    painter.end()
    lit = np.argwhere(pixels_of(image)[..., 0] == 255)
    assert lit.min(axis=0).tolist() == [80, 100] and lit.max(axis=0).tolist() == [119, 149]
