"""Hearing of changes in one folder: by the system's events, or, without any, by looking often."""

from __future__ import annotations

import errno
import logging
from dataclasses import dataclass

from core.library.watched import Recursion, WatchSettings
from core.watch.observe import LIMIT_ERRORS, Heard, Observation, limit_hint
from core.watch.parts import WatchParts

RESCAN_SECONDS = 300.0
NETWORK_SECONDS = 30.0
POLL_SECONDS = 10.0

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Polling:
    """Why a folder is looked at again and again, and how often; when events are tried again."""

    seconds: float
    why: str
    hint: str = ""
    try_events_at: float | None = None


class Listener:
    """Keeps events of one folder coming; `polling` is set as long as there are none."""

    def __init__(self, settings: WatchSettings, parts: WatchParts) -> None:
        self._settings = settings
        self._parts = parts
        self._deep = settings.recursion is not Recursion.SKIP
        self.heard = Heard(parts.clock.monotonic)
        self._observation: Observation | None = None
        self.polling: Polling | None = None
        self._ended = False

    @property
    def seconds(self) -> float:
        """How long after one look at the whole folder the next one is due."""
        return self.polling.seconds if self.polling else RESCAN_SECONDS

    def listen(self, now: float) -> bool:
        """Start, or replace what ended; return whether the folder must be looked through now.

        Listening first, looking after it: nothing falls between the two.
        """
        if self._observation is not None:
            if self._observation.alive():
                return False
            _log.warning(
                "the observer of %s ended; a new one takes its place", self._settings.folder
            )
            self.close()
            self._ended = True
        waiting = self.polling is not None and not self._may_try(now)
        if waiting or self._must_poll():
            return False
        return self._start(now)

    def had_ended(self) -> bool:
        """Return, once, whether the observer had ended by itself."""
        ended, self._ended = self._ended, False
        return ended

    def check_limit(self, now: float) -> None:
        """Look whether the system watches all subfolders; if not, look often instead."""
        if self._observation is None or not self._deep or self._observation.complete():
            return
        self.close()
        self._poll(now, OSError(errno.ENOSPC, "limit of watches reached"))

    def close(self) -> None:
        """Stop listening; `listen` starts again."""
        if self._observation is not None:
            self._observation.stop()
            self._observation = None

    def forget(self) -> None:
        """Stop listening to a folder that is not the same any more."""
        self.close()
        self.polling = None

    def _start(self, now: float) -> bool:
        observation = self._parts.observation(
            self._settings.folder, deep=self._deep, heard=self.heard
        )
        try:
            observation.start()
        except OSError as error:
            new = self.polling is None
            self._poll(now, error)
            return new
        self._observation, self.polling = observation, None
        return True

    def _may_try(self, now: float) -> bool:
        polling = self.polling
        return polling is not None and (
            polling.try_events_at is not None and now >= polling.try_events_at
        )

    def _must_poll(self) -> bool:
        mount = self._parts.mount(self._settings.folder)
        if self._settings.use_polling:
            self.polling = Polling(POLL_SECONDS, "as asked for")
        elif mount.network:
            self.polling = Polling(NETWORK_SECONDS, f"it lies on a network ({mount.kind})")
        else:
            return False
        return True

    def _poll(self, now: float, error: OSError) -> None:
        why, hint = f"the system tells no changes ({error.strerror or error})", ""
        if error.errno in LIMIT_ERRORS:
            why = "the system's limit of watched folders is reached"
            hint = limit_hint(error.errno)
        self.polling = Polling(POLL_SECONDS, why, hint, now + RESCAN_SECONDS)
