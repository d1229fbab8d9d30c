"""The backup of the day, for programs that run for months without closing the library."""

from __future__ import annotations

import threading

from core.library.backups import Backups

LOOK_SECONDS = 3600.0
_CLOSE_SECONDS = 2.0


class DailyBackup:
    """Looks once an hour, on a thread of its own, whether a backup is due.

    The copy is made in steps through a connection of its own, so that nobody waits for it.
    """

    def __init__(self, backups: Backups, look_seconds: float = LOOK_SECONDS) -> None:
        self._backups = backups
        self._look_seconds = look_seconds
        self._ended = threading.Event()
        # A daemon: a copy that is cut off leaves only a part that the next one deletes.
        self._thread = threading.Thread(target=self._run, name="daily backup", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """End the thread; a copy in the making is waited for a little."""
        self._ended.set()
        self._thread.join(_CLOSE_SECONDS)

    def _run(self) -> None:
        while not self._ended.wait(self._look_seconds):
            self._backups.make_if_due()
