"""The viewer as a whole: keys, buttons and what it asks of the window."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QObject, Qt
from PySide6.QtGui import QAction, QImage, QKeySequence
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel, QMainWindow, QPushButton, QToolButton, QWidget
from pytestqt.qtbot import QtBot

from core.library.ids import ItemId, JobId, PhotoId, ProjectId
from core.library.photo import Decision, Photo, Version
from core.library.records import ItemStatus
from core.models.spec import BUILTIN_ID, ModelRegistry, builtin_spec
from core.recipe import EditSettings, Mode, Recipe
from desktop.controllers.batches import Redo
from desktop.viewer.card import Card
from desktop.viewer.comparison import Compare
from desktop.viewer.loupe import Loupe
from desktop.viewer.reader import PictureReader
from desktop.viewer.viewer import Viewer
from tests.desktop.viewer.conftest import FakeCodec

SOURCE, RESULT = Path("/trip/IMG_0412.JPG"), Path("/out/IMG_0412.JPG")
EARLIER = Version(1, PhotoId(1), Path("/versions/1.jpg"), 1_700_000_000.0, "noise level 0.40")
Make = Callable[..., np.ndarray]
Key = Qt.Key


class Library:
    """A backend that answers at once from records made here."""

    def __init__(self) -> None:
        self.recipe = Recipe(edit=EditSettings(mode=Mode.REPAINT, strength=0.2))
        self.services = SimpleNamespace(
            queue=SimpleNamespace(job=lambda _job: SimpleNamespace(recipe=self.recipe)),
            versions=SimpleNamespace(stack=lambda _photo: [EARLIER]),
            registry=ModelRegistry({BUILTIN_ID: builtin_spec()}),
        )

    def ask(self, owner: QObject, work: Callable[[Any], Any], then: Callable[[Any], None]) -> None:
        then(work(self.services))


def photo(**values: Any) -> Photo:
    known = {"width": 1600, "height": 1200, **values}
    return Photo(PhotoId(1), ProjectId(1), SOURCE, 0.0, **known)


def done(**values: Any) -> Photo:
    standing = {"item": ItemId(5), "job": JobId(1), "output": RESULT, "strength": 0.35}
    return photo(**{"status": ItemStatus.DONE, **standing, **values})


@pytest.fixture
def viewer(
    qtbot: QtBot, codec: FakeCodec, reader: PictureReader, make_plain: Make
) -> Iterator[Viewer]:
    codec.pictures[SOURCE] = make_plain(1600, 1200, (200, 40, 40))
    codec.pictures[RESULT] = make_plain(1600, 1200, (40, 200, 40))
    codec.pictures[EARLIER.path] = make_plain(1600, 1200, (40, 40, 200))
    made = Viewer(Library(), reader)  # type: ignore[arg-type]
    made.resize(736, 456)
    qtbot.addWidget(made)
    made.show()
    yield made


def texts(widget: QWidget) -> str:
    return " | ".join(label.text() for label in widget.findChildren(QLabel) if label.isVisible())


def button(viewer: Viewer, name: str) -> QToolButton:
    found = [b for b in viewer.findChildren(QToolButton) if b.accessibleName() == name]
    assert len(found) == 1
    return found[0]


@pytest.mark.parametrize(
    ("key", "signal", "value"),
    [
        (Key.Key_P, "decided", Decision.KEEP),
        (Key.Key_X, "decided", Decision.REJECT),
        (Key.Key_U, "decided", Decision.UNDECIDED),
        (Key.Key_3, "rated", 3),
        (Key.Key_0, "rated", 0),
        (Key.Key_R, "redo_wanted", Redo.SEED),
        (Key.Key_Left, "step_wanted", -1),
        (Key.Key_Right, "step_wanted", 1),
    ],
)
def test_keys_decide(qtbot: QtBot, viewer: Viewer, key: Key, signal: str, value: object) -> None:
    viewer.show_photo(done(), 1, 3)
    with qtbot.waitSignal(getattr(viewer, signal)) as told:
        qtbot.keyClick(viewer, key)
    assert told.args == [value]


def test_keys_look(qtbot: QtBot, viewer: Viewer) -> None:
    viewer.show_photo(done(), 0, 1)
    qtbot.keyClick(viewer, Key.Key_Y)
    assert viewer.canvas.look.mode is Compare.SIDE
    qtbot.keyClick(viewer, Key.Key_Y)
    assert viewer.canvas.look.mode is Compare.SLIDER
    qtbot.keyClick(viewer, Key.Key_Z)
    assert viewer.canvas.look.view.scale == 1.0
    x = viewer.canvas.look.view.x
    qtbot.keyClick(viewer, Key.Key_Right, Qt.KeyboardModifier.ShiftModifier)
    assert viewer.canvas.look.view.x > x
    qtbot.keyClick(viewer, Key.Key_F)
    assert viewer.canvas.look.view.fitted


def test_the_original_is_seen_while_the_key_is_held(qtbot: QtBot, viewer: Viewer) -> None:
    viewer.show_photo(done(), 0, 1)
    qtbot.keyPress(viewer, Key.Key_Backslash)
    assert viewer.canvas.look.holding
    qtbot.keyRelease(viewer, Key.Key_Backslash)
    assert not viewer.canvas.look.holding


def test_holding_works_beside_an_action_of_the_window_with_the_same_key(
    qtbot: QtBot, viewer: Viewer
) -> None:
    """The sheet of keys lists it as an action, which hears only the press."""
    window = QMainWindow()
    qtbot.addWidget(window)
    window.setCentralWidget(viewer)
    action = QAction("hold", window)
    action.setShortcut(QKeySequence("\\"))
    window.addAction(action)
    triggered: list[bool] = []
    action.triggered.connect(triggered.append)
    window.show()
    qtbot.waitUntil(window.isVisible)
    viewer.setFocus()
    viewer.show_photo(done(), 0, 1)
    QTest.keyPress(window.windowHandle(), Key.Key_Backslash)
    assert viewer.canvas.look.holding and not triggered
    QTest.keyRelease(window.windowHandle(), Key.Key_Backslash)
    assert not viewer.canvas.look.holding
    window.takeCentralWidget()


def test_a_new_photograph_has_a_loupe_and_a_result_has_none(qtbot: QtBot, viewer: Viewer) -> None:
    told: list[object] = []
    viewer.loupe_moved.connect(told.append)
    viewer.show_photo(photo(), 0, 1)
    qtbot.waitUntil(lambda: bool(told))
    box = told[-1]
    assert isinstance(box, tuple) and box[2] == box[3] >= 150
    loupe = viewer.findChild(Loupe)
    assert loupe is not None and loupe.isVisible()
    viewer.show_photo(done(), 0, 1)
    qtbot.waitUntil(lambda: told[-1] is None)
    assert not loupe.isVisible()
    qtbot.keyClick(viewer, Key.Key_L)
    assert loupe.isVisible()


def test_the_preview_is_seen_in_the_loupe(qtbot: QtBot, viewer: Viewer) -> None:
    viewer.show_photo(photo(), 0, 1)
    qtbot.waitUntil(viewer.canvas.sharpened)
    box = viewer.canvas.look.box
    assert box is not None
    image = QImage(box[2], box[3], QImage.Format.Format_RGB32)
    image.fill(Qt.GlobalColor.blue)
    viewer.show_preview(image, box)
    loupe = viewer.findChild(Loupe)
    assert loupe is not None
    seen = loupe.view.grab().toImage()
    row = seen.height() - 12
    assert seen.pixelColor(seen.width() - 12, row).blue() == 255
    assert seen.pixelColor(12, row).red() == 200


def test_why_there_is_no_preview_is_said_at_the_loupe(viewer: Viewer) -> None:
    viewer.show_photo(photo(), 0, 1)
    viewer.preview_failed("The model is missing.", "Add it again.")
    assert "The model is missing. Add it again." in texts(viewer)


def test_the_path_is_readable_before_and_after(viewer: Viewer) -> None:
    viewer.show_photo(photo(), 2, 240)
    assert str(SOURCE) in texts(viewer) and "3 of 240" in texts(viewer)
    viewer.set_target(RESULT)
    assert "Will be saved as" in texts(viewer) and str(RESULT) in texts(viewer)
    viewer.show_photo(done(), 2, 240)
    assert "Will be saved as" not in texts(viewer) and str(RESULT) in texts(viewer)


def test_show_in_folder_names_exactly_the_result(qtbot: QtBot, viewer: Viewer) -> None:
    viewer.show_photo(done(), 0, 1)
    link = next(b for b in viewer.findChildren(QPushButton) if b.text() == "Show in folder")
    with qtbot.waitSignal(viewer.reveal_wanted) as told:
        link.click()
    assert told.args == [RESULT]


def test_the_noise_is_said_from_the_note_the_preview_or_a_measurement(
    qtbot: QtBot, viewer: Viewer
) -> None:
    viewer.show_photo(done(note="noise 14 of 255, 1 step"), 0, 1)
    assert "Noise found: 14 of 255" in texts(viewer)
    viewer.show_photo(replace(photo(), id=PhotoId(2)), 0, 1)
    assert "Noise found" not in texts(viewer)
    viewer.show_noise(8.6, 5.2)
    assert "Noise found: 9 of 255 (colour 5)" in texts(viewer)
    viewer.show_photo(replace(photo(), id=PhotoId(3)), 0, 1)
    qtbot.waitUntil(lambda: "Noise found: 11 of 255" in texts(viewer))


def test_decisions_wait_for_a_result(viewer: Viewer) -> None:
    viewer.show_photo(photo(), 0, 1)
    assert not button(viewer, "Keep").isEnabled()
    viewer.show_photo(done(decision=Decision.KEEP, rating=4), 0, 1)
    assert button(viewer, "Keep").isEnabled() and button(viewer, "Keep").isChecked()
    assert not button(viewer, "Reject").isChecked()


def test_a_click_decides_but_the_mark_follows_the_library(qtbot: QtBot, viewer: Viewer) -> None:
    viewer.show_photo(done(decision=Decision.KEEP), 0, 1)
    with qtbot.waitSignal(viewer.decided) as told:
        button(viewer, "Reject").click()
    assert told.args == [Decision.REJECT]
    assert button(viewer, "Keep").isChecked()
    viewer.show_photo(done(decision=Decision.REJECT), 0, 1)
    assert button(viewer, "Reject").isChecked()


def test_the_same_star_again_takes_the_stars_away(qtbot: QtBot, viewer: Viewer) -> None:
    viewer.show_photo(done(rating=3), 0, 1)
    with qtbot.waitSignal(viewer.rated) as told:
        button(viewer, "3 stars").click()
    assert told.args == [0]


def test_arrows_end_at_the_first_and_the_last(viewer: Viewer) -> None:
    viewer.show_photo(done(), 0, 2)
    assert not button(viewer, "Previous").isEnabled() and button(viewer, "Next").isEnabled()
    viewer.show_photo(replace(done(), id=PhotoId(2)), 1, 2)
    assert button(viewer, "Previous").isEnabled() and not button(viewer, "Next").isEnabled()


def test_work_is_watched_in_place(viewer: Viewer) -> None:
    viewer.show_photo(photo(status=ItemStatus.RUNNING, item=ItemId(5)), 0, 1)
    viewer.progress(ItemId(5), 4, 6)
    assert "Working (4 of 6)" in texts(viewer)
    viewer.progress(ItemId(77), 5, 6)
    assert "Working (4 of 6)" in texts(viewer)


def test_a_result_that_is_gone_is_said_and_the_photograph_shown(
    qtbot: QtBot, codec: FakeCodec, viewer: Viewer
) -> None:
    del codec.pictures[RESULT]
    viewer.show_photo(done(), 0, 1)
    card = viewer.findChild(Card)
    assert card is not None
    qtbot.waitUntil(card.isVisible)
    assert "is not there any more" in texts(card)
    assert viewer.canvas.look.after is None and viewer.canvas.look.before is not None
    with qtbot.waitSignal(viewer.redo_recipe_wanted):
        next(b for b in card.findChildren(QPushButton)).click()


def test_a_failed_photograph_can_be_tried_again(qtbot: QtBot, viewer: Viewer) -> None:
    failed = photo(status=ItemStatus.FAILED, item=ItemId(9), message="It ends too early.")
    viewer.show_photo(failed, 0, 1)
    card = viewer.findChild(Card)
    assert card is not None and card.isVisible()
    with qtbot.waitSignal(viewer.retry_wanted) as told:
        next(b for b in card.findChildren(QPushButton)).click()
    assert told.args == [ItemId(9)]


def test_earlier_versions_are_looked_at_and_brought_back(qtbot: QtBot, viewer: Viewer) -> None:
    viewer.show_photo(done(versions=1), 0, 1)
    button(viewer, "1 earlier versions").click()
    strip = viewer._parts.versions
    assert strip.isVisible()
    strip._look(EARLIER)
    after = viewer.canvas.look.after
    assert after is not None and after.path == EARLIER.path
    bring = next(b for b in strip.findChildren(QPushButton))
    with qtbot.waitSignal(viewer.version_wanted) as told:
        bring.click()
    assert told.args == [EARLIER]
    viewer.reload()
    after = viewer.canvas.look.after
    assert after is not None and after.path == RESULT


def test_the_result_says_with_what_it_was_made(qtbot: QtBot, viewer: Viewer) -> None:
    viewer.show_photo(done(note="noise level 0.35, 7 of 20 steps", seconds=8.4), 0, 1)
    qtbot.keyClick(viewer, Key.Key_I)
    qtbot.waitUntil(lambda: "Test 5D" in texts(viewer))
    shown = texts(viewer._parts.facts)
    assert "Strength | 0.35" in shown and "8.4 s" in shown and "DDIM" in shown
    use = next(b for b in viewer.findChildren(QPushButton) if b.text() == "Use this recipe")
    with qtbot.waitSignal(viewer.recipe_wanted) as told:
        use.click()
    assert told.args is not None and told.args[0].edit.strength == 0.35


def test_a_hidden_viewer_keeps_no_pictures(
    qtbot: QtBot, reader: PictureReader, viewer: Viewer
) -> None:
    viewer.show_photo(done(), 0, 1)
    qtbot.waitUntil(viewer.canvas.sharpened)
    viewer.hide()
    assert not viewer.canvas.sharpened()
    viewer.show()
    qtbot.waitUntil(viewer.canvas.sharpened)


def test_every_button_has_a_name_and_a_sentence(viewer: Viewer) -> None:
    viewer.show_photo(done(versions=2), 0, 1)
    for control in [*viewer.findChildren(QToolButton), *viewer.findChildren(QPushButton)]:
        if control.objectName() != "qt_toolbar_ext_button" and control.isVisible():
            assert control.accessibleName() or control.text(), control
            assert control.toolTip(), control.accessibleName() or control.text()
            assert control.focusPolicy() & Qt.FocusPolicy.TabFocus
