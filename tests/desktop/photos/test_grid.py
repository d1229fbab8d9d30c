"""If these failed, users could not find, choose, open or drag out the photographs they see."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, QSize, Qt, QUrl
from PySide6.QtGui import QAccessible, QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QPushButton
from pytestqt.qtbot import QtBot

from core.errors import CoreError, LibraryError
from core.library.ids import ItemId, PhotoId, ProjectId
from core.library.photo import Decision, Shown, SortBy
from desktop.photos.drag import drag_picture, files_of
from desktop.photos.grid import PhotoGrid
from desktop.photos.model import PhotoModel
from desktop.photos.pictures import PictureLoader
from tests.desktop.photos.desk import Desk, PlainThumbnails

# What Qt's offscreen platform says whenever a window is shown on it.
pytestmark = pytest.mark.qt_log_ignore("propagateSizeHints")

Keys = Qt.Key
Mods = Qt.KeyboardModifier


@pytest.fixture
def make_grid(qtbot: QtBot, desk: Desk, pictures: PictureLoader) -> Callable[[], PhotoGrid]:
    def make() -> PhotoGrid:
        grid = PhotoGrid(desk.backend, pictures)
        qtbot.addWidget(grid)
        grid.resize(745, 520)
        grid.show()
        return grid

    return make


@pytest.fixture
def project(desk: Desk, trip: list[Path]) -> ProjectId:
    project = desk.project("Trip")
    desk.add(project, trip)
    return project


@pytest.fixture
def grid(qtbot: QtBot, make_grid: Callable[[], PhotoGrid], project: ProjectId) -> PhotoGrid:
    grid = make_grid()
    show(qtbot, grid, project)
    return grid


def show(qtbot: QtBot, grid: PhotoGrid, project: ProjectId) -> None:
    with qtbot.waitSignal(grid.model.arranged):
        grid.open_project(project)


def press(qtbot: QtBot, grid: PhotoGrid, key: Qt.Key, modifiers: Mods = Mods.NoModifier) -> None:
    qtbot.keyClick(grid.view, key, modifiers)


def middle(grid: PhotoGrid, row: int) -> QPoint:
    return grid.view.visualRect(grid.model.index(row)).center()


def click(qtbot: QtBot, grid: PhotoGrid, row: int, modifiers: Mods = Mods.NoModifier) -> None:
    qtbot.mouseClick(grid.view.viewport(), Qt.MouseButton.LeftButton, modifiers, middle(grid, row))


def ids(grid: PhotoGrid, *rows: int) -> list[PhotoId]:
    return [PhotoId(grid.model.ids[row]) for row in rows]


# selecting


def test_a_click_selects_and_says_which_photograph_is_looked_at(
    qtbot: QtBot, grid: PhotoGrid
) -> None:
    selected: list[list[PhotoId]] = []
    grid.selection_changed.connect(selected.append)
    with qtbot.waitSignal(grid.current_changed) as current:
        click(qtbot, grid, 2)
    assert selected == [ids(grid, 2)]
    assert current.args[0].path.name == "IMG_3.JPG"
    assert grid.footer.count.text() == "30 photographs, 1 selected"


def test_shift_selects_in_reading_order_and_control_one_by_one(
    qtbot: QtBot, grid: PhotoGrid
) -> None:
    click(qtbot, grid, 1)
    click(qtbot, grid, 6, Mods.ShiftModifier)
    assert grid.selection == ids(grid, *range(1, 7))
    click(qtbot, grid, 3, Mods.ControlModifier)
    assert grid.selection == ids(grid, 1, 2, 4, 5, 6)


def test_keys_move_select_and_open(qtbot: QtBot, grid: PhotoGrid) -> None:
    columns = grid.view.places.columns
    press(qtbot, grid, Keys.Key_Down)
    press(qtbot, grid, Keys.Key_Right, Mods.ShiftModifier)
    assert grid.selection == ids(grid, columns, columns + 1)
    press(qtbot, grid, Keys.Key_End)
    assert grid.selection == ids(grid, 29)
    assert 29 in grid.view.rows_in_sight()
    with qtbot.waitSignal(grid.opened) as opened:
        press(qtbot, grid, Keys.Key_Return)
    assert opened.args[0].id == ids(grid, 29)[0]


def test_letters_are_left_to_decisions(grid: PhotoGrid) -> None:
    before = grid.view.currentIndex().row()
    grid.view.keyboardSearch("night")
    assert grid.view.currentIndex().row() == before


def test_a_rubber_band_from_a_gap_selects_what_it_touches(qtbot: QtBot, grid: PhotoGrid) -> None:
    view, left = grid.view.viewport(), Qt.MouseButton.LeftButton
    qtbot.mousePress(view, left, Mods.NoModifier, QPoint(3, 3))
    qtbot.mouseMove(view, middle(grid, grid.view.places.columns + 1))
    columns = grid.view.places.columns
    assert grid.selection == ids(grid, 0, 1, columns, columns + 1)
    qtbot.mouseRelease(view, left, Mods.NoModifier, middle(grid, 1))
    qtbot.mouseClick(view, left, Mods.NoModifier, QPoint(3, 3))
    assert grid.selection == []


def test_selecting_all_is_told_once(qtbot: QtBot, grid: PhotoGrid) -> None:
    told: list[list[PhotoId]] = []
    grid.selection_changed.connect(told.append)
    with qtbot.waitSignal(grid.selection_changed):
        grid.select_all()
    assert [len(one) for one in told] == [30]
    with qtbot.waitSignal(grid.selection_changed):
        grid.select_none()
    assert told[-1] == []


def test_the_selection_stays_while_photographs_are_added(
    qtbot: QtBot, desk: Desk, grid: PhotoGrid, project: ProjectId, tmp_path: Path
) -> None:
    chosen = ids(grid, 3, 4, 17)
    grid.select(chosen)
    first = tmp_path / "a first one.jpg"
    first.touch()
    desk.add(project, [first])
    with qtbot.waitSignal(grid.model.modelReset):
        grid.refresh()
    assert grid.selection == chosen
    assert grid.current is not None and grid.current.id == chosen[0]


def test_what_is_removed_hands_on_to_its_neighbour(
    qtbot: QtBot, desk: Desk, grid: PhotoGrid
) -> None:
    gone, heir = ids(grid, 5, 6)
    grid.select([gone])
    desk.ask(lambda services: services.photos.remove([gone]))
    with qtbot.waitSignal(grid.model.modelReset):
        grid.refresh()
    assert grid.selection == []
    assert grid.current is not None and grid.current.id == heir


def test_stepping_goes_through_the_photographs_and_stops_at_the_ends(
    qtbot: QtBot, grid: PhotoGrid
) -> None:
    grid.step(1)
    assert grid.selection == ids(grid, 1)
    for _ in range(40):
        grid.step(1)
    assert grid.selection == ids(grid, 29)
    grid.select(ids(grid, 2, 3, 4))
    grid.step(1)
    assert grid.selection == ids(grid, 2, 3, 4)
    assert grid.current is not None and grid.current.id == ids(grid, 3)[0]


# finding


def test_typing_searches(qtbot: QtBot, grid: PhotoGrid) -> None:
    with qtbot.waitSignal(grid.model.arranged):
        qtbot.keyClicks(grid.bar.search, "night")
    assert grid.footer.count.text() == "10 of 30 photographs"


def test_no_match_says_what_was_looked_for_and_takes_it_back(qtbot: QtBot, grid: PhotoGrid) -> None:
    with qtbot.waitSignal(grid.model.arranged):
        grid.bar.search.setText("zebra")
    assert grid.empty.shown is not None
    assert grid.empty.shown.title == "No photograph matches"
    assert "zebra" in grid.empty.shown.sentence
    with qtbot.waitSignal(grid.model.arranged):
        grid.empty.shown.offers[0].action()
    assert grid.footer.count.text() == "30 photographs"


def test_filters_count_what_they_would_show(qtbot: QtBot, desk: Desk, grid: PhotoGrid) -> None:
    desk.ask(lambda services: services.photos.decide(ids(grid, 0, 1, 2), Decision.KEEP))
    grid.bar.counts_wanted.emit()
    place = list(Shown).index(Shown.KEPT)
    qtbot.waitUntil(lambda: grid.bar.shown.itemText(place) == "Kept  3")
    with qtbot.waitSignal(grid.model.arranged):
        grid.bar.shown.setCurrentIndex(place)
    assert grid.footer.count.text() == "3 of 30 photographs"


def test_a_folder_is_shown_alone_and_ended(qtbot: QtBot, grid: PhotoGrid, trip: list[Path]) -> None:
    with qtbot.waitSignal(grid.model.arranged):
        grid.narrow(trip[-1].parent, None)
    assert grid.narrowed.text == "Only evening is shown."
    assert grid.footer.count.text() == "10 of 30 photographs"
    with qtbot.waitSignals([grid.model.arranged, grid.narrowing_ended]):
        grid.narrowed._all.click()
    assert grid.footer.count.text() == "30 photographs"


def test_size_and_order_are_remembered(
    qtbot: QtBot, make_grid: Callable[[], PhotoGrid], grid: PhotoGrid, project: ProjectId
) -> None:
    grid.footer.set_side(240)
    grid.bar.set_order(SortBy.ADDED, descending=True)
    other = make_grid()
    other.restore(grid.state())
    assert json.loads(other.state()) == {"side": 240, "sort": "added", "descending": True}
    for damaged in ("", "{}", "[]", '{"side": "x"}', "null"):
        other.restore(damaged)
    show(qtbot, other, project)
    assert other.footer.side == 240


# empty states


def test_a_first_start_says_what_to_do(
    qtbot: QtBot, desk: Desk, make_grid: Callable[[], PhotoGrid]
) -> None:
    grid = make_grid()
    show(qtbot, grid, desk.ask(lambda services: services.projects.default()).id)
    assert grid.empty.shown is not None
    assert grid.empty.shown.title == "Drop photographs or a folder here"
    buttons = {button.text(): button for button in grid.empty.findChildren(QPushButton)}
    for text, signal in (
        ("Try the samples", grid.samples_wanted),
        ("Add photographs…", grid.files_wanted),
        ("Add folder…", grid.folder_wanted),
    ):
        with qtbot.waitSignal(signal):
            buttons[text].click()


def test_a_library_that_cannot_be_read_says_so_in_place(
    qtbot: QtBot, grid: PhotoGrid, make_grid: Callable[[], PhotoGrid]
) -> None:
    empty = make_grid()
    error = LibraryError("The library is damaged.", hint="Restore it from a copy.")
    empty.model.troubled.emit(error)
    assert empty.empty.shown is not None
    assert (empty.empty.shown.title, empty.empty.shown.sentence) == (error.message, error.hint)
    # With photographs on the screen they stay there, and the window says it.
    said: list[CoreError] = []
    grid._backend.troubled.connect(said.append)
    grid.model.troubled.emit(error)
    assert said == [error]
    assert not grid.empty.isVisible()


# dropping and dragging


def test_dropped_files_are_handed_on(qtbot: QtBot, grid: PhotoGrid, trip: list[Path]) -> None:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path)) for path in trip[:2]])
    left, action = Qt.MouseButton.LeftButton, Qt.DropAction.CopyAction
    entered = QDragEnterEvent(QPoint(50, 50), action, data, left, Mods.NoModifier)
    grid.dragEnterEvent(entered)
    assert entered.isAccepted()
    with qtbot.waitSignal(grid.paths_dropped) as dropped:
        grid.dropEvent(QDropEvent(QPointF(50, 50), action, data, left, Mods.NoModifier))
    assert dropped.args == [trip[:2]]


def test_text_is_not_accepted(grid: PhotoGrid) -> None:
    data = QMimeData()
    data.setText("hello")
    left, action = Qt.MouseButton.LeftButton, Qt.DropAction.CopyAction
    entered = QDragEnterEvent(QPoint(50, 50), action, data, left, Mods.NoModifier)
    entered.ignore()
    grid.dragEnterEvent(entered)
    assert not entered.isAccepted()


def test_originals_are_dragged_out_where_there_is_no_result(
    desk: Desk, grid: PhotoGrid, trip: list[Path]
) -> None:
    trip[1].unlink()
    chosen = ids(grid, 0, 1, 2)
    assert desk.ask(lambda services: files_of(services, chosen)) == [trip[0], trip[2]]


def test_the_drag_shows_how_many(qapp: object) -> None:
    assert drag_picture(None, 12, 2.0).size() == QSize(192, 192)


def test_only_what_is_in_sight_is_made_first_then_the_next_page(
    qtbot: QtBot, grid: PhotoGrid, thumbnails: PlainThumbnails, trip: list[Path]
) -> None:
    seen = len(grid.view.rows_in_sight())
    assert 2 * seen < 30
    qtbot.waitUntil(lambda: len(thumbnails.asked) >= 2 * seen)
    asked = [path for path, _ in thumbnails.asked]
    assert set(asked[:seen]) == set(trip[:seen])
    assert sorted(asked) == sorted(trip[: 2 * seen])


def test_making_pictures_larger_keeps_the_photograph_in_sight(grid: PhotoGrid) -> None:
    grid.select(ids(grid, 20))
    for side in (200, 320, 96):
        grid.footer.set_side(side)
        assert 20 in grid.view.rows_in_sight()


def test_a_batch_of_steps_repaints_its_cell_only(qtbot: QtBot, grid: PhotoGrid) -> None:
    model: PhotoModel = grid.model
    changed: list[tuple[int, int]] = []
    model.dataChanged.connect(lambda first, last: changed.append((first.row(), last.row())))
    grid.progress(ItemId(999), 1, 4)
    assert changed == []


def test_a_screen_reader_finds_a_list_of_photographs(grid: PhotoGrid) -> None:
    found = QAccessible.queryAccessibleInterface(grid.view)
    assert (found.role(), found.childCount()) == (QAccessible.Role.List, 30)
    assert found.text(QAccessible.Text.Name) == "Photographs"
    assert found.child(2).text(QAccessible.Text.Name) == "IMG_3.JPG"
    assert found.child(2).rect().size() == grid.view.places.cell
