"""Storing a batch: a new one, or more work for the unfinished one of the same command."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, bindparam, delete, func, insert, select, update

from core.errors import LEFT_OUT_REASONS, ItemError
from core.library.chunks import chunks
from core.library.ids import JobId
from core.library.keys import settings_digest
from core.library.projects import ensure_project
from core.library.records import (
    OPEN_STATUSES,
    Enqueued,
    ItemRequest,
    ItemStatus,
    JobRequest,
    SettledRequest,
)
from core.library.standing import Wanted, stand_already
from core.library.states import WAITING
from core.library.tables import CLAIMED_ROWS, asset, item, job, project
from core.library.transitions import lift
from core.library.views import has_items, recipe_text
from core.outputs.template import name_key
from core.recipe import EditSettings, SeedMode

_RESUMED = OPEN_STATUSES | {ItemStatus.FAILED, ItemStatus.QUARANTINED}
_STANDS = frozenset({ItemStatus.DONE, ItemStatus.ALREADY_DONE})
_CHUNK = 5000

_INSERT_ASSET = "INSERT INTO asset (path) VALUES (?) ON CONFLICT DO NOTHING"
_COLUMNS = (
    *("strength", "seed", "root", "folder", "name", "name_key", "status", "output"),
    *("reason", "message", "hint", "held_for", "job_id", "position"),
)
_ZERO = ("attempt", "attempts", "crashes", "alone", "announced", "unchanged", "seconds")
_INSERT_ITEM = f"""
    INSERT INTO item ({", ".join((*_COLUMNS, *_ZERO))}, note, asset_id)
    SELECT {", ".join((*"?" * len(_COLUMNS), *"0" * len(_ZERO)))}, '', asset.id
    FROM asset WHERE asset.path = ? ON CONFLICT DO NOTHING
"""
"""In SQL itself: with 100,000 photographs the detour over SQLAlchemy's expressions takes longer.

What the batch holds already (same photograph, same strength) stays as it is.
"""

_LINK_PHOTOGRAPHS = """
    UPDATE photo SET last_item =
        (SELECT max(id) FROM item WHERE job_id = ? AND asset_id = photo.asset_id)
    WHERE project_id = (SELECT project_id FROM job WHERE id = ?)
        AND asset_id IN (SELECT asset_id FROM item WHERE job_id = ?)
"""
"""Of several strengths the last one stands for all: it is claimed last."""

_Row = tuple[str | bytes | float | None, ...]


@dataclass(frozen=True, slots=True)
class Checked:
    """A request with, an item each, the path of its result if that stands already."""

    request: JobRequest
    standing: tuple[Path | None, ...]


def edit_of(edit: EditSettings, strength: float | None, seed: int | None) -> EditSettings:
    """Return the settings with one item's own strength and drawn seed."""
    values: dict[str, Any] = {}
    if strength is not None:
        values["strength"] = strength
    if seed is not None:
        values |= {"seed": seed, "seed_mode": SeedMode.FIXED}
    return edit.model_copy(update=values) if values else edit


def check(connection: Connection, request: JobRequest) -> Checked:
    """Look which results stand already; reads only, so it needs no write lock."""
    request = _with_drawn_seeds(connection, request)
    recipe = request.recipe
    digests: dict[EditSettings | None, str] = {None: ""}
    entries = []
    for one in request.items:
        edit = _own_edit(request, one)
        if edit is not None and edit not in digests:
            digests[edit] = settings_digest(edit, recipe.output, request.model)
        entries.append(Wanted(one.source, one.output, digests[edit]))
    return Checked(request, tuple(stand_already(connection, entries)))


def _own_edit(request: JobRequest, one: ItemRequest) -> EditSettings | None:
    """Return an item's own settings; None when it cannot have any: it fails when it is its turn."""
    edit = edit_of(request.recipe.edit, one.strength, one.seed)
    try:
        return request.personal(edit, one.source)
    except ItemError:
        return None


def _with_drawn_seeds(connection: Connection, request: JobRequest) -> JobRequest:
    """Keep the random seeds that the unfinished batch has drawn already."""
    if all(one.seed is None for one in request.items):
        return request
    which = _unfinished(connection, request)
    query = select(asset.c.path, item.c.strength, item.c.seed).join_from(item, asset)
    rows = connection.execute(query.where(item.c.job_id == which, item.c.seed.is_not(None)))
    drawn = {(row.path, row.strength): row.seed for row in rows}
    seeded = (
        replace(one, seed=drawn.get((one.source, one.strength), one.seed)) for one in request.items
    )
    return replace(request, items=tuple(seeded))


def store(connection: Connection, checked: Checked) -> Enqueued:
    """Store the batch in the caller's transaction."""
    request = checked.request
    which = _unfinished(connection, request)
    resumed = which is not None
    if which is None:
        which = _insert_job(connection, request)
    else:
        _take_up(connection, which, checked)
    _insert_items(connection, which, checked)
    _link_photographs(connection, which)
    done = select(func.count()).where(item.c.job_id == which, item.c.status == ItemStatus.DONE)
    return Enqueued(which, resumed, connection.scalar(done) or 0)


def append(connection: Connection, which: JobId | None, checked: Checked) -> JobId:
    """Add photographs to a batch, whatever its state; those that it holds, settled, wait again.

    They go into a new batch when `which` is None or one of them is in work there just now: its
    bytes may be the earlier ones. Photographs of the project are for the caller to link. Returns
    the batch.
    """
    request = checked.request
    if which is None or _in_work(connection, which, request):
        which = _insert_job(connection, request)
    else:
        _reopen(connection, which, checked)
    _insert_items(connection, which, checked)
    return which


