"""What widgets hand to a thread must not end there: the window could stand still for good."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject
from pytestqt.qtbot import QtBot

from core.errors import CoreError
from core.services import Services, open_services
from desktop.backend import Backend
from desktop.models.desk import open_shelf
from desktop.models.thread import ShelfThread, Task


class Witness:
    """Stands for a widget: says on which thread it ended."""

    def __init__(self, ended_on: list[str]) -> None:
        self._ended_on = ended_on

    def __del__(self) -> None:
        self._ended_on.append(threading.current_thread().name)

    def see(self, *_: object) -> None:
        """What is called on the main thread."""


def fail(_: Services) -> None:
    raise CoreError("It did not work.", hint="")


def do_nothing(*_: object) -> None:
    """Work that succeeds."""


def fail_with_models(*_: object) -> None:
    raise CoreError("It did not work.", hint="")


def test_what_a_question_holds_ends_on_the_main_thread(qtbot: QtBot) -> None:
    backend, owner, ended_on = Backend(open_services), QObject(), list[str]()
    tries: list[Callable[[Services], None]] = [do_nothing, fail]
    for work in tries * 3:
        witness = Witness(ended_on)
        backend.ask(owner, work, witness.see, witness.see)
        del witness
        qtbot.waitUntil(lambda: backend.waiting == 0)
    assert backend.close()
    qtbot.waitUntil(lambda: len(ended_on) == 6)
    assert set(ended_on) == {"MainThread"}


def test_what_a_models_task_holds_ends_on_the_main_thread(qtbot: QtBot, tmp_path: Path) -> None:
    thread, ended_on = ShelfThread(lambda: open_shelf(tmp_path)), list[str]()
    for number in range(6):
        witness = Witness(ended_on)
        task = Task("", fail_with_models if number % 2 else do_nothing, witness.see)
        del witness
        with qtbot.waitSignal(thread.let_go):
            thread.do(task)
            del task
    assert thread.end()
    qtbot.waitUntil(lambda: len(ended_on) == 6)
    assert set(ended_on) == {"MainThread"}
