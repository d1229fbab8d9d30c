"""What is known of the files in watched folders, and taking new ones into a batch, all at once.

A file's mark and its place in a batch are written in one transaction: a kill leaves both or
neither, and two processes that watch one folder take a photograph once.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection, Row, delete, select, update
from sqlalchemy.dialects.sqlite import insert

from core.library import enqueue
from core.library.chunks import chunks
from core.library.columns import signed
from core.library.database import Database
from core.library.drives import Drives
from core.library.hashing import may_be_remembered
from core.library.ids import JobId, ProjectId, WatchRuleId
from core.library.photo_add import NewPhoto, arrive
from core.library.projects import COMMAND_LINE
from core.library.records import FileStat, JobRequest
from core.library.results import stat_values
from core.library.tables import file_hash, job, project, result, watch_file, watch_rule
from core.library.watched import FileKind, Mark, Taken

_INSERT_MARK = """
    INSERT INTO watch_file
        (rule_id, path, device, inode, size, mtime_ns, ctime_ns, sha256, kind, noted, gone)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, NULL)
    ON CONFLICT (rule_id, path) DO UPDATE SET
        device = excluded.device, inode = excluded.inode, size = excluded.size,
        mtime_ns = excluded.mtime_ns, ctime_ns = excluded.ctime_ns, sha256 = excluded.sha256,
        kind = excluded.kind, noted = excluded.noted, gone = NULL
"""
"""In SQL itself: the first look at a folder may bring a hundred thousand of them."""


class Inventory:
    """The files of one watched folder; paths are texts, as `os.fsdecode` gives them."""

    def __init__(self, database: Database, rule: WatchRuleId) -> None:
        self._database = database
        self._rule = rule

    def all(self) -> dict[str, Mark]:
        """Return every mark."""
        query = select(watch_file).where(watch_file.c.rule_id == self._rule)
        with self._database.read() as connection:
            rows = connection.execution_options(yield_per=1000).execute(query)
            return {os.fsdecode(row.path): _mark(row) for row in rows}

    def some(self, paths: Iterable[str]) -> dict[str, Mark]:
        """Return the marks of those of `paths` that have one."""
        with self._database.read() as connection:
            return read_marks(connection, self._rule, paths)

    def with_inodes(self, inodes: Iterable[int]) -> list[tuple[str, Mark]]:
        """Return the marks of files that had one of these inodes, to recognise a renamed one."""
        found = []
        with self._database.read() as connection:
            for part in chunks(sorted(set(inodes))):
                query = select(watch_file).where(
                    watch_file.c.rule_id == self._rule, watch_file.c.inode.in_(part)
                )
                rows = connection.execute(query)
                found += [(os.fsdecode(row.path), _mark(row)) for row in rows]
        return found

    def note(self, marks: Mapping[str, Mark], moved_from: Iterable[str] = ()) -> None:
        """Store marks, and drop those of files that have another name now."""
        old = list(moved_from)

        def work(connection: Connection) -> None:
            for part in chunks(old):
                connection.execute(_delete_paths(self._rule, part))
            insert_marks(connection, self._rule, marks)

        if marks or old:
            self._database.write(work)

    def set_gone(self, gone: Iterable[str], back: Iterable[str], when: float | None = None) -> None:
        """Note which files a whole scan did not find, and which are there again."""
        now = time.time() if when is None else when
        changes = [*((path, now) for path in gone), *((path, None) for path in back)]
        statement = "UPDATE watch_file SET gone = ? WHERE rule_id = ? AND path = ?"
        values = [(at, self._rule, os.fsencode(path)) for path, at in changes]
        if values:
            self._database.write(lambda c: c.exec_driver_sql(statement, values))

    def forget_gone(self, before: float) -> None:
        """Forget files that are gone since before a time: of the same name, they are new ones."""
        old = (watch_file.c.rule_id == self._rule) & (watch_file.c.gone < before)
        self._database.write(lambda c: c.execute(delete(watch_file).where(old)))

    def own_bytes(self, hashes: Iterable[str]) -> set[str]:
        """Return those hashes that are of results which Regrain made, whatever their name now.

        A result that is its source unchanged is not told from the source by its bytes.
        """
        found: set[str] = set()
        with self._database.read() as connection:
            for part in chunks(sorted(set(hashes))):
                query = select(result.c.sha256).where(
                    result.c.sha256.in_(part), result.c.sha256 != result.c.source_sha256
                )
                found.update(connection.scalars(query))
        return found

    def take(self, request: JobRequest, marks: Mapping[str, Mark]) -> Taken | None:
        """Put photographs into the folder's batch, and their marks, in one transaction.

        The batch is the one that took the last ones if it is of the same day and the same recipe,
        else a new one. What another process took meanwhile, the same bytes, is left away; None
        when nothing remains.
        """
        Drives(self._database).learn(enqueue.folders(request), asked=False)
        with self._database.read() as connection:
            checked = enqueue.check(connection, request)
        return self._database.write(lambda c: _take(c, self._rule, checked, marks))


def read_marks(connection: Connection, rule: WatchRuleId, paths: Iterable[str]) -> dict[str, Mark]:
    """Read the marks of some files."""
    found = {}
    for part in chunks(list(paths)):
        query = select(watch_file).where(watch_file.c.rule_id == rule, watch_file.c.path.in_(part))
        for row in connection.execute(query):
            found[os.fsdecode(row.path)] = _mark(row)
    return found


def insert_marks(connection: Connection, rule: WatchRuleId, marks: Mapping[str, Mark]) -> None:
    """Store marks, in place of earlier ones."""
    now = time.time()
    rows = [
        (
            *(rule, os.fsencode(path)),
            *(signed(mark.stat.device), signed(mark.stat.inode)),
            *(mark.stat.size, mark.stat.mtime_ns, mark.stat.ctime_ns),
            *(mark.sha256, mark.kind.value, now),
        )
        for path, mark in marks.items()
    ]
    if rows:
        connection.exec_driver_sql(_INSERT_MARK, rows)


def _take(
    connection: Connection, rule: WatchRuleId, checked: enqueue.Checked, marks: Mapping[str, Mark]
) -> Taken | None:
    stored = read_marks(connection, rule, marks)
    held = {path for path, mark in marks.items() if _is_held(stored.get(path), mark)}
    checked = _without(checked, held)
    insert_marks(connection, rule, {path: m for path, m in marks.items() if path not in held})
    _remember_hashes(connection, marks)
    request = checked.request
    if not request.items and not request.settled:
        return None
    last = _suiting(connection, rule, request)
    which = enqueue.append(connection, last, checked)
    _show(connection, rule, which, request, marks)
    connection.execute(update(watch_rule).where(watch_rule.c.id == rule).values(job_id=which))
    count = len({one.source for one in request.items})
    return Taken(which, count, which != last)


def _show(
    connection: Connection,
    rule: WatchRuleId,
    which: JobId,
    request: JobRequest,
    marks: Mapping[str, Mark],
) -> None:
    """Let photographs that came be photographs of the batch's project, below the folder."""
    if request.project == COMMAND_LINE:
        return
    base = connection.scalar(select(watch_rule.c.folder).where(watch_rule.c.id == rule))
    project_id = connection.scalar(select(job.c.project_id).where(job.c.id == which))
    assert project_id is not None  # it was stored just now, in this transaction
    found = [
        NewPhoto(one.source, base, mark.stat.size, mark.stat.mtime_ns)
        for one in request.items
        if (mark := marks.get(str(one.source))) is not None
    ]
    arrive(connection, ProjectId(project_id), found)


