"""Temporary files beside the results: names that say whose they are, and sweeping dead ones."""

from __future__ import annotations

import re
from collections.abc import Collection
from pathlib import Path

from core.outputs.fsops import FsOps

_NAME = re.compile(r"\.regrain-([0-9a-f]+)-(\d+)-(\d+)\.(?:tmp|xmp\.tmp)")


def temporary_name(library: str, item: int, attempt: int, *, sidecar: bool = False) -> str:
    """Return the name of the file that is written before it takes a result's name."""
    return f".regrain-{library}-{item}-{attempt}{'.xmp' if sidecar else ''}.tmp"


def is_temporary(name: str) -> bool:
    """Return whether a file name is one of Regrain's temporary ones, of any library."""
    return _NAME.fullmatch(name) is not None


def sweep(
    folder: Path, library: str, fs: FsOps, *, item: int | None = None, keep: Collection[str] = ()
) -> int:
    """Delete this library's temporary files in a folder (of one item, if given); return how many.

    The caller knows that their owners are dead; those of other libraries are never touched.
    """
    count = 0
    for name in fs.names(folder):
        match = _NAME.fullmatch(name)
        if match is None or match[1] != library or name in keep:
            continue
        if item is None or int(match[2]) == item:
            fs.unlink(folder / name)
            count += 1
    return count
