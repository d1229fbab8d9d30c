"""Reading for the viewer: the window must never wait for a file, and no file may end it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from pytestqt.qtbot import QtBot

from core.errors import CoreError
from desktop.viewer.cache import ImageCache
from desktop.viewer.geometry import Size
from desktop.viewer.reader import PictureReader, Side
from desktop.viewer.tiles import PictureFile, Tile, Whole
from tests.desktop.viewer.conftest import FakeCodec

A, B = PictureFile(Path("a.png")), PictureFile(Path("b.png"))
Make = Callable[..., np.ndarray]


@pytest.fixture(autouse=True)
def pictures(codec: FakeCodec, make_plain: Make) -> None:
    for file in (A, B):
        codec.pictures[file.path] = make_plain(900, 600, (50, 60, 70))


def test_a_picture_arrives_with_the_photographs_size(qtbot: QtBot, reader: PictureReader) -> None:
    with qtbot.waitSignal(reader.arrived) as told:
        reader.want(Side.BEFORE, [Whole(A, 300)])
    assert told.args == [Whole(A, 300)]
    image = reader.image(Whole(A, 300))
    assert image is not None and (image.width(), image.height()) == (300, 200)
    assert reader.size(A) == Size(900, 600)


def test_asking_returns_at_once_while_a_file_is_slow(
    codec: FakeCodec, reader: PictureReader, qtbot: QtBot
) -> None:
    codec.gate.clear()
    start = time.perf_counter()
    for turn in range(200):
        reader.want(Side.BEFORE, [Whole(A, 100 + turn)])
    assert time.perf_counter() - start < 0.1
    codec.gate.set()
    qtbot.waitUntil(lambda: reader.image(Whole(A, 299)) is not None)


def test_only_what_is_wanted_last_is_read(
    codec: FakeCodec, reader: PictureReader, qtbot: QtBot
) -> None:
    """Leafing through 240 photographs must not leave 240 to be read."""
    codec.gate.clear()
    for turn in range(100):
        reader.want(Side.BEFORE, [Whole(A, 100 + turn)])
    qtbot.waitUntil(lambda: bool(codec.asked))
    codec.gate.set()
    qtbot.waitUntil(lambda: reader.image(Whole(A, 199)) is not None)
    assert len(codec.asked) <= 3


def test_what_was_read_is_not_read_again(
    codec: FakeCodec, reader: PictureReader, qtbot: QtBot
) -> None:
    reader.want(Side.BEFORE, [Whole(A, 300), Tile(A, 0, 0, 0)])
    qtbot.waitUntil(lambda: reader.image(Tile(A, 0, 0, 0)) is not None)
    reader.want(Side.BEFORE, [Whole(A, 300), Tile(A, 0, 0, 0), Tile(A, 0, 1, 0)])
    qtbot.waitUntil(lambda: reader.image(Tile(A, 0, 1, 0)) is not None)
    assert [kind for kind, *_ in codec.asked] == ["preview", "crop", "crop"]


def test_an_edge_tile_has_its_own_size(qtbot: QtBot, reader: PictureReader) -> None:
    tile = Tile(A, 0, 1, 1)
    reader.want(Side.BEFORE, [Whole(A, 300), tile])
    qtbot.waitUntil(lambda: reader.image(tile) is not None)
    image = reader.image(tile)
    assert image is not None and (image.width(), image.height()) == (900 - 512, 600 - 512)


def test_a_file_that_is_gone_is_refused_and_the_next_one_read(
    qtbot: QtBot, reader: PictureReader
) -> None:
    gone = PictureFile(Path("gone.png"))
    with qtbot.waitSignal(reader.refused) as told:
        reader.want(Side.BEFORE, [Whole(gone, 300), Whole(A, 300)])
    assert told.args is not None and told.args[0] == gone
    assert isinstance(reader.error(gone), CoreError)
    qtbot.waitUntil(lambda: reader.image(Whole(A, 300)) is not None)


def test_a_refused_file_is_read_again_once_forgotten(
    qtbot: QtBot, codec: FakeCodec, reader: PictureReader, make_plain: Make
) -> None:
    """After its drive came back, or the result was made again."""
    late = PictureFile(Path("late.png"))
    with qtbot.waitSignal(reader.refused):
        reader.want(Side.AFTER, [Whole(late, 300)])
    codec.pictures[late.path] = make_plain(40, 30, (1, 2, 3))
    reader.forget(late)
    reader.want(Side.AFTER, [Whole(late, 300)])
    qtbot.waitUntil(lambda: reader.image(Whole(late, 300)) is not None)
    assert reader.error(late) is None


def test_both_pictures_are_read_at_the_same_time(
    qtbot: QtBot, reader: PictureReader, codec: FakeCodec
) -> None:
    both = threading.Barrier(2, timeout=10)
    plain_preview = codec.preview

    def meet(path: Path, side: int) -> object:
        both.wait()
        return plain_preview(path, side)

    codec.preview = meet  # type: ignore[assignment,method-assign]
    reader.want(Side.BEFORE, [Whole(A, 300)])
    reader.want(Side.AFTER, [Whole(B, 300)])
    qtbot.waitUntil(lambda: reader.image(Whole(B, 300)) is not None)
    qtbot.waitUntil(lambda: reader.image(Whole(A, 300)) is not None)


def test_pictures_come_before_questions(
    qtbot: QtBot, codec: FakeCodec, reader: PictureReader
) -> None:
    codec.gate.clear()
    reader.want(Side.AFTER, [Whole(B, 100)])
    qtbot.waitUntil(lambda: bool(codec.asked))
    reader.measure(Side.AFTER, A)
    reader.want(Side.AFTER, [Whole(B, 300)])
    with qtbot.waitSignal(reader.measured) as told:
        codec.gate.set()
    assert told.args == [A, codec.found]
    assert [entry[0] for entry in codec.asked] == ["preview", "preview", "noise"]


def test_resting_lets_go_of_memory_and_processes(
    qtbot: QtBot, codec: FakeCodec, reader: PictureReader
) -> None:
    reader.want(Side.BEFORE, [Whole(A, 300)])
    qtbot.waitUntil(lambda: reader.image(Whole(A, 300)) is not None)
    reader.rest()
    assert reader.image(Whole(A, 300)) is None
    qtbot.waitUntil(lambda: codec.closed == 1)
    reader.want(Side.BEFORE, [Whole(A, 300)])
    qtbot.waitUntil(lambda: reader.image(Whole(A, 300)) is not None)


def test_a_reader_that_was_closed_starts_no_process_again(
    qtbot: QtBot, codec: FakeCodec, reader: PictureReader
) -> None:
    """Else closing the window takes the application down: a thread of it still runs."""
    reader.warm_up()
    qtbot.waitUntil(lambda: codec.started == 1)
    reader.close()
    reader.want(Side.BEFORE, [Whole(A, 300)])
    reader.close()
    assert codec.started == 1
    assert codec.asked == []


def test_an_unforeseen_error_is_the_files_own(
    qtbot: QtBot, codec: FakeCodec, reader: PictureReader, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(path: Path, side: int) -> object:
        raise ZeroDivisionError("no")

    monkeypatch.setattr(codec, "preview", broken)
    with qtbot.waitSignal(reader.refused) as told:
        reader.want(Side.BEFORE, [Whole(A, 300)])
    assert told.args is not None and "a.png cannot be shown" in str(told.args[1])
    monkeypatch.undo()
    reader.want(Side.BEFORE, [Whole(B, 300)])
    qtbot.waitUntil(lambda: reader.image(Whole(B, 300)) is not None)


def test_the_cache_keeps_what_was_looked_at_last(reader: PictureReader, qtbot: QtBot) -> None:
    from PySide6.QtGui import QImage

    cache = ImageCache(limit=3 * 100 * 100 * 4)
    for number in range(3):
        cache.put(Whole(A, number), QImage(100, 100, QImage.Format.Format_RGB32))
    cache.get(Whole(A, 0))
    cache.put(Whole(B, 9), QImage(100, 100, QImage.Format.Format_RGB32))
    assert Whole(A, 0) in cache and Whole(B, 9) in cache and Whole(A, 1) not in cache
    assert cache.bytes == 3 * 100 * 100 * 4


def test_the_real_codec_shows_a_file_and_survives_a_bad_one(qtbot: QtBot, tmp_path: Path) -> None:
    """The whole way, with processes: a picture at 1:1, then text that calls itself a picture."""
    pixels = np.random.default_rng(3).integers(0, 255, (700, 900, 3), dtype=np.uint8)
    good, bad = tmp_path / "good.png", tmp_path / "bad.jpg"
    Image.fromarray(pixels).save(good)
    bad.write_text("not a picture")
    reader = PictureReader()
    try:
        file, wrong = PictureFile(good), PictureFile(bad)
        with qtbot.waitSignal(reader.refused, timeout=60_000):
            reader.want(Side.BEFORE, [Whole(wrong, 300)])
        reader.want(Side.BEFORE, [Whole(file, 300), Tile(file, 0, 1, 1)])
        qtbot.waitUntil(lambda: reader.image(Tile(file, 0, 1, 1)) is not None, timeout=60_000)
        image = reader.image(Tile(file, 0, 1, 1))
        assert image is not None and (image.width(), image.height()) == (388, 188)
        shown = image.pixelColor(100, 100)
        assert abs(shown.red() - int(pixels[612, 612, 0])) < 60
    finally:
        reader.close()


def test_closing_gives_up_a_file_that_takes_long(
    codec: FakeCodec, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Quit must not wait two minutes for a damaged file."""
    ended: list[int] = []

    def kill(pid: int, _signal: int) -> None:
        ended.append(pid)
        codec.gate.set()

    monkeypatch.setattr("desktop.viewer.lane.os.kill", kill)
    monkeypatch.setattr("desktop.viewer.lane._PATIENCE_MS", 50)
    reader = PictureReader(lambda: codec)
    codec.pid = 4711
    codec.gate.clear()
    reader.want(Side.BEFORE, [Whole(A, 300)])
    qtbot.waitUntil(lambda: bool(codec.asked))
    reader.close()
    assert ended[0] == 4711
