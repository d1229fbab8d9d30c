"""A second start hands its files to the open window instead of opening another one."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QProcess
from PySide6.QtNetwork import QLocalSocket
from pytestqt.qtbot import QtBot

from desktop.system.single_instance import Handed, SingleInstance, read_handed

_SECOND = """
import os, sys
from pathlib import Path
from PySide6.QtCore import QCoreApplication
from desktop.system.single_instance import SingleInstance
app = QCoreApplication([])
instance = SingleInstance(Path(sys.argv[1]))
if instance.first():
    sys.exit(7)
sys.exit(0 if instance.hand_over([Path(os.fsdecode(os.fsencode(a))) for a in sys.argv[2:]]) else 1)
"""


@pytest.fixture
def first(tmp_path: Path, qtbot: QtBot) -> Iterator[SingleInstance]:
    """The first start."""
    instance = SingleInstance(tmp_path / "library.db")
    assert instance.first()
    yield instance
    instance.close()


def test_files_of_a_second_start_arrive_in_the_first(
    first: SingleInstance, tmp_path: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    strange = "über #1 day.jpg"
    monkeypatch.setenv("XDG_ACTIVATION_TOKEN", "token-1")
    process = QProcess()

    with qtbot.waitSignal(first.handed, timeout=20_000) as told:
        library = str(tmp_path / "library.db")
        process.start(sys.executable, ["-c", _SECOND, library, strange, "/b.jpg"])
    qtbot.waitUntil(lambda: process.state() is QProcess.ProcessState.NotRunning, timeout=20_000)

    assert process.exitCode() == 0
    handed: Handed = told.args[0]
    assert handed.paths == (Path.cwd() / strange, Path("/b.jpg"))
    assert handed.token == "token-1"


def test_another_library_has_a_window_of_its_own(first: SingleInstance, tmp_path: Path) -> None:
    other = SingleInstance(tmp_path / "other.db")

    assert other.first()
    other.close()


def test_a_start_after_a_killed_one_is_the_first_again(tmp_path: Path, qtbot: QtBot) -> None:
    library = tmp_path / "library.db"
    dying = _SECOND.replace("sys.exit(7)", "os._exit(7)")
    code = subprocess.run([sys.executable, "-c", dying, str(library)], cwd=tmp_path, check=False)
    assert code.returncode == 7

    instance = SingleInstance(library)
    assert instance.first()
    instance.close()


def test_a_first_start_that_does_not_answer_is_told_and_not_waited_for(
    first: SingleInstance, tmp_path: Path
) -> None:
    server = first._server
    assert server is not None
    server.close()
    second = SingleInstance(tmp_path / "library.db")

    assert not second.first()
    assert not second.hand_over([Path("/a.jpg")], milliseconds=300)
    assert second.holder() == os.getpid()


def test_what_is_no_message_of_ours_changes_nothing(first: SingleInstance, qtbot: QtBot) -> None:
    taken: list[Handed] = []
    first.handed.connect(taken.append)
    for garbage in (b"\xff\xfe\n", b"[1, 2]\n", b'{"paths": 3}\n', b"null\n"):
        socket = QLocalSocket()
        socket.connectToServer(first._name)
        assert socket.waitForConnected(2000)
        socket.write(garbage)
        socket.waitForBytesWritten(2000)
        qtbot.wait(20)
        socket.disconnectFromServer()

    assert taken == []


def test_paths_in_no_encoding_arrive_whole() -> None:
    path = Path(os.fsdecode(b"/photos/caf\xe9.jpg"))
    line = b'{"paths": ["/photos/caf\\udce9.jpg"], "token": ""}\n'

    assert read_handed(line) == Handed((path,))
