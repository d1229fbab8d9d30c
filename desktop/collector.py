"""Python's cyclic garbage, collected on the main thread alone.

The collector runs on whichever thread allocates at the moment; a widget that it deletes on a
worker thread takes the process down.
"""

from __future__ import annotations

import gc

from PySide6.QtCore import QObject, QTimer, Slot

_EVERY_MS = 500
"""Often, so that a look has little to go through: it keeps the window from painting meanwhile."""
_THOROUGH = 120
"""Every so many looks the old generation is gone through too."""
_SETTLED = 20
"""After so many looks the library and all that it imports are there, and stay as well."""


class GarbageCollector(QObject):
    """Takes over from Python's own trigger; made on the main thread, once all is built."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._was_on = gc.isenabled()
        gc.disable()
        # What is there by now stays for good: going through it again and again is lost time.
        gc.freeze()
        self._looks = 0
        self._timer = QTimer(self, interval=_EVERY_MS)
        self._timer.timeout.connect(self._collect)
        self._timer.start()

    def stop(self) -> None:
        """Leave it as it was."""
        self._timer.stop()
        gc.unfreeze()
        if self._was_on:
            gc.enable()

    @Slot()
    def _collect(self) -> None:
        self._looks += 1
        gc.collect(2 if self._looks % _THOROUGH == 0 else 1)
        if self._looks == _SETTLED:
            gc.freeze()
