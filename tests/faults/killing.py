"""Killing a run again and again, and judging what is left."""

from __future__ import annotations

import contextlib
import json
import os
import random
import select
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.fakes import fake_environment
from tests.runs import manifest, originals

COMMAND = (sys.executable, "-P", "-m", "tests.faults.driver")
PATIENCE = 180.0


class Run:
    """A run in its own process; `line` waits for what it says next."""

    def __init__(self, command: Sequence[str]) -> None:
        self.process = subprocess.Popen(
            command,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=os.environ | {"PYTHONPATH": fake_environment()["PYTHONPATH"]},
            bufsize=0,
        )
        self.child = 0
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

    def kill_child(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.child, signal.SIGKILL)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def errors(self) -> str:
        self.process.kill()
        assert self.process.stderr is not None
        return self.process.stderr.read().decode(errors="replace")[-3000:]

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        for stream in (self.process.stdout, self.process.stderr):
            assert stream is not None
            stream.close()


@contextmanager
def running(command: Sequence[str]) -> Iterator[Run]:
    """Start a run; it is over when the block is left."""
    run = Run(command)
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

    def kill(self, times: int) -> None:
        """Kill until `times` kills were done; the batch must last that long."""
        draw = random.Random(self.seed)
        victims = (["start", "child", "parent", "both"] * times)[:times]
        draw.shuffle(victims)
        while victims:
            with running(self.command) as run:
                while victims and self._kill_once(run, victims.pop(), draw):
                    pass

    def _kill_once(self, run: Run, victim: str, draw: random.Random) -> bool:
        """Kill once; return whether the parent lives on."""
        if victim == "start" and run.child == 0:
            run.line(draw.uniform(0, 1))  # anywhere from the first import to the recovery
        else:
            assert run.wait_for(draw.randint(1, self.progress)), (
                f"the batch ended after {len(self.killed)} kills: {run.ended} {run.errors()}"
            )
            select.select([], [], [], draw.uniform(0, self.jitter))
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
