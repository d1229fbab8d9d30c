"""A whole library looked over: SQLite's own check, what must hold in ours, results on the disk."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from core.errors import LibraryError
from core.library import sqlite
from core.library.backups import Backups, inspect
from core.library.columns import signed
from core.library.damage import was_a_library
from core.library.lock import RenderLock
from core.library.tables import SCHEMA_VERSION
from core.library.versions import versions_folder

_CHUNK = 1 << 20

_RULES = {
    "Every finished photograph has its result's name": (
        "SELECT count(*) FROM item WHERE status IN ('done', 'already_done') AND output IS NULL"
    ),
    "Every waiting photograph has a planned name": (
        "SELECT count(*) FROM item WHERE status IN ('pending', 'running', 'staged')"
        " AND (root IS NULL OR folder IS NULL OR name IS NULL)"
    ),
    "Every result that was being put in place says what it is": (
        "SELECT count(*) FROM item WHERE status = 'staged' AND (temp IS NULL OR final IS NULL"
        " OR staged_sha256 IS NULL OR staged_size IS NULL OR result_key IS NULL)"
    ),
    "Every photograph without a result says why": (
        "SELECT count(*) FROM item WHERE status IN ('failed', 'left_out', 'quarantined')"
        " AND reason IS NULL"
    ),
    "Every photograph of a project is shown with its own edit": (
        "SELECT count(*) FROM photo JOIN item ON item.id = photo.last_item"
        " WHERE item.asset_id <> photo.asset_id"
    ),
}


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at. `what` is a stable word, `text` says it to people.

    `ok` False: the library is damaged, or something that it keeps is lost.
    """

    what: str
    ok: bool
    text: str
    hint: str = ""


@dataclass(slots=True)
class _Files:
    """How recorded results stand on the disk."""

    there: int = 0
    changed: int = 0
    gone: int = 0


def check(
    library: Path, *, deep: bool = False, tell: Callable[[int], None] = lambda _: None
) -> Iterator[Finding]:
    """Yield what is found, in order; nothing is changed.

    Args:
        library: the library's file.
        deep: read every result and compare its hash, instead of its size and time.
        tell: called with the number of results looked at.

    Raises:
        LibraryError: there is no library, or it is not readable.
    """
    if not _has_header(library):
        yield _of_file("its beginning is no library's")
        yield _backups(library)
        return
    with closing(sqlite.connect(library, read_only=True)) as connection:
        fault = sqlite.first_fault(connection)
        yield _of_file(fault)
        version = sqlite.header_of(connection).user_version
        if not fault and version == SCHEMA_VERSION:
            yield from _invariants(connection)
            yield _in_hand(connection, library)
            yield _results(connection, deep, tell)
            yield from _versions(connection, library)
        elif not fault:
            yield Finding("version", True, f"It is of version {version}; opening it upgrades it.")
    yield _backups(library)


def _has_header(library: Path) -> bool:
    """Return whether the file begins as a library does; False for one that once did."""
    try:
        header = sqlite.read_header(library)
        if header is None:
            hint = "It is made when something is edited first."
            raise LibraryError(f"There is no library {library}.", hint=hint)
        sqlite.refuse_others(library, header)
    except sqlite.NotALibraryError:
        if was_a_library(library):
            return False
        raise
    return True


def _of_file(fault: str) -> Finding:
    if not fault:
        return Finding("file", True, "The file is whole, and its rows fit together.")
    hint = "Put back a backup: regrain library restore"
    return Finding("file", False, f"The file is damaged ({fault}).", hint)


def _invariants(connection: sqlite3.Connection) -> Iterator[Finding]:
    (batches,) = connection.execute("SELECT count(*) FROM job").fetchone()
    (found,) = connection.execute("SELECT count(*) FROM item").fetchone()
    query = "SELECT count(*) FROM item GROUP BY job_id, status"
    counted = sum(count for (count,) in connection.execute(query))
    words = "1 batch" if batches == 1 else f"{batches:,} batches"
    text = f"{words} with {found:,} photographs; the counts add up."
    if counted != found:
        text = f"{words}: {counted:,} photographs are counted, {found:,} are there."
    yield Finding("counts", counted == found, text)
    for rule, query in _RULES.items():
        (against,) = connection.execute(query).fetchone()
        if against:
            yield Finding("rule", False, f"{rule}: not so for {against:,}.")


def _in_hand(connection: sqlite3.Connection, library: Path) -> Finding:
    """Say what a run had in hand; it is settled when the next one begins."""
    query = "SELECT count(*) FROM item WHERE status IN ('running', 'staged')"
    (count,) = connection.execute(query).fetchone()
    if not count:
        return Finding("in_hand", True, "No photograph is in work.")
    resolved = library.resolve()
    lock = RenderLock(resolved.with_name(f"{resolved.name}.render-lock"))
    if lock.acquire():
        lock.release()
        text = f"{count:,} photographs were in work when a run ended; the next run settles them."
        return Finding("in_hand", True, text)
    return Finding("in_hand", True, f"{count:,} photographs are in work (process {lock.holder()}).")


def _results(connection: sqlite3.Connection, deep: bool, tell: Callable[[int], None]) -> Finding:
    files = _Files()
    query = "SELECT folder, name, size, mtime_ns, sha256 FROM result ORDER BY folder, name"
    for number, row in enumerate(connection.execute(query), start=1):
        _look(row, files, deep=deep)
        tell(number)
    total = files.there + files.changed + files.gone
    text = f"{total:,} results are recorded: {files.there:,} there"
    text += " with their hash" if deep else ""
    if files.changed:
        text += f", {files.changed:,} changed by another program"
    if files.gone:
        text += f", {files.gone:,} deleted or moved"
    hint = "The same batch again makes those that are gone." if files.gone else ""
    return Finding("results", True, f"{text}.", hint)


def _look(row: tuple[bytes, bytes, int, int, str], files: _Files, *, deep: bool) -> None:
    folder, name, size, modified, sha256 = row
    path = Path(_text(folder), _text(name))
    try:
        stat = path.stat()
        same = signed(stat.st_size) == size
        if same and (deep or signed(stat.st_mtime_ns) != modified):
            same = _sha256(path) == sha256
    except OSError:
        files.gone += 1
        return
    if same:
        files.there += 1
    else:
        files.changed += 1


def _versions(connection: sqlite3.Connection, library: Path) -> Iterator[Finding]:
    """Look whether every earlier result that is kept has its bytes."""
    folder = versions_folder(library.resolve())
    names = [name for (name,) in connection.execute("SELECT file FROM version")]
    lost = sum(not (folder / name).is_file() for name in names)
    if lost:
        yield Finding("versions", False, f"{lost:,} of {len(names):,} earlier results are lost.")
    elif names:
        yield Finding("versions", True, f"{len(names):,} earlier results are kept.")


def _backups(library: Path) -> Finding:
    backups = Backups(library)
    every = backups.all()
    if not every:
        return Finding(
            "backups", True, "There is no backup yet.", "Make one: regrain library backup"
        )
    bad = sum(bool(inspect(one.path).fault) for one in every)
    newest = backups.newest_good()
    if newest is None:
        text = f"None of {len(every)} backups is good."
        return Finding("backups", False, text, "Make one: regrain library backup")
    many = "1 backup" if len(every) == 1 else f"{len(every)} backups"
    text = f"{many}, the newest good one of {newest.when}"
    return Finding("backups", not bad, f"{text}; {bad} are damaged." if bad else f"{text}.")


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


def _text(name: bytes) -> str:
    return name.decode("utf-8", "surrogateescape")
