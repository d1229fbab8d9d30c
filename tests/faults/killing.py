"""Killing a run again and again, and judging what is left."""

from __future__ import annotations

import atexit
import contextlib
import functools
import json
import os
import random
import select
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.fakes import fake_environment
from tests.faults.nursery import Forked
from tests.runs import make_photographs, manifest, originals

COMMAND = (sys.executable, "-P", "-m", "tests.faults.driver")
PATIENCE = 180.0


class Run:
    """A run in its own process; `line` waits for what it says next.

    Args:
        command: what begins with COMMAND is forked, anything else is started.
        held: a forked one waits for `process.let_go()`.
    """

    def __init__(self, command: Sequence[str], *, held: bool = False) -> None:
        self.process = _forked(command, held) or _started(command)
        self.child = 0
        self.children: list[int] = []
        self.ended: dict[str, object] = {}
        self._buffer = b""

    def line(self, timeout: float = PATIENCE) -> list[str] | None:
        """Return the next line's words; [] at the end of the output, None when nothing came."""
        assert self.process.stdout is not None
        while b"\n" not in self._buffer:
            if not select.select([self.process.stdout], [], [], timeout)[0]:
                return None
            chunk = self.process.stdout.read(1 << 16)
            if not chunk:
                return []
            self._buffer += chunk
        line, self._buffer = self._buffer.split(b"\n", 1)
        words = line.decode().split(maxsplit=1)
        if words[0] == "child":
            self.child = int(words[1])
            self.children.append(self.child)
        if words[0] == "end":
            self.ended = json.loads(words[1])
        return words

    def wait_for(self, count: int) -> bool:
        """Read `count` lines that show progress; return whether the run still goes on."""
        while count > 0:
            words = self.line()
            assert words is not None, f"nothing for {PATIENCE} s: {self.errors()}"
            if not words or words[0] == "end":
                return False
            count -= words[0] in ("work", "done")
        return True

    def wait_for_child(self) -> bool:
        """Read until there is a child that can be killed; return whether the run still goes on."""
        return bool(self.child) or self.wait_for_word("child")

    def wait_for_word(self, word: str) -> bool:
        """Read until a line begins so; return whether the run still goes on."""
        while (words := self.line()) and words[0] != "end":
            if words[0] == word:
                return True
        assert words is not None, f"nothing for {PATIENCE} s: {self.errors()}"
        return False

    def kill_child(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.child, signal.SIGKILL)
        self.child = 0

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def errors(self) -> str:
        self.process.kill()
        assert self.process.stderr is not None
        return self.process.stderr.read().decode(errors="replace")[-3000:]

    def close(self) -> None:
        if isinstance(self.process, Forked):
            self.process.close()
            return
        self.process.kill()
        self.process.wait()
        for stream in (self.process.stdout, self.process.stderr):
            assert stream is not None
            stream.close()


def _forked(command: Sequence[str], held: bool) -> Forked | None:
    words = list(command)
    if words[: len(COMMAND)] != list(COMMAND):
        return None
    return Forked("tests.faults.driver:main", words[len(COMMAND) :], held=held)


def _started(command: Sequence[str]) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=os.environ | {"PYTHONPATH": fake_environment()["PYTHONPATH"]},
        bufsize=0,
    )


@contextmanager
def running(command: Sequence[str], *, held: bool = False) -> Iterator[Run]:
    """Start a run; it is over when the block is left."""
    run = Run(command, held=held)
    try:
        yield run
    finally:
        run.close()


def finish(command: Sequence[str]) -> dict[str, object]:
    """Let a run go to its end; return its counts."""
    with running(command) as run:
        while words := run.line():
            pass
        assert words is not None, f"nothing for {PATIENCE} s: {run.errors()}"
        assert run.process.wait(PATIENCE) is not None
        assert run.ended, run.errors()
        return run.ended


