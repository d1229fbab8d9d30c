"""Show in folder: exactly that file, on every system, without waiting for a drive."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QObject
from pytestqt.qtbot import QtBot

from desktop.reveal import Revealer, open_at, standing


class FakeDesktop:
    """Writes down what it is asked; `bus` says whether a file manager answers there."""

    def __init__(self, *, bus: bool = True, starts: bool = True, shows: bool = True) -> None:
        self.bus = bus
        self.shows = shows
        self.starts = starts
        self.said: list[tuple[Any, ...]] = []

    def start(self, program: str, arguments: Sequence[str]) -> bool:
        self.said.append((program, *arguments))
        return self.starts

    def show_items(self, uris: Sequence[str], failed: Callable[[], None]) -> None:
        self.said.append(("items", *uris))
        if not self.bus:
            failed()

    def open_folder(self, folder: Path) -> bool:
        self.said.append(("folder", folder))
        return self.shows


class Library:
    """Answers at once, as the library's thread would later."""

    def ask(self, owner: QObject, work: Callable[[Any], Any], then: Callable[[Any], None]) -> None:
        then(work(None))


def test_linux_asks_the_file_manager_for_exactly_this_file() -> None:
    desktop = FakeDesktop()
    open_at(Path("/photos/Ä b #1.jpg"), desktop, "linux")
    assert desktop.said == [("items", "file:///photos/%C3%84%20b%20%231.jpg")]


def test_a_computer_without_any_file_manager_is_said() -> None:
    """A button that does nothing, without a word, looks broken."""
    failed: list[bool] = []
    desktop = FakeDesktop(bus=False, shows=False)
    open_at(Path("/photos/a.jpg"), desktop, "linux", lambda: failed.append(True))
    assert failed == [True]


def test_linux_without_a_file_manager_opens_the_folder() -> None:
    desktop = FakeDesktop(bus=False)
    open_at(Path("/photos/a.jpg"), desktop, "linux")
    assert desktop.said[-1] == ("folder", Path("/photos"))


def test_windows_selects_the_file_in_explorer() -> None:
    desktop = FakeDesktop()
    open_at(Path("C:/My photos/a, b.jpg"), desktop, "win32")
    assert desktop.said == [("explorer.exe", '/select,"C:/My photos/a, b.jpg"')]


@pytest.mark.parametrize("starts", [True, False])
def test_macos_reveals_in_finder_or_opens_the_folder(starts: bool) -> None:
    desktop = FakeDesktop(starts=starts)
    open_at(Path("/photos/a.jpg"), desktop, "darwin")
    assert desktop.said[0] == ("/usr/bin/open", "-R", "/photos/a.jpg")
    assert (("folder", Path("/photos")) in desktop.said) is not starts


def test_a_file_that_is_there_is_shown(qtbot: QtBot, tmp_path: Path) -> None:
    file = tmp_path / "result.jpg"
    file.write_bytes(b"x")
    desktop = FakeDesktop()
    Revealer(Library(), desktop=desktop, platform="linux").reveal(file)  # type: ignore[arg-type]
    assert desktop.said == [("items", file.as_uri())]


def test_a_file_that_is_gone_is_said_and_what_is_left_of_its_folder_opened(
    qtbot: QtBot, tmp_path: Path
) -> None:
    desktop = FakeDesktop()
    revealer = Revealer(Library(), desktop=desktop, platform="linux")  # type: ignore[arg-type]
    with qtbot.waitSignal(revealer.troubled) as told:
        revealer.reveal(tmp_path / "trip" / "result.jpg")
    assert told.args is not None
    assert told.args[0].message == "result.jpg is not there any more."
    assert desktop.said == [("folder", tmp_path)]


def test_the_nearest_folder_that_is_left_is_found(tmp_path: Path) -> None:
    assert standing(tmp_path / "a" / "b.jpg") == tmp_path
