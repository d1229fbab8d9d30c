"""System calls that fail under a whole batch: strace refuses them, in parent and render process."""

from __future__ import annotations

import json
import re
import shutil
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.faults.killing import COMMAND, Witness, finish, running
from tests.faults.strace import Injection, require_strace
from tests.faults.table import Tally
from tests.faults.test_disk_library import integrity
from tests.runs import Bench, make_photographs, manifest

PHOTOGRAPHS = 20


@dataclass
class Batch:
    """A batch over `home`, how an undisturbed run ends, and what went wrong with it so far."""

    home: Path
    witness: Witness
    log: Path
    injected: int = 0
    blocked: int = 0

    def disturb(self, calls: str, fault: str, *paths: Path) -> list[str]:
        """Run with the fault; return what is wrong then, besides being unfinished."""
        injection = Injection(calls, fault, self.log, paths)
        with running(injection.around([*COMMAND, str(self.home)])) as run:
            while run.line():
                pass
            run.process.wait()
            ended, errors = run.ended, run.errors()
        self.injected += injection.times()
        self.blocked += not ended or ended["outcome"] == "blocked"
        found = self.half_done()
        if ended:
            wrong = {name: ended[name] for name in ("failed", "quarantined", "left_out")}
            found += [f"{name}: {count}" for name, count in wrong.items() if count]
        elif not re.search(r"^core\.errors\.(LibraryError|BatchStopped): ", errors, re.MULTILINE):
            found.append(f"no clear word: {errors[-800:]}")
        return [f"{calls} {fault}: {one}" for one in found]

    def half_done(self) -> list[str]:
        """Return what the library says that is not so; also whether the library itself is whole."""
        library = self.home / "library.sqlite"
        if not library.exists():
            return []
        found = [] if integrity(library) == "ok" else [f"library: {integrity(library)}"]
        made = manifest(self.home / "out") if (self.home / "out").exists() else {}
        with closing(sqlite3.connect(library)) as connection:
            done = connection.execute("SELECT name FROM item WHERE status = 'done'").fetchall()
        for (name,) in done:
            if made.get(name.decode()) != self.witness.reference[name.decode()]:
                found.append(f"{name.decode()} is called done and is not")
        finals = {name: digest for name, digest in made.items() if not name.startswith(".")}
        wrong = finals.items() - self.witness.reference.items()
        return [*found, *(f"{name} has other bytes" for name, _ in wrong)]

    def resume(self, *options: str) -> list[str]:
        """Go on undisturbed; return what is wrong at the end."""
        bench = Bench(self.home)
        for job in bench.queue.jobs():
            bench.queue.resume(job.id)
        bench.close()
        return self.witness.faults(finish([*COMMAND, str(self.home), *options]))

    def again(self) -> None:
        """Begin anew, with the photographs only."""
        for path in self.home.iterdir():
            if path.name not in ("trip", "model"):
                shutil.rmtree(path) if path.is_dir() else path.unlink()


def prepare(folder: Path, count: int, *options: str) -> Batch:
    require_strace()
    home, reference = folder / "home", folder / "reference"
    make_photographs(reference / "trip", [f"{number:02}.png" for number in range(count)])
    shutil.copytree(reference / "trip", home / "trip")
    ended = finish([*COMMAND, str(reference), *options])
    assert ended["done"] == count, json.dumps(ended)
    return Batch(home, Witness(home, manifest(reference / "out")), folder / "strace")


LIBRARY_CALLS = [
    ("pwrite64", "ENOSPC", 31),
    ("pwrite64", "EIO", 31),
    ("fdatasync", "ENOSPC", 5),
    ("fdatasync", "EIO", 5),
    ("ftruncate", "EIO", 1),
]


@pytest.mark.slow
@pytest.mark.timeout(1200)
@pytest.mark.parametrize(("call", "error", "step"), LIBRARY_CALLS)
def test_the_librarys_own_calls_refused(
    tmp_path: Path, tally: Tally, call: str, error: str, step: int
) -> None:
    """At twenty moments of a batch of five: stopped, the library whole, nothing half told."""
    batch = prepare(tmp_path, 5)
    library = batch.home / "library.sqlite"
    files = (library, library.with_name("library.sqlite-journal"))
    losses: list[str] = []
    for number in range(20):
        batch.again()
        losses += batch.disturb(call, f"error={error}:when={1 + step * number}", *files)
        losses += batch.resume()
    tally(12, f"{error} at {call} of the library or its journal", batch.injected, len(losses))
    assert losses == []
    assert batch.injected >= 15


