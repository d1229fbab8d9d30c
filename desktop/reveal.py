"""Opens the system's file manager at exactly one file."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol

from PySide6.QtCore import QObject, QProcess, QUrl, Signal, Slot
from PySide6.QtDBus import QDBusConnection, QDBusMessage, QDBusPendingCallWatcher
from PySide6.QtGui import QDesktopServices

from core.errors import CoreError
from desktop.backend import Backend

_SERVICE = "org.freedesktop.FileManager1"
_OBJECT = "/org/freedesktop/FileManager1"


class Desktop(Protocol):
    """What is asked of the system; every call returns at once."""

    def start(self, program: str, arguments: Sequence[str]) -> bool:
        """Start a program and leave it alone; return whether it started."""

    def show_items(self, uris: Sequence[str], failed: Callable[[], None]) -> None:
        """Ask the file manager on the session bus; `failed` is called if there is none."""

    def open_folder(self, folder: Path) -> bool:
        """Open a folder in whatever program shows folders; return whether there is one."""


class SystemDesktop(QObject):
    """The desktop that the window runs on."""

    def start(self, program: str, arguments: Sequence[str]) -> bool:
        """Start a program and leave it alone; return whether it started."""
        process = QProcess()
        process.setProgram(program)
        if sys.platform == "win32":
            # Explorer reads its command line by rules of its own: quotes inside an argument.
            process.setNativeArguments(" ".join(arguments))
        else:
            process.setArguments(list(arguments))
        # Of (started, process id) in this form only the first is of interest.
        return bool(process.startDetached())

    def show_items(self, uris: Sequence[str], failed: Callable[[], None]) -> None:
        """Ask the file manager on the session bus; `failed` is called if there is none."""
        bus = QDBusConnection.sessionBus()
        if not bus.isConnected():
            failed()
            return
        message = QDBusMessage.createMethodCall(_SERVICE, _OBJECT, _SERVICE, "ShowItems")
        message.setArguments([list(uris), ""])
        watcher = QDBusPendingCallWatcher(bus.asyncCall(message), self)

        def answered(done: QDBusPendingCallWatcher) -> None:
            done.deleteLater()
            if done.isError():
                failed()

        watcher.finished.connect(answered)

    def open_folder(self, folder: Path) -> bool:
        """Open a folder in whatever program shows folders; return whether there is one."""
        return QDesktopServices.openUrl(QUrl.fromLocalFile(str(folder)))


def open_at(
    path: Path,
    desktop: Desktop,
    platform: str = sys.platform,
    failed: Callable[[], None] = lambda: None,
) -> None:
    """Open the file manager with `path` selected; where that is unknown, its folder.

    `failed` is called when no program shows folders.
    """

    def open_folder() -> None:
        if not desktop.open_folder(path.parent):
            failed()

    if platform == "win32":
        done = desktop.start("explorer.exe", [f'/select,"{path}"'])
    elif platform == "darwin":
        done = desktop.start("/usr/bin/open", ["-R", str(path)])
    else:
        uri = QUrl.fromLocalFile(str(path)).toString(QUrl.ComponentFormattingOption.FullyEncoded)
        desktop.show_items([uri], open_folder)
        return
    if not done:
        open_folder()


def standing(path: Path) -> Path | None:
    """Return the file, or the nearest folder above it that is there; None for nothing."""
    return next((place for place in (path, *path.parents) if place.exists()), None)


class Revealer(QObject):
    """Shows files in their folders; never waits for a drive on the main thread.

    Signals: `troubled(CoreError)`: the file is not there any more.
    """

    troubled = Signal(object)

    def __init__(
        self,
        backend: Backend,
        parent: QObject | None = None,
        desktop: Desktop | None = None,
        platform: str = sys.platform,
    ) -> None:
        super().__init__(parent)
        self._backend = backend
        self._desktop = desktop or SystemDesktop(self)
        self._platform = platform

    @Slot(object)
    def reveal(self, path: Path) -> None:
        """Open the folder with this file selected, or the nearest folder that is left of it."""
        self._backend.ask(self, lambda _: standing(path), lambda found: self._open(path, found))

    def _open(self, path: Path, found: Path | None) -> None:
        if found == path:
            open_at(path, self._desktop, self._platform, lambda: self._say_none(path))
            return
        text = self.tr("{} is not there any more.").format(path.name)
        hint = self.tr("It was moved or deleted, or its drive is not connected.")
        self.troubled.emit(CoreError(text, hint=hint))
        if found is not None and found != Path(found.anchor):
            self._desktop.open_folder(found)

    def _say_none(self, path: Path) -> None:
        text = self.tr("No program on this computer shows folders.")
        self.troubled.emit(CoreError(text, hint=self.tr("The file is {}.").format(path)))
