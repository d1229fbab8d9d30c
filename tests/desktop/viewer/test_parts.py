"""The viewer's smaller parts: strips, the loupe, recipes in words, dense screens."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QImage
from pytestqt.qtbot import QtBot

from core.library.ids import ItemId, JobId, PhotoId, ProjectId
from core.library.photo import Decision, Photo, Version
from core.library.records import ItemStatus
from core.models.spec import BUILTIN_ID, ModelRegistry, builtin_spec
from core.recipe import Amount, EditSettings, Mode, Recipe, SeedMode
from core.services import Services
from desktop.viewer.canvas import Canvas
from desktop.viewer.files import after_file, before_file, files_of, strip_entry
from desktop.viewer.loupe import Loupe
from desktop.viewer.reader import PictureReader, Side
from desktop.viewer.result_facts import read_result_facts
from desktop.viewer.strip import Entry, Strip
from desktop.viewer.tiles import PictureFile
from tests.desktop.viewer.conftest import FakeCodec

ROOT = Path(__file__).parents[3]
Make = Callable[..., np.ndarray]


def photo(**values: Any) -> Photo:
    return Photo(PhotoId(1), ProjectId(1), Path("/trip/a.jpg"), 0.0, **values)


def done(**values: Any) -> Photo:
    standing = {"item": ItemId(5), "job": JobId(1), "output": Path("/out/a.jpg")}
    return photo(status=ItemStatus.DONE, **standing, **values)


def services(recipe: Recipe) -> Services:
    queue = SimpleNamespace(job=lambda _job: SimpleNamespace(recipe=recipe))
    registry = ModelRegistry({BUILTIN_ID: builtin_spec()})
    return cast(Services, SimpleNamespace(queue=queue, registry=registry))


def strip(qtbot: QtBot, number: int, current: int) -> tuple[Strip, list[object]]:
    made = Strip(None, "Neighbours", captions=False)
    qtbot.addWidget(made)
    made.resize(300, made.height())
    made.show_entries([Entry(Path(f"{i}.jpg"), i) for i in range(number)], current)
    made.show()
    chosen: list[object] = []
    made.chosen.connect(chosen.append)
    return made, chosen


def test_the_current_picture_is_in_the_middle_of_a_long_strip(qtbot: QtBot) -> None:
    made, chosen = strip(qtbot, 50, 25)
    qtbot.mouseClick(made, Qt.MouseButton.LeftButton, pos=QPoint(150, 20))
    qtbot.mouseClick(made, Qt.MouseButton.LeftButton, pos=QPoint(150 + 84, 20))
    assert chosen == [25, 26]


def test_a_strip_is_worked_by_keys(qtbot: QtBot) -> None:
    made, chosen = strip(qtbot, 3, 1)
    qtbot.keyClick(made, Qt.Key.Key_Right)
    qtbot.keyClick(made, Qt.Key.Key_Left)
    assert chosen == [2, 0]
    made.show_entries(made.entries, 2)
    qtbot.keyClick(made, Qt.Key.Key_Right)
    assert chosen == [2, 0]


def test_the_strip_shows_results_and_decisions() -> None:
    assert strip_entry(photo()).path == Path("/trip/a.jpg")
    kept = strip_entry(done(decision=Decision.KEEP))
    assert (kept.path, kept.mark) == (Path("/out/a.jpg"), ("keep", "good"))


def test_a_redone_result_is_read_anew_under_the_same_name() -> None:
    """Otherwise the user compares the old result and thinks that redoing did nothing."""
    first, second = after_file(done()), after_file(done(versions=1))
    assert first is not None and second is not None
    assert first.path == second.path and first != second
    version = Version(3, PhotoId(1), Path("/versions/3.jpg"), 0.0)
    assert after_file(done(), version) == PictureFile(Path("/versions/3.jpg"), "version 3")
    again = photo(status=ItemStatus.RUNNING, item=done().item, output=done().output)
    assert after_file(again) not in (None, after_file(done()))


def test_a_photograph_is_not_read_again_when_its_state_becomes_known() -> None:
    unknown = before_file(photo())
    assert before_file(photo(modified_ns=7), unknown) == unknown
    changed = before_file(photo(modified_ns=8), before_file(photo(modified_ns=7)))
    assert changed != before_file(photo(modified_ns=7))
    assert [side for side, _ in files_of(done())] == [Side.BEFORE, Side.AFTER]


def test_a_drag_in_the_loupe_moves_what_it_shows(
    qtbot: QtBot, codec: FakeCodec, reader: PictureReader, make_plain: Make
) -> None:
    file = PictureFile(Path("a.png"))
    codec.pictures[file.path] = make_plain(3000, 2000, (9, 9, 9))
    canvas = Canvas(reader)
    loupe = Loupe(canvas, reader)
    qtbot.addWidget(canvas)
    canvas.resize(700, 500)
    canvas.show()
    canvas.show_files(file, None)
    canvas.set_loupe(True)
    loupe.show()
    qtbot.waitUntil(canvas.sharpened)
    before = canvas.look.box
    qtbot.mousePress(loupe.view, Qt.MouseButton.LeftButton, pos=QPoint(50, 50))
    qtbot.mouseMove(loupe.view, QPoint(80, 40))
    qtbot.mouseRelease(loupe.view, Qt.MouseButton.LeftButton, pos=QPoint(80, 40))
    after = canvas.look.box
    assert before is not None and after is not None
    assert (after[0] - before[0], after[1] - before[1]) == (-30, 10)
    assert (after[2], after[3]) == (loupe.view.width(), loupe.view.height())


def test_the_loupe_keeps_out_of_the_way_of_its_part(
    qtbot: QtBot, codec: FakeCodec, reader: PictureReader, make_plain: Make
) -> None:
    file = PictureFile(Path("a.png"))
    codec.pictures[file.path] = make_plain(3000, 2000, (9, 9, 9))
    canvas = Canvas(reader)
    loupe = Loupe(canvas, reader)
    qtbot.addWidget(canvas)
    canvas.resize(700, 500)
    canvas.show()
    canvas.show_files(file, None)
    canvas.set_loupe(True)
    loupe.show()
    qtbot.waitUntil(canvas.sharpened)
    for corner in ((2990, 1990), (10, 1990), (10, 10), (2990, 10)):
        canvas.move_box(corner)
        canvas.view_changed.emit()
        left, top, width, height = canvas.look.box_pane() or (0, 0, 0, 0)
        place = loupe.geometry().toRectF()
        assert not place.intersects(place.__class__(left, top, width, height))


def test_a_cleaned_result_says_how() -> None:
    recipe = Recipe(edit=EditSettings(mode=Mode.CLEAN, amount=Amount.MORE, keep_grain=20))
    found = read_result_facts(services(recipe), done(note="noise 11 of 255, 1 step", seconds=12))
    lines = dict(found.lines)
    assert (lines["Clean"], lines["Keep grain"], lines["Took"]) == ("more", "20", "12 s")
    assert lines["Note"] == "Noise 11 of 255, 1 step"
    assert "Seed" not in lines and "Strength" not in lines


def test_a_repainted_result_gives_its_recipe_with_its_own_strength() -> None:
    """A batch of several strengths has one recipe; taken over, it must be this result's."""
    edit = EditSettings(mode=Mode.REPAINT, strength=0.2, seed=2**62, seed_mode=SeedMode.FIXED)
    found = read_result_facts(services(Recipe(edit=edit)), done(strength=0.45))
    lines = dict(found.lines)
    assert (lines["Strength"], lines["Seed"]) == ("0.45", str(2**62))
    assert found.recipe is not None and found.recipe.edit.strength == 0.45


