"""One window a library: a second start hands its files to the first and ends."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QLockFile, QObject, Signal, Slot
from PySide6.QtNetwork import QLocalServer, QLocalSocket

_TOKEN = "XDG_ACTIVATION_TOKEN"
_MOST_BYTES = 32_000_000
_ACCEPTED = b"taken\n"


@dataclass(frozen=True, slots=True)
class Handed:
    """What a second start brought: files to add, and Wayland's leave to come to the front."""

    paths: tuple[Path, ...]
    token: str = ""


class SingleInstance(QObject):
    """The first start listens, later ones hand over.

        instance = SingleInstance(paths.library)
        if not instance.first():
            sys.exit(0 if instance.hand_over(files) else 1)

    Args:
        library: the library's file; one window each.
    """

    handed = Signal(object)
    """A Handed record: bring the window to the front and take the files."""

    def __init__(self, library: Path, parent: QObject | None = None) -> None:
        super().__init__(parent)
        library = library.absolute()
        digest = hashlib.sha256(os.fsencode(library)).hexdigest()[:16]
        self._name = f"regrain-{_user()}-{digest}"
        self._lock_path = library.with_name(f"{library.name}.window-lock")
        self._lock: QLockFile | None = None
        self._server: QLocalServer | None = None
        self._buffers: dict[QLocalSocket, bytes] = {}

    def first(self) -> bool:
        """Return whether this is the only start; from then on it listens."""
        self._lock_path.parent.mkdir(parents=True, exist_ok=True)
        self._lock = QLockFile(str(self._lock_path))
        # A lock is stale only when its process is gone, however long it is held.
        self._lock.setStaleLockTime(0)
        if not self._lock.tryLock(0) and self._lock.error() is QLockFile.LockError.LockFailedError:
            return False
        self._listen()
        return True

    def hand_over(self, paths: Sequence[Path], milliseconds: int = 5000) -> bool:
        """Give the files to the first start; return whether it took them."""
        socket = QLocalSocket()
        socket.connectToServer(self._name)
        if not socket.waitForConnected(milliseconds):
            return False
        # Paths in no encoding travel as surrogates, which JSON escapes.
        record = {
            "paths": [str(path.absolute()) for path in paths],
            "token": os.environ.get(_TOKEN, ""),
        }
        socket.write(json.dumps(record).encode("ascii") + b"\n")
        if not socket.waitForBytesWritten(milliseconds):
            return False
        return socket.waitForReadyRead(milliseconds) and bytes(socket.readAll().data()) == _ACCEPTED

    def holder(self) -> int | None:
        """Return the process that holds the window, for a message."""
        if self._lock is None:
            return None
        process = self._lock.getLockInfo()[0]
        return int(process) or None

    def close(self) -> None:
        """Stop listening and let a next start be the first."""
        if self._server is not None:
            self._server.close()
        if self._lock is not None:
            self._lock.unlock()

    def _listen(self) -> None:
        # What an earlier process left under this name would refuse the new one.
        QLocalServer.removeServer(self._name)
        self._server = QLocalServer(self)
        self._server.setSocketOptions(QLocalServer.SocketOption.UserAccessOption)
        self._server.newConnection.connect(self._accept)
        self._server.listen(self._name)

    @Slot()
    def _accept(self) -> None:
        while self._server is not None and (socket := self._server.nextPendingConnection()):
            self._buffers[socket] = b""
            socket.readyRead.connect(self._read)
            socket.disconnected.connect(self._forget)

    @Slot()
    def _read(self) -> None:
        socket = self.sender()
        if not isinstance(socket, QLocalSocket) or socket not in self._buffers:
            return
        held = self._buffers[socket] + bytes(socket.readAll().data())
        self._buffers[socket] = held
        if len(held) > _MOST_BYTES:
            socket.abort()
        elif held.endswith(b"\n"):
            handed = read_handed(held)
            if handed is not None:
                socket.write(_ACCEPTED)
                socket.flush()
                self.handed.emit(handed)
            self._buffers[socket] = b""

    @Slot()
    def _forget(self) -> None:
        socket = self.sender()
        if isinstance(socket, QLocalSocket):
            self._buffers.pop(socket, None)
            socket.deleteLater()


def read_handed(line: bytes) -> Handed | None:
    """Return what a second start wrote, None when it is nothing of ours."""
    try:
        record = json.loads(line)
        paths = tuple(Path(path) for path in record["paths"])
        return Handed(paths, str(record.get("token", "")))
    except (ValueError, TypeError, KeyError, AttributeError):
        return None


def _user() -> str:
    return str(os.getuid()) if hasattr(os, "getuid") else os.environ.get("USERNAME", "user")
