"""The folders that a project's photographs lie in, as a tree with counts."""

from __future__ import annotations

import os
from collections import Counter, defaultdict
from pathlib import Path
from typing import cast

from sqlalchemy import Connection

from core.library.ids import ProjectId
from core.library.path_text import natural
from core.library.photo import Source

_QUERY = """
    SELECT asset.path, photo.base, photo.missing FROM photo JOIN asset ON asset.id = photo.asset_id
    WHERE photo.project_id = ? AND photo.removed = 0
"""
_SEPARATOR = os.fsencode(os.sep)


def read_sources(connection: Connection, project: ProjectId) -> list[Source]:
    """Read every folder from those that were added down to those with photographs.

    In natural order of their paths, so that a folder comes right before what lies below it. A
    folder's counts hold those of the folders below.
    """
    direct = _count_folders(connection, project)
    shown = {folder for where, base in direct for folder in _from_base(where, base)}
    counts: Counter[Path] = Counter()
    missing: Counter[Path] = Counter()
    for (where, _), (there, gone) in direct.items():
        for folder in {where, *where.parents} & shown:
            counts[folder] += there
            missing[folder] += gone
    ordered = sorted(shown, key=lambda folder: [natural(part) for part in folder.parts])
    return [Source(folder, counts[folder], missing[folder]) for folder in ordered]


def _count_folders(
    connection: Connection, project: ProjectId
) -> dict[tuple[Path, Path | None], tuple[int, int]]:
    """Count photographs, and missing ones, by folder and by the folder that was added."""
    counts: defaultdict[tuple[bytes, bytes | None], list[int]] = defaultdict(lambda: [0, 0])
    for path, base, gone in connection.exec_driver_sql(_QUERY, (project,)):
        folder = cast(bytes, path).rpartition(_SEPARATOR)[0] or _SEPARATOR
        count = counts[folder, base]
        count[0] += 1
        count[1] += bool(gone)
    return {
        (Path(os.fsdecode(folder)), None if base is None else Path(os.fsdecode(base))): (n, gone)
        for (folder, base), (n, gone) in counts.items()
    }


def _from_base(folder: Path, base: Path | None) -> list[Path]:
    """Return the folders from `base` down to `folder`; `folder` alone when it is not below it."""
    top = None if base is None else Path(os.path.realpath(base))
    if top is None or not folder.is_relative_to(top):
        return [folder]
    between = (parent for parent in folder.parents if parent.is_relative_to(top))
    return [folder, *between]
