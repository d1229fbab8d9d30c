"""The render lock: only its holder renders for a library; the kernel frees it at its death."""

from __future__ import annotations

import errno
import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self

from core.errors import LibraryError

if sys.platform == "win32":
    import msvcrt

    def _try_lock(descriptor: int) -> None:
        os.lseek(descriptor, 1 << 30, os.SEEK_SET)  # a byte beyond the text, so that it is readable
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)

else:
    import fcntl

    def _try_lock(descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)


_BUSY = frozenset({errno.EWOULDBLOCK, errno.EAGAIN, errno.EACCES, errno.EDEADLK})


class RenderLock:
    """An exclusive lock on `path`; held from `acquire` until `release` or the process's death."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._descriptor: int | None = None
        self._run = threading.Lock()

    @property
    def held(self) -> bool:
        """Whether this object holds the lock."""
        return self._descriptor is not None

    def acquire(self) -> bool:
        """Take the lock without waiting; return whether it is ours now.

        Raises:
            LibraryError: the lock file cannot be made or locked at all.
        """
        if self.held:
            return True
        try:
            # Not inherited by children: a render process must not keep a dead parent's lock.
            descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise _lock_error(self.path, error) from error
        try:
            _try_lock(descriptor)
        except OSError as error:
            os.close(descriptor)
            if error.errno in _BUSY:
                return False
            raise _lock_error(self.path, error) from error
        self._descriptor = descriptor
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
        return True

    def release(self) -> None:
        """Let the lock go; nothing happens when it is not held."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    @contextmanager
    def for_a_run(self) -> Iterator[bool]:
        """Yield whether one run may work now: within, no other does, of any process or this one.

        Whoever may knows that every other run's claims are dead. A lock that was held before stays
        held. Raises as `acquire`.
        """
        if not self._run.acquire(blocking=False):
            yield False
            return
        held_before = self.held
        try:
            yield self.acquire()
        finally:
            if not held_before:
                self.release()
            self._run.release()

    def holder(self) -> int | None:
        """Return the process id that the last holder wrote; for show only, it may be dead."""
        try:
            return int(self.path.read_text(encoding="ascii"))
        except (OSError, ValueError):
            return None

    def __enter__(self) -> Self:
        if not self.acquire():
            raise LibraryError(
                f"Another Regrain (process {self.holder()}) is rendering for this library.",
                hint="Wait for it, or close it.",
            )
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.release()


def _lock_error(path: Path, error: OSError) -> LibraryError:
    return LibraryError(
        f"The lock file {path} cannot be used: {error.strerror}.",
        hint="Put the library on a local disk where you may write.",
    )
