"""Kill -9 at every single system call that changes something: of a job, and of a recovery."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.faults.killing import COMMAND, Run, Witness, finish, prepare, running
from tests.faults.strace import require_strace
from tests.faults.table import Tally

CALLS = (
    "write", "pwrite64", "fsync", "fdatasync", "ftruncate", "rename", "renameat2", "link", "unlink",
)  # fmt: skip
MOST = 2000
"""More calls of one kind than any thread makes in these runs."""

pytestmark = [pytest.mark.slow, pytest.mark.timeout(3600)]


@contextmanager
def killed_at(run: Run, call: str, number: int, *, threads: bool) -> Iterator[None]:
    """Let strace kill the run at this call; each thread's calls are counted apart.

    `threads`: of all its threads and of its render process too, not of its main thread alone.
    """
    inject = f"inject={call}:signal=KILL:when={number}"
    follow = ["-f"] if threads else []
    log = Path(os.devnull)
    tracing = ["strace", *follow, "-o", str(log), "-e", f"trace={call}", "-e", inject]
    strace = subprocess.Popen([*tracing, "-p", str(run.process.pid)], stderr=subprocess.PIPE)
    try:
        assert strace.stderr is not None
        assert b"attached" in strace.stderr.readline()
        run.process.let_go()
        yield
    finally:
        run.process.kill()
        strace.wait()
        strace.stderr.close()


def survives(command: list[str], call: str, number: int, *, threads: bool) -> bool:
    """Run with a kill at a call; return whether it came to its end all the same."""
    with running(command, held=True) as run:
        with killed_at(run, call, number, threads=threads):
            while run.line():
                pass
        return bool(run.ended) and len(run.children) < 2


def reset(home: Path, before: Path) -> None:
    """Put `home` back as it was; its library names its folders whole."""
    shutil.rmtree(home)
    shutil.copytree(before, home)


@pytest.mark.parametrize("threads", [False, True], ids=["main_thread", "all_threads"])
@pytest.mark.parametrize("call", CALLS)
def test_a_kill_at_each_system_call_of_a_job(
    memory: Path, tally: Tally, call: str, threads: bool
) -> None:
    """Five photographs; after each kill it is started again, to its end."""
    require_strace()
    witness = prepare(memory / "home", 5)
    before = shutil.copytree(memory / "home", memory / "before")
    command = [*COMMAND, str(memory / "home")]
    stops, faults = 0, []
    for number in range(1, MOST):
        reset(memory / "home", before)
        if survives(command, call, number, threads=threads):
            break
        stops += 1
        wrong = witness.faults(finish(command))
        faults += [f"{call} {number}: {one}" for one in wrong]
    else:
        faults.append(f"more than {MOST} times {call}")
    where = "all threads and the child" if threads else "the main thread"
    tally(2, f"kill -9 at each {call}, {where}", stops, len(faults))
    assert faults == []


def interrupted(home: Path) -> Witness:
    """Leave a batch as a kill in the middle of it does, with a result staged and not renamed."""
    witness = prepare(home, 5)
    command = [*COMMAND, str(home), "--rows", "2"]
    with running(command, held=True) as run, killed_at(run, "renameat2", 3, threads=False):
        while run.line():
            pass
    assert not run.ended
    return witness


def recover(home: Path, call: str, number: int) -> bool:
    """Begin to recover, with a kill at a call of any thread; return whether it lived."""
    command = [*COMMAND, str(home), "--recover"]
    with running(command, held=True) as run, killed_at(run, call, number, threads=True):
        return run.process.wait(60) == 0


@pytest.mark.parametrize("call", CALLS)
def test_a_kill_at_each_system_call_of_a_recovery_twice(
    memory: Path, tally: Tally, call: str
) -> None:
    """At the same call in the next start, and at an early one; the start after that ends it."""
    require_strace()
    witness = interrupted(memory / "home")
    before = shutil.copytree(memory / "home", memory / "before")
    stops, faults = 0, []
    for first in range(1, MOST):
        reset(memory / "home", before)
        if recover(memory / "home", call, first):
            break
        half = shutil.copytree(memory / "home", memory / "half")
        stops += 1
        for second in {first, 1 + first % 7}:
            reset(memory / "home", half)
            stops += not recover(memory / "home", call, second)
            wrong = witness.faults(finish([*COMMAND, str(memory / "home")]))
            faults += [f"{call} {first}, {second}: {one}" for one in wrong]
        shutil.rmtree(half)
    tally(4, f"kill -9 at each {call} of the recovery, and again in the next", stops, len(faults))
    assert faults == []
