"""Says outside the window that a batch has ended."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Sequence
from typing import Protocol

from PySide6.QtCore import QObject

from desktop.system.detached import start_detached

_MS = 8000


class Messenger(Protocol):
    """What can show a message: a tray icon that is visible."""

    def can_say(self) -> bool:
        """Return whether messages would be seen."""

    def say(self, title: str, text: str) -> None:
        """Show a message for some seconds."""


Start = Callable[[Sequence[str]], object]


class Notifier(QObject):
    """Shows desktop notifications: through the tray icon, else by the system's own program.

    Args:
        messenger: the tray icon, if there is one.
        enabled: the user's choice.
        start: starts a program.
    """

    def __init__(
        self,
        messenger: Messenger | None = None,
        *,
        enabled: bool = True,
        start: Start = start_detached,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._messenger = messenger
        self._start = start
        self.enabled = enabled

    def notify(self, title: str, text: str) -> bool:
        """Show a message; return whether there was a way to."""
        if not self.enabled:
            return False
        if self._messenger is not None and self._messenger.can_say():
            self._messenger.say(title, text)
            return True
        command = notification_command(title, text)
        if command is None:
            return False
        try:
            self._start(command)
        except OSError:
            return False
        return True


def notification_command(title: str, text: str) -> list[str] | None:
    """Return the program that shows a notification on this computer, None where there is none."""
    if sys.platform == "darwin":
        script = f"display notification {_quoted(text)} with title {_quoted(title)}"
        return ["osascript", "-e", script]
    if shutil.which("notify-send"):
        icon = ["--app-name=Regrain", "--icon=regrain", f"--expire-time={_MS}"]
        return ["notify-send", *icon, "--", title, text]
    if shutil.which("gdbus"):
        service = "org.freedesktop.Notifications"
        call = ["gdbus", "call", "--session", "--dest", service, "--object-path"]
        call += ["/org/freedesktop/Notifications", "--method", f"{service}.Notify"]
        return [*call, "Regrain", "0", "regrain", title, text, "[]", "{}", str(_MS)]
    return None


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
