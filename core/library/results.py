"""The record of a result file: which source, which key, which bytes; one a name."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sqlalchemy import Connection
from sqlalchemy.dialects.sqlite import insert

from core.library.records import FileStat
from core.library.tables import result
from core.outputs.template import name_key


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
