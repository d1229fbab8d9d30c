"""The record of a result file: which source, which key, which bytes; one a name."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sqlalchemy import Connection
from sqlalchemy.dialects.sqlite import insert

from core.library.records import FileStat
from core.library.tables import asset, result
from core.outputs.template import name_key

UNKNOWN_SOURCE = Path()
"""Stands for the photograph of a result that was found again by what is written in it.

No photograph has this path, so such a result is never replaced, thrown away or put on a stack as
that of some photograph; its key alone makes the photograph of the same bytes already done.
"""

OF_A_PHOTOGRAPH = asset.c.path != UNKNOWN_SOURCE
"""The condition that it is known of which photograph a result is."""


def stat_values(stat: FileStat) -> dict[str, int]:
    """Return a stat as the columns that hold one."""
    return {name: getattr(stat, name) for name in FileStat.__slots__}


def record_result(
    connection: Connection, path: Path, stat: FileStat, made: Mapping[str, Any]
) -> None:
    """Record the file at `path`, in the place of what the name was before.

    `made` holds what it was made of: asset_id, result_key, sha256, source_sha256, unchanged, facts.
    """
    values = {
        **made,
        "folder": path.parent,
        "name": Path(path.name),
        "name_key": name_key(path.name),
        **stat_values(stat),
        "created": time.time(),
    }
    statement = insert(result).values(values)
    connection.execute(
        statement.on_conflict_do_update(index_elements=["folder", "name_key"], set_=values)
    )