@pytest.mark.slow
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("error", ["EIO", "ENOSPC"])
def test_results_whose_sync_or_write_is_refused(tmp_path: Path, tally: Tally, error: str) -> None:
    """After a failed fsync nobody knows what is on the disk: thrown away, and rendered again."""
    batch = prepare(tmp_path, PHOTOGRAPHS)
    losses: list[str] = []
    for number in range(1, PHOTOGRAPHS + 1):
        batch.again()
        losses += batch.disturb("fsync", f"error={error}:when={number}")
        losses += batch.resume()
    tally(13, f"{error} at fsync of results and folders", batch.injected, len(losses))
    assert losses == []
    assert batch.injected >= PHOTOGRAPHS


@pytest.mark.slow
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("error", ["EIO", "ENOSPC"])
def test_a_temporary_file_that_cannot_be_made_written_or_named(
    tmp_path: Path, tally: Tally, error: str
) -> None:
    batch = prepare(tmp_path, 5)
    calls = ("openat", "write", "fsync", "renameat2")
    losses: list[str] = []
    for call in calls:
        for item in range(1, 6):
            batch.again()
            bench = Bench(batch.home)
            bench.enqueue()
            temp = bench.output / f".regrain-{bench.database.library_id}-{item}-1.tmp"
            bench.close()
            losses += batch.disturb(call, f"error={error}", temp)
            losses += batch.resume()
    tally(13, f"{error} at {', '.join(calls)} of a temporary file", batch.injected, len(losses))
    assert losses == []
    assert batch.injected >= 20


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_writes_that_signals_interrupt_are_written_all_the_same(
    tmp_path: Path, tally: Tally
) -> None:
    """EINTR at every seventh write, of both processes and of the library."""
    batch = prepare(tmp_path, PHOTOGRAPHS)
    losses: list[str] = []
    library = batch.home / "library.sqlite"
    journal = library.with_name("library.sqlite-journal")
    # Not every pread64: the system's loader of programs takes an interrupted one for a broken file.
    for calls, paths in (("write", ()), ("pwrite64", ()), ("pread64", (library, journal))):
        batch.again()
        losses += batch.disturb(calls, "error=EINTR:when=3+7", *paths)
        losses += batch.resume()
    tally(16, "EINTR at every seventh write or read", batch.injected, len(losses))
    assert losses == []
    assert batch.injected >= 50
    assert batch.blocked == 0


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_writes_of_results_that_the_disk_only_claims_to_have_done(
    tmp_path: Path, tally: Tally
) -> None:
    """The real render process reads back what it wrote: it is whole, or there is an error."""
    require_strace()
    names = [f"{number:02}.png" for number in range(4)]
    make_photographs(tmp_path / "trip", names)
    bench = Bench(tmp_path, real=True)
    job = bench.enqueue().job
    library = bench.database.library_id
    temps = [bench.output / f".regrain-{library}-{item}-1.tmp" for item in (1, 3)]
    bench.close()
    injection = Injection("write,pwrite64", "retval=1", tmp_path / "strace", tuple(temps))
    with running(injection.around([*COMMAND, str(tmp_path), "--real"])) as run:
        while run.line():
            pass
        run.process.wait()
        ended, errors = run.ended, run.errors()
    assert ended, errors
    bench = Bench(tmp_path, real=True)
    bench.queue.retry(job)
    made = {name for name in manifest(bench.output) if not name.startswith(".")}
    early = {item.source.name for item in bench.queue.items(job) if item.status == "done"}
    assert bench.run(job), bench.queue.totals(job)
    whole = Bench(tmp_path / "whole", real=True)
    whole.photographs(*names)
    whole.edit()
    losses = int(manifest(whole.output) != manifest(bench.output)) + len(made - early)
    for one in (bench, whole):
        one.close()
    tally(16, "writes that say they wrote and did not", injection.times(), losses)
    assert losses == 0
    assert injection.times() >= 2
