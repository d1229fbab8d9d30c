"""Child processes: they die with their parent, on request, and say how."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pydantic import BaseModel, TypeAdapter

from core.child import Child, Death, Frame, child_environment, python_command


class Word(BaseModel):
    word: str


WORD: TypeAdapter[Word] = TypeAdapter(Word)
PRELUDE = """
import ctypes, os, signal, sys, threading, time
from core.channel import Channel
from tests.core.test_child import WORD, Word
channel = Channel.from_stdio(WORD)
channel.send(Word(word="up"))
"""
Start = Callable[..., Child[Word]]


@pytest.fixture
def start() -> Iterator[Start]:
    children: list[Child[Word]] = []

    def start(code: str) -> Child[Word]:
        path = {"PYTHONPATH": os.pathsep.join(sys.path)}
        command = [sys.executable, "-c", PRELUDE + textwrap.dedent(code)]
        child = Child(command, WORD, path)
        children.append(child)
        assert child.receive(30) == Frame(Word(word="up"))
        return child

    yield start
    for child in children:
        child.end(0)


def death_of(child: Child[Word]) -> Death:
    got = child.receive(30)
    assert isinstance(got, Death), got
    return got


def test_words_go_both_ways_and_the_end_of_input_ends_it(start: Start) -> None:
    child = start("while True: channel.send(channel.receive())")
    child.send(Word(word="hello"), b"tail")
    assert child.receive(30) == Frame(Word(word="hello"))
    child.end()
    assert not child.alive
    assert death_of(child).asked


@pytest.mark.parametrize(
    ("code", "native", "words"),
    [
        ("os.abort()", True, "SIGABRT"),
        ("ctypes.string_at(0)", True, "SIGSEGV"),
        ("os._exit(7)", True, "code 7"),
        ("os._exit(0)", True, "code 0"),
        ("raise RuntimeError('a bug')", True, "code 1"),
        ("os.kill(os.getpid(), signal.SIGKILL)", False, "SIGKILL"),
        ("os.kill(os.getpid(), signal.SIGTERM)", False, "SIGTERM"),
    ],
)
def test_a_crash_is_told_from_a_kill(start: Start, code: str, native: bool, words: str) -> None:
    """Only crashes may count against a photograph."""
    death = death_of(start(code))
    assert (death.native, death.oom_killed, death.asked) == (native, False, False)
    assert words in death.describe()


def test_its_last_words_are_kept_and_bounded(start: Start) -> None:
    child = start("sys.stderr.write('noise\\n' * 200_000 + 'RuntimeError: the point'); os._exit(1)")
    said = death_of(child).stderr
    assert said.endswith("RuntimeError: the point")
    assert len(said) <= 1 << 16


def test_one_that_talks_nonsense_is_put_down_as_broken(start: Start) -> None:
    child = start("channel._writer.write(b'Hello, I am no frame at all'); time.sleep(600)")
    death = death_of(child)
    assert death.broken
    assert death.native


def test_one_that_neither_reads_nor_ends_is_ended_in_time(start: Start) -> None:
    """Stop now must not hang on a child that hangs, not even with its pipe full."""
    child = start("signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(600)")
    for _ in range(20):
        child.send(Word(word="x" * 100_000))
    begun = time.monotonic()
    child.end(grace=0.2)
    assert time.monotonic() - begun < 2
    assert death_of(child).asked


def test_ctrl_c_in_the_terminal_does_not_reach_it(start: Start) -> None:
    child = start("channel.send(channel.receive()); channel.receive()")
    os.kill(child.pid, signal.SIGINT)
    child.send(Word(word="still here"))
    assert child.receive(30) == Frame(Word(word="still here"))
    assert os.getpgid(child.pid) != os.getpgid(0)


def test_the_thread_that_started_it_may_end(start: Start) -> None:
    """Linux kills a child when the thread that started it ends, unless that is seen to."""
    import threading

    made: list[Child[Word]] = []
    code = "while True: channel.send(channel.receive())"
    thread = threading.Thread(target=lambda: made.append(start(code)))
    thread.start()
    thread.join()
    made[0].send(Word(word="alive"))
    assert made[0].receive(30) == Frame(Word(word="alive"))


@pytest.mark.skipif(sys.platform != "linux", reason="PR_SET_PDEATHSIG is Linux'")
def test_it_dies_with_its_parent_even_while_it_computes(tmp_path: Path) -> None:
    """A render process left behind would keep the GPU and write files nobody knows of."""
    middle = tmp_path / "middle.py"
    middle.write_text(
        textwrap.dedent(
            """
            import os, sys
            from core.child import Child
            from tests.core.test_child import PRELUDE, WORD
            # It holds the interpreter lock in C: no thread of it can notice the end of its input.
            code = PRELUDE + "import re; re.match(r'(a+)+$', 'a' * 60 + 'b')"
            path = {"PYTHONPATH": os.pathsep.join(sys.path)}
            child = Child([sys.executable, "-c", code], WORD, path)
            child.receive(30)
            print(child.pid, flush=True)
            sys.stdin.read()
            """
        )
    )
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    with subprocess.Popen(
        [sys.executable, middle], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment
    ) as process:
        assert process.stdout is not None
        pid = int(process.stdout.readline())
        handle = os.pidfd_open(pid)
        process.kill()
        import select

        assert select.select([handle], [], [], 20)[0], "the child outlived its parent"
        os.close(handle)


@pytest.mark.skipif(sys.platform != "linux", reason="oom_score_adj is Linux'")
def test_the_kernel_is_offered_the_child_before_the_parent(start: Start) -> None:
    child = start("channel.receive()")
    assert int(Path(f"/proc/{child.pid}/oom_score_adj").read_text()) >= 500


def test_a_program_that_is_not_there_is_an_error_at_once() -> None:
    with pytest.raises(FileNotFoundError):
        Child(["/nonexistent/program"], WORD)


def test_a_module_in_the_users_folder_cannot_stand_in(tmp_path: Path) -> None:
    """A folder of photographs with a numpy.py in it must not run that file."""
    (tmp_path / "struct.py").write_text("raise SystemExit('run from the folder of photographs')")
    (tmp_path / "core").mkdir()
    (tmp_path / "core/__init__.py").write_text("raise SystemExit('not the real core')")
    result = subprocess.run(
        [*python_command("core.channel")], cwd=tmp_path, env=child_environment(), check=False
    )
    assert result.returncode == 0