@dataclass
class KillLoop:
    """Kills parent alone, child alone, or both, at moments drawn from a seed.

    The moments are counted in observed progress, and up to `jitter` seconds beyond, so that they
    fall into every part of the work: start, recovery, rendering, staging, renaming, recording.
    """

    command: Sequence[str]
    seed: int
    jitter: float = 0.03
    progress: int = 8
    killed: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.draw = random.Random(self.seed)

    def kill(self, times: int) -> None:
        """Kill until `times` kills were done; the batch must last that long."""
        victims = (["start", "child", "parent", "both"] * times)[:times]
        self.draw.shuffle(victims)
        while victims:
            with running(self.command) as run:
                while victims and self.kill_once(run, victims.pop()):
                    pass

    def kill_once(self, run: Run, victim: str) -> bool:
        """Kill once; return whether the parent lives on."""
        if victim == "start" and run.child == 0:
            # Anywhere from the opening of the library to the first photographs.
            select.select([], [], [], self.draw.uniform(0, 10 * self.jitter))
        else:
            assert run.wait_for_child() and run.wait_for(self.draw.randint(1, self.progress)), (
                f"the batch ended after {len(self.killed)} kills: {run.ended} {run.errors()}"
            )
            select.select([], [], [], self.draw.uniform(0, self.jitter))
        self.killed.append(victim)
        if victim in ("child", "both"):
            run.kill_child()
        if victim != "child":
            run.kill()
        return victim == "child"


@dataclass
class Witness:
    """What must hold after any number of kills."""

    home: Path
    reference: dict[str, str]

    def __post_init__(self) -> None:
        self.originals = originals(self.home / "trip")

    def faults(self, ended: dict[str, object]) -> list[str]:
        """Return everything that is wrong; nothing, if the program keeps its promises."""
        found = []
        made = manifest(self.home / "out")
        left = [name for name in made if "/.regrain-" in f"/{name}"]
        if left:
            found.append(f"temporary files left: {left}")
        made = {name: digest for name, digest in made.items() if name not in left}
        if made != self.reference:
            odd = made.items() ^ self.reference.items()
            found.append(f"results differ: {sorted({name for name, _ in odd})}")
        if originals(self.home / "trip") != self.originals:
            found.append("originals changed")
        counts = {name: ended[name] for name in ("failed", "quarantined", "pending", "left_out")}
        if any(counts.values()):
            found.append(f"counts: {counts}")
        settled = int(str(ended["done"])) + int(str(ended["already_done"]))
        if settled != len(self.reference):
            found.append(f"{settled} settled of {len(self.reference)}")
        return found + self._library_faults()

    def _library_faults(self) -> list[str]:
        with closing(sqlite3.connect(self.home / "library.sqlite")) as connection:
            (answer,) = connection.execute("PRAGMA integrity_check").fetchone()
        return [] if answer == "ok" else [f"library: {answer}"]


@functools.cache
def _made_of(count: int, kind: str, *options: str) -> tuple[Path, dict[str, str]]:
    """Return photographs, and what an uninterrupted run makes of them; kept for other tests."""
    home = Path(tempfile.mkdtemp(prefix="regrain-reference-"))
    atexit.register(shutil.rmtree, home, ignore_errors=True)
    make_photographs(home / "trip", [f"{kind}{number:03}.png" for number in range(count)])
    ended = finish([*COMMAND, str(home), *options])
    assert ended["done"] == count
    return home / "trip", manifest(home / "out")


def prepare(home: Path, count: int, *options: str, kind: str = "") -> Witness:
    """Put photographs into `home`; return who knows what must become of them."""
    most = max(count, 60) if not (options or kind) else count
    trip, reference = _made_of(most, kind, *options)
    names = sorted(reference)[:count]
    (home / "trip").mkdir(parents=True)
    for name in names:
        shutil.copy2(trip / name, home / "trip" / name)
    return Witness(home, {name: reference[name] for name in names})
