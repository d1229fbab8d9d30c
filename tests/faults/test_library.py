"""A library that is damaged, lost, of another version, or killed while it is upgraded."""

from __future__ import annotations

import hashlib
import os
import random
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from core.errors import LibraryError, LibraryTooNewError
from core.images.codec import Codec
from core.library.backups import Backups, inspect
from core.library.care import put_back
from core.library.check import check
from core.library.database import Database
from core.library.rebuild import rebuild
from core.library.sqlite import read_header
from core.library.tables import SCHEMA_VERSION
from core.library.versions import versions_folder
from tests.core.library.test_upgrade import STORED, stored
from tests.faults.table import Tally
from tests.runs import Bench, manifest

_MEMORY = Path("/dev/shm")
PAGE = 4096
ENDINGS = ("", "-journal", "-wal", "-shm")


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder in memory where there is such: what is tested here waits for no disk."""
    place = _MEMORY if _MEMORY.is_dir() else None
    with tempfile.TemporaryDirectory(dir=place) as name:
        yield Path(name)


# row 20: damaged


def flip_page(path: Path, draw: random.Random) -> None:
    at = draw.randrange(path.stat().st_size // PAGE) * PAGE
    with path.open("r+b") as file:
        file.seek(at)
        file.write(draw.randbytes(PAGE))


def cut_short(path: Path, draw: random.Random) -> None:
    os.truncate(path, draw.randrange(path.stat().st_size * 3 // 4))


def make_garbage(path: Path, draw: random.Random) -> None:
    path.write_bytes(draw.randbytes(draw.choice((0, 50, PAGE, path.stat().st_size))))


def zero(path: Path, _draw: random.Random) -> None:
    path.write_bytes(bytes(path.stat().st_size))


def delete(path: Path, _draw: random.Random) -> None:
    path.unlink()


Damage = tuple[str, str, str, Callable[[Path, random.Random], None]]

DAMAGES: tuple[Damage, ...] = (
    ("a page of the library is garbage", "clean", "", flip_page),
    ("the library is cut short", "clean", "", cut_short),
    ("the library is garbage", "clean", "", make_garbage),
    ("a hot journal is zeroed", "hot", "-journal", zero),
    ("a hot journal is deleted", "hot", "-journal", delete),
    ("a hot journal is cut short", "hot", "-journal", cut_short),
    ("a page is garbage beside a hot journal", "hot", "", flip_page),
    ("a write-ahead log is zeroed", "log", "-wal", zero),
    ("a write-ahead log is deleted", "log", "-wal", delete),
    ("a write-ahead log is cut short", "log", "-wal", cut_short),
)
"""What is done to which file of which state of the library."""


class DamagedLibraries:
    """One library with 24 results, 12 of them made after its backup, damaged again and again."""

    def __init__(self, home: Path) -> None:
        self.bench = Bench(home)
        self.bench.photographs(*(f"{number:02}.png" for number in range(12)))
        self.bench.edit()
        self.library = self.bench.database.path
        self.backups = Backups(self.library)
        self.backups.make()
        self.bench.photographs(*(f"{number:02}.jpg" for number in range(12, 24)))
        self.bench.edit()
        self.bench.close()
        self.reference = manifest(self.bench.output)
        self.states = home / "states"
        self._keep("clean", self.library)
        self._keep_hot("hot", "delete", "-journal")
        self._keep_hot("log", "wal", "-wal")
        self.touched = self.bench.touched()
        self.detected: Counter[str] = Counter()

    def _keep(self, state: str, library: Path) -> None:
        folder = self.states / state
        folder.mkdir(parents=True, exist_ok=True)
        for ending in ENDINGS:
            source = library.with_name(library.name + ending)
            if source.exists():
                shutil.copy(source, folder / f"library{ending}")

    def _keep_hot(self, state: str, mode: str, ending: str) -> None:
        """Keep the files as they are in the middle of a transaction that moves many pages."""
        work = self.states / f"{state}.db"
        shutil.copy(self.library, work)
        with closing(sqlite3.connect(work, isolation_level=None)) as connection:
            connection.execute(f"PRAGMA journal_mode = {mode}")
            connection.execute("PRAGMA cache_size = 1")
            if mode == "wal":
                connection.execute("UPDATE item SET hint = 'committed, in the log only'")
            connection.execute("BEGIN IMMEDIATE")
            connection.execute("UPDATE item SET message = hex(zeroblob(900))")
            connection.execute("DELETE FROM file_hash")
            self._keep(state, work)
            connection.execute("ROLLBACK")
        assert (self.states / state / f"library{ending}").stat().st_size > PAGE

    def put(self, state: str) -> None:
        """Put a state in the library's place, without anything of the one before."""
        for path in self.library.parent.glob(f"{self.library.name}*"):
            if path.is_file():
                path.unlink()
        for ending in ENDINGS:
            source = self.states / state / f"library{ending}"
            if source.exists():
                shutil.copy(source, self.library.with_name(self.library.name + ending))
        # A library that Regrain had open has its lock beside it.
        self.library.with_name(f"{self.library.name}.open-lock").touch()

    def losses(self, seed: int, codec: Codec) -> list[str]:
        """Damage the library by a seed, go on as a user would; return what was lost or wrong."""
        draw = random.Random(seed)
        name, state, ending, damage = DAMAGES[seed % len(DAMAGES)]
        self.put(state)
        damage(self.library.with_name(self.library.name + ending), draw)
        restored = False
        try:
            self._go_on()
        except LibraryError as error:
            self.detected[name] += 1
            restored = True
            if "regrain library restore" not in error.hint:
                return [f"{name}: no way out is said: {error.message} {error.hint}"]
            put_back(self.library, None, codec)
            self._go_on()
        return [f"{name} (seed {seed}): {what}" for what in self._wrong(restored=restored)]

    def _go_on(self) -> None:
        """Open the library and give the same command again."""
        self.bench.open()
        try:
            totals = self.bench.edit()
        finally:
            self.bench.close()
        if totals.done + totals.already_done != len(self.reference):
            raise AssertionError(f"the counts are {totals}")

    def _wrong(self, *, restored: bool) -> Iterator[str]:
        if manifest(self.bench.output) != self.reference:
            yield "the results are not what they were"
        again = len(self.bench.touched()) - len(self.touched)
        self.touched = self.bench.touched()
        if again and restored:
            yield f"{again} results that were there were made again"
        if any(not finding.ok for finding in check(self.library)):
            yield "the library is not sound afterwards"


