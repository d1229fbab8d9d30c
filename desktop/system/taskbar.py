"""Progress on the application's icon in the task bar or dock, where the desktop shows it."""

from __future__ import annotations

import sys

from PySide6.QtCore import QObject
from PySide6.QtGui import QGuiApplication

_PATH = "/io/github/regrain"
_INTERFACE = "com.canonical.Unity.LauncherEntry"


class TaskbarProgress(QObject):
    """Shows how far the work is. Linux docks take it over DBus; macOS gets the number waiting.

    Args:
        desktop_file: name of the installed desktop entry, by which docks know the application.
    """

    def __init__(self, desktop_file: str = "regrain.desktop", parent: QObject | None = None):
        super().__init__(parent)
        self._uri = f"application://{desktop_file}"
        self._shown: tuple[int, int] | None = None

    def show(self, settled: int, found: int) -> None:
        """Show `settled` of `found` photographs; nothing left clears it."""
        now = (settled, found) if settled < found else None
        if now == self._shown:
            return
        self._shown = now
        if sys.platform == "darwin":
            QGuiApplication.setBadgeNumber(found - settled)
        elif sys.platform.startswith("linux"):
            self._send(settled / found if now else 0.0, visible=now is not None)

    def clear(self) -> None:
        """Show nothing."""
        self.show(0, 0)

    def _send(self, share: float, *, visible: bool) -> None:
        from PySide6.QtDBus import QDBusConnection, QDBusMessage

        bus = QDBusConnection.sessionBus()
        if not bus.isConnected():
            return
        message = QDBusMessage.createSignal(_PATH, _INTERFACE, "Update")
        message.setArguments([self._uri, {"progress": share, "progress-visible": visible}])
        bus.send(message)
