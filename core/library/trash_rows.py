"""Which results photographs have, and forgetting those that were thrown away."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import ColumnElement, Connection, delete, or_, select, update

from core.library.chunks import among
from core.library.ids import PhotoId
from core.library.records import ItemStatus
from core.library.tables import OPEN_ROWS, asset, item, job, photo, result
from core.outputs.template import name_key

_SETTLED = item.c.status.in_(sorted((ItemStatus.DONE, ItemStatus.ALREADY_DONE)))


@dataclass(frozen=True, slots=True)
class Standing:
    """A photograph with the results that its project made of it, the one that is shown first.

    Only that one may be without a record. `busy`: an edit of the photograph is not finished.
    """

    photo: PhotoId
    source: Path
    outputs: tuple[Path, ...]
    busy: bool


def read_standing(connection: Connection, photos: Sequence[PhotoId]) -> list[Standing]:
    """Read the photographs in the order given; those that are gone are absent."""
    query = select(photo.c.id, asset.c.path, item.c.output, _is_busy().label("busy"))
    query = query.select_from(photo.join(asset).outerjoin(item, item.c.id == photo.c.last_item))
    rows = {row.id: row for row in connection.execute(query.where(among(photo.c.id, photos)))}
    made = _made(connection, photos)
    found = []
    for which in dict.fromkeys(photos):
        if which in rows:
            row = rows[which]
            shown = [] if row.output is None else [row.output]
            outputs = tuple(dict.fromkeys([*shown, *made.get(which, ())]))
            found.append(Standing(which, row.path, outputs, bool(row.busy)))
    return found


def _is_busy() -> ColumnElement[bool]:
    """Return the condition that a photograph of the query waits or is in work, in any project."""
    waits = select(item.c.id).where(item.c.asset_id == photo.c.asset_id, OPEN_ROWS)
    return waits.correlate(photo).exists()


def _made(connection: Connection, photos: Sequence[PhotoId]) -> dict[PhotoId, list[Path]]:
    """Read the recorded results among the outputs of the project's batches."""
    project = (job.c.project_id == photo.c.project_id) & (job.c.id == item.c.job_id)
    query = select(photo.c.id, item.c.output).distinct()
    query = query.join_from(photo, item, item.c.asset_id == photo.c.asset_id).join(job, project)
    query = query.where(among(photo.c.id, photos), _SETTLED, item.c.output.is_not(None))
    recorded = select(photo.c.id, result.c.folder, result.c.name)
    recorded = recorded.join_from(photo, result, result.c.asset_id == photo.c.asset_id)
    rows = connection.execute(recorded.where(among(photo.c.id, photos)))
    known = {(row.id, row.folder / row.name) for row in rows}
    made: dict[PhotoId, list[Path]] = {}
    for row in connection.execute(query):
        if (row.id, row.output) in known:
            made.setdefault(PhotoId(row.id), []).append(row.output)
    return made


def is_photograph(connection: Connection, path: Path) -> bool:
    """Return whether a file is a photograph of a project, a removed one too, or is to be edited."""
    held = select(photo.c.id).where(photo.c.asset_id == asset.c.id).exists()
    waits = select(item.c.id).where(item.c.asset_id == asset.c.id, OPEN_ROWS).exists()
    query = select(asset.c.id).where(asset.c.path == path, or_(held, waits))
    return connection.scalar(query) is not None


def forget_result(connection: Connection, path: Path) -> None:
    """Take the record of a result away."""
    here = (result.c.folder == path.parent) & (result.c.name_key == name_key(path.name))
    connection.execute(delete(result).where(here))


def unlink(connection: Connection, moved: Iterable[Path], left: Collection[Path]) -> None:
    """Let photographs that show a result which was moved show one that is left, or none."""
    for path in moved:
        query = select(photo.c.id, photo.c.project_id, photo.c.asset_id)
        query = query.join_from(photo, item, item.c.id == photo.c.last_item)
        for row in connection.execute(query.where(item.c.output == path)).all():
            others = select(item.c.id).join(job).where(job.c.project_id == row.project_id)
            others = others.where(item.c.asset_id == row.asset_id, _SETTLED)
            others = others.where(item.c.output.in_(list(left))).order_by(item.c.id.desc())
            values = {"last_item": connection.scalar(others.limit(1))}
            connection.execute(update(photo).where(photo.c.id == row.id).values(values))
