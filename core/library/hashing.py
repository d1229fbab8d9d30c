"""A photograph's sha256, read once, of bytes that did not change meanwhile."""

from __future__ import annotations

import hashlib
import os
import time
from pathlib import Path

from core.images.source import changed, opened
from core.library.records import FileStat, HashedFile

_CHUNK = 1 << 20
_FINE_NS = 50_000_000
_COARSE_NS = 4_000_000_000


def read_hash(path: Path) -> HashedFile:
    """Hash a file as the render process will read it.

    Raises:
        ImageReadError: vanished, not_a_file, empty, unreadable, changed_while_reading.
    """
    digest = hashlib.sha256()
    with opened(path) as (descriptor, before):
        while chunk := os.read(descriptor, _CHUNK):
            digest.update(chunk)
        stat = FileStat.of(os.fstat(descriptor))
    if stat != FileStat.of(before):
        raise changed(path.name)
    return HashedFile(digest.hexdigest(), stat)


def may_be_remembered(stat: FileStat, now_ns: int | None = None) -> bool:
    """Return whether a later change would surely give another stat.

    File systems count time in ticks (up to 2 s on FAT): a file written just now could be written
    again within the same tick. Also see "racy git" in git's technical documentation.
    """
    now = time.time_ns() if now_ns is None else now_ns
    coarse = stat.mtime_ns % 1_000_000_000 == 0
    newest = max(stat.mtime_ns, stat.ctime_ns)
    return now - newest > (_COARSE_NS if coarse else _FINE_NS)
