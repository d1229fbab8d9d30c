"""The same command again on a folder that is done: what it costs to find that out."""

from __future__ import annotations

import json
import os
import resource
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from tests.benchmarks.growth.photographs import make_folder
from tests.core.cli.commands import LAUNCHER
from tests.fakes import fake_environment

ROUNDS = 7

_WATCHED = """
import atexit, sys
folder, target = {folder!r}, {target!r}
opened, started = [], []
def hook(name, arguments):
    if name == "open" and str(arguments[0]).startswith(folder):
        opened.append(arguments[0])
    if name in ("subprocess.Popen", "os.posix_spawn", "os.fork"):
        started.append(name)
sys.addaudithook(hook)
atexit.register(lambda: open(target, "w").write(f"{{len(opened)}} {{len(started)}}"))
"""


@dataclass(frozen=True)
class Rerun:
    """Median seconds of the whole command, Python's start included, and what it touched."""

    photographs: int
    wall: float
    processor: float
    opened: int
    started: int

    def line(self) -> str:
        """Say it in one line."""
        return (
            f"again, nothing to do, {self.photographs} photographs: {self.wall:.2f} s wall, "
            f"{self.processor:.2f} s processor; photographs and results opened: {self.opened}, "
            f"processes started: {self.started}"
        )


def measure(home: Path, count: int) -> Rerun:
    """Edit a folder once by the process without torch, then time the same command again."""
    folder = make_folder(home / "trip", count)
    environment = _environment(home)
    words = ["run", str(folder), "--strength", "0.3", "--json", "--quiet"]
    _command([sys.executable, "-c", LAUNCHER, *words], home, environment)
    plain = "from core.cli.main import main; main()"
    timed = [_timed([sys.executable, "-c", plain, *words], home, environment) for _ in range(8)]
    target = home / "touched"
    watched = _WATCHED.format(folder=str(folder), target=str(target)) + plain
    again = _command([sys.executable, "-c", watched, *words], home, environment)
    assert json.loads(again.splitlines()[-1])["already_done"] == count
    opened, started = map(int, target.read_text().split())
    # The first one wrote bytecode.
    wall, processor = (statistics.median(column) for column in zip(*timed[1:], strict=True))
    return Rerun(count, wall, processor, opened, started)


def _environment(home: Path) -> dict[str, str]:
    """Return an environment with a home of its own, where bytecode is kept, as users have it."""
    own = os.environ | fake_environment(steps=1, rows=8)
    own |= {"REGRAIN_HOME": str(home / "home"), "PYTHONPYCACHEPREFIX": str(home / "bytecode")}
    own.pop("PYTHONDONTWRITEBYTECODE", None)
    return own


def _timed(command: list[str], home: Path, environment: dict[str, str]) -> tuple[float, float]:
    before, begun = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    _command(command, home, environment)
    wall, after = time.perf_counter() - begun, resource.getrusage(resource.RUSAGE_CHILDREN)
    return wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def _command(command: list[str], home: Path, environment: dict[str, str]) -> str:
    done = subprocess.run(
        command, cwd=home, env=environment, check=True, text=True, stdout=subprocess.PIPE
    )
    return done.stdout
