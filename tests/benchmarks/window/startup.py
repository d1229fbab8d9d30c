"""Process start to painted window, and what is loaded by then."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

from tests.benchmarks.window.figures import tell

_ROUNDS = 5
_WARMING = 2
_LATE = ("torch", "diffusers", "transformers", "numpy", "sqlalchemy")


def measure(_photographs: Path | None, _scratch: Path) -> None:
    """Start the application several times."""
    walls, processors = [], []
    for number in range(_WARMING + _ROUNDS):
        command = [sys.executable, "-m", "tests.benchmarks.window.startup"]
        # Not the system's time of creation: on Linux that counts from a boot time in whole seconds.
        begun = time.time()
        child = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        answer, _ = child.communicate(timeout=120)
        painted, processor, *loaded = answer.split()
        if number >= _WARMING:
            walls.append(float(painted) - begun)
            processors.append(float(processor))
    tell("process start to painted window, median of 5", statistics.median(walls), "s", 1.0)
    tell("  the quickest of them", min(walls), "s")
    tell("  processor time until then, median", statistics.median(processors), "s")
    tell(f"of {', '.join(_LATE)} loaded when it is painted", len(loaded), "", 0)


def start() -> None:
    """Start the application as its user does; tell when its window was painted, and end."""
    from desktop.app import main

    # isort: split
    from PySide6.QtCore import QEvent, QObject, QTimer
    from PySide6.QtGui import QShowEvent
    from PySide6.QtWidgets import QMainWindow

    class Watch(QObject):
        def eventFilter(self, window: QObject, event: QEvent) -> bool:  # noqa: N802
            if event.type() is QEvent.Type.Paint:
                window.removeEventFilter(self)
                # At the next turn the whole window is painted, not only its background.
                QTimer.singleShot(0, tell_and_end)
            return False

    def tell_and_end() -> None:
        loaded = [name for name in _LATE if name in sys.modules]
        print(time.time(), time.process_time(), *loaded, flush=True)
        os._exit(0)

    watch, shown = Watch(), QMainWindow.showEvent

    def show(window: QMainWindow, event: QShowEvent) -> None:
        window.installEventFilter(watch)
        shown(window, event)

    # What the window's own showEvent calls: nothing is imported in another order than usual.
    QMainWindow.showEvent = show  # type: ignore[method-assign]
    main([])


if __name__ == "__main__":
    start()
