"""The dialogs show what is there and hand on what was chosen."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtGui import QAction, QGuiApplication, QKeySequence
from PySide6.QtWidgets import QLineEdit, QPushButton, QRadioButton, QWidget
from pytestqt.qtbot import QtBot

from core.device import DeviceInfo, DeviceKind
from core.models.shelf import ModelShelf
from core.preferences import Preferences, ThemeChoice
from core.services import open_services
from desktop.backend import Backend
from desktop.dialogs.about import AboutDialog
from desktop.dialogs.crash_dialog import CrashDialog
from desktop.dialogs.devices import DevicesDialog
from desktop.dialogs.model_facts import ModelFacts
from desktop.dialogs.models import ModelsDialog
from desktop.dialogs.preferences import PreferencesDialog
from desktop.dialogs.shortcuts import ShortcutsDialog
from desktop.models.desk import ModelDesk
from desktop.system.crash import Crash
from desktop.words_of_models import abilities
from tests.runs import fake_model

_REPAIR = "python -m pip install --force-reinstall torch"


def device(kind: DeviceKind, name: str, *, usable: bool = True) -> DeviceInfo:
    problem, repair = ("", "") if usable else (f"{name} is here, but not used.", _REPAIR)
    return DeviceInfo(
        kind=kind,
        name=name,
        total_memory=1 << 34,
        free_memory=1 << 33,
        dtype="fp32",
        usable=usable,
        problem=problem,
        repair=repair,
    )


_CPU = device(DeviceKind.CPU, "Ryzen")
_CARD = device(DeviceKind.CUDA, "RTX 4070", usable=False)


def test_a_device_is_chosen_and_one_that_cannot_be_used_says_what_helps(qtbot: QtBot) -> None:
    dialog = DevicesDialog([_CPU, _CARD])
    qtbot.addWidget(dialog)
    buttons = {button.text(): button for button in dialog.findChildren(QRadioButton)}
    assert buttons["&Automatic"].isChecked() and not buttons["RTX 4070"].isEnabled()

    command = dialog.findChild(QLineEdit)
    assert command is not None and command.text() == _REPAIR
    copy = next(b for b in dialog.findChildren(QPushButton) if b.text() == "Cop&y")
    copy.click()
    assert QGuiApplication.clipboard().text() == _REPAIR

    buttons["Ryzen"].click()
    with qtbot.waitSignal(dialog.chosen) as told:
        dialog.use.click()
    assert told.args == ["cpu"]


def test_looking_again_shows_what_is_found(qtbot: QtBot) -> None:
    dialog = DevicesDialog(None, "cuda:0")
    qtbot.addWidget(dialog)
    assert not dialog.use.isEnabled()

    dialog.show_devices([device(DeviceKind.CUDA, "RTX 4070"), _CPU])

    assert dialog.use.isEnabled() and dialog.wanted == "cuda:0"


def test_models_are_listed_with_what_they_can_do(tmp_path: Path, qtbot: QtBot) -> None:
    backend = Backend(lambda: open_services(tmp_path / "library.db"))
    desk = ModelDesk(backend, lambda: ModelShelf(tmp_path / "models"))
    dialog = ModelsDialog(desk)
    qtbot.addWidget(dialog)
    qtbot.waitUntil(lambda: dialog.current is not None, timeout=10_000)
    assert backend.close()

    facts = dialog.current
    assert facts is not None and facts.spec.id == "builtin" and facts.bytes > 1_000_000
    assert facts.missing == () and dialog.use.isEnabled()
    assert abilities(facts.spec.capabilities) == ["cleans", "repaints"]
    with qtbot.waitSignal(dialog.chosen) as told:
        dialog.use.click()
    assert told.args == ["builtin"]


def test_a_model_that_lacks_a_file_says_which_and_cannot_be_chosen(
    tmp_path: Path, qtbot: QtBot
) -> None:
    backend = Backend(lambda: open_services(tmp_path / "library.db"))
    desk = ModelDesk(backend, lambda: ModelShelf(tmp_path / "models"))
    dialog = ModelsDialog(desk)
    qtbot.addWidget(dialog)
    qtbot.waitUntil(lambda: dialog.current is not None, timeout=10_000)
    assert backend.close()

    dialog.show_models([ModelFacts(fake_model(tmp_path), 0, ("t5xxl.safetensors",))])

    assert dialog.banner.message == "Fake is not complete: t5xxl.safetensors is missing."
    assert not dialog.use.isEnabled()


def test_the_sheet_lists_every_key_and_finds_them(qtbot: QtBot) -> None:
    owner = QWidget()
    qtbot.addWidget(owner)
    keep, export, plain = (QAction(t, owner) for t in ("&Keep", "&Export kept…", "No key"))
    keep.setShortcut(QKeySequence("P"))
    export.setShortcut(QKeySequence("Ctrl+E"))
    dialog = ShortcutsDialog([("&Photograph", [keep, plain]), ("&File", [export])])
    qtbot.addWidget(dialog)

    assert sorted(dialog.shown()) == ["Export kept", "Keep"]
    dialog.search.setText("ctrl+e")
    assert dialog.shown() == ["Export kept"]
    dialog.search.setText("photograph")
    assert dialog.shown() == ["Keep"]
    dialog.search.setText("nothing like it")
    assert dialog.shown() == []


def test_preferences_are_changed_and_what_is_not_shown_is_kept(qtbot: QtBot) -> None:
    before = Preferences.model_validate({"device": "cuda:1", "last_project": 7, "newer": "kept"})
    dialog = PreferencesDialog(before)
    qtbot.addWidget(dialog)

    dialog.theme.setCurrentIndex(dialog.theme.findData(ThemeChoice.DARK))
    dialog.close_to_tray.setCurrentIndex(1)
    dialog.on_done.setText("  play gong.wav ")
    dialog.idle_minutes.setValue(0)
    dialog.keep_awake.setChecked(False)
    with qtbot.waitSignal(dialog.saved) as told:
        _button(dialog, "&Save").click()

    after: Preferences = told.args[0]
    assert after.theme is ThemeChoice.DARK and after.close_to_tray is True
    assert after.on_done == "play gong.wav" and after.idle_minutes == 0 and not after.keep_awake
    assert after.device == "cuda:1" and after.last_project == 7
    assert after.model_dump()["newer"] == "kept"


def test_a_look_is_tried_at_once_and_taken_back_on_cancel(qtbot: QtBot) -> None:
    dialog = PreferencesDialog(Preferences(theme=ThemeChoice.LIGHT))
    qtbot.addWidget(dialog)
    tried: list[ThemeChoice] = []
    dialog.theme_tried.connect(tried.append)

    dialog.theme.setCurrentIndex(dialog.theme.findData(ThemeChoice.DARK))
    dialog.reject()

    assert tried == [ThemeChoice.DARK, ThemeChoice.LIGHT]


@pytest.mark.parametrize("name", ["idle_minutes", "max_megapixels", "thumbnail_cache_mb"])
def test_numbers_have_the_limits_of_the_preferences(qtbot: QtBot, name: str) -> None:
    dialog = PreferencesDialog(Preferences())
    qtbot.addWidget(dialog)
    field = getattr(dialog, name)

    for value in (field.minimum(), field.maximum()):
        Preferences.model_validate({name: value})
    for value in (field.minimum() - 1, field.maximum() + 1):
        with pytest.raises(ValueError, match=name):
            Preferences.model_validate({name: value})


def test_every_field_has_a_name_and_a_sentence(qtbot: QtBot) -> None:
    dialog = PreferencesDialog(Preferences())
    qtbot.addWidget(dialog)
    for name in ("theme", "close_to_tray", "on_done", "idle_minutes", "thumbnail_cache_mb"):
        field = getattr(dialog, name)
        assert field.accessibleName() and field.toolTip()


def test_a_bug_is_shown_with_its_report_and_what_to_do(qtbot: QtBot, tmp_path: Path) -> None:
    crash = Crash("KeyError: 'x'", "Traceback ... KeyError: 'x'", tmp_path / "bug.log")
    dialog = CrashDialog(crash)
    qtbot.addWidget(dialog)

    with qtbot.waitSignal(dialog.reveal) as told:
        _button(dialog, "Show the &report").click()
    assert told.args == [tmp_path / "bug.log"]
    _button(dialog, "&Copy it").click()
    assert "KeyError" in QGuiApplication.clipboard().text()
    with qtbot.waitSignal(dialog.quit_wanted):
        _button(dialog, "&Quit Regrain").click()


def test_versions_can_be_copied_for_a_report(qtbot: QtBot) -> None:
    dialog = AboutDialog()
    qtbot.addWidget(dialog)

    _button(dialog, "&Copy versions").click()

    text = QGuiApplication.clipboard().text()
    assert text.startswith("regrain ") and "torch" in text and "Python" in text


def _button(dialog: QWidget, text: str) -> QPushButton:
    return next(b for b in dialog.findChildren(QPushButton) if b.text() == text)
