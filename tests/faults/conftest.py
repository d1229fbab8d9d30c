"""A bench for each test, and small disks where the tests may mount some."""

from __future__ import annotations

import contextlib
import os
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.faults.asking import Asker
from tests.faults.ear import Ear
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
    """A small disk of its own (tmpfs) at `folder`; what is on it outlives its being pulled."""

    def __init__(self, folder: Path, kilobytes: int) -> None:
        self.folder = folder
        self._itself = folder.with_name(f".{folder.name}-disk")
        for place in (folder, self._itself):
            place.mkdir(parents=True, exist_ok=True)
        options = f"size={kilobytes}k,mode=755"
        _run("mount", "-t", "tmpfs", "-o", options, "tmpfs", self._itself)
        self.plug()

    def plug(self) -> None:
        """Connect it."""
        _run("mount", "--bind", self._itself, self.folder)

    def pull(self) -> None:
        """Take it away, used or not, as when a cable is pulled; its empty place stays."""
        _run("umount", "-l", self.folder)

    def resize(self, kilobytes: int) -> None:
        _run("mount", "-o", f"remount,size={kilobytes}k", self._itself)

    def protect(self, mode: str) -> None:
        """Let it be read only (`ro`), or written again (`rw`)."""
        _run("mount", "-o", f"remount,bind,{mode}", self.folder)

    def fill(self) -> Path:
        """Leave not a byte free; return the file that takes all."""
        ballast = self.folder / "ballast"
        with contextlib.suppress(OSError), ballast.open("wb", buffering=0) as file:
            while True:
                file.write(bytes(4096))
        return ballast

    def close(self) -> None:
        for place in (self.folder, self._itself):
            while os.path.ismount(place):
                _run("umount", "-l", place)


def _run(*command: str | Path) -> None:
    subprocess.run(command, check=True, capture_output=True)


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
        disk.close()


@pytest.fixture
def memory() -> Iterator[Path]:
    """An empty folder, in memory where that can be had: nothing waits for a disk."""
    place = Path("/dev/shm")
    memory = place if place.is_dir() else None
    with tempfile.TemporaryDirectory(prefix="regrain-", dir=memory) as name:
        folder = Path(name) / "home"
        folder.mkdir()
        yield folder


@pytest.fixture
def asker(tmp_path: Path) -> Iterator[Asker]:
    made = Asker(tmp_path)
    yield made
    made.codec.close()


@pytest.fixture(scope="session")
def ear() -> Ear:
    return Ear()


@pytest.fixture
def quiet(ear: Ear) -> Iterator[list[tuple[str, str]]]:
    """What was run, looked up or imported while the test went on."""
    ear.heard.clear()
    ear.listening = True
    yield ear.heard
    ear.listening = False
