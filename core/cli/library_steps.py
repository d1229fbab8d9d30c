"""What `regrain library check`, `backup`, `restore` and `rebuild` do."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import asdict
from pathlib import Path

from core.cli.console import Console
from core.cli.exits import ExitCode
from core.errors import LibraryError, SettingsError
from core.images.codec import Codec
from core.library import sqlite
from core.library.backups import Backups, Contents, inspect
from core.library.care import put_back
from core.library.check import check
from core.library.database import Database
from core.library.rebuild import Rebuilt, rebuild
from core.preferences import user_paths

_SHOWN = 20
_TOLD_EVERY = 2000


def check_library(console: Console, library: Path | None, *, deep: bool) -> ExitCode:
    """Write a line for everything that was looked at.

    Raises:
        LibraryError: there is none, or it is not readable.
    """
    path = _path(library)
    console.say(f"Library {path}")
    wrong = 0
    for finding in check(path, deep=deep):
        wrong += not finding.ok
        console.json({"event": "finding", **asdict(finding)})
        console.result(f"{'ok   ' if finding.ok else 'WRONG'} {finding.text}")
        if finding.hint:
            console.result(f"      {finding.hint}")
    console.json({"event": "summary", "library": str(path), "ok": not wrong, "wrong": wrong})
    console.say("All is well." if not wrong else "The library needs care; see above.")
    return ExitCode.LIBRARY if wrong else ExitCode.OK


def back_up(console: Console, library: Path | None, target: Path | None) -> ExitCode:
    """Copy the library and say where the copy is.

    Raises:
        LibraryError: it is damaged, or cannot be copied there.
    """
    path = _existing(library)
    if target is None:
        made = Backups(path).make().path
    else:
        made = _place(path, target.expanduser().absolute())
        with closing(Database(path)) as database:
            database.backup(made)
    contents = inspect(made)
    values = {"event": "backup", "path": str(made), "bytes": made.stat().st_size}
    console.json({**values, **asdict(contents)})
    console.result(made)
    console.say(f"{_contents(contents)}.")
    return ExitCode.OK


def list_backups(console: Console, library: Path | None) -> ExitCode:
    """Write a line a backup, newest first: when it was made, what is in it."""
    backups = Backups(_path(library)).all()
    for backup in backups:
        contents = inspect(backup.path)
        values = {"event": "backup", "path": str(backup.path), "made": backup.made}
        console.json({**values, "bytes": backup.size, **asdict(contents)})
        words = f"damaged: {contents.fault}" if contents.fault else _contents(contents)
        console.result(f"{backup.when}  {words}  {backup.path}")
    if not backups:
        console.say("There is no backup yet. Make one: regrain library backup")
    return ExitCode.OK


def restore_library(console: Console, library: Path | None, backup: Path | None) -> ExitCode:
    """Put a backup back, find the results that came after it, say what was done.

    Raises:
        LibraryError: somebody has the library open, or no backup is good; nothing is changed.
    """
    path = _path(library)
    asked = None if backup is None else backup.expanduser().absolute()
    with Codec() as codec:
        done = put_back(path, asked, codec, _progress(console))
    source, aside = done.restored.backup, done.restored.set_aside
    assert source is not None
    values = {"event": "restored", "backup": str(source.path)}
    values |= {"set_aside": str(aside) if aside else ""}
    console.json({**values, **_counts(done.rebuilt)})
    console.result(f"The library is as it was on {source.when}.")
    if aside:
        console.result(f"The file that was there is kept as {aside}")
    _say_rebuilt(console, done.rebuilt)
    return ExitCode.OK


def rebuild_library(console: Console, library: Path | None, folders: Sequence[Path]) -> ExitCode:
    """Record the results below some folders, and say how many there are.

    Raises:
        SettingsError: a folder is not there.
        LibraryError: the library cannot be used.
    """
    roots = [folder.expanduser().absolute() for folder in folders]
    for root in roots:
        if not root.is_dir():
            raise SettingsError(
                f"There is no folder {root}.", hint="Connect its drive, if it has one."
            )
    with closing(Database(_path(library))) as database, Codec() as codec:
        rebuilt = rebuild(database, roots, codec, _progress(console))
    console.json({"event": "rebuilt", **_counts(rebuilt)})
    _say_rebuilt(console, rebuilt)
    return ExitCode.OK


def _progress(console: Console) -> Callable[[int], None]:
    """Return what says now and then how far a long look has come."""

    def tell(looked: int) -> None:
        if looked and looked % _TOLD_EVERY == 0:
            console.say(f"{looked:,} pictures looked at")

    return tell


def _say_rebuilt(console: Console, rebuilt: Rebuilt) -> None:
    console.result(f"Results found again: {rebuilt.found:,}. Known before: {rebuilt.known:,}.")
    if rebuilt.changed:
        console.say(f"{rebuilt.changed:,} were changed by another program; they stay as they are.")
    if rebuilt.plain:
        console.say(
            f"{rebuilt.plain:,} pictures say nothing of Regrain: not its results, or made without "
            "provenance, or taken over unchanged."
        )
    for path, message in rebuilt.unreadable[:_SHOWN]:
        console.say(f"{path}: {message}")
    if len(rebuilt.unreadable) > _SHOWN:
        console.say(f"... and {len(rebuilt.unreadable) - _SHOWN:,} more that cannot be read.")
    for folder in rebuilt.away:
        console.say(f"{folder} is not there. When it is: regrain library rebuild {folder}")


def _counts(rebuilt: Rebuilt) -> dict[str, object]:
    names = ("found", "known", "changed", "plain")
    return {name: getattr(rebuilt, name) for name in names} | {
        "unreadable": len(rebuilt.unreadable),
        "away": [str(folder) for folder in rebuilt.away],
    }


def _contents(contents: Contents) -> str:
    batches = "1 batch" if contents.batches == 1 else f"{contents.batches:,} batches"
    return f"{batches}, {contents.photographs:,} photographs, {contents.results:,} results"


def _path(library: Path | None) -> Path:
    return (library.expanduser() if library else user_paths().library).absolute()


def _existing(library: Path | None) -> Path:
    """Return the library's path, where there is one: a backup makes none."""
    path = _path(library)
    header = sqlite.read_header(path)
    if header is None:
        raise LibraryError(f"There is no library {path}.")
    sqlite.refuse_others(path, header)
    return path


def _place(library: Path, target: Path) -> Path:
    """Return the file to be written; what is there and no backup of a library is refused."""
    if target.is_dir():
        return target / Backups(library).name()
    if not target.parent.is_dir():
        raise SettingsError(f"There is no folder {target.parent}.")
    if target.exists() and target.samefile(library):
        raise SettingsError("A backup in the library's own place would be none.")
    header = sqlite.read_header(target)
    if header is not None:
        sqlite.refuse_others(target, header)
    return target
