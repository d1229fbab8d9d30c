"""Process start to painted window, and what is loaded by then."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
from pathlib import Path

from tests.benchmarks.window.figures import tell

_ROUNDS = 5
_WARMING = 2
_LATE = ("torch", "diffusers", "transformers", "numpy", "sqlalchemy")


def measure(_photographs: Path | None, _scratch: Path) -> None:
    """Start the application several times."""
    import psutil

    walls, processors = [], []
    for number in range(_WARMING + _ROUNDS):
        command = [sys.executable, "-m", "tests.benchmarks.window.startup"]
        child = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        begun = psutil.Process(child.pid).create_time()
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
    import time

    from PySide6.QtCore import QEvent, QObject, QTimer

    import desktop.main_window
    from desktop.app import main

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

    watch, made = Watch(), desktop.main_window.MainWindow.__init__

    def make(window: desktop.main_window.MainWindow, launch: object) -> None:
        made(window, launch)  # type: ignore[arg-type]
        window.installEventFilter(watch)

    desktop.main_window.MainWindow.__init__ = make  # type: ignore[method-assign]
    main([])


if __name__ == "__main__":
    start()
