"""`python -m tests.benchmarks.watch [latency|burst|scan ...]`: what watching costs, how late it is.

latency  last write of a photograph -> queued, over the settle time (real watchdog, 5 MB files)
burst    10,000 photographs dropped at once, rendered by the process without torch
scan     100,000 photographs in 1,000 folders: first look and each later one, and the memory
"""

from __future__ import annotations

import os
import random
import resource
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from core.events import Event, JobQueued
from core.library.watched import Existing, Recursion
from core.runner import RunOutcome, StopSignal
from core.watch.clock import Clock
from core.watch.folder import FolderWatch
from core.watch.observe import Observation
from core.watch.parts import WatchParts
from core.watch.service import WatchService
from core.watch.writers import is_being_written
from tests.core.watch.bench import WatchBench
from tests.runs import Bench

SETTLE = 2.0
MEGABYTES = 5


def real_parts(bench: WatchBench, sink: Callable[[Event], None]) -> WatchParts:
    """The system's own clock, events and leases."""
    return replace(
        bench.parts,
        sink=sink,
        clock=Clock(),
        observation=Observation,
        is_open=is_being_written,
    )


def latency(home: Path, photographs: int = 100) -> None:
    """Write photographs one by one; print how late after its settle time each is queued."""
    bench = WatchBench(home)
    bench.rule(settle=SETTLE)
    written: list[float] = []
    queued: list[float] = []
    done = threading.Event()

    def sink(event: Event) -> None:
        if isinstance(event, JobQueued):
            queued.extend([time.monotonic()] * event.items)
            if len(queued) >= photographs:
                done.set()

    (whole,) = bench.drop("../whole.png")
    end = whole.read_bytes()[-12:]
    service = WatchService(real_parts(bench, sink), None)
    service.start()
    chance = random.Random(0)
    time.sleep(2)
    for number in range(photographs):
        data = whole.read_bytes()[:-12] + os.urandom(MEGABYTES << 20) + end
        with (bench.inbox / f"{number:04}.png").open("wb") as file:
            for start in range(0, len(data), 1 << 18):
                file.write(data[start : start + (1 << 18)])
        written.append(time.monotonic())
        time.sleep(chance.uniform(0.05, 0.4))
    done.wait(60)
    service.stop()
    late = sorted(1000 * (q - w - SETTLE) for w, q in zip(written, queued, strict=True))
    print(
        f"latency over a settle time of {SETTLE:g} s, {photographs} photographs of "
        f"{MEGABYTES} MB: median {statistics.median(late):.0f} ms, "
        f"95th percentile {late[int(0.95 * len(late))]:.0f} ms, most {late[-1]:.0f} ms"
    )
    bench.close()


def burst(home: Path, photographs: int = 10_000) -> None:
    """Drop all at once, then render them; print times, and check that each came out once."""
    bench = WatchBench(home)
    bench.rule(settle=SETTLE)
    queued = 0
    done = threading.Event()

    def sink(event: Event) -> None:
        nonlocal queued
        if isinstance(event, JobQueued):
            queued += event.items
            if queued >= photographs:
                done.set()

    service = WatchService(real_parts(bench, sink), None)
    service.start()
    time.sleep(1)
    began = time.monotonic()
    (whole,) = bench.drop("../whole.jpg")
    data = whole.read_bytes()
    for number in range(photographs):
        unique = data + number.to_bytes(4, "big") + b"\xff\xd9"
        (bench.inbox / f"{number:05}.jpg").write_bytes(unique)
    dropped = time.monotonic()
    assert done.wait(300), queued
    print(
        f"burst of {photographs}: written in {dropped - began:.1f} s, all queued "
        f"{time.monotonic() - dropped - SETTLE:.1f} s after the settle time"
    )
    service.stop()
    _render(bench, home, photographs)
    bench.close()


def _render(bench: WatchBench, home: Path, photographs: int) -> None:
    renderer = Bench(home / "renderer")
    renderer.model = bench.model
    renderer.home = home
    renderer.database.close()
    (home / "library.db").rename(home / "library.sqlite")
    renderer.open()
    began = time.monotonic()
    outcome = renderer.runner.run(StopSignal())
    seconds = time.monotonic() - began
    names = {path.name for path in bench.out.iterdir()}
    touched = renderer.touched()
    print(
        f"rendered in {seconds:.0f} s ({outcome}): {len(names)} results, "
        f"{len(touched)} rendered, {len(touched) - len(set(touched))} twice"
    )
    assert outcome is RunOutcome.FINISHED
    assert len(names) == len(touched) == len(set(touched)) == photographs
    renderer.close()


def scan(home: Path, folders: int = 1000, each: int = 100) -> None:
    """Look through very many photographs; print times and the process' most memory."""
    bench = WatchBench(home)
    for number in range(folders):
        digits = [str(number // 10**place % 10) for place in range(3)]
        folder = bench.inbox.joinpath(*(f"level{n}" for n in range(number % 17)), *digits)
        folder.mkdir(parents=True, exist_ok=True)
        for one in range(each):
            (folder / f"IMG_{number:04}_{one:03}.jpg").touch()
    began = time.monotonic()
    rule = bench.rule(recursion=Recursion.MIRROR, existing=Existing.NEW_ONLY)
    first = time.monotonic() - began
    watch = FolderWatch(rule, replace(bench.parts, clock=Clock()))
    began = time.monotonic()
    watch.turn()
    again = time.monotonic() - began
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        f"scan of {folders * each} photographs in {folders} folders: {first:.1f} s at the "
        f"beginning, {again:.1f} s each later time, {memory:.0f} MB at most"
    )
    assert len(watch.book) == 0
    bench.close()


WAYS: dict[str, Callable[[Path], None]] = {"latency": latency, "burst": burst, "scan": scan}


def main(words: list[str]) -> None:
    """Run what is asked for, each in a process of its own: memory counts by process."""
    for word in words or list(WAYS):
        child = os.fork()
        if child == 0:
            with tempfile.TemporaryDirectory() as folder:
                WAYS[word](Path(folder))
            os._exit(0)
        _, status = os.waitpid(child, 0)
        if status:
            sys.exit(1)


if __name__ == "__main__":
    main(sys.argv[1:])
