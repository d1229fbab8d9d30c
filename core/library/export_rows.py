"""Which results are exported, and the record of those that got to their recipe's place."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection, select

from core.library.chunks import among
from core.library.ids import ItemId, PhotoId
from core.library.photo import Decision
from core.library.records import HashedFile
from core.library.results import record_result
from core.library.tables import asset, item, photo, result


@dataclass(frozen=True, slots=True)
class KeptResult:
    """A kept photograph's result: where it stands, the root it lies in, where it is to go.

    `held_for` is set for what is held for review; `output` None: there is no result.
    """

    photo: PhotoId
    source: Path
    item: ItemId
    output: Path | None
    root: Path | None
    held_for: Path | None


def read_kept(connection: Connection, photos: Sequence[PhotoId]) -> list[KeptResult]:
    """Read those of the photographs that are kept, in the order given."""
    columns = (photo.c.id, asset.c.path, photo.c.last_item)
    query = select(*columns, item.c.output, item.c.root, item.c.held_for)
    query = query.select_from(photo.join(asset).outerjoin(item, item.c.id == photo.c.last_item))
    query = query.where(
        among(photo.c.id, photos), photo.c.removed.is_(False), photo.c.decision == Decision.KEEP
    )
    found = {
        PhotoId(row.id): KeptResult(
            PhotoId(row.id),
            row.path,
            ItemId(row.last_item or 0),
            row.output,
            row.root,
            row.held_for,
        )
        for row in connection.execute(query)
    }
    return [found[which] for which in dict.fromkeys(photos) if which in found]


def record_exported(
    connection: Connection, placed: Iterable[tuple[KeptResult, Path, HashedFile]]
) -> None:
    """Record copies of recorded results as results of the same photograph."""
    for one, path, hashed in placed:
        if one.output is None or path == one.output:
            continue
        of = (result.c.folder == one.output.parent, result.c.name == Path(one.output.name))
        row = connection.execute(select(result).where(*of)).one_or_none()
        if row is not None and row.sha256 == hashed.sha256:
            names = ("asset_id", "result_key", "sha256", "source_sha256", "unchanged", "facts")
            made = {name: getattr(row, name) for name in names}
            record_result(connection, path, hashed.stat, made)
