"""A damaged library: said in place, with a button that puts its newest good backup back."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Slot

from core.errors import CoreError
from core.events import WorkerState, WorkState
from desktop.widgets.banner import BannerKind
from desktop.words import results

if TYPE_CHECKING:
    from core.library.care import PutBack
    from desktop.event_router import EventRouter
    from desktop.main_window import MainWindow

_LOOK_MS = 100


@dataclass(frozen=True)
class _Found:
    """The newest good backup: its date in words; None where there is none."""

    when: str | None


class LibraryCare(QObject):
    """Offers and does what helps a damaged library; the damaged file itself is always kept.

    Args:
        window: its banner says it; its library thread does it.
        router: tells when the rendering thread fails.
    """

    def __init__(self, window: MainWindow, router: EventRouter) -> None:
        super().__init__(window)
        self._window = window
        self._library = window.launch.library
        self._error: CoreError | None = None
        self._busy = False
        self._anew = False
        self._ending = QTimer(self, interval=_LOOK_MS)
        self._ending.timeout.connect(self._begin_when_idle)
        window.parts.backend.damaged.connect(self.offer)
        router.state_changed.connect(self._heed)

    @Slot(object)
    def offer(self, error: CoreError) -> None:
        """Say that the library is damaged, once, with a button for what helps."""
        if self._busy or self._error is not None:
            return
        self._error = error
        self._window.parts.backend.ask_closed(self, self._look, self._show_offer)

    @Slot(object)
    def _heed(self, state: WorkerState) -> None:
        """When the rendering thread cannot use the library, look whether it is damaged."""
        if state.state is WorkState.FAILED and not self._busy:
            self._window.parts.backend.ask(self, lambda services: services.database.examine())

    def _look(self) -> _Found:
        from core.library.backups import Backups

        newest = Backups(self._library).newest_good()
        return _Found(None if newest is None else newest.when)

    def _show_offer(self, found: _Found) -> None:
        error = self._error
        if error is None:
            return
        safe = self.tr("Photographs and results are not concerned.")
        if found.when is not None:
            button = self.tr("&Restore the backup of {}").format(found.when.partition(",")[0])
            hint = self.tr("{} The newest good backup is of {}.").format(safe, found.when)
        else:
            button = self.tr("&Start with a new library")
            hint = self.tr("{} There is no backup; results are found again.").format(safe)
        self._anew = found.when is None
        self._window.parts.banner.say(
            error.message,
            hint,
            kind=BannerKind.ERROR,
            buttons=[(button, self.restore)],
            dismissable=False,
        )

    @Slot()
    def restore(self) -> None:
        """Let the threads that use the library end, then put the backup back."""
        if self._busy:
            return
        self._busy = True
        self._window.parts.banner.say(
            self.tr("The backup is being put back…"),
            self.tr("Results that were made after it are looked for."),
            dismissable=False,
        )
        self._window.wiring.watch.finish()
        worker = self._window.parts.worker
        if worker is not None:
            worker.finish(now=True)
        self._ending.start()

    @Slot()
    def _begin_when_idle(self) -> None:
        """Go on when every thread of this window has let go of the library."""
        threads = (self._window.parts.worker, self._window.wiring.watch.watching)
        if any(thread is not None and thread.isRunning() for thread in threads):
            return
        self._ending.stop()
        self._window.wiring.watch.close()
        self._window.parts.session.leave()
        self._window.parts.backend.ask_closed(
            self, self._put_back, self._done, self._failed, heals=True
        )

    def _put_back(self) -> PutBack:
        from core.images.codec import Codec
        from core.library.care import put_back, start_anew

        with Codec() as codec:
            if self._anew:
                return start_anew(self._library, codec)
            return put_back(self._library, None, codec)

    def _done(self, done: PutBack) -> None:
        self._busy = False
        self._error = None
        backup, aside = done.restored.backup, done.restored.set_aside
        message = self.tr("A new library was begun.")
        if backup is not None:
            message = self.tr("The library is as it was on {}.").format(backup.when)
        found = done.rebuilt.found
        hint = self.tr("Found again on the disk: {}.").format(results(found)) if found else ""
        buttons = []
        if aside is not None:
            hint = self.tr("{} The damaged file is kept: {}").format(hint, aside).strip()
            buttons = [(self.tr("Show the &file"), lambda: self._reveal(aside))]
        self._window.parts.banner.say(message, hint, buttons=buttons)
        self._window.open_again()

    def _failed(self, error: CoreError) -> None:
        """Say why it cannot be done, and offer to try again."""
        self._busy = False
        again = [(self.tr("&Try again"), self.restore)]
        self._window.parts.banner.say_error(error, again)

    def _reveal(self, path: Path) -> None:
        self._window.reveal(path)
