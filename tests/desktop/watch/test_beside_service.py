"""If these failed, window and service would edit twice, or leave a folder to nobody."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from desktop.photos.overview import Kind
from desktop.system.close_dialog import CloseChoice, CloseDialog
from desktop.watch.leave_dialog import LeaveChoice, LeaveDialog
from desktop.watch.service_dialog import ServiceDialog
from desktop.watch.standing import Who
from tests.desktop.driving import fake_program
from tests.desktop.watch.watching import WatchDriver
from tests.fakes import fake_environment
from tests.runs import make_photographs

_SERVICE = Path(__file__).with_name("fake_service.py")
Start = Callable[[], subprocess.Popen[str]]


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Start]:
    """What starts the service, a process of its own with a fake render process."""
    started: list[subprocess.Popen[str]] = []

    def start() -> subprocess.Popen[str]:
        command = [sys.executable, "-P", str(_SERVICE)]
        process = subprocess.Popen(
            command, env=os.environ | fake_environment(), cwd=tmp_path, text=True,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.wait()


def test_the_window_shows_what_the_service_does_and_takes_over_when_it_is_killed(
    driver: WatchDriver, service: Start, tmp_path: Path
) -> None:
    """Both at once over one folder: every photograph once, whoever is there."""
    inbox = tmp_path / "inbox"
    inbox.mkdir()
    driver.open()
    driver.add(inbox)
    driver.close()

    process = service()
    make_photographs(inbox, ["a.jpg"])
    result = tmp_path / "inbox-regrain" / "a.jpg"
    driver.qtbot.waitUntil(result.exists, timeout=60_000)
    driver.open()
    texts = ["Watched by the service"]
    driver.wait(lambda: [line.text for line in driver.lines(Kind.WATCHER)] == texts)
    driver.watch.open(driver.folders[0].rule.id)
    driver.wait(lambda: driver.statuses() == {"a.jpg": "done"})
    make_photographs(inbox, ["b.jpg"])
    driver.wait(lambda: driver.statuses() == {"a.jpg": "done", "b.jpg": "done"})
    before = result.read_bytes()
    again = make_photographs(tmp_path / "again", ["c.jpg"])[0]
    (inbox / "a.jpg").write_bytes(again.read_bytes())
    driver.wait(lambda: result.read_bytes() != before)
    driver.wait(lambda: driver.statuses() == {"a.jpg": "done", "b.jpg": "done"})

    process.kill()
    process.wait()
    driver.wait(lambda: driver.controller.standing.watcher.who is Who.WINDOW)
    make_photographs(inbox, ["d.jpg"])
    driver.wait(lambda: driver.statuses().get("d.jpg") == "done")
    driver.wait(lambda: driver.detail == "Watching, 3 today")


def test_closing_the_only_watcher_says_so_once(
    driver: WatchDriver, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A folder that nobody watches any more must not be a surprise."""
    inbox = tmp_path / "inbox"
    inbox.mkdir()
    answers: list[LeaveChoice | None] = [None, LeaveChoice.CLOSE]
    asked: list[LeaveDialog] = []

    def answer(dialog: LeaveDialog) -> int:
        asked.append(dialog)
        dialog.choice = answers.pop(0)
        dialog.silent.setChecked(True)
        return 0

    monkeypatch.setattr(LeaveDialog, "exec", answer)
    window = driver.open()
    assert window.wiring.may_close()
    driver.add(inbox)
    driver.wait_idle()
    assert not window.wiring.may_close()
    assert window.wiring.may_close()
    assert window.wiring.may_close()
    assert len(asked) == 2
    driver.controller.pause(driver.folders[0].rule.id)
    driver.wait(lambda: not driver.controller.standing.watched_here)


def test_while_it_renders_closing_asks_one_question_for_both(
    driver: WatchDriver, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two dialogs at the end of a day are one too many; the rest goes on by itself next day."""
    inbox = tmp_path / "inbox"
    inbox.mkdir()
    said: list[str] = []

    def answer(dialog: CloseDialog) -> int:
        said.append(dialog.watched)
        dialog.choice = CloseChoice.STOP_NOW
        return 0

    monkeypatch.setattr(CloseDialog, "exec", answer)
    driver.program = fake_program(delay=0.2, steps=5)
    window = driver.open()
    driver.add(inbox)
    make_photographs(inbox, ["a.jpg", "b.jpg"])
    driver.wait(lambda: "running" in driver.statuses().values())
    assert window.wiring.may_close()
    assert len(said) == 1 and "inbox is watched only as long as" in said[0]
    driver.close()

    driver.program = fake_program()
    driver.open()
    driver.wait(lambda: driver.statuses() == {"a.jpg": "done", "b.jpg": "done"})


def test_a_service_that_cannot_start_is_said_and_leaves_nothing_behind(
    driver: WatchDriver, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without systemd the window must not promise that watching goes on."""
    commands: list[str] = []

    def refuse(words: list[str]) -> str:
        commands.append(" ".join(words))
        return "Failed to connect to bus" if len(commands) == 1 else ""

    monkeypatch.setattr("core.watch.install.run_command", refuse)
    monkeypatch.setattr("sys.platform", "linux")
    unit = tmp_path / "config" / "systemd" / "user" / "regrain.service"
    driver.open()
    driver.wait(lambda: driver.controller.standing.watcher.who is Who.WINDOW)
    dialog = driver.watch.dialogs.show_service()
    assert isinstance(dialog, ServiceDialog)
    dialog.install.click()
    driver.wait(lambda: "Failed to connect to bus" in dialog.banner.message)
    assert "regrain service run" in dialog.banner.hint and not unit.exists()
    dialog.install.click()
    driver.wait(lambda: "The service runs" in dialog.banner.message)
    assert unit.exists()
    # It is given time to take over before the window watches again.
    driver.wait(lambda: driver.watch.watching is not None and driver.watch.watching.lets_go)
    driver.wait(lambda: not dialog.remove.isHidden())
    dialog.remove.click()
    driver.wait(lambda: "The service is removed" in dialog.banner.message)
    assert not unit.exists()
    dialog.reject()
