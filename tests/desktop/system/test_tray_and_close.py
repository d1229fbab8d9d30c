"""Closing while it works asks once and loses nothing; the tray tells how far it is."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QIcon
from pytestqt.qtbot import QtBot

from desktop.system.close_dialog import CloseChoice, CloseDialog, ClosingDialog
from desktop.system.taskbar import TaskbarProgress
from desktop.system.tray import Tray, progress_icon


def test_each_answer_is_one_choice_and_cancel_is_none(qtbot: QtBot) -> None:
    for name, choice in (
        ("finish", CloseChoice.FINISH),
        ("stop", CloseChoice.STOP_NOW),
        ("to_tray", CloseChoice.TO_TRAY),
        ("cancel", None),
    ):
        dialog = CloseDialog(112, tray=True)
        qtbot.addWidget(dialog)
        getattr(dialog, name).click()
        assert dialog.choice is choice


def test_return_finishes_the_photograph_and_escape_stays(qtbot: QtBot) -> None:
    dialog = CloseDialog(1)
    qtbot.addWidget(dialog)
    dialog.show()
    qtbot.keyClick(dialog, Qt.Key.Key_Return)
    assert dialog.choice is CloseChoice.FINISH

    other = CloseDialog(1)
    qtbot.addWidget(other)
    other.show()
    qtbot.keyClick(other, Qt.Key.Key_Escape)
    assert other.choice is None and other.isHidden()


def test_the_tray_is_offered_only_where_there_is_one(qtbot: QtBot) -> None:
    dialog = CloseDialog(3, tray=False)
    qtbot.addWidget(dialog)
    dialog.show()

    assert not dialog.to_tray.isVisible() and not dialog.remember.isVisible()


def test_waiting_for_the_last_photograph_has_an_end(qtbot: QtBot) -> None:
    dialog = ClosingDialog(patience_ms=10)
    qtbot.addWidget(dialog)
    with qtbot.waitSignal(dialog.stop_now_wanted):
        dialog.show()

    assert not dialog.stop.isEnabled()


def test_stopping_is_asked_for_once(qtbot: QtBot) -> None:
    dialog = ClosingDialog()
    qtbot.addWidget(dialog)
    asked: list[bool] = []
    dialog.stop_now_wanted.connect(lambda: asked.append(True))
    dialog.show()

    dialog.stop.click()
    dialog.close()
    qtbot.keyClick(dialog, Qt.Key.Key_Escape)

    assert asked == [True] and dialog.isVisible()
    dialog.accept()
    assert dialog.isHidden()


def test_the_tray_tells_how_far_it_is(qtbot: QtBot) -> None:
    tray = Tray()
    tray.show_progress(40, 240, "about 6 min left")
    assert tray.tip == "Regrain: 40 of 240 photographs, about 6 min left"

    tray.show_progress(240, 240)
    assert tray.tip == "Regrain"


def test_the_trays_icon_fills_with_the_work() -> None:
    def filled(icon: QIcon) -> bytes:
        image = icon.pixmap(QSize(64, 64)).toImage()
        return bytes(image.constBits())

    pictures = {filled(progress_icon(share)) for share in (None, 0.0, 0.5, 1.0)}
    assert len(pictures) == 4


def test_a_desktop_without_a_bus_shows_no_progress_and_no_error(qtbot: QtBot) -> None:
    bar = TaskbarProgress()
    bar.show(3, 10)
    bar.show(3, 10)
    bar.clear()
