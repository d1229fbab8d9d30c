"""`python -m tests.benchmarks.soak [--items 100000 --kills 20 --full-disks 5]`: months in an hour.

The service renders batches that another process stores, and photographs that come into a watched
folder, by the render process without torch. Meanwhile it, its render process, or both are killed,
and the disk of the results is full. At the end totals must add up, each result must be there
exactly once, and the service's memory and open files must not have grown. Full disks need root.
"""

from __future__ import annotations

import argparse
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from PIL import Image

from core.library.intake import job_request
from core.library.watched import Existing
from core.presets import DEFAULT_PRESET, find_preset, load_presets
from core.recipe import Recipe
from core.scan import scan
from core.services import Services, open_services
from core.watch.setup import WatchWish, begin_watch, plan_watch
from tests.benchmarks.soak_checks import Sample, report
from tests.benchmarks.soak_service import Disk, Service, done_so_far

BATCH = 2000
WATCHED = 40
"""Of each batch so many come through the watched folder instead."""

AHEAD = 3000
_PLAIN = 0.45
"""After this part of all items the service itself is killed no more: its memory is measured."""


@dataclass
class Soak:
    """One soak in `home`."""

    home: Path
    items: int
    kills: int
    full_disks: int
    fed: int = 0
    waits: float = 0.0
    samples: list[Sample] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.chance = random.Random(self.items)
        self.pixels = np.random.default_rng(self.items)
        self.out, self.inbox, self.state = (self.home / n for n in ("out", "inbox", "state"))
        for folder in (self.out, self.inbox, self.state):
            folder.mkdir()
        self.disk = Disk(self.out, self.items) if self.full_disks else None
        self.service = Service(self.home, self.state)
        self.plan = sorted(self._plan())

    def _plan(self) -> Iterator[tuple[int, str]]:
        """Yield after how many items what happens; the service dies in the first part only."""
        victims = ["service"] * (self.kills // 3) + ["both"] * (self.kills // 3)
        for victim in victims:
            yield self.chance.randrange(50, int(_PLAIN * self.items)), victim
        for _ in range(self.kills - len(victims)):
            yield self.chance.randrange(50, self.items - 50), "render"
        for number in range(self.full_disks):
            yield int((number + 0.5) * self.items / self.full_disks), "disk"

    def run(self, services: Services) -> None:
        """Feed, hurt and measure until everything is done."""
        recipe = self._recipe()
        self._watch(services, recipe)
        self.service.start()
        began = said = time.monotonic()
        while (done := done_so_far(services)) < self.items:
            if self.fed < self.items and self.fed - done < AHEAD:
                self._feed(services, recipe)
            if self.plan and done >= self.plan[0][0]:
                self._hurt(services, self.plan.pop(0)[1])
            self.service.revive()
            self.samples.append(self.service.sample(done, time.monotonic() - began))
            if time.monotonic() - said > 60:
                said = time.monotonic()
                print(self.samples[-1].line(), flush=True)
            time.sleep(1.0)
        print(self.samples[-1].line(), flush=True)

    def _recipe(self) -> Recipe:
        recipe = find_preset(DEFAULT_PRESET, load_presets())
        output = recipe.output.model_copy(update={"folder": self.out})
        return recipe.model_copy(update={"output": output})

    def _watch(self, services: Services, recipe: Recipe) -> None:
        wish = WatchWish(folder=self.inbox, recipe=recipe, settle=1.0)
        plan = plan_watch(wish, services.watch, services.registry, self.home)
        begin_watch(plan, services.watch, Existing.NEW_ONLY)

    def _feed(self, services: Services, recipe: Recipe) -> None:
        """Store a batch as another process, and drop some photographs into the watched folder."""
        count = min(BATCH, self.items - self.fed)
        folder = self.home / "trips" / f"{self.fed:06}"
        folder.mkdir(parents=True)
        for number in range(self.fed, self.fed + count):
            watched = number - self.fed < WATCHED
            self._photograph((self.inbox if watched else folder) / f"{number:06}.png")
        self.fed += count
        request = job_request(
            scan([folder]),
            recipe,
            services.registry.get(recipe.edit.model),
            services.catalog,
            inputs=[folder],
        )
        services.queue.enqueue(request)

    def _photograph(self, path: Path) -> None:
        Image.fromarray(self.pixels.integers(0, 256, (6, 8, 3), np.uint8)).save(path)

    def _hurt(self, services: Services, what: str) -> None:
        if what != "disk":
            self.service.kill(what)
            return
        assert self.disk is not None
        began = time.monotonic()
        self.disk.fill()
        self.service.wait_for_stop(services)
        self.disk.make_room()
        for job in services.queue.jobs(unfinished=True):
            services.queue.unblock(job.id)
        self.waits += time.monotonic() - began


@contextmanager
def place(given: Path | None) -> Iterator[Path]:
    """Lend a folder; a temporary one is removed."""
    if given is not None:
        given.mkdir(parents=True)
        yield given
        return
    with tempfile.TemporaryDirectory() as folder:
        yield Path(folder)


def main(words: list[str]) -> int:
    """Soak, print the table; 1 when a promise was broken."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--items", type=int, default=100_000)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--full-disks", type=int, default=5)
    parser.add_argument("--home", type=Path, help="a folder to be made, and kept")
    options = parser.parse_args(words)
    if options.full_disks and os.geteuid() != 0:
        print("Not root: no disk can be filled, so none is.")
        options.full_disks = 0
    with place(options.home) as home:
        os.environ["REGRAIN_HOME"] = str(home / "regrain")
        soak = Soak(home, options.items, options.kills, options.full_disks)
        try:
            with open_services() as services:
                soak.run(services)
                return report(soak.home, services, soak.service, soak.samples, soak.waits)
        finally:
            soak.service.end()
            if soak.disk is not None:
                subprocess.run(["umount", "-l", soak.out], check=False)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
