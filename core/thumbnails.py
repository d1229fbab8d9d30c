"""Small pictures of photographs, from a cache on the disk or made by codec processes."""

from __future__ import annotations

import contextlib
import hashlib
import os
import queue
import struct
import tempfile
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from core.errors import ImageReadError, Reason
from core.images.codec import QUIET_COMMAND, Codec

SIDES = (160, 320, 640, 1280, 2560)
"""Longest sides that thumbnails are made with; what is asked for is rounded up to one of them."""

CACHE_BYTES = 2_000_000_000
PROCESSES = 2

_HEAD = struct.Struct(">4sII")
_MAGIC = b"RGT1"
_ENDING = ".thumbnail"
_TOUCHED_EVERY = 24 * 3600.0
_PRUNED_TO = 0.8
_CHECKED_EVERY = 0.02
"""Share of the limit that is written before the folder is measured again."""

_KEPT_TROUBLES = 20_000
# These go away by themselves: a card that is put back, a file that is still being written.
_PASSING = {Reason.VANISHED, Reason.UNREADABLE, Reason.CHANGED_WHILE_READING}


@dataclass(frozen=True, slots=True)
class Thumbnail:
    """A JPEG for the eye, upright and in sRGB; width and height are the photograph's own."""

    jpeg: bytes
    width: int
    height: int


class Thumbnails:
    """Gives thumbnails to any number of threads; a few processes make those that are missing.

    Args:
        folder: where they are kept; made when the first one is written, safe to delete.
        limit: bytes on the disk; those not looked at for longest go first.
        processes: how many files are decoded at a time.
        make_codec: starts one decoder; by default at low priority.
    """

    def __init__(
        self,
        folder: Path,
        *,
        limit: int = CACHE_BYTES,
        processes: int = PROCESSES,
        make_codec: Callable[[], Codec] = lambda: Codec(QUIET_COMMAND),
    ) -> None:
        self._cache = _DiskCache(folder, limit)
        self._codecs = [make_codec() for _ in range(processes)]
        self._idle: queue.LifoQueue[Codec] = queue.LifoQueue()
        for codec in self._codecs:
            self._idle.put(codec)
        self._troubles: OrderedDict[str, ImageReadError] = OrderedDict()
        self._guard = threading.Lock()

    def get(self, path: Path, side: int, modified_ns: int = 0, bytes: int = 0) -> Thumbnail:
        """Return a thumbnail at least `side` pixels long, as far as the photograph has them.

        Args:
            modified_ns: when the file was changed last; with `bytes` its state on the disk. Zeros:
                the file is asked.

        Raises:
            ImageReadError: why it cannot be shown.
            CoreError: no picture can be read on this computer.
        """
        side = _rounded(side)
        if not (modified_ns and bytes):
            modified_ns, bytes = _state(path)
        key = _key(path, side, modified_ns, bytes)
        kept = self._cache.read(key)
        if kept is not None:
            return kept
        self._raise_known(key)
        made = self._make(path, side, key)
        self._cache.write(key, made)
        return made

    def peek(self, path: Path, side: int, modified_ns: int, bytes: int) -> Thumbnail | None:
        """Return the thumbnail if it is in the cache: quick, and never decodes."""
        return self._cache.read(_key(path, _rounded(side), modified_ns, bytes))

    def close(self) -> None:
        """End the processes."""
        for codec in self._codecs:
            codec.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _make(self, path: Path, side: int, key: str) -> Thumbnail:
        try:
            with self._codec() as codec:
                made = codec.preview(path, side)
        except ImageReadError as error:
            self._remember(key, error)
            raise
        return Thumbnail(made.jpeg, made.photo_width, made.photo_height)

    @contextmanager
    def _codec(self) -> Iterator[Codec]:
        codec = self._idle.get()
        try:
            yield codec
        finally:
            self._idle.put(codec)

    def _raise_known(self, key: str) -> None:
        """A file that stopped its decoder, or took minutes, is not tried at each scrolling by."""
        with self._guard:
            known = self._troubles.get(key)
        if known is not None:
            raise ImageReadError(known.reason, known.message, hint=known.hint)

    def _remember(self, key: str, error: ImageReadError) -> None:
        if error.reason in _PASSING:
            return
        with self._guard:
            self._troubles[key] = error
            if len(self._troubles) > _KEPT_TROUBLES:
                self._troubles.popitem(last=False)


def _rounded(side: int) -> int:
    return next((known for known in SIDES if known >= side), SIDES[-1])


def _state(path: Path) -> tuple[int, int]:
    try:
        status = path.stat()
    except OSError:
        # The codec process says what is wrong with it.
        return 0, 0
    return status.st_mtime_ns, status.st_size


def _key(path: Path, side: int, modified_ns: int, size: int) -> str:
    told = f"{side}|{modified_ns}|{size}|".encode() + os.fsencode(path)
    return hashlib.sha256(told).hexdigest()[:40]


class _DiskCache:
    """Files in a folder, by key; trouble with the disk costs time, never a thumbnail."""

    def __init__(self, folder: Path, limit: int) -> None:
        self._folder = folder
        self._limit = limit
        self._pruning = threading.Lock()
        self._unmeasured = float("inf")

    def read(self, key: str) -> Thumbnail | None:
        path = self._path(key)
        try:
            data = path.read_bytes()
            self._touch(path)
        except OSError:
            return None
        if len(data) <= _HEAD.size or not data.endswith(b"\xff\xd9"):
            return None
        magic, width, height = _HEAD.unpack_from(data)
        return Thumbnail(data[_HEAD.size :], width, height) if magic == _MAGIC else None

    def write(self, key: str, made: Thumbnail) -> None:
        data = _HEAD.pack(_MAGIC, made.width, made.height) + made.jpeg
        with contextlib.suppress(OSError):
            _replace(self._path(key), data)
            self._unmeasured += len(data)
            if self._unmeasured > _CHECKED_EVERY * self._limit:
                self._prune()

    def _path(self, key: str) -> Path:
        return self._folder / key[:2] / f"{key[2:]}{_ENDING}"

    def _touch(self, path: Path) -> None:
        """Note that it was looked at, once a day."""
        if time.time() - path.stat().st_mtime > _TOUCHED_EVERY:
            os.utime(path)

    def _prune(self) -> None:
        """Delete the oldest until a fifth of the limit is free, when it is exceeded."""
        if not self._pruning.acquire(blocking=False):
            return
        try:
            self._unmeasured = 0
            files = sorted(_kept_files(self._folder))
            total = sum(size for _, size, _ in files)
            if total <= self._limit:
                return
            for _, size, path in files:
                if total <= _PRUNED_TO * self._limit:
                    return
                with contextlib.suppress(OSError):
                    path.unlink()
                total -= size
        finally:
            self._pruning.release()


def _replace(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(dir=path.parent, suffix=_ENDING)
    temporary = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def _kept_files(folder: Path) -> Iterator[tuple[float, int, Path]]:
    """Yield (last looked at, bytes, path) of everything in the cache, leftovers too."""
    for path in folder.glob(f"*/*{_ENDING}"):
        with contextlib.suppress(OSError):
            status = path.stat()
            yield status.st_mtime, status.st_size, path
