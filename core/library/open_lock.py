"""Who has a library open: many at once, or the one that puts another file in its place."""

from __future__ import annotations

import os
import secrets
import sys
import time
from pathlib import Path

from core.errors import LibraryError

PATIENCE_SECONDS = 20.0
"""How long an opening waits for whoever makes the file or puts a backup there."""

_POLL_SECONDS = 0.02

if sys.platform == "win32":
    import msvcrt

    _SEATS = 1 << 16

    def _lock(descriptor: int, *, alone: bool) -> None:
        # Windows knows no shared lock here: each taker has one byte of many, who is alone all.
        seat = 0 if alone else secrets.randbelow(_SEATS)
        os.lseek(descriptor, (1 << 30) + seat, os.SEEK_SET)
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, _SEATS if alone else 1)

else:
    import fcntl

    def _lock(descriptor: int, *, alone: bool) -> None:
        kind = fcntl.LOCK_EX if alone else fcntl.LOCK_SH
        fcntl.flock(descriptor, kind | fcntl.LOCK_NB)


class OpenLock:
    """One taker's hold on a library's file; the kernel ends it at the process's death."""

    def __init__(self, library: Path) -> None:
        resolved = library.resolve()
        self.path = resolved.with_name(f"{resolved.name}.open-lock")
        self._descriptor: int | None = None

    def share(self, patience: float = PATIENCE_SECONDS) -> None:
        """Hold it with others; waits for one that is alone with it.

        Raises:
            LibraryError: another process is alone with it all that time.
            OSError: the lock file cannot be made.
        """
        end = time.monotonic() + patience
        while not self._try(alone=False):
            if time.monotonic() > end:
                raise LibraryError(
                    "Another Regrain is putting a backup in the library's place.",
                    hint="Wait until it is done, then try again.",
                )
            time.sleep(_POLL_SECONDS)

    def take(self) -> bool:
        """Hold it alone, without waiting; False when somebody else holds it.

        Raises:
            OSError: the lock file cannot be made.
        """
        return self._try(alone=True)

    def release(self) -> None:
        """Let it go; nothing happens when it is not held."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def _try(self, *, alone: bool) -> bool:
        self.release()
        flags = os.O_RDWR | os.O_CREAT | getattr(os, "O_CLOEXEC", 0)
        descriptor = os.open(self.path, flags, 0o600)
        try:
            _lock(descriptor, alone=alone)
        except (BlockingIOError, PermissionError):
            os.close(descriptor)
            return False
        except OSError:
            # A file system without locks: as before there were any.
            if alone:
                os.close(descriptor)
                raise
        self._descriptor = descriptor
        return True
