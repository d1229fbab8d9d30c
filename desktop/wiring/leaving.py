"""Closing the window while photographs are being edited: asked once, nothing lost."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Slot

from desktop.system.close_dialog import CloseChoice, CloseDialog, ClosingDialog
from desktop.watch.leave_dialog import LeaveChoice, LeaveDialog, leaving_words
from desktop.watch.words import folder_name
from desktop.wiring.batches import BatchWiring
from desktop.wiring.watch import WatchWiring

if TYPE_CHECKING:
    from desktop.main_window import MainWindow

_LOOK_MS = 100
_SILENT = "watch/close_silently"


class Leaving(QObject):
    """Asks what is to become of the work when the window is closed."""

    def __init__(self, window: MainWindow, batches: BatchWiring, watch: WatchWiring) -> None:
        super().__init__(window)
        self._window = window
        self._batches = batches
        self._watch = watch
        self._quitting = False

    @Slot()
    def quit(self) -> None:
        """End the application, from the menu or the tray: what is in work is asked about."""
        self._quitting = True
        self._window.close()
        self._quitting = False

    def may_close(self) -> bool:
        """Return whether the window may close now; else it stays, or goes to the tray."""
        renders, watched = self._batches.router.renders, self._watch.standing.watched_here
        if not (renders or watched):
            return True
        preferences = self._window.wiring.dialogs.preferences
        tray = self._batches.tray.available() and not self._quitting
        if tray and preferences.close_to_tray:
            return self._to_tray()
        names = [folder_name(folder.rule) for folder in watched]
        if not renders:
            return self._stop_watching(names, tray=tray)
        dialog = CloseDialog(self._pending(), tray=tray, parent=self._window)
        dialog.say_watched(leaving_words(dialog, names) if names else "")
        dialog.exec()
        if dialog.remember.isChecked() and dialog.choice is CloseChoice.TO_TRAY:
            self._window.wiring.dialogs.remember_tray()
        match dialog.choice:
            case CloseChoice.TO_TRAY:
                return self._to_tray()
            case CloseChoice.FINISH:
                return self._finish()
            case CloseChoice.STOP_NOW:
                return True
        return False

    def _stop_watching(self, names: list[str], *, tray: bool) -> bool:
        """Say that nobody watches folders any more; return whether the window may close."""
        settings = self._window.parts.settings
        if settings.value(_SILENT, "") == "yes":
            return True
        dialog = LeaveDialog(names, tray=tray, parent=self._window)
        dialog.exec()
        if dialog.choice is not None and dialog.silent.isChecked():
            settings.setValue(_SILENT, "yes")
        if dialog.choice is LeaveChoice.TO_TRAY:
            return self._to_tray()
        if dialog.choice is LeaveChoice.KEEP:
            self._watch.dialogs.show_service()
        return dialog.choice is LeaveChoice.CLOSE

    def _pending(self) -> int:
        batches = self._window.parts.queue.batches.batches
        return sum(batch.totals.pending for batch in batches)

    def _to_tray(self) -> bool:
        self._batches.tray.show()
        self._window.hide()
        return False

    def _finish(self) -> bool:
        """Let the photographs in work end, a few seconds at most, unless asked to stop."""
        self._window.parts.batches.stop_after_this_one()
        waiting = ClosingDialog(self._window)
        waiting.stop_now_wanted.connect(self._window.parts.batches.stop_now)
        waiting.stop_now_wanted.connect(waiting.accept)
        look = QTimer(waiting, interval=_LOOK_MS)

        def end_when_idle() -> None:
            if not self._batches.router.working:
                waiting.accept()

        look.timeout.connect(end_when_idle)
        look.start()
        waiting.exec()
        return True