def _in_work(connection: Connection, which: JobId, request: JobRequest) -> bool:
    query = select(asset.c.path).join_from(item, asset).where(item.c.job_id == which, CLAIMED_ROWS)
    claimed = set(connection.scalars(query))
    return not claimed.isdisjoint(one.source for one in request.items)


def _reopen(connection: Connection, which: JobId, checked: Checked) -> None:
    wanted = {
        one.source
        for one, path in zip(checked.request.items, checked.standing, strict=True)
        if path is None or checked.request.again
    }
    settled = item.c.status.not_in(sorted(OPEN_STATUSES)) & item.c.folder.is_not(None)
    values = WAITING | {"crashes": 0}
    for part in chunks(sorted(wanted)):
        sources = select(asset.c.id).where(asset.c.path.in_(part))
        ours = (item.c.job_id == which) & item.c.asset_id.in_(sources)
        connection.execute(update(item).where(ours, settled).values(values))


def _unfinished(connection: Connection, request: JobRequest) -> JobId | None:
    query = select(job.c.id).join_from(job, project)
    query = query.where(
        job.c.signature == request.signature,
        job.c.canceled.is_(False),
        project.c.name == request.project,
        has_items(_RESUMED),
    )
    return connection.scalar(query.order_by(job.c.id.desc()).limit(1))


def _insert_job(connection: Connection, request: JobRequest) -> JobId:
    values = {
        "project_id": ensure_project(connection, request.project),
        "name": request.name,
        "recipe": recipe_text(request.recipe),
        "strengths": json.dumps(request.strengths),
        "origin": request.origin,
        "signature": request.signature,
        "again": request.again,
        "paused": False,
        "canceled": False,
        "stop_message": "",
        "stop_hint": "",
        "ignored": request.ignored,
        "position": select(func.coalesce(func.max(job.c.position), 0) + 1).scalar_subquery(),
        "review": request.review,
        "created": time.time(),
    }
    statement = insert(job).values(values).returning(job.c.id)
    return JobId(connection.scalars(statement).one())


def _take_up(connection: Connection, which: JobId, checked: Checked) -> None:
    """Ready an unfinished batch: stop lifted, what is not there any more waits again."""
    lift(connection, which, paused=False, ignored=checked.request.ignored)
    ours = item.c.job_id == which
    # What the last scan left out or could not read is for this scan to say anew.
    connection.execute(delete(item).where(ours, item.c.folder.is_(None)))
    again = {ItemStatus.FAILED, ItemStatus.LEFT_OUT, ItemStatus.CANCELED}
    connection.execute(update(item).where(ours, item.c.status.in_(sorted(again))).values(WAITING))
    missing = {
        (request.source, request.strength)
        for request, path in zip(checked.request.items, checked.standing, strict=True)
        if path is None
    }
    query = select(item.c.id, item.c.strength, asset.c.path).join_from(item, asset)
    settled = connection.execute(query.where(ours, item.c.status.in_(sorted(_STANDS))))
    gone = [row.id for row in settled if (row.path, row.strength) in missing]
    if gone:
        statement = update(item).where(item.c.id == bindparam("which")).values(WAITING)
        connection.execute(statement, [{"which": number} for number in gone])


def _insert_items(connection: Connection, which: JobId, checked: Checked) -> None:
    """Add those items that the batch does not hold yet, in order, after what it holds."""
    request = checked.request
    last = select(func.max(item.c.position)).where(item.c.job_id == which)
    position = connection.scalar(last)
    first = 0 if position is None else position + 1
    sources = [os.fsencode(one.source) for one in request.items]
    sources += [os.fsencode(settled.source) for settled in request.settled]
    rows = [
        _row(one, None if request.again else path)
        for one, path in zip(request.items, checked.standing, strict=True)
    ]
    rows += [_settled_row(settled) for settled in request.settled]
    for start in range(0, len(rows), _CHUNK):
        part = range(start, min(start + _CHUNK, len(rows)))
        connection.exec_driver_sql(_INSERT_ASSET, [(sources[n],) for n in part])
        values = [(*rows[n], which, first + n, sources[n]) for n in part]
        connection.exec_driver_sql(_INSERT_ITEM, values)


def _link_photographs(connection: Connection, which: JobId) -> None:
    """Let the photographs of the batch's project show this edit."""
    connection.exec_driver_sql(_LINK_PHOTOGRAPHS, (which, which, which))


def _row(request: ItemRequest, standing: Path | None) -> _Row:
    folder, name = os.path.split(os.fsencode(request.output))
    return (
        request.strength,
        request.seed,
        os.fsencode(request.root),
        folder,
        name,
        name_key(os.fsdecode(name)),
        ItemStatus.PENDING if standing is None else ItemStatus.ALREADY_DONE,
        None if standing is None else os.fsencode(standing),
        *(None, "", ""),
        None if request.held_for is None else os.fsencode(request.held_for),
    )


def _settled_row(settled: SettledRequest) -> _Row:
    left_out = settled.reason in LEFT_OUT_REASONS
    status = ItemStatus.LEFT_OUT if left_out else ItemStatus.FAILED
    return (*[None] * 6, status, None, settled.reason, settled.message, settled.hint, None)


def roots(request: JobRequest) -> Iterable[Path]:
    """Return the output folders that must exist before anything of the batch is rendered."""
    return dict.fromkeys(one.root for one in request.items)


def folders(request: JobRequest) -> set[Path]:
    """Return the folders of the photographs and the output folders."""
    return {one.source.parent for one in request.items}.union(roots(request))
