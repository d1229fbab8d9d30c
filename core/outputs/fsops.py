"""The few file operations that publishing is made of, behind one object for tests to cut."""

from __future__ import annotations

import ctypes
import errno
import functools
import hashlib
import os
import shutil
import stat
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from core.library.records import FileStat, HashedFile

_AT_FDCWD = -100
_RENAME_NOREPLACE = 1
_RENAME_EXCHANGE = 2
_CHUNK = 1 << 20

# Windows has none of these.
_NOFOLLOW = getattr(os, "O_NOFOLLOW", 0)
_NONBLOCK = getattr(os, "O_NONBLOCK", 0)
_CLOEXEC = getattr(os, "O_CLOEXEC", 0)

_UNSUPPORTED = frozenset(
    {errno.EINVAL, errno.ENOSYS, errno.EPERM, errno.EOPNOTSUPP, errno.ENOTSUP, errno.EXDEV}
)
"""What a file system answers that knows no such operation (FAT, exFAT, some network ones)."""


class FsOps:
    """File operations on results and temporary files; one object, so that a test can stand in.

    All raise OSError. Symbolic links are never followed at the last part of a path.
    """

    def stat(self, path: Path) -> os.stat_result | None:
        """Return what stands at `path` itself, None if nothing does, or could under such a name."""
        try:
            return path.lstat()
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            if error.errno == errno.ENAMETOOLONG:
                return None
            raise

    def hash(self, path: Path) -> HashedFile:
        """Read a regular file and return its sha256 and its stat after reading."""
        digest = hashlib.sha256()
        descriptor = os.open(path, os.O_RDONLY | _NOFOLLOW | _NONBLOCK | _CLOEXEC)
        with os.fdopen(descriptor, "rb", buffering=0) as file:
            while chunk := file.read(_CHUNK):
                digest.update(chunk)
            return HashedFile(digest.hexdigest(), FileStat.of(os.fstat(descriptor)))

    def rename_noreplace(self, source: Path, target: Path) -> None:
        """Give `source` the name `target`, which must be free: FileExistsError otherwise.

        Where the system has no such rename: a second name and the first one away; where there are
        no second names either (FAT): the name is reserved by an empty file and then replaced.
        """
        try:
            _renameat2(source, target, _RENAME_NOREPLACE)
            return
        except OSError as error:
            if error.errno not in _UNSUPPORTED:
                raise
        try:
            os.link(source, target, follow_symlinks=False)
        except OSError as error:
            if error.errno not in _UNSUPPORTED:
                raise
            self._reserve_and_replace(source, target)
        else:
            source.unlink()

    def _reserve_and_replace(self, source: Path, target: Path) -> None:
        os.close(os.open(target, os.O_CREAT | os.O_EXCL | os.O_WRONLY | _CLOEXEC, 0o666))
        source.replace(target)

    def exchange(self, one: Path, other: Path) -> bool:
        """Let two files swap their names at once; True.

        False where the system cannot: `one` has then replaced `other`, whose bytes are gone.
        """
        try:
            _renameat2(one, other, _RENAME_EXCHANGE)
            return True
        except OSError as error:
            if error.errno not in _UNSUPPORTED:
                raise
        one.replace(other)
        return False

    def sync_folder(self, folder: Path) -> None:
        """Make the names in a folder durable; network file systems that cannot are let pass."""
        descriptor = os.open(folder, os.O_RDONLY | _CLOEXEC)
        try:
            os.fsync(descriptor)
        except OSError as error:
            if error.errno not in _UNSUPPORTED:
                raise
        finally:
            os.close(descriptor)

    def unlink(self, path: Path) -> None:
        """Delete a file; one that is gone already is fine."""
        path.unlink(missing_ok=True)

    def mkdir(self, folder: Path) -> None:
        """Make one folder and make its name durable; one that is there is fine."""
        try:
            folder.mkdir()
        except FileExistsError:
            return
        self.sync_folder(folder.parent)

    def is_folder(self, path: Path) -> bool:
        """Return whether a folder stands at `path`."""
        return os.path.isdir(path)  # noqa: PTH112 - says False where Path.is_dir raises

    def is_readable_file(self, path: Path) -> bool:
        """Return whether a regular file stands at `path` that this user may read."""
        found = self.stat(path)
        return found is not None and stat.S_ISREG(found.st_mode) and os.access(path, os.R_OK)

    def copy(self, source: Path, target: Path) -> HashedFile:
        """Copy bytes into a new file and make them durable; return their hash, as written."""
        digest = hashlib.sha256()
        flags = os.O_CREAT | os.O_EXCL | os.O_WRONLY | _NOFOLLOW | _CLOEXEC
        with source.open("rb") as reader, os.fdopen(os.open(target, flags, 0o666), "wb") as writer:
            while chunk := reader.read(_CHUNK):
                digest.update(chunk)
                writer.write(chunk)
            writer.flush()
            os.fsync(writer.fileno())
            return HashedFile(digest.hexdigest(), FileStat.of(os.fstat(writer.fileno())))

    def names(self, folder: Path) -> Iterator[str]:
        """Yield the names in a folder; nothing when it cannot be listed."""
        try:
            with os.scandir(folder) as entries:
                yield from [entry.name for entry in entries]
        except OSError:
            return

    def free_bytes(self, folder: Path) -> int:
        """Return how many bytes this user may still write on the folder's disk."""
        return shutil.disk_usage(folder).free


@functools.cache
def _native_rename() -> Callable[[bytes, bytes, int], int] | None:
    """Return the system's rename with flags (Linux renameat2, macOS renamex_np), if it has one."""
    if sys.platform == "win32":
        return None
    library = ctypes.CDLL(None, use_errno=True)
    if sys.platform.startswith("linux") and hasattr(library, "renameat2"):
        linux = library.renameat2
        place, name = ctypes.c_int, ctypes.c_char_p
        linux.argtypes = [place, name, place, name, ctypes.c_uint]
        return lambda old, new, flags: int(linux(_AT_FDCWD, old, _AT_FDCWD, new, flags))
    if sys.platform == "darwin" and hasattr(library, "renamex_np"):
        darwin = library.renamex_np
        darwin.argtypes = [ctypes.c_char_p, ctypes.c_char_p, ctypes.c_uint]
        # RENAME_SWAP is 2, RENAME_EXCL is 4
        return lambda old, new, flags: int(darwin(old, new, 4 if flags == _RENAME_NOREPLACE else 2))
    return None


def _renameat2(source: Path, target: Path, flags: int) -> None:
    rename = _native_rename()
    if rename is None:
        raise OSError(errno.ENOSYS, os.strerror(errno.ENOSYS))
    if rename(os.fsencode(source), os.fsencode(target), flags) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), os.fspath(source), None, os.fspath(target))
