"""Photographs that are written slowly into a watched folder: no result of a part of one."""

from __future__ import annotations

import hashlib
import io
import mmap
import os
import random
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.events import Event, JobQueued
from core.watch.clock import Clock
from core.watch.folder import FolderWatch
from core.watch.observe import Observation
from core.watch.service import WatchService
from core.watch.writers import is_being_written
from tests.core.watch.bench import WatchBench
from tests.faults.table import Tally

STALL = 30.0
FORMS = ("JPEG", "PNG", "WEBP", "BMP", "TIFF")


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[WatchBench]:
    made = WatchBench(tmp_path)
    yield made
    made.close()


def picture(form: str, seed: int, size: tuple[int, int] = (60, 40)) -> bytes:
    """Return a picture of noise as a file's bytes."""
    pixels = np.random.default_rng(seed).integers(0, 256, (size[1], size[0], 3), np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, form)
    return buffer.getvalue()


def wrong(bench: WatchBench, whole: dict[Path, bytes]) -> int:
    """Return how many were not taken exactly once, with their last bytes."""
    taken = [item.source for item in bench.items()]
    (rule,) = bench.rules.all()
    marks = bench.marks(rule)
    return sum(
        taken.count(path) != 1 or marks[path.name].sha256 != hashlib.sha256(data).hexdigest()
        for path, data in whole.items()
    )


@dataclass
class Writer:
    """Writes one file in pieces, by the bench's clock; closed in between, so that no lease tells.

    `stalls`: it stands still in the middle for longer than the settle time. `full`: the file has
    its full size from the start.
    """

    path: Path
    data: bytes
    stalls: bool = False
    full: bool = False
    at: int = 0
    due: float = 0.0

    def begin(self, now: float) -> None:
        self.path.write_bytes(bytes(len(self.data)) if self.full else b"")
        self.due = now + 0.3

    def turn(self, now: float) -> None:
        """Write the next piece, if it is due."""
        if now < self.due or self.at >= len(self.data):
            return
        end = min(self.at + max(1, len(self.data) // 16), len(self.data))
        with self.path.open("r+b") as file:
            file.seek(self.at)
            file.write(self.data[self.at : end])
        middle = self.at < len(self.data) // 2 <= end
        self.at, self.due = end, now + (STALL if self.stalls and middle else 0.3)


def write_all(bench: WatchBench, folder: FolderWatch, writers: list[Writer], seed: int) -> None:
    """Let all write at once; of their events some are told, some are not."""
    chance = random.Random(seed)
    for writer in writers:
        writer.begin(bench.clock.now)
    until = bench.clock.now + STALL + 60
    while bench.clock.now < until:
        for writer in writers:
            before = writer.at
            writer.turn(bench.clock.now)
            if writer.at != before and chance.random() < 0.7:
                folder.listener.heard._files[str(writer.path)] = bench.clock.now
        if chance.random() < 0.02:
            folder.rescan()
        bench.turns(folder, 0.3)


@pytest.mark.parametrize("full", [False, True])
def test_no_part_of_a_photograph_is_taken(bench: WatchBench, tally: Tally, full: bool) -> None:
    """Half a wedding picture with a grey rest would go to the client."""
    folder = bench.watch()
    # A BMP or TIFF filled from its front looks the same as a black one: a lease tells those.
    forms = FORMS[:3] if full else FORMS
    writers = [
        Writer(
            bench.inbox / f"{number}.{forms[number % len(forms)].lower()}",
            picture(forms[number % len(forms)], number),
            stalls=number % 3 == 0,
            full=full,
        )
        for number in range(15)
    ]
    write_all(bench, folder, writers, seed=int(full))
    losses = wrong(bench, {writer.path: writer.data for writer in writers})
    fault = "full size from the start, filled slowly" if full else "written slowly, and stalled"
    tally(30 if full else 29, fault, len(writers), losses)
    assert losses == 0


def test_one_that_is_held_open_is_waited_for_whatever_it_looks_like(
    bench: WatchBench, tally: Tally
) -> None:
    """Through mapped memory no event tells of a change, and the size never does."""
    folder = bench.watch()
    whole = {}
    maps = []
    for number, form in enumerate(("BMP", "TIFF", "PNG")):
        data = picture(form, number)
        path = bench.inbox / f"{number}.{form.lower()}"
        whole[path] = data
        with path.open("wb+") as file:
            file.truncate(len(data))
            maps.append((path, data, mmap.mmap(file.fileno(), len(data))))
    bench.open_files.update(str(path) for path in whole)
    for part in range(4):
        for _, data, memory in maps:
            end = (part + 1) * len(data) // 4
            memory[:end] = data[:end]
        bench.scan_and_settle(folder)
        bench.turns(folder, 60)
    early = len(bench.items())
    for _, _, memory in maps:
        memory.close()
    bench.open_files.clear()
    bench.scan_and_settle(folder)
    bench.turns(folder, 30)
    losses = early + wrong(bench, whole)
    tally(30, "filled through mapped memory", len(whole), losses)
    assert losses == 0


# for real


def write_slowly(path: Path, data: bytes, stalls: bool) -> None:
    """Write 64 KiB each 0.3 s, as a program on a slow link does."""
    with path.open("wb") as file:
        for start in range(0, len(data), 1 << 16):
            file.write(data[start : start + (1 << 16)])
            file.flush()
            middle = start <= len(data) // 2 < start + (1 << 16)
            time.sleep(STALL if stalls and middle else 0.3)


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_fifty_real_writers(bench: WatchBench, tally: Tally) -> None:
    """Real files, events, clock and leases; twenty of them stand still for half a minute."""
    bench.rule(settle=1.0)
    queued = threading.Semaphore(0)

    def sink(event: Event) -> None:
        if isinstance(event, JobQueued):
            queued.release(event.items)

    parts = replace(
        bench.parts,
        sink=sink,
        clock=Clock(),
        observation=Observation,
        is_open=is_being_written,
    )
    service = WatchService(parts, None)
    service.start()
    data = picture("PNG", 0, (640, 480))
    whole = {
        bench.inbox / f"{n:02}.png": data[:-12] + os.urandom(9) + data[-12:] for n in range(50)
    }
    threads = [
        threading.Thread(target=write_slowly, args=(path, content, number < 20))
        for number, (path, content) in enumerate(whole.items())
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    came = sum(queued.acquire(timeout=60) for _ in whole)
    service.stop()
    losses = len(whole) - came + wrong(bench, whole)
    tally(29, "written slowly by 50 programs, 20 of them stalled", len(whole), losses)
    assert losses == 0