def _is_held(stored: Mark | None, mark: Mark) -> bool:
    """Whether another process settled the very same bytes just now."""
    if stored is None or stored.kind is not mark.kind:
        return False
    if mark.kind is FileKind.TAKEN:
        return mark.sha256 is not None and stored.sha256 == mark.sha256
    return mark.kind is FileKind.LEFT_OUT


def _without(checked: enqueue.Checked, held: set[str]) -> enqueue.Checked:
    if not held:
        return checked
    request = checked.request
    kept = [
        (one, path)
        for one, path in zip(request.items, checked.standing, strict=True)
        if str(one.source) not in held
    ]
    settled = tuple(one for one in request.settled if str(one.source) not in held)
    request = replace(request, items=tuple(one for one, _ in kept), settled=settled)
    return enqueue.Checked(request, tuple(path for _, path in kept))


def _suiting(connection: Connection, rule: WatchRuleId, request: JobRequest) -> JobId | None:
    """Return the folder's batch of today if these photographs may join it."""
    query = select(job, project.c.name.label("project")).select_from(
        watch_rule.join(job, job.c.id == watch_rule.c.job_id).join(project)
    )
    row = connection.execute(query.where(watch_rule.c.id == rule)).one_or_none()
    if row is None or row.canceled or row.hidden or row.signature != request.signature:
        return None
    if row.project != request.project:
        return None
    today = time.localtime()[:3] == time.localtime(row.created)[:3]
    return JobId(row.id) if today else None


def _remember_hashes(connection: Connection, marks: Mapping[str, Mark]) -> None:
    """Spare the runner reading again what was just read."""
    values = [
        stat_values(mark.stat) | {"sha256": mark.sha256}
        for mark in marks.values()
        if mark.sha256 is not None and may_be_remembered(mark.stat)
    ]
    if values:
        statement = insert(file_hash)
        changed = {
            name: statement.excluded[name] for name in ("size", "mtime_ns", "ctime_ns", "sha256")
        }
        statement = statement.on_conflict_do_update(
            index_elements=["inode", "device"], set_=changed
        )
        connection.execute(statement, values)


def _delete_paths(rule: WatchRuleId, paths: Iterable[str]) -> Any:
    ours = watch_file.c.rule_id == rule
    return delete(watch_file).where(ours, watch_file.c.path.in_(list(paths)))


def _mark(row: Row[Any]) -> Mark:
    stat = FileStat(row.device, row.inode, row.size, row.mtime_ns, row.ctime_ns)
    return Mark(stat, FileKind(row.kind), row.sha256, row.gone)
