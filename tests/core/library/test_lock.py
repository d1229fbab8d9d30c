"""The render lock: two programs never render for one library, and a dead one never blocks it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from core.errors import LibraryError
from core.library.lock import RenderLock

HOLD = """
import sys
from pathlib import Path
from core.library.lock import RenderLock
lock = RenderLock(Path(sys.argv[1]))
assert lock.acquire()
print("held", flush=True)
sys.stdin.read()
"""
ROOT = Path(__file__).parents[3]


def hold(path: Path) -> subprocess.Popen[str]:
    """Let another process hold the lock until it is killed."""
    return subprocess.Popen(
        [sys.executable, "-c", HOLD, str(path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    )


def test_only_one_holds_it_and_says_who(tmp_path: Path) -> None:
    first, second = RenderLock(tmp_path / "lock"), RenderLock(tmp_path / "lock")
    assert first.acquire()
    assert first.acquire()
    assert first.held
    assert not second.acquire()
    assert second.holder() == os.getpid()
    first.release()
    first.release()
    assert second.acquire()
    second.release()


def test_a_second_run_in_the_same_process_has_to_wait_too(tmp_path: Path) -> None:
    """It would take what the first one has in work for a dead run's, and do it again beside it."""
    lock, other = RenderLock(tmp_path / "lock"), RenderLock(tmp_path / "lock")
    with lock.for_a_run() as first, lock.for_a_run() as second:
        assert (first, second) == (True, False)
        assert not other.acquire()
    assert other.acquire()
    with lock.for_a_run() as busy:
        assert not busy
    other.release()
    assert lock.acquire()
    with lock.for_a_run() as again:
        assert again
    assert lock.held
    lock.release()


def test_a_killed_holder_frees_it_at_once(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    lock = RenderLock(path)
    other = hold(path)
    assert other.stdout is not None
    assert other.stdin is not None
    assert other.stdout.readline() == "held\n"
    assert not lock.acquire()
    assert lock.holder() == other.pid
    with pytest.raises(LibraryError, match=f"process {other.pid}"), lock:
        pass
    other.kill()
    other.wait()
    other.stdout.close()
    other.stdin.close()
    with lock:
        assert lock.held
    assert not lock.held


def test_a_child_does_not_keep_a_dead_parents_lock(tmp_path: Path) -> None:
    """The render process may outlive its killed parent for a moment; the next run must start."""
    lock = RenderLock(tmp_path / "lock")
    assert lock.acquire()
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    lock.release()
    other = RenderLock(tmp_path / "lock")
    assert other.acquire()
    other.release()
    child.communicate(b"\n")


def test_a_folder_that_is_not_there_is_said_plainly(tmp_path: Path) -> None:
    with pytest.raises(LibraryError, match="cannot be used"):
        RenderLock(tmp_path / "no" / "lock").acquire()
    assert RenderLock(tmp_path / "no" / "lock").holder() is None