def survive(home: Path, seeds: int, tally: Tally) -> None:
    libraries = DamagedLibraries(home)
    with Codec() as codec:
        found = [libraries.losses(seed, codec) for seed in range(seeds)]
    for number, (name, *_) in enumerate(DAMAGES):
        mine = found[number :: len(DAMAGES)]
        tally(20, name, len(mine), sum(map(bool, mine)))
    assert [loss for losses in found for loss in losses] == []
    always = ("the library is garbage", "the library is cut short")
    assert all(libraries.detected[name] == seeds // len(DAMAGES) for name in always)


def test_a_damaged_library_costs_no_finished_work(folder: Path, tally: Tally) -> None:
    """It is noticed or does no harm; the backup brings it back, and nothing is made again."""
    survive(folder, 20, tally)


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_two_hundred_damaged_libraries(folder: Path, tally: Tally) -> None:
    survive(folder, 200, tally)


# row 21: lost


def test_a_lost_library_is_rebuilt_from_the_results(folder: Path, tally: Tally) -> None:
    """`rm library.db` after 200 photographs, and the same command again: none is rendered."""
    bench = Bench(folder)
    bench.photographs(*(f"{number:03}.{'jpg' if number % 3 else 'png'}" for number in range(200)))
    assert bench.edit().done == 200
    bench.close()
    made, rendered = manifest(bench.output), len(bench.touched())
    shutil.rmtree(Backups(bench.database.path).folder, ignore_errors=True)
    bench.database.path.unlink()
    bench.open()
    with Codec() as codec:
        found = rebuild(bench.database, [bench.output], codec).found
    totals = bench.edit()
    bench.close()
    again = len(bench.touched()) - rendered
    tally(21, "library deleted after 200 results, rebuilt from them", 1, again)
    assert (found, totals.already_done, again) == (200, 200, 0)
    assert manifest(bench.output) == made


# row 22: of another version


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_older_libraries_are_upgraded_after_a_backup_and_newer_ones_left_alone(
    tmp_path: Path, tally: Tally
) -> None:
    wrong = []
    for version in STORED:
        (tmp_path / str(version)).mkdir()
        library = stored(version, tmp_path / str(version))
        versions_folder(library).mkdir()
        (versions_folder(library) / "0123456789abcdef01234567.jpg").touch()
        Database(library).close()
        (backup,) = Backups(library).all()
        header, kept = read_header(library), read_header(backup.path)
        assert header is not None
        assert kept is not None
        if (header.user_version, kept.user_version) != (SCHEMA_VERSION, version):
            wrong.append(f"version {version} became {header}, kept {kept}")
        if inspect(backup.path).fault or not all(finding.ok for finding in check(library)):
            wrong.append(f"version {version} is not sound afterwards")
    tally(22, "library of an older version", len(STORED), len(wrong))
    with closing(sqlite3.connect(library)) as connection:
        connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION + 1}")
    before = sha256(library)
    with pytest.raises(LibraryTooNewError):
        Database(library)
    tally(22, "library of a newer version", 1, sha256(library) != before)
    assert sha256(library) == before
    assert wrong == []


