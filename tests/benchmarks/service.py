"""`python -m tests.benchmarks.service FOLDER_OF_PHOTOGRAPHS [--photographs 50 --kills 3]`.

The service with the built-in model: another program copies photographs slowly into its folder, and
it is killed again and again. Each photograph must have one result, its own. The copies are cut out
of those given, each another part, so that all differ.
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from PIL import Image

from core.library.ids import WatchRuleId
from core.library.watched import Existing
from core.presets import find_preset, load_presets
from core.services import Services, open_services
from core.watch.setup import WatchWish, begin_watch, plan_watch

SIDE = 320
SETTLE = 1.0
_POLL = 0.5
_SERVICE = (
    "import sys; from core.cli.main import main; sys.exit(main(['service', 'run', '--json']))"
)
_COPY = """
import pathlib, sys, time
source, target = map(pathlib.Path, sys.argv[1:])
for path in sorted(source.iterdir()):
    with (target / path.name).open("wb") as file:
        data = path.read_bytes()
        for start in range(0, len(data), 1 << 16):
            file.write(data[start : start + (1 << 16)])
            file.flush()
            time.sleep(0.2)
"""


@dataclass
class Outcome:
    """What became of it. `faults`: what should not be; none, if all promises were kept."""

    photographs: int
    kills: int
    seconds: float
    attempts: int
    ended: float
    faults: list[str] = field(default_factory=list)


def cut(photographs: Sequence[Path], count: int, folder: Path) -> None:
    """Write `count` pictures, cut out of the given ones at places of their own."""
    folder.mkdir()
    draw = random.Random(0)
    for number in range(count):
        with Image.open(photographs[number % len(photographs)]) as image:
            left = draw.randrange(max(1, image.width - SIDE))
            top = draw.randrange(max(1, image.height - SIDE))
            part = image.convert("RGB").crop((left, top, left + SIDE, top + SIDE))
            part.save(folder / f"IMG_{number:04}.png")


@contextmanager
def program(home: Path, *words: str | Path) -> Iterator[subprocess.Popen[bytes]]:
    """Run another Python program, outside the checkout; it is over when the block is left."""
    with (home / "lines").open("ab") as out, (home / "errors").open("ab") as errors:
        process = subprocess.Popen(
            [sys.executable, "-c", *words], cwd=home, stdout=out, stderr=errors
        )
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def wait_until(enough: Callable[[], bool], running: subprocess.Popen[bytes], home: Path) -> None:
    """Wait for something; the service must not end by itself meanwhile."""
    while not enough():
        if running.poll() is not None:
            raise RuntimeError(f"the service ended: {(home / 'errors').read_text()[-2000:]}")
        time.sleep(_POLL)


def serve(
    sources: Path, home: Path, kills: int, say: Callable[[str], None], preset: str = "Paint"
) -> Outcome:
    """Copy `sources` into a watched folder while the service is killed; return what came of it.

    REGRAIN_HOME must name a library of its own.
    """
    inbox, out, count = home / "inbox", home / "out", len(list(sources.iterdir()))
    inbox.mkdir()
    began = time.monotonic()
    with open_services() as services:
        _watch(services, inbox, out, preset)
        with program(home, _COPY, sources, inbox):
            for number in range(kills):
                target = (number + 1) * count // (kills + 1)
                with program(home, _SERVICE) as service:
                    wait_until(partial(_reached, services, target), service, home)
                say(f"{time.monotonic() - began:5.0f} s: killed with {_done(services)} done")
            with program(home, _SERVICE) as service:
                wait_until(partial(_reached, services, count), service, home)
                seconds = time.monotonic() - began
                ended = _end(service)
        items = [i for job in services.queue.jobs() for i in services.queue.items(job.id)]
        attempts = sum(item.attempts for item in items)
    return Outcome(count, kills, seconds, attempts, ended, _faults(sources, out, len(items)))


def _watch(services: Services, inbox: Path, out: Path, preset: str) -> None:
    recipe = find_preset(preset, load_presets())
    output = recipe.output.model_copy(update={"folder": out})
    recipe = recipe.model_copy(update={"output": output})
    wish = WatchWish(folder=inbox, recipe=recipe, settle=SETTLE)
    plan = plan_watch(wish, services.watch, services.registry, inbox.parent)
    begin_watch(plan, services.watch, Existing.NEW_ONLY)


def _done(services: Services) -> int:
    job = services.watch.get(WatchRuleId(1)).job
    return 0 if job is None else services.queue.totals(job).done


def _reached(services: Services, count: int) -> bool:
    return _done(services) >= count


def _end(service: subprocess.Popen[bytes]) -> float:
    began = time.monotonic()
    service.send_signal(signal.SIGTERM)
    service.wait(60)
    return time.monotonic() - began


def _faults(sources: Path, out: Path, items: int) -> list[str]:
    """Return what is wrong with the results: missing, too many, cut, or of another photograph."""
    names, made = ({path.name for path in folder.iterdir()} for folder in (sources, out))
    faults = [f"{name}: no result" for name in sorted(names - made)]
    faults += [f"{name}: nobody asked for it" for name in sorted(made - names)]
    if items != len(names):
        faults.append(f"{items} photographs were queued")
    for name in sorted(names & made):
        with Image.open(sources / name) as before, Image.open(out / name) as after:
            small = (8, 8)
            pair = zip(before.resize(small).tobytes(), after.resize(small).tobytes(), strict=True)
            apart = sum(abs(one - other) for one, other in pair) / (3 * 64)
            if before.size != after.size or apart > 25:
                faults.append(f"{name}: its result is another picture")
    return faults


def main(words: list[str]) -> int:
    """Serve, and print figures; 1 when a promise was broken."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--photographs", type=int, default=50)
    parser.add_argument("--kills", type=int, default=3)
    options = parser.parse_args(words)
    given = sorted(p for p in options.folder.iterdir() if p.suffix.lower() in (".png", ".jpg"))
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        os.environ["REGRAIN_HOME"] = str(home / "regrain")
        cut(given, options.photographs, home / "sources")
        outcome = serve(home / "sources", home, options.kills, print)
    print(
        f"{outcome.photographs} photographs of {SIDE} x {SIDE} in {outcome.seconds:.0f} s, the "
        f"service killed {outcome.kills} times: {outcome.attempts} attempts, ended by SIGTERM in "
        f"{outcome.ended:.1f} s"
    )
    print("\n".join(outcome.faults) or "Each has one result, its own.")
    return int(bool(outcome.faults))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
