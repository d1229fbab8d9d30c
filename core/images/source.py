"""Opening a photograph's file safely: regular files only, read once, unchanged meanwhile."""

from __future__ import annotations

import errno
import hashlib
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

from core.errors import ImageReadError, Reason

MAX_FILE_BYTES = 5 << 30
HEAD_BYTES = 4096
_BLOCK = 1 << 14


class ByteSource(Protocol):
    """Bytes that may still lie on disk: `len` and slices are enough for every header parser."""

    def __len__(self) -> int: ...
    def __getitem__(self, part: slice, /) -> bytes: ...


class FileWindow:
    """A file as a ByteSource: reads only the blocks that are asked for, keeps the last one."""

    def __init__(self, fd: int, size: int) -> None:
        self._fd = fd
        self._size = size
        self._start = 0
        self._block = b""

    def __len__(self) -> int:
        return self._size

    def __getitem__(self, part: slice, /) -> bytes:
        start, stop, _ = part.indices(self._size)
        if stop <= start:
            return b""
        if not (self._start <= start and stop <= self._start + len(self._block)):
            self._block = _pread(self._fd, start, max(stop - start, _BLOCK))
            self._start = start
        return self._block[start - self._start : stop - self._start]


def _pread(fd: int, start: int, count: int) -> bytes:
    parts = []
    while count > 0 and (part := os.pread(fd, min(count, 1 << 30), start)):
        parts.append(part)
        start += len(part)
        count -= len(part)
    return parts[0] if len(parts) == 1 else b"".join(parts)


@contextmanager
def opened(path: Path) -> Iterator[tuple[int, os.stat_result]]:
    """Open `path` for reading without ever hanging on it; yield descriptor and status.

    A symbolic link to a file is followed: the user, or the scan, named it.

    Raises:
        ImageReadError: vanished, unreadable, not_a_file, empty, too_large.
    """
    try:
        fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY)
    except OSError as error:
        raise _open_error(path, error) from error
    try:
        status = os.fstat(fd)
        _check_status(path.name, status)
        yield fd, status
    except OSError as error:
        raise _open_error(path, error) from error
    finally:
        os.close(fd)


def _open_error(path: Path, error: OSError) -> ImageReadError:
    name = path.name
    if error.errno in (errno.ENOENT, errno.ESTALE, errno.ENOTDIR):
        return ImageReadError(
            Reason.VANISHED, f"{name} is no longer there.", hint="It was moved or deleted."
        )
    # A drive that was pulled may say the same as a socket does.
    if error.errno in (errno.ENXIO, errno.EISDIR, errno.ENODEV) and _is_special(path):
        return _not_a_file(name)
    if error.errno in (errno.EACCES, errno.EPERM):
        return ImageReadError(
            Reason.UNREADABLE,
            f"{name} may not be read by this user.",
            hint="Change the file's permissions, or copy it somewhere else.",
        )
    return ImageReadError(
        Reason.UNREADABLE,
        f"{name} cannot be read: {error.strerror or error}.",
        hint="Check the disk or card it lies on.",
    )


def _is_special(path: Path) -> bool:
    try:
        return not stat.S_ISREG(path.stat().st_mode)
    except OSError:
        return False


def _not_a_file(name: str) -> ImageReadError:
    return ImageReadError(Reason.NOT_A_FILE, f"{name} is not a file, whatever its name says.")


def _check_status(name: str, status: os.stat_result) -> None:
    if not stat.S_ISREG(status.st_mode):
        raise _not_a_file(name)
    if status.st_size == 0:
        raise ImageReadError(
            Reason.EMPTY, f"{name} is empty (0 bytes).", hint="Copy it from the card again."
        )
    if status.st_size > MAX_FILE_BYTES:
        raise ImageReadError(
            Reason.TOO_LARGE,
            f"{name} is {status.st_size / 1e9:.0f} GB; "
            f"the limit for one photograph is {MAX_FILE_BYTES >> 30} GB.",
        )


def read_whole(path: Path, fd: int, before: os.stat_result) -> tuple[bytes, str]:
    """Read an opened file once; return its bytes and their SHA-256.

    Raises:
        ImageReadError: changed_while_reading.
    """
    data = _pread(fd, 0, before.st_size)
    after = os.fstat(fd)
    same = (before.st_size, before.st_mtime_ns) == (after.st_size, after.st_mtime_ns)
    if not same or len(data) != before.st_size:
        raise changed(path.name)
    return data, hashlib.sha256(data).hexdigest()


def changed(name: str) -> ImageReadError:
    """Return the error for a file that another program writes meanwhile."""
    return ImageReadError(
        Reason.CHANGED_WHILE_READING,
        f"{name} changed while it was read; another program is writing it.",
        hint="Run it again once the other program is done.",
    )


def looks_like_text(head: bytes) -> bool:
    """Say whether the first bytes of a file are plain text (UTF-8, UTF-16 or Latin-1)."""
    if head.startswith((b"\xff\xfe", b"\xfe\xff", b"\xef\xbb\xbf")):
        return True
    printable = sum(byte >= 32 or byte in (9, 10, 12, 13, 27) for byte in head)
    return b"\0" not in head and printable == len(head)
