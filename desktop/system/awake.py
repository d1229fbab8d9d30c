"""Keeps the computer from going to sleep while it works; the screen may go dark."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Protocol

from PySide6.QtCore import QObject, Slot

if TYPE_CHECKING:
    from PySide6.QtDBus import QDBusConnection, QDBusPendingCallWatcher

WHO = "Regrain"
_DBUS_MS = 2000
_ES_CONTINUOUS = 0x80000000
_ES_SYSTEM_REQUIRED = 0x00000001


class AwakeBackend(Protocol):
    """Asks the system to stay awake, in the system's own way."""

    def hold(self, why: str) -> None:
        """Begin, without waiting for an answer. Called again it changes nothing."""

    def release(self) -> None:
        """Let the computer sleep again."""


class KeepAwake(QObject):
    """Holds the computer awake between `set_working(True)` and `set_working(False)`.

    Args:
        backend: the system; None takes this computer's.
        enabled: the user's choice.
    """

    def __init__(
        self,
        backend: AwakeBackend | None = None,
        *,
        enabled: bool = True,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._backend = backend or system_backend()
        self._enabled = enabled
        self._working = self._held = False

    def set_working(self, working: bool) -> None:
        """Say whether there is work that sleep would interrupt."""
        self._working = working
        self._settle()

    def set_enabled(self, enabled: bool) -> None:
        """Take over the user's choice."""
        self._enabled = enabled
        self._settle()

    def close(self) -> None:
        """Let the computer sleep again."""
        self.set_working(False)

    def _settle(self) -> None:
        wanted = self._enabled and self._working
        if wanted == self._held:
            return
        self._held = wanted
        if wanted:
            self._backend.hold(self.tr("Photographs are being edited"))
        else:
            self._backend.release()


def system_backend() -> AwakeBackend:
    """Return what fits this computer."""
    if sys.platform == "win32":
        return WindowsAwake()
    if sys.platform == "darwin":
        return CommandAwake(["caffeinate", "-i", "-w", str(os.getpid())])
    return DBusAwake()


class CommandAwake:
    """A program that keeps the computer awake as long as it runs."""

    def __init__(self, command: list[str]) -> None:
        self._command = command
        self._process: subprocess.Popen[bytes] | None = None

    def hold(self, why: str) -> None:
        """Start the program; a computer that lacks it may sleep."""
        del why
        if self._process is None or self._process.poll() is not None:
            with suppress(OSError):
                self._process = subprocess.Popen(
                    self._command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL
                )

    def release(self) -> None:
        """End the program."""
        if self._process is not None:
            self._process.terminate()
            self._process.wait()
            self._process = None


class WindowsAwake:
    """Windows keeps a thread's wish as long as the thread lives: call it on the main one."""

    def hold(self, why: str) -> None:
        """Say that the system is needed, not the screen."""
        del why
        self._set(_ES_CONTINUOUS | _ES_SYSTEM_REQUIRED)

    def release(self) -> None:
        """Take it back."""
        self._set(_ES_CONTINUOUS)

    @staticmethod
    def _set(state: int) -> None:
        import ctypes

        windll: Any = getattr(ctypes, "windll", None)
        if windll is not None:
            windll.kernel32.SetThreadExecutionState(state)


class DBusAwake(QObject):
    """Linux: every service that answers is asked, since desktops listen to different ones.

    logind's lock ends with its descriptor, the desktops' with the connection; both end with this
    process, however it ends. Nothing is waited for: a desktop may take seconds to answer.
    """

    CONNECTION = "regrain-awake"
    SERVICES = (
        (
            "org.freedesktop.ScreenSaver",
            "/org/freedesktop/ScreenSaver",
            "org.freedesktop.ScreenSaver",
        ),
        (
            "org.freedesktop.PowerManagement",
            "/org/freedesktop/PowerManagement/Inhibit",
            "org.freedesktop.PowerManagement.Inhibit",
        ),
    )
    LOGIN = (
        "org.freedesktop.login1",
        "/org/freedesktop/login1",
        "org.freedesktop.login1.Manager",
    )

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._held = False
        self._watchers: list[QObject] = []
        self.answers: list[Any] = []
        """What the services agreed to; logind's holds a descriptor that keeps its lock."""

    def hold(self, why: str) -> None:
        """Ask all; one that agrees is enough."""
        from PySide6.QtDBus import QDBusConnection

        if self._held:
            return
        self._held = True
        kind = QDBusConnection.BusType.SessionBus
        session = QDBusConnection.connectToBus(kind, self.CONNECTION)
        for service in self.SERVICES:
            self._ask(session, service, [WHO, why])
        # Only sleep for idleness: a user who closes the lid means it.
        self._ask(QDBusConnection.systemBus(), self.LOGIN, ["idle", WHO, why, "block"])

    def release(self) -> None:
        """Close descriptor and connection."""
        from PySide6.QtDBus import QDBusConnection

        self._held = False
        self._watchers.clear()
        self.answers.clear()
        QDBusConnection.disconnectFromBus(self.CONNECTION)

    def _ask(self, bus: QDBusConnection, service: tuple[str, str, str], words: list[str]) -> None:
        from PySide6.QtDBus import QDBusMessage, QDBusPendingCallWatcher

        message = QDBusMessage.createMethodCall(*service, "Inhibit")
        message.setArguments(words)
        watcher = QDBusPendingCallWatcher(bus.asyncCall(message, _DBUS_MS), self)
        watcher.finished.connect(self._take)
        self._watchers.append(watcher)

    @Slot("QDBusPendingCallWatcher*")
    def _take(self, watcher: QDBusPendingCallWatcher) -> None:
        from PySide6.QtDBus import QDBusMessage

        answer = watcher.reply()
        agreed = answer.type() == QDBusMessage.MessageType.ReplyMessage
        if agreed and self._held:
            self.answers.extend(answer.arguments())
