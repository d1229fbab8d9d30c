"""The power goes, for real: the blocks that a file system had written by then, mounted anew."""

from __future__ import annotations

import hashlib
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.faults.killing import COMMAND, Witness, finish, running
from tests.faults.table import Tally
from tests.faults.test_disk_calls import Batch
from tests.runs import make_photographs, manifest

COPIES = 25
PHOTOGRAPHS = 40


class BlockDisk:
    """An ext4 file system in the file `image`, mounted at `folder`.

    It writes to the image only what is synced: its own commits are five minutes apart.
    """

    def __init__(self, image: Path, folder: Path) -> None:
        self.image = image
        self.folder = folder
        folder.mkdir(parents=True)
        image.write_bytes(b"")
        with image.open("r+b") as file:
            file.truncate(48 << 20)
        _run("mkfs.ext4", "-q", image)

    def mount(self, image: Path | None = None) -> None:
        _run("mount", "-o", "loop,commit=300", image or self.image, self.folder)

    def unmount(self) -> None:
        _run("umount", self.folder)

    def copy(self, target: Path) -> None:
        """Copy the image as it is at one moment: twice, until nothing changed meanwhile."""
        for _ in range(50):
            shutil.copyfile(self.image, target)
            if _digest(target) == _digest(self.image):
                return
        raise AssertionError("the image never stands still")


def _run(*command: str | Path) -> None:
    subprocess.run(command, check=True, capture_output=True)


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@pytest.fixture
def block_disk(tmp_path: Path) -> Iterator[BlockDisk]:
    if shutil.which("mkfs.ext4") is None:
        pytest.skip("mkfs.ext4 is not installed")
    disk = BlockDisk(tmp_path / "image", tmp_path / "disk")
    try:
        disk.mount()
    except (OSError, subprocess.CalledProcessError) as error:
        pytest.skip(f"no image can be mounted here: {error}")
    yield disk
    while disk.folder.is_mount():
        subprocess.run(["umount", "-l", disk.folder], check=True)


@dataclass
class Scene:
    """A batch whose `kept` files and the disk are put back as they were at a moment."""

    disk: BlockDisk
    batch: Batch
    copies: Path
    kept: tuple[str, ...]

    def keep(self, number: int) -> Path:
        folder = self.copies / f"{number:02}"
        folder.mkdir(parents=True)
        for name in self.kept:
            if (self.batch.home / name).exists():
                shutil.copyfile(self.batch.home / name, folder / name)
        self.disk.copy(folder / "image")
        return folder

    def put_back(self, folder: Path) -> None:
        for name in self.kept:
            (self.batch.home / name).unlink(missing_ok=True)
            if (folder / name).exists():
                shutil.copyfile(folder / name, self.batch.home / name)
        self.disk.mount(folder / "image")

    def cut_again_and_again(self, command: list[str]) -> list[Path]:
        """Run; stop it again and again, and keep what is there at each of these moments."""
        folders: list[Path] = []
        with running(command) as run:
            while run.wait_for(4 * PHOTOGRAPHS // COPIES):
                time.sleep(0.003 * (len(folders) % 5))
                run.process.send_signal(signal.SIGSTOP)
                folders.append(self.keep(len(folders)))
                run.process.send_signal(signal.SIGCONT)
            assert run.ended, run.errors()
        self.disk.unmount()
        return folders

    def losses(self, folder: Path) -> list[str]:
        """Return what is wrong after the power went at that moment."""
        self.put_back(folder)
        found = self.batch.half_done() + self.batch.resume()
        self.disk.unmount()
        return [f"{folder.name}: {one}" for one in found]


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("where", ["all on one disk", "the results on a disk of their own"])
def test_power_cuts_under_a_real_file_system(
    tmp_path: Path, block_disk: BlockDisk, tally: Tally, where: str
) -> None:
    """On a disk of their own, a name that was not synced is lost although the library has it."""
    reference, apart = tmp_path / "reference", where != "all on one disk"
    make_photographs(reference / "trip", [f"{number:02}.png" for number in range(PHOTOGRAPHS)])
    finish([*COMMAND, str(reference)])
    home = tmp_path / "home" if apart else block_disk.folder / "home"
    shutil.copytree(reference / "trip", home / "trip")
    if apart:
        (home / "out").symlink_to(block_disk.folder)
        (block_disk.folder / "lost+found").rmdir()
    _run("sync", "-f", block_disk.folder)
    batch = Batch(home, Witness(home, manifest(reference / "out")), tmp_path / "log")
    library = ("library.sqlite", "library.sqlite-journal") if apart else ()
    scene = Scene(block_disk, batch, tmp_path / "copies", library)
    folders = scene.cut_again_and_again([*COMMAND, str(home), "--delay", "0.02"])
    losses = [one for folder in folders for one in scene.losses(folder)]
    tally(10, f"the power goes under ext4, {where}", len(folders), len(losses))
    assert losses == []
    assert len(folders) >= 20
