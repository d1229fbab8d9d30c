"""If these failed, a photograph would be painted in one place and clicked in another."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, QRect, QSize
from PySide6.QtWidgets import QAbstractItemView

from desktop.photos.places import GAP, MARGIN, Places, fitting

MOVE = QAbstractItemView.CursorAction


@pytest.mark.parametrize("width", [150, 300, 745, 1900])
def test_cells_fill_the_width_and_are_never_narrower_than_asked(width: int) -> None:
    columns, wide = fitting(width, 120)
    used = columns * (wide + GAP) - GAP + 2 * MARGIN
    assert wide >= 120
    assert width - columns < used <= width


def test_a_window_narrower_than_a_cell_still_shows_one() -> None:
    columns, wide = fitting(90, 120)
    assert columns == 1
    assert 0 < wide <= 90


def test_each_place_is_found_again_by_its_points() -> None:
    places = Places(23, 4, QSize(100, 120))
    for row in range(23):
        assert places.row_at(places.rect(row).center()) == row
        assert places.row_at(places.rect(row).topLeft()) == row
    assert places.row_at(places.rect(3).topRight() + QPoint(2, 0)) == -1
    assert places.row_at(places.rect(22).center() + QPoint(108, 0)) == -1


def test_what_is_in_a_stretch_are_the_lines_that_touch_it() -> None:
    places = Places(23, 4, QSize(100, 120))
    assert places.rows(0, 50) == range(4)
    assert places.rows(MARGIN + 119, MARGIN + places.pitch + 1) == range(8)
    assert list(places.rows(5000, 6000)) == []
    assert list(Places(0, 4, QSize(100, 120)).rows(0, 1000)) == []


def test_a_rubber_band_touches_cells_not_lines() -> None:
    places = Places(23, 4, QSize(100, 120))
    area = QRect(places.rect(1).center(), places.rect(6).center())
    assert places.rows_touching(area) == [1, 2, 5, 6]


@pytest.mark.parametrize(
    ("row", "move", "aim"),
    [
        (5, MOVE.MoveLeft, 4),
        (7, MOVE.MoveRight, 8),
        (5, MOVE.MoveUp, 1),
        (2, MOVE.MoveUp, 2),
        (19, MOVE.MoveDown, 22),
        (5, MOVE.MovePageDown, 13),
        (5, MOVE.MoveEnd, 22),
        (5, MOVE.MoveHome, 0),
        (0, MOVE.MoveLeft, 0),
        (22, MOVE.MoveRight, 22),
        (-1, MOVE.MoveDown, 0),
    ],
)
def test_keys_go_where_the_eye_expects(row: int, move: MOVE, aim: int) -> None:
    assert Places(23, 4, QSize(100, 120)).moved(row, move, lines=2) == aim


def test_a_library_of_100_000_has_a_height() -> None:
    places = Places(100_000, 4, QSize(100, 120))
    assert places.rect(99_999).bottom() < places.height == 2 * MARGIN + 25_000 * 128 - GAP
