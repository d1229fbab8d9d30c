"""A bench for each test, and small disks where the tests may mount some."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.faults.table import Tally
from tests.runs import Bench


@pytest.fixture
def tally(request: pytest.FixtureRequest) -> Tally:
    """Where a test notes what it injected; printed as a table at the end."""
    return Tally(request.node.user_properties)


@pytest.fixture
def benches(tmp_path: Path) -> Iterator[Callable[..., Bench]]:
    made: list[Bench] = []

    def make(**options: object) -> Bench:
        bench = Bench(tmp_path, **options)  # type: ignore[arg-type]
        made.append(bench)
        return bench

    yield make
    for bench in made:
        bench.close()


class Disk:
    """A small disk of its own (tmpfs) at `folder`."""

    def __init__(self, folder: Path, kilobytes: int) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self.mount("-t", "tmpfs", "-o", f"size={kilobytes}k,mode=755", "tmpfs")

    def mount(self, *arguments: str) -> None:
        subprocess.run(["mount", *arguments, self.folder], check=True, capture_output=True)

    def remount(self, options: str) -> None:
        self.mount("-o", f"remount,{options}")

    def pull(self) -> None:
        """Take the disk away, used or not, as when a cable is pulled."""
        subprocess.run(["umount", "-l", self.folder], check=False, capture_output=True)


@pytest.fixture
def disks() -> Iterator[Callable[..., Disk]]:
    if not hasattr(os, "geteuid") or os.geteuid() != 0:
        pytest.skip("mounting a small disk needs root")
    made: list[Disk] = []

    def make(folder: Path, kilobytes: int = 1024) -> Disk:
        try:
            disk = Disk(folder, kilobytes)
        except (OSError, subprocess.CalledProcessError) as error:
            pytest.skip(f"nothing can be mounted here: {error}")
        made.append(disk)
        return disk

    yield make
    for disk in made:
        disk.pull()
