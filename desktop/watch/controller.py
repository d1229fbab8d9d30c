"""Keeps up with the watched folders, whoever watches them; pauses, resumes, removes, stores."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from core.errors import CoreError
from core.events import Event, JobQueued, WatchStateChanged
from core.library.ids import WatchRuleId
from core.library.watched import Existing, WatchRule
from desktop.backend import Backend
from desktop.watch.standing import (
    Standing,
    Token,
    Watcher,
    Who,
    library_token,
    read_standing,
)

if TYPE_CHECKING:
    from core.services import Services
    from core.watch.setup import WatchPlan

_LOOK_MS = 1000
_SOON_MS = 100


class WatchController(QObject):
    """Knows how it stands with the watched folders.

    Once a second it looks whether the library was written at all, and reads only then.

    Args:
        backend: the library.
    """

    changed = Signal(object)
    """The Standing is another one."""
    written = Signal()
    """Photographs of watched folders may be new, or in another state than before."""
    stored = Signal(object)
    """A WatchRule was added or changed here."""
    refused = Signal(object)
    """A CoreError: what was asked for could not be done."""

    def __init__(self, backend: Backend, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._backend = backend
        self._token: Token | None = None
        self._looking = False
        self.standing = Standing()
        self._timer = QTimer(self, interval=_LOOK_MS)
        self._timer.timeout.connect(self.look)
        self._soon = QTimer(self, interval=_SOON_MS, singleShot=True)
        self._soon.timeout.connect(self._read)

    def begin(self) -> None:
        """Look now, and once a second from now on."""
        self._timer.start()
        self.look()

    def end(self) -> None:
        """Look no more."""
        self._timer.stop()
        self._soon.stop()

    @Slot()
    def look(self) -> None:
        """Read anew if the library was written since the last look."""
        if not self._looking:
            self._looking = True
            self._backend.ask(self, library_token, self._compare, self._give_up)

    @Slot(object)
    def take(self, event: Event) -> None:
        """Follow what the watching thread says."""
        if isinstance(event, JobQueued | WatchStateChanged):
            self._soon.start()

    @Slot(object)
    def take_watcher(self, watcher: Watcher) -> None:
        """Take up who watches now."""
        self._show(replace(self.standing, watcher=watcher))

    def pause(self, rule: WatchRuleId) -> None:
        """Take nothing more from a folder."""
        self._do(lambda services: services.watch.pause(rule))

    def resume(self, rule: WatchRuleId) -> None:
        """Take photographs again, those first that came meanwhile."""
        self._do(lambda services: services.watch.resume(rule))

    def remove(self, rule: WatchRule) -> None:
        """Forget a rule; photographs and results stay."""

        def work(services: Services) -> None:
            from core.watch.setup import end_watch

            end_watch(services.watch, rule)

        self._do(work)

    def store(self, plan: WatchPlan, existing: Existing, *, again: bool = False) -> None:
        """Begin to watch, or change a rule, as planned."""

        def work(services: Services) -> WatchRule:
            from core.watch.setup import begin_watch

            return begin_watch(plan, services.watch, existing, again=again)

        self._do(work, self.stored.emit)

    @Slot()
    def refresh(self) -> None:
        """Read anew whatever the library's files say, as after the service was installed."""
        self._soon.start()

    def _do(
        self, work: Callable[[Services], Any], then: Callable[[Any], None] | None = None
    ) -> None:
        def done(value: Any) -> None:
            self._soon.start()
            if then is not None:
                then(value)

        self._backend.ask(self, work, done, self.refused.emit)

    def _compare(self, token: Token) -> None:
        self._looking = False
        if token == self._token:
            return
        first, self._token = self._token is None, token
        if not first and self.standing.folders and self.standing.watcher.who is Who.SERVICE:
            self.written.emit()
        self._read()

    @Slot()
    def _read(self) -> None:
        self._backend.ask(self, read_standing, self._take, self._give_up)

    def _take(self, standing: Standing) -> None:
        before, after = map(_numbers, (self.standing, standing))
        self._show(replace(standing, watcher=self.standing.watcher))
        if before != after:
            self.written.emit()

    def _show(self, standing: Standing) -> None:
        if standing != self.standing:
            self.standing = standing
            self.changed.emit(standing)

    def _give_up(self, _error: CoreError) -> None:
        """Try again at the next look: whoever needs the library says what is wrong with it."""
        self._looking = False
        self._token = None


def _numbers(standing: Standing) -> list[tuple[int, ...]]:
    return [
        (one.rule.id, one.total, one.today, one.waiting, one.failed) for one in standing.folders
    ]
