"""Trouble is said in place, with what to do; no dialog interrupts for it."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtWidgets import QPushButton, QScrollArea, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from core.device import DeviceInfo, DeviceKind
from core.errors import CoreError
from desktop.widgets.banner import Banner, BannerKind
from desktop.widgets.device_words import memory_sentence, short_name
from desktop.widgets.elided import ElidedLabel
from desktop.widgets.status_chip import StatusChip

_GIB = 1 << 30


def device(kind: DeviceKind, name: str, *, usable: bool = True) -> DeviceInfo:
    problem = "" if usable else f"{name} is here, but its driver is not installed."
    return DeviceInfo(
        kind=kind,
        name=name,
        total_memory=12 * _GIB,
        free_memory=9 * _GIB,
        dtype="fp32",
        usable=usable,
        problem=problem,
    )


_CPU = device(DeviceKind.CPU, "AMD Ryzen 7, 8 cores")
_CARD = device(DeviceKind.CUDA, "NVIDIA GeForce RTX 4070")
_IDLE = device(DeviceKind.CUDA, "NVIDIA GeForce RTX 4070", usable=False)


def test_a_long_report_is_shown_whole_in_a_narrow_panel(qtbot: QtBot) -> None:
    """What was left out of a recipe is a list: its last line counts as much as its first."""
    window = QWidget()
    qtbot.addWidget(window)
    banner = Banner()
    column = QVBoxLayout(window)
    column.addWidget(banner)
    column.addWidget(QScrollArea(), 1)
    window.resize(316, 700)
    window.show()
    banner.say("Recipe restored.", "Left out:\n" + "\n".join(["a word after a word " * 4] * 4))
    qtbot.waitUntil(lambda: banner.height() == banner.heightForWidth(banner.width()))
    assert banner.height() > banner.sizeHint().height() / 2


def test_an_error_shows_its_hint_and_can_be_dismissed(qtbot: QtBot) -> None:
    banner = Banner()
    qtbot.addWidget(banner)
    assert banner.isHidden() and banner.message == ""

    banner.say_error(CoreError("The disk is full.", hint="Free space."))
    assert banner.message == "The disk is full." and banner.hint == "Free space."
    assert banner.kind is BannerKind.ERROR
    assert banner.accessibleName() == "The disk is full. Free space."

    with qtbot.waitSignal(banner.dismissed):
        banner._close.click()
    assert banner.message == ""


def test_buttons_do_what_they_say_and_old_ones_go(qtbot: QtBot) -> None:
    banner = Banner()
    qtbot.addWidget(banner)
    done: list[str] = []
    banner.say("One", buttons=[("&Resume", lambda: done.append("resume"))])
    banner.say("Two", buttons=[("&Retry", lambda: done.append("retry"))])

    shown = [b for b in banner.findChildren(QPushButton) if not b.isHidden()]
    assert [button.text() for button in shown] == ["&Retry"]
    shown[0].click()
    assert done == ["retry"]


@pytest.mark.parametrize("kind", list(BannerKind))
def test_it_is_painted_in_each_kind(qtbot: QtBot, kind: BannerKind, tmp_path: Path) -> None:
    banner = Banner()
    qtbot.addWidget(banner)
    banner.resize(400, 50)
    banner.say("Something", kind=kind)

    image = banner.grab().toImage()
    assert image.pixelColor(1, 25) != image.pixelColor(200, 2)


def test_a_text_that_does_not_fit_is_whole_on_hover(qtbot: QtBot) -> None:
    label = ElidedLabel("a very long name of a very long folder")
    qtbot.addWidget(label)

    assert label.toolTip() == label.text()
    assert label.minimumSizeHint().width() <= 60


def test_the_chip_names_the_device_or_why_the_card_is_not_used(qtbot: QtBot) -> None:
    chip = StatusChip()
    qtbot.addWidget(chip)
    assert chip.text() == "Looking for devices…"

    chip.show_devices([_CPU])
    assert chip.text() == "Processor · 9.0 GB free"
    chip.show_devices([_CARD, _CPU])
    assert chip.text() == "NVIDIA RTX 4070 · 9.0 GB free"
    second = _CARD.model_copy(update={"index": 1})
    chip.show_devices([_CARD, second, _CPU])
    assert chip.text() == "NVIDIA RTX 4070 and 1 more" and "share the work" in chip.toolTip()
    chip.show_devices([_CARD, second, _CPU], chosen="cuda:1")
    assert chip.text() == "NVIDIA RTX 4070 · 9.0 GB free"
    chip.show_devices([_CARD, _CPU], chosen="cpu")
    assert chip.text() == "Processor · 9.0 GB free"
    chip.show_devices([_CPU, _IDLE])
    assert chip.text() == "Processor, NVIDIA RTX 4070 is not used"
    assert "its driver is not installed" in chip.toolTip()
    chip.show_devices([_IDLE])
    assert chip.text() == "No device" and chip.accessibleName() == "Device: No device"


@pytest.mark.parametrize(
    ("name", "short"),
    [
        ("NVIDIA GeForce RTX 4070", "NVIDIA RTX 4070"),
        ("Intel(R) Arc(TM) A770 Graphics", "Intel Arc A770"),
        ("AMD Ryzen 7 5800X 8-Core Processor, 8 cores", "AMD Ryzen 7 5800X 8-Core"),
        ("CPU", "CPU"),
    ],
)
def test_names_lose_their_ornament(name: str, short: str) -> None:
    assert short_name(device(DeviceKind.CUDA, name)) == short


def test_memory_is_said_as_cards_are_sold() -> None:
    assert memory_sentence(_CARD) == "9.0 of 12.0 GB free"
