"""A user who looks elsewhere learns that a batch has ended, and the own command runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from core.errors import StopReason
from core.events import JobFinished, RunnerBlocked, Totals
from core.library.ids import JobId
from core.services import open_services
from desktop.backend import Backend
from desktop.system.ending import BatchEnds, Ended, hook_environment, run_command
from desktop.system.notify import Notifier, notification_command
from tests.runs import Bench


class Messages:
    """A tray icon that notes what it shows."""

    def __init__(self, visible: bool = True) -> None:
        self.visible = visible
        self.said: list[tuple[str, str]] = []

    def can_say(self) -> bool:
        return self.visible

    def say(self, title: str, text: str) -> None:
        self.said.append((title, text))


def test_the_end_of_a_batch_is_told_and_the_users_command_started(
    tmp_path: Path, qtbot: QtBot
) -> None:
    bench = Bench(tmp_path)
    bench.photographs("a.png", "b.png")
    job = bench.enqueue().job
    bench.run(job)
    totals = bench.queue.totals(job)
    bench.close()
    backend = Backend(lambda: open_services(tmp_path / "library.sqlite"))
    messages, started = Messages(), []

    def run(command: str, environment: Mapping[str, str]) -> None:
        started.append((command, dict(environment)))

    ends = BatchEnds(backend, Notifier(messages), on_done="play gong.wav", run=run)
    with qtbot.waitSignal(ends.ended) as told:
        ends.take(JobFinished(job, totals))
    assert backend.close()

    assert messages.said == [(f"Batch {job} is finished", "2 photographs done.")]
    assert told.args[0].folder == bench.output
    command, environment = started[0]
    assert command == "play gong.wav"
    assert environment["REGRAIN_DONE"] == "2" and environment["REGRAIN_EXIT_CODE"] == "0"
    assert environment["REGRAIN_OUTPUT"] == str(bench.output)


def test_the_command_gets_the_counts_and_whether_something_failed() -> None:
    totals = Totals(found=3, done=1, failed=1, quarantined=1)

    values = hook_environment(Ended(JobId(1), "trip", totals, None))

    assert values["REGRAIN_FOUND"] == "3" and values["REGRAIN_FAILED"] == "1"
    assert values["REGRAIN_EXIT_CODE"] == "1" and values["REGRAIN_OUTPUT"] == ""


def test_the_command_really_runs(tmp_path: Path, qtbot: QtBot) -> None:
    run_command(f'echo "$REGRAIN_DONE" > {tmp_path}/out', {"REGRAIN_DONE": "37"})

    made = tmp_path / "out"
    qtbot.waitUntil(lambda: made.exists() and made.read_text() == "37\n")


def test_a_stop_is_told_with_what_to_do(qtbot: QtBot, tmp_path: Path) -> None:
    backend = Backend(lambda: open_services(tmp_path / "library.db"))
    messages = Messages()

    BatchEnds(backend, Notifier(messages)).take(
        RunnerBlocked(JobId(1), StopReason.DISK_FULL, "The disk is full.", "Free space.")
    )
    assert backend.close()

    assert messages.said == [("Stopped", "The disk is full. Free space.")]


def test_without_a_tray_the_systems_own_program_tells(
    qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[Sequence[str]] = []
    monkeypatch.setattr("shutil.which", lambda name: f"/usr/bin/{name}")
    monkeypatch.setattr("sys.platform", "linux")

    assert Notifier(Messages(visible=False), start=started.append).notify("-x is finished", "2")
    assert started[0][0] == "notify-send" and list(started[0][-3:]) == ["--", "-x is finished", "2"]


def test_who_wants_no_messages_gets_none(qtbot: QtBot) -> None:
    messages = Messages()

    assert not Notifier(messages, enabled=False).notify("a", "b")
    assert messages.said == []


def test_a_computer_that_cannot_tell_goes_on(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(_command: Sequence[str]) -> object:
        raise OSError

    assert not Notifier(start=missing).notify("a", "b")
    monkeypatch.setattr("shutil.which", lambda _name: None)
    monkeypatch.setattr("sys.platform", "linux")
    assert notification_command("a", "b") is None


def test_quotes_in_a_folders_name_stay_text_on_a_mac(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.platform", "darwin")

    command = notification_command('5" prints', "\\done")

    assert command is not None
    assert command[2] == 'display notification "\\\\done" with title "5\\" prints"'
