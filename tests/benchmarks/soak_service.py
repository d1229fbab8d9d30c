"""The service of the soak: started, killed, revived and measured; and the disk of its results."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import psutil

from core.library.records import JobState
from core.services import Services
from tests.benchmarks.soak_checks import Sample
from tests.core.cli.commands import LAUNCHER
from tests.fakes import fake_environment

_PATIENCE = 300.0
_ROWS = 8
_PAGE = 4096


class Service:
    """`regrain service run`, with the render process without torch."""

    def __init__(self, home: Path, state: Path) -> None:
        self._home = home
        self._environment = os.environ | fake_environment(rows=_ROWS, steps=1, state=state)
        self._process: subprocess.Popen[bytes] | None = None
        self.killed: Counter[str] = Counter()
        self.full_disks = 0
        self.lives = 0

    def start(self) -> None:
        """Start it; its lines go into files."""
        self.lives += 1
        with (self._home / "lines").open("ab") as out, (self._home / "errors").open("ab") as err:
            self._process = subprocess.Popen(
                [sys.executable, "-c", LAUNCHER, "service", "run", "--json", "--quiet"],
                cwd=self._home,
                env=self._environment,
                stdout=out,
                stderr=err,
            )

    @property
    def most_again(self) -> int:
        """How many photographs may have been rendered twice: what was in hand, two passes."""
        return 2 * _ROWS * (self.killed.total() + self.full_disks)

    def revive(self) -> None:
        """Start it anew if it is dead, as systemd does."""
        assert self._process is not None
        if self._process.poll() is not None:
            self.start()

    def kill(self, victim: str) -> None:
        """Kill the service, its render process, or both, the child first; as they stand."""
        assert self._process is not None
        self.killed[victim] += 1
        if victim != "service":
            for child in psutil.Process(self._process.pid).children():
                child.kill()
        if victim != "render":
            self._process.kill()
            self._process.wait()

    def wait_for_stop(self, services: Services) -> None:
        """Wait until a batch is stopped for want of space."""
        self.full_disks += 1
        until = time.monotonic() + _PATIENCE
        while not any(j.state is JobState.STOPPED for j in services.queue.jobs(unfinished=True)):
            assert time.monotonic() < until, "no batch was stopped by the full disk"
            self.revive()
            time.sleep(0.5)

    def sample(self, done: int, seconds: float) -> Sample:
        """Return the process' memory and descriptors as they are."""
        assert self._process is not None
        process = psutil.Process(self._process.pid)
        return Sample(self.lives, done, seconds, process.memory_info().rss, process.num_fds())

    def end(self) -> float:
        """End it by SIGTERM; return how many seconds that took."""
        process = self._process
        if process is None or process.poll() is not None:
            return 0.0
        began = time.monotonic()
        process.terminate()
        process.wait(60)
        return time.monotonic() - began


class Disk:
    """A disk for results, in memory, which is full at will."""

    def __init__(self, folder: Path, files: int) -> None:
        self._folder = folder
        self._room = 4 * _PAGE * files + (64 << 20)
        self._mount("-t", "tmpfs", "-o", f"size={self._room},nr_inodes={files * 2 + 1000}", "soak")

    def _mount(self, *words: str) -> None:
        subprocess.run(["mount", *words, self._folder], check=True)

    def fill(self) -> None:
        """Leave room for a few files only."""
        found = os.statvfs(self._folder)
        used = (found.f_blocks - found.f_bfree) * found.f_frsize
        self._mount("-o", f"remount,size={used + 16 * _PAGE}")

    def make_room(self) -> None:
        """Give the room back."""
        self._mount("-o", f"remount,size={self._room}")


def done_so_far(services: Services) -> int:
    """Return how many photographs of all batches are settled with a result."""
    totals = services.queue.all_totals(job.id for job in services.queue.jobs())
    return sum(one.done + one.already_done for one in totals.values())
