"""Every single file operation of publishing refused, before it is done or after it was."""

from __future__ import annotations

import errno
import os
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from core.errors import BatchStopped, CoreError
from core.library.records import HashedFile
from core.outputs.fsops import FsOps
from tests.core.library.bench import Bench
from tests.faults.power import (
    SCENES,
    CrashFs,
    Scene,
    check_done_means_there,
    check_the_end,
    copy_of,
    restore,
    set_up,
)
from tests.faults.table import Tally

STEPS = ("stat", "hash", "rename_noreplace", "exchange", "sync_folder", "unlink", "mkdir", "copy")


def _elsewhere(bench: Bench) -> None:
    """The result stands in another folder, so that it is copied, not rendered."""
    bench.enqueue(bench.recipe(folder=bench.folder / "elsewhere"))
    bench.work()


COPY = Scene("a copy", _elsewhere, {"a.jpg"})
CALM = [*(scene for scene in SCENES if scene.fs is CrashFs), COPY]
"""Scenes without another program in the output folder."""


@pytest.fixture
def folder() -> Iterator[Path]:
    """An empty folder, in memory where that can be had."""
    memory = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else None) as name:
        place = Path(name) / "scene"
        place.mkdir()
        yield place


@dataclass
class Refusal:
    """The step with this number fails with this error; `late`: though it was done."""

    at: int
    number: int = errno.EIO
    late: bool = False
    steps: int = 0

    def is_now(self) -> bool:
        self.steps += 1
        return self.steps - 1 == self.at

    def error(self) -> OSError:
        return OSError(self.number, os.strerror(self.number))


class RefusingFs(FsOps):
    """File operations of which one is refused."""

    def __init__(self, refusal: Refusal) -> None:
        self.refusal = refusal

    def copy(self, source: Path, target: Path) -> HashedFile:
        """A copy that is refused early leaves half a file behind."""
        if not self.refusal.is_now():
            return super().copy(source, target)
        if self.refusal.late:
            super().copy(source, target)
        else:
            target.write_bytes(source.read_bytes()[:5])
        raise self.refusal.error()


def _refusing(step: str) -> object:
    whole = getattr(FsOps, step)

    def operation(self: RefusingFs, *arguments: Path) -> object:
        if not self.refusal.is_now():
            return whole(self, *arguments)
        if self.refusal.late:
            whole(self, *arguments)
        raise self.refusal.error()

    return operation


for _step in STEPS[:-1]:
    setattr(RefusingFs, _step, _refusing(_step))


def edit(bench: Bench) -> None:
    """Publish what waits, rendered or copied; what the disk refuses waits again."""
    for claim in bench.queue.claim("run", 5):
        try:
            copy = bench.catalog.find_copy(bench.key(claim))
            if copy is not None:
                bench.publisher.copy(claim, copy)
            else:
                bench.publisher.publish(claim, bench.render(claim))
        except BatchStopped as stopped:
            assert stopped.hint


def trouble_after(folder: Path, scene: Scene, refusal: Refusal) -> Iterator[str]:
    """Publish with the refusal, then go on without it; yield what is wrong afterwards."""
    bench = Bench(folder, fs=RefusingFs(refusal))
    try:
        edit(bench)
        check_done_means_there(bench)
        newest = bench.queue.jobs()[0].id
        if bench.queue.totals(newest).failed:
            yield f"{refusal}: the photograph failed for the disk's trouble"
        bench.recover()
        edit(bench)
        check_the_end(bench, scene)
    except (AssertionError, OSError, CoreError) as error:
        yield f"{scene.name}, {refusal}: {error!r}"
    finally:
        bench.close()


def refuse_everywhere(
    folder: Path, scene: Scene, faults: list[tuple[int, bool]], *, all_of_them: bool
) -> tuple[int, list[str]]:
    """Refuse each step, with all `faults` or with one after the other; return times and trouble."""
    set_up(folder, scene)
    kept = copy_of(folder, "before")
    count = Refusal(at=-1)
    losses = list(trouble_after(folder, scene, count))
    times = 0
    for at in range(count.steps):
        for number, late in faults if all_of_them else [faults[at % len(faults)]]:
            restore(folder, kept)
            losses += trouble_after(folder, scene, Refusal(at, number, late))
            times += 1
    shutil.rmtree(kept)
    return times, losses


@pytest.mark.parametrize("scene", CALM, ids=lambda scene: scene.name)
def test_each_step_refused_once(folder: Path, scene: Scene, tally: Tally) -> None:
    """Full disks and broken ones, in turn, before and after the fact."""
    faults = [
        (errno.ENOSPC, False),
        (errno.EIO, True),
        (errno.EIO, False),
    ]
    times, losses = refuse_everywhere(folder, scene, faults, all_of_them=False)
    tally(13, "ENOSPC or EIO at each file operation of publishing", times, len(losses))
    assert losses == []
    assert times >= 6


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("scene", CALM, ids=lambda scene: scene.name)
def test_each_step_refused_in_every_way(folder: Path, scene: Scene, tally: Tally) -> None:
    numbers = (errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EROFS, errno.EACCES, errno.ESTALE)
    faults = [(number, late) for number in numbers for late in (False, True)]
    times, losses = refuse_everywhere(folder, scene, faults, all_of_them=True)
    tally(13, "six errors at each file operation, before and after it", times, len(losses))
    assert losses == []
