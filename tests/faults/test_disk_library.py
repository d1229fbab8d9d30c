"""The library's own disk and its readers: full, broken, held for long by others."""

from __future__ import annotations

import logging
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import Connection, text

from core.cli.console import Console
from core.cli.logs import log_to
from core.errors import LibraryError, StopReason
from core.events import RunnerBlocked, Totals
from core.library import sqlite, writer
from core.library.database import Database
from core.runner import RunOutcome
from tests.faults.table import Tally
from tests.faults.test_disks import NAMES, Benches, Disks, after
from tests.runs import Bench, manifest, originals

MEBIBYTE = 1 << 20


def integrity(library: Path) -> str:
    """Return what SQLite says of the whole file; `ok` is good."""
    with closing(sqlite3.connect(library)) as connection:
        return str(connection.execute("PRAGMA integrity_check").fetchone()[0])


def test_a_full_disk_under_the_library_stops_the_batch_and_costs_nothing(
    tmp_path: Path, disks: Disks, tally: Tally
) -> None:
    """The same open library goes on as soon as there is room: nobody has to start it anew."""
    disk = disks(tmp_path / "small", kilobytes=2048)
    bench = Bench(disk.folder)
    bench.source, bench.output, bench.state = (tmp_path / name for name in ("trip", "out", "state"))
    bench.state.mkdir()
    bench.photographs(*NAMES)
    before = originals(bench.source)
    losses = times = 0
    job = bench.enqueue().job
    for count in (1, 4):
        ballast = disk.folder / "ballast"
        bench.sink = after(count, disk.fill)
        assert bench.run(job) is RunOutcome.BLOCKED
        event = bench.of(RunnerBlocked)[-1]
        assert isinstance(event, RunnerBlocked)
        assert (event.reason, "Free space" in event.hint) == (StopReason.DB_ERROR, True), event
        times += 1
        ballast.unlink()
        losses += integrity(bench.database.path) != "ok"
        losses += not bench.queue.totals(job).adds_up()
    bench.sink = None
    assert bench.run(job) is RunOutcome.FINISHED
    losses += bench.queue.totals(job) != Totals(found=len(NAMES), done=len(NAMES))
    losses += set(manifest(bench.output)) != set(NAMES)
    losses += originals(bench.source) != before
    bench.close()
    tally(12, "the library's disk fills up", times, losses)
    assert losses == 0


def test_a_library_on_a_disk_that_takes_nothing_says_so(tmp_path: Path, disks: Disks) -> None:
    """Full or read-only, made or only opened: a sentence, not a bug report."""
    disk = disks(tmp_path / "small", kilobytes=2048)
    (disk.folder / "old").mkdir()
    Database(disk.folder / "old" / "library.sqlite").close()
    paths = [disk.folder / name / "library.sqlite" for name in ("new", "old")]
    ballast = disk.fill()
    with pytest.raises(LibraryError, match="full") as raised:
        Database(paths[0])
    assert "Free space" in raised.value.hint
    ballast.unlink()
    disk.protect("ro")
    for path in paths:
        with pytest.raises(LibraryError, match=r"[Rr]ead-only|readonly") as raised:
            Database(path)
        assert raised.value.hint
    disk.protect("rw")
    Database(paths[1]).close()


class Reader:
    """A program that looks at the library and does not let go."""

    def __init__(self, library: Path) -> None:
        self._connection = sqlite3.connect(library, isolation_level=None, check_same_thread=False)

    def hold(self) -> None:
        self._connection.execute("BEGIN")
        self._connection.execute("SELECT count(*) FROM item").fetchone()

    def let_go(self) -> None:
        self._connection.execute("COMMIT")

    def close(self) -> None:
        self._connection.close()


@pytest.fixture
def reader_of() -> Iterator[Callable[[Path], Reader]]:
    made: list[Reader] = []

    def make(library: Path) -> Reader:
        made.append(Reader(library))
        return made[-1]

    yield make
    for reader in made:
        reader.close()


class Waits(logging.Handler):
    """Acts when the writer says that it waits for the library."""

    def __init__(self, act: Callable[[], object]) -> None:
        super().__init__()
        self.times = 0
        self._act = act

    def emit(self, record: logging.LogRecord) -> None:
        if "Waits for the library" in record.getMessage():
            self.times += 1
            self._act()


@pytest.fixture
def waits() -> Iterator[Callable[[Callable[[], object]], Waits]]:
    handlers: list[Waits] = []
    logger = logging.getLogger(writer.__name__)

    def listen(act: Callable[[], object]) -> Waits:
        handlers.append(Waits(act))
        logger.addHandler(handlers[-1])
        return handlers[-1]

    yield listen
    for handler in handlers:
        logger.removeHandler(handler)


