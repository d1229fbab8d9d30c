"""The computer does not go to sleep in the middle of a batch, and may again after it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from desktop.system.awake import CommandAwake, KeepAwake


class System:
    """A computer that notes what it is asked."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def hold(self, why: str) -> None:
        self.asked.append(f"hold: {why}")

    def release(self) -> None:
        self.asked.append("release")


_HOLD = "hold: Photographs are being edited"


def test_it_is_held_awake_while_it_works_and_asked_once(qtbot: QtBot) -> None:
    system = System()
    awake = KeepAwake(system)

    for working in (True, True, False, False, True):
        awake.set_working(working)
    awake.close()

    assert system.asked == [_HOLD, "release", _HOLD, "release"]


def test_a_user_who_does_not_want_it_is_heard_even_during_work(qtbot: QtBot) -> None:
    system = System()
    awake = KeepAwake(system, enabled=False)

    awake.set_working(True)
    awake.set_enabled(True)
    awake.set_enabled(False)
    awake.close()

    assert system.asked == [_HOLD, "release"]


def test_a_program_that_holds_the_computer_ends_with_the_work() -> None:
    command = CommandAwake([sys.executable, "-c", "import time; time.sleep(60)"])

    command.hold("work")
    process = command._process
    assert process is not None and process.poll() is None
    command.hold("work")
    assert command._process is process
    command.release()

    assert process.poll() is not None


def test_a_computer_without_such_a_program_goes_on_without() -> None:
    command = CommandAwake(["/nothing/here"])
    command.hold("work")
    command.release()


_SERVICE = """
from PySide6.QtCore import ClassInfo, QCoreApplication, QObject, Slot
from PySide6.QtDBus import QDBusConnection
import sys
app = QCoreApplication([])
@ClassInfo({"D-Bus Interface": "org.freedesktop.ScreenSaver"})
class ScreenSaver(QObject):
    @Slot(str, str, result="uint")
    def Inhibit(self, who, why):
        print("inhibited by", who, flush=True)
        return 7
bus, saver = QDBusConnection.sessionBus(), ScreenSaver()
slots = QDBusConnection.RegisterOption.ExportAllSlots
bus.registerObject("/org/freedesktop/ScreenSaver", saver, slots)
bus.registerService("org.freedesktop.ScreenSaver")
from desktop.system.awake import DBusAwake
from PySide6.QtCore import QTimer
awake = DBusAwake()
awake.hold("work")
def look():
    if not awake.answers:
        return
    print("agreed", awake.answers, flush=True)
    awake.release()
    print("connected", QDBusConnection(DBusAwake.CONNECTION).isConnected(), flush=True)
    app.quit()
timer = QTimer(interval=10)
timer.timeout.connect(look)
timer.start()
app.exec()
"""


@pytest.mark.skipif(not shutil.which("dbus-run-session"), reason="no session bus to start")
def test_a_linux_desktop_is_asked_over_its_bus_and_let_go(tmp_path: Path) -> None:
    quiet = os.environ | {"DBUS_SYSTEM_BUS_ADDRESS": f"unix:path={tmp_path}/none"}
    done = subprocess.run(
        ["dbus-run-session", "--", sys.executable, "-c", _SERVICE],
        env=quiet,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert done.stdout.splitlines() == ["inhibited by Regrain", "agreed [7]", "connected False"]
