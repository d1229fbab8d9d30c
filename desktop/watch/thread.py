"""The thread that watches folders while the window is open, unless the service does."""

from __future__ import annotations

import logging
import sys
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QThread, Signal

from core.errors import CoreError
from core.events import Event
from desktop.watch.standing import Watcher, Who

if TYPE_CHECKING:
    from core.services import Services
    from core.watch.service import WatchService

LET_GO_SECONDS = 20.0
"""So long a service that was just started has to take over."""

FIRST_SECONDS = 4.0
"""So long one that is installed has at the start of the window."""

OFFER_EVERY_SECONDS = 600.0
"""How often it may take over later: it was started meanwhile, or again."""

OFFER_SECONDS = 2.5

_LOOK_SECONDS = 0.25
_log = logging.getLogger(__name__)


class WatchThread(QThread):
    """Watches the library's folders as long as no other process does.

    It stands by while another one holds the watch lock, and takes over within a second when that
    one ends. `happened` and `changed` are emitted on other threads than the main one: connect
    methods of QObjects that live there.

    Args:
        open_services: opens the library; called on this thread, which closes it too.
        wake: called when photographs wait to be rendered, from any thread.
    """

    happened = Signal(object)
    """WatchStateChanged or JobQueued."""
    changed = Signal(object)
    """Watcher: who watches now."""

    def __init__(
        self,
        open_services: Callable[[], Services],
        wake: Callable[[], None],
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self.setObjectName("watching")
        self._open_services = open_services
        self._wake = wake
        self._ending = threading.Event()
        self._let_go_until = self._offer_at = 0.0
        self._told: Watcher | None = None

    def let_go(self) -> None:
        """Leave the folders to a service that was just started; take over if none comes."""
        self._let_go_until = time.monotonic() + LET_GO_SECONDS

    @property
    def lets_go(self) -> bool:
        """Whether a service is given time to take over."""
        return time.monotonic() < self._let_go_until

    def finish(self) -> None:
        """End it within seconds; `wait` tells when it ended."""
        self._ending.set()

    def run(self) -> None:
        """Watch until `finish`; the thread's own, called by `start`."""
        try:
            with self._open_services() as services:
                self._watch(services)
        except CoreError as error:
            _log.warning("%s %s", error.message, error.hint)
            self._tell(Watcher(Who.FAILED, message=error.message, hint=error.hint))
        except Exception:
            words = "Watching stopped because of a bug in Regrain."
            hint = "Start Regrain again; what comes meanwhile is found then."
            self._tell(Watcher(Who.FAILED, message=words, hint=hint))
            sys.excepthook(*sys.exc_info())

    def _watch(self, services: Services) -> None:
        service: WatchService | None = None
        self._offer(FIRST_SECONDS)
        try:
            while not self._ending.is_set():
                if self.lets_go:
                    if service is not None:
                        service.stop()
                        service = None
                elif service is None:
                    service = services.watcher(self._hear, self._wake)
                    service.start()
                self._tell_who(services, service)
                self._ending.wait(_LOOK_SECONDS)
                if time.monotonic() > self._offer_at:
                    self._offer(OFFER_SECONDS)
        finally:
            if service is not None:
                service.stop()

    def _offer(self, seconds: float) -> None:
        """Let a service that is installed take over: it is the one that stays."""
        from core.watch.install import installed_file

        now = time.monotonic()
        self._offer_at = now + OFFER_EVERY_SECONDS
        if installed_file().path.exists():
            self._let_go_until = max(self._let_go_until, now + seconds)

    def _tell_who(self, services: Services, service: WatchService | None) -> None:
        watcher = _who(services, service)
        offering = self._told is not None and self._told.who is Who.WINDOW and service is None
        if not (offering and watcher.who is Who.NOBODY):
            self._tell(watcher)

    def _hear(self, event: Event) -> None:
        self.happened.emit(event)

    def _tell(self, watcher: Watcher) -> None:
        if watcher != self._told:
            self._told = watcher
            self.changed.emit(watcher)


def _who(services: Services, service: WatchService | None) -> Watcher:
    """Return who watches, without reaching for the lock: another one may be about to."""
    if service is None:
        from core.watch.presence import who_watches

        found = who_watches(services.watch_lock)
        return Watcher(Who.SERVICE, found.process) if found.running else Watcher()
    if service.watching:
        return Watcher(Who.WINDOW)
    return Watcher(Who.SERVICE, services.watch_lock.holder())