# row 23: killed while it is upgraded

_UPGRADE = (
    "import sys; from pathlib import Path; from core.library.database import Database;"
    "Database(Path(sys.argv[1])).close()"
)
_CALLS = ("pwrite64", "fdatasync", "fsync", "ftruncate", "rename", "unlink", "openat")


def killed_in_upgrade(library: Path, call: str, number: int) -> bool:
    """Upgrade a library; kill the process at its n-th `call`. Return whether it was hit."""
    names = [library.with_name(library.name + ending) for ending in ENDINGS]
    # Only SQLite and the copy make these calls; opened is much else, by the imports.
    which = (*names, library.parent) if call == "openat" else ()
    filters = [word for path in which for word in ("-P", str(path))]
    inject = f"inject={call}:signal=KILL:when={number}"
    command = ["strace", "-f", "-qq", "-o", os.devnull, *filters, "-e", f"trace={call}", "-e"]
    program = [sys.executable, "-B", "-c", _UPGRADE, str(library)]
    ended = subprocess.run([*command, inject, *program], cwd=library.parent, check=False)
    assert ended.returncode in (0, -9, 137), ended
    return ended.returncode != 0


def wrong_after_kill(library: Path) -> Iterator[str]:
    with closing(sqlite3.connect(library)) as connection:
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        (revision,) = connection.execute("SELECT version_num FROM alembic_version").fetchone()
        fault = connection.execute("PRAGMA quick_check").fetchall()
    if (version, revision) not in ((1, "0001"), (SCHEMA_VERSION, f"{SCHEMA_VERSION:04}")):
        yield f"between two versions: {version}, {revision}"
    if fault != [("ok",)]:
        yield f"damaged: {fault}"
    Database(library).close()
    if any(not finding.ok for finding in check(library)):
        yield "not sound after the next opening"
    if any(inspect(backup.path).fault for backup in Backups(library).all()):
        yield "a bad backup"


@pytest.mark.slow
@pytest.mark.timeout(3000)
@pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not installed")
@pytest.mark.parametrize("call", _CALLS)
def test_a_kill_at_any_system_call_of_an_upgrade(tmp_path: Path, tally: Tally, call: str) -> None:
    """The old schema or the new one, never one between, and the next opening goes on."""
    wrong: list[str] = []
    kills = 0
    for number in range(1, 500):
        folder = tmp_path / str(number)
        folder.mkdir()
        library = stored(1, folder)
        hit = killed_in_upgrade(library, call, number)
        wrong += [f"{call} {number}: {what}" for what in wrong_after_kill(library)]
        shutil.rmtree(folder)
        if not hit:
            break
        kills += 1
    tally(23, f"killed at each {call} of an upgrade", kills, len(wrong))
    assert wrong == []
