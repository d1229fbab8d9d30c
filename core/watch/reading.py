"""One pass over a photograph's bytes: its hash, whether it is whole, whether Regrain made it."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

from core.images.source import FileWindow, changed, opened
from core.images.xmp import REGRAIN
from core.library.records import FileStat
from core.watch.whole import looks_whole

_CHUNK = 1 << 20
_MARK = REGRAIN.encode("ascii")


@dataclass(frozen=True, slots=True)
class ReadFile:
    """What a file is: its hash and stat, whether it looks complete, whether Regrain made it.

    `sha256` is empty for one that does not look complete: it was not read.
    """

    sha256: str
    stat: FileStat
    whole: bool
    ours: bool


def read_file(path: str, *, insist: bool = False) -> ReadFile:
    """Read a file once, as the render process will; an incomplete one only if `insist`.

    Raises:
        ImageReadError: vanished, not_a_file, empty, unreadable, changed_while_reading.
    """
    digest, ours, last = hashlib.sha256(), False, b""
    with opened(Path(path)) as (descriptor, before):
        whole = looks_whole(FileWindow(descriptor, before.st_size))
        if not whole and not insist:
            return ReadFile("", FileStat.of(before), whole=False, ours=False)
        while chunk := os.read(descriptor, _CHUNK):
            digest.update(chunk)
            ours = ours or _MARK in chunk or _MARK in last + chunk[: len(_MARK)]
            last = chunk[-len(_MARK) :]
        stat = FileStat.of(os.fstat(descriptor))
    if stat != FileStat.of(before):
        raise changed(os.path.basename(path))  # noqa: PTH119
    return ReadFile(digest.hexdigest(), stat, whole=whole, ours=ours)
