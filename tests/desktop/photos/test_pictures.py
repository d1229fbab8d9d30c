"""If these failed, the grid would show no, wrong or outdated pictures, or take all memory."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QSize
from PySide6.QtGui import QImage
from pytestqt.qtbot import QtBot

from core.library.photo import FileFacts, PhotoQuery
from desktop.photos.making import Wish, Wishes
from desktop.photos.memory import PictureMemory
from desktop.photos.pictures import PictureLoader
from tests.desktop.photos.desk import Desk, PlainThumbnails

BOX = QSize(144, 108)


def wait_for(qtbot: QtBot, loader: PictureLoader, path: Path, box: QSize = BOX) -> QImage | None:
    with qtbot.waitSignal(loader.ready, check_params_cb=lambda ready: ready == path):
        loader.picture(path, box)
    return loader.picture(path, box)


def test_a_picture_arrives_whole_and_fits_its_box(
    qtbot: QtBot, pictures: PictureLoader, trip: list[Path]
) -> None:
    image = wait_for(qtbot, pictures, trip[0])
    assert image is not None
    assert image.size() == QSize(144, 96)


def test_a_picture_that_is_held_is_not_made_again(
    qtbot: QtBot, pictures: PictureLoader, thumbnails: PlainThumbnails, trip: list[Path]
) -> None:
    wait_for(qtbot, pictures, trip[0])
    assert pictures.picture(trip[0], BOX) is not None
    assert len(thumbnails.asked) == 1


def test_another_size_shows_what_is_held_until_it_is_made(
    qtbot: QtBot, pictures: PictureLoader, trip: list[Path]
) -> None:
    small = wait_for(qtbot, pictures, trip[0])
    with qtbot.waitSignal(pictures.ready):
        assert pictures.picture(trip[0], QSize(288, 216)) == small
    larger = pictures.picture(trip[0], QSize(288, 216))
    assert larger is not None and larger.width() == 288


def test_a_file_that_is_gone_says_so_and_the_library_remembers(
    qtbot: QtBot, desk: Desk, pictures: PictureLoader, trip: list[Path]
) -> None:
    project = desk.project("Trip")
    photos = desk.add(project, trip[:2])
    trip[1].unlink()
    assert wait_for(qtbot, pictures, trip[1]) is None
    assert pictures.trouble(trip[1]) == "missing"
    qtbot.waitUntil(lambda: desk.ask(lambda s: s.photos.rows(photos))[1].missing, timeout=5000)
    assert not desk.ask(lambda s: s.photos.rows(photos))[0].missing
    assert desk.ask(lambda s: s.photos.count(PhotoQuery(project))) == 2


def test_the_library_learns_the_size_of_what_was_looked_at(
    qtbot: QtBot, desk: Desk, pictures: PictureLoader, trip: list[Path]
) -> None:
    photos = desk.add(desk.project("Trip"), trip[:1])
    with qtbot.waitSignal(pictures.found) as found:
        pictures.picture(trip[0], BOX)
    facts: FileFacts = found.args[0]
    assert (facts.width, facts.height, facts.missing) == (6000, 4000, False)
    qtbot.waitUntil(lambda: desk.ask(lambda s: s.photos.rows(photos))[0].width == 6000)


def test_a_damaged_file_is_not_tried_at_each_painting(
    qtbot: QtBot, pictures: PictureLoader, thumbnails: PlainThumbnails, trip: list[Path]
) -> None:
    thumbnails.damaged.add(trip[0])
    assert wait_for(qtbot, pictures, trip[0]) is None
    assert pictures.trouble(trip[0]) == f"{trip[0].name} ends too early."
    for _ in range(3):
        pictures.picture(trip[0], BOX)
    assert len(thumbnails.asked) == 1


def test_a_result_that_was_written_anew_is_read_anew(
    qtbot: QtBot, pictures: PictureLoader, thumbnails: PlainThumbnails, trip: list[Path]
) -> None:
    wait_for(qtbot, pictures, trip[0])
    pictures.forget(trip[0])
    assert wait_for(qtbot, pictures, trip[0]) is not None
    assert len(thumbnails.asked) == 2


def test_memory_is_bounded_and_drops_what_was_not_looked_at() -> None:
    image = QImage(100, 100, QImage.Format.Format_RGB32)
    memory = PictureMemory(3 * image.sizeInBytes())
    paths = [Path(f"/{number}") for number in range(4)]
    for path in paths[:3]:
        memory.keep(path, BOX, image.copy())
    assert memory.exact(paths[0], BOX) is not None
    memory.keep(paths[3], BOX, image.copy())
    held = [path for path in paths if memory.exact(path, BOX) is not None]
    assert held == [paths[0], paths[2], paths[3]]
    assert memory.nearest(paths[1], BOX) is None


def test_what_was_wanted_last_is_made_first_and_prefetching_waits() -> None:
    wishes = Wishes()
    first, second, ahead = (Wish(Path(name), 1, 1) for name in ("first", "second", "ahead"))
    wishes.add(first, urgent=True)
    wishes.add(ahead, urgent=False)
    wishes.add(second, urgent=True)
    wishes.add(first, urgent=True)
    assert [wishes.take(), wishes.take(), wishes.take()] == [first, second, ahead]
    wishes.close()
    assert wishes.take() is None


def test_scrolling_past_thousands_does_not_pile_up_wishes() -> None:
    wishes = Wishes()
    for number in range(5000):
        wishes.add(Wish(Path(str(number)), 1, 1), urgent=True)
    wishes.close()
    assert len(wishes._queue) == 400
    assert wishes._queue[-1].path == Path("4999")
    assert len(wishes._waiting) == 400


def test_the_threads_end_with_the_window(desk: Desk, trip: list[Path]) -> None:
    source = PlainThumbnails()
    loader = PictureLoader(desk.backend, lambda: source)
    for path in trip:
        loader.picture(path, BOX)
    assert loader.close()