def test_a_model_that_is_gone_is_named() -> None:
    found = read_result_facts(services(Recipe(edit=EditSettings(model="old-one"))), done())
    assert "old-one" in dict(found.lines)["Model"]


_DENSE = """
import sys
sys.path.append(sys.argv[3])
from pathlib import Path
import numpy as np
from PySide6.QtWidgets import QApplication
from tests.desktop.viewer.conftest import FakeCodec, speckled
from desktop.viewer.canvas import Canvas
from desktop.viewer.comparison import Compare
from desktop.viewer.reader import PictureReader
from desktop.viewer.tiles import PictureFile
app = QApplication([])
codec = FakeCodec()
file = PictureFile(Path("a.png"))
codec.pictures[file.path] = speckled(1500, 1000)
reader = PictureReader(lambda: codec)
canvas = Canvas(reader)
canvas.resize(300, 200)
canvas.show()
canvas.show_files(file, None)
def look(*_told):
    if canvas.look.scene and canvas.look.view.scale != 1:
        canvas.zoom_to(1.0)
    elif canvas.look.scene and canvas.sharpened():
        app.quit()
reader.arrived.connect(look)
app.exec()
canvas.grab().save(sys.argv[1])
np.save(sys.argv[2], codec.pictures[file.path])
reader.close()
"""


def test_on_a_dense_screen_one_pixel_is_one_of_the_screens(tmp_path: Path) -> None:
    """At a scale of 200 % a 1:1 view that is blown up twice would hide what is judged."""
    shot, pixels = tmp_path / "shot.png", tmp_path / "pixels.npy"
    environment = os.environ | {"QT_SCALE_FACTOR": "2", "QT_QPA_PLATFORM": "offscreen"}
    command = [sys.executable, "-c", _DENSE, str(shot), str(pixels), str(ROOT)]
    done = subprocess.run(
        command, env=environment, cwd=tmp_path, capture_output=True, text=True, timeout=90
    )
    assert done.returncode == 0, done.stderr
    image = QImage(str(shot)).convertToFormat(QImage.Format.Format_RGB888)
    assert (image.width(), image.height()) == (600, 400)
    rows = np.frombuffer(image.constBits(), np.uint8).reshape(400, -1)[:, :1800]
    whole = np.load(pixels)
    assert np.array_equal(rows.reshape(400, 600, 3), whole[300:700, 450:1050])


@pytest.mark.parametrize("name", ["torch", "sqlalchemy", "numpy", "PIL"])
def test_the_viewer_is_imported_without_what_is_slow(tmp_path: Path, name: str) -> None:
    """The window must be painted within a second."""
    code = f"import sys, desktop.viewer.viewer; sys.exit({name!r} in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, timeout=60)
    assert done.returncode == 0