def test_a_reader_that_does_not_let_go_holds_a_batch_up_and_does_not_stop_it(
    benches: Benches,
    reader_of: Callable[[Path], Reader],
    waits: Callable[[Callable[[], object]], Waits],
    monkeypatch: pytest.MonkeyPatch,
    tally: Tally,
) -> None:
    """Without a write-ahead log no write is possible then; other readers must still be served."""
    monkeypatch.setattr(writer, "TRY_SECONDS", 0.2)
    bench = benches()
    bench.photographs(*NAMES)
    job = bench.enqueue().job
    reader = reader_of(bench.database.path)
    looked: list[int] = []

    def look_and_let_go() -> None:
        looked.append(bench.queue.totals(job).done)
        threading.Timer(0.5, reader.let_go).start()

    heard = waits(look_and_let_go)
    bench.sink = after(3, reader.hold)
    assert bench.run(job) is RunOutcome.FINISHED
    losses = len(bench.of(RunnerBlocked))
    tally(19, "a reader holds the library while a batch runs", heard.times, losses)
    assert bench.queue.totals(job) == Totals(found=len(NAMES), done=len(NAMES))
    assert looked == [3]
    assert losses == 0


def test_a_library_that_is_held_for_ever_is_said_to_be_and_goes_on_afterwards(
    benches: Benches, reader_of: Callable[[Path], Reader], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A refused commit once left its transaction open: the library stayed locked, for everybody."""
    monkeypatch.setattr(writer, "TRY_SECONDS", 0.1)
    monkeypatch.setattr(writer, "PATIENCE_SECONDS", 0.5)
    bench = benches()
    bench.photographs(*NAMES)
    job = bench.enqueue().job
    reader = reader_of(bench.database.path)
    bench.sink = after(3, reader.hold)
    assert bench.run(job) is RunOutcome.BLOCKED
    (event,) = bench.of(RunnerBlocked)
    assert isinstance(event, RunnerBlocked)
    assert "Another program holds it" in event.hint
    reader.let_go()
    bench.sink = None
    with closing(sqlite3.connect(bench.database.path, timeout=0.1)) as other:
        other.execute("BEGIN IMMEDIATE")
        other.rollback()
    assert bench.run(job) is RunOutcome.FINISHED
    assert bench.queue.totals(job) == Totals(found=len(NAMES), done=len(NAMES))


def test_closing_does_not_wait_for_ever(
    tmp_path: Path, reader_of: Callable[[Path], Reader], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writer, "TRY_SECONDS", 0.1)
    monkeypatch.setattr(writer, "HURRY_SECONDS", 0.2)
    database = Database(tmp_path / "library.sqlite")
    reader = reader_of(database.path)
    reader.hold()
    future = database.submit(lambda c: _change(c, 1))
    database.close()
    with pytest.raises(Exception, match="locked"):
        future.result()


def test_the_terminal_says_that_it_waits_and_says_it_once(
    tmp_path: Path,
    reader_of: Callable[[Path], Reader],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Nobody should take a batch that waits for a dead one."""
    monkeypatch.setattr(writer, "TRY_SECONDS", 0.05)
    database = Database(tmp_path / "library.sqlite")
    reader = reader_of(database.path)
    with log_to(tmp_path / "logs", Console()):
        reader.hold()
        future = database.submit(lambda c: _change(c, 1))
        threading.Timer(1.0, reader.let_go).start()
        future.result(60)
    database.close()
    assert capsys.readouterr().err.count("Waits for the library, which another program holds.") == 1


def _change(connection: Connection, number: int) -> None:
    connection.execute(
        text("INSERT INTO meta VALUES ('a', :n) ON CONFLICT (name) DO UPDATE SET value = :n"),
        {"n": f"{number}" + "x" * 3000},
    )


@pytest.mark.slow
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("journal", ["truncate", "wal"])
def test_long_readers_under_many_updates(
    tmp_path: Path,
    reader_of: Callable[[Path], Reader],
    monkeypatch: pytest.MonkeyPatch,
    tally: Tally,
    journal: str,
) -> None:
    """Three readers of 25 s, longer than any time-out; then the journal is small again."""
    first_safe = (3, 0, 0) if journal == "wal" else (99, 0, 0)
    monkeypatch.setattr(sqlite, "FIRST_SAFE_WAL", first_safe)
    database = Database(tmp_path / "library.sqlite")
    reader = reader_of(database.path)
    errors: list[LibraryError] = []
    over, held = threading.Event(), threading.Event()

    def read_for_long() -> None:
        for _ in range(3):
            reader.hold()
            over.wait(25)
            reader.let_go()
            over.wait(2)
        held.set()

    thread = threading.Thread(target=read_for_long)
    thread.start()
    updates, largest = 0, 0
    while not held.is_set() or updates < 5_000:
        try:
            database.write(lambda c, n=updates: _change(c, n))  # type: ignore[misc]
        except LibraryError as error:
            errors.append(error)
        updates += 1
        largest = max(largest, _journal(database.path))
    thread.join()
    database.write(lambda c: _change(c, 0))
    left = _journal(database.path)
    database.close()
    losses = len(errors) + (left > 64 * MEBIBYTE) + (integrity(tmp_path / "library.sqlite") != "ok")
    tally(19, f"readers of 25 s under {updates // 1000},000 updates ({journal})", 3, losses)
    print(f"{journal}: {updates} updates, journal at most {largest}, afterwards {left} bytes")  # noqa: T201
    assert losses == 0, (errors, left)


def _journal(library: Path) -> int:
    """Return how large the journals beside a library are, in bytes."""
    names = (library.with_name(library.name + end) for end in ("-journal", "-wal"))
    return sum(path.stat().st_size for path in names if path.exists())
