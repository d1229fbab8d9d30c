"""A bug leaves a report and one dialog; without them a user could only say `it vanished`."""

from __future__ import annotations

import faulthandler
import logging
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import qWarning
from pytestqt.qtbot import QtBot

from desktop.system.crash import LOG, NATIVE, Crash, CrashHandlers


@pytest.fixture
def handlers(tmp_path: Path, qtbot: QtBot) -> Iterator[CrashHandlers]:
    """Installed handlers; the test runner's own are back afterwards."""
    was_on = faulthandler.is_enabled()
    made = CrashHandlers(tmp_path / "logs")
    made.install()
    yield made
    made.remove()
    if was_on:
        faulthandler.enable()


def error() -> ValueError:
    """Return an exception with a traceback."""
    try:
        raise ValueError("the dial is at eleven")
    except ValueError as raised:
        return raised


def test_a_bug_is_written_whole_and_told_once(handlers: CrashHandlers, qtbot: QtBot) -> None:
    told: list[Crash] = []
    handlers.crashed.connect(told.append)

    raised = error()
    sys.excepthook(type(raised), raised, raised.__traceback__)
    sys.excepthook(type(raised), raised, raised.__traceback__)

    assert len(told) == 1
    assert told[0].summary == "ValueError: the dial is at eleven"
    report = told[0].report
    assert report is not None
    text = report.read_text()
    assert "PySide6" in text
    assert text.count('raise ValueError("the dial is at eleven")') == 2


def test_a_bug_on_another_thread_is_told_on_the_main_one(
    handlers: CrashHandlers, qtbot: QtBot
) -> None:
    def fail() -> None:
        raise RuntimeError("on a thread")

    with qtbot.waitSignal(handlers.crashed) as told:
        thread = threading.Thread(target=fail)
        thread.start()
        thread.join()

    assert told.args[0].summary == "RuntimeError: on a thread"


@pytest.mark.no_qt_log
def test_what_qt_complains_about_is_in_the_log(handlers: CrashHandlers, tmp_path: Path) -> None:
    qWarning("a layout is wrong")
    logging.getLogger("core.runner").warning("the render process ended")

    text = (tmp_path / "logs" / LOG).read_text()
    assert "a layout is wrong" in text and "the render process ended" in text


def test_a_log_folder_that_cannot_be_made_hides_no_bug(tmp_path: Path, qtbot: QtBot) -> None:
    (tmp_path / "file").write_text("")
    handlers = CrashHandlers(tmp_path / "file" / "logs")
    handlers.install()
    try:
        with qtbot.waitSignal(handlers.crashed) as told:
            handlers.take(error())
    finally:
        handlers.remove()

    assert told.args[0].report is None and "eleven" in told.args[0].text


def test_a_crash_of_native_code_is_found_at_the_next_start(tmp_path: Path, qtbot: QtBot) -> None:
    dies = (
        "import os, sys; from pathlib import Path\n"
        "from desktop.system.crash import CrashHandlers\n"
        "handlers = CrashHandlers(Path(sys.argv[1])); handlers.install()\n"
        "os.abort()\n"
    )
    logs = tmp_path / "logs"
    done = subprocess.run([sys.executable, "-c", dies, str(logs)], cwd=tmp_path, check=False)
    assert done.returncode != 0 and "Aborted" in (logs / NATIVE).read_text()

    handlers = CrashHandlers(logs)
    handlers.install()
    handlers.remove()
    again = CrashHandlers(logs)
    again.install()
    again.remove()

    assert handlers.ended_badly and not again.ended_badly
    assert "Aborted" in (logs / NATIVE).with_suffix(".last.log").read_text()
