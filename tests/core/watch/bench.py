"""Watched folders over a real library, with a clock that only moves when a test says so."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass, field
from pathlib import Path

from core.engine.messages import Numerics
from core.events import Event, JobQueued, WatchStateChanged
from core.library.catalog import Catalog
from core.library.database import Database
from core.library.inventory import Inventory
from core.library.queue import JobQueue
from core.library.records import FileStat, ItemStatus, JobItem, Rendered
from core.library.watch import WatchRules
from core.library.watched import Existing, Mark, WatchRule
from core.models.spec import ModelRegistry, ModelSpec
from core.recipe import EditSettings, Mode, OutputSettings, Recipe
from core.watch.clock import Clock
from core.watch.folder import FolderWatch
from core.watch.mounts import Mount
from core.watch.observe import Heard, Observation
from core.watch.parts import WatchParts
from core.watch.setup import WatchPlan, WatchWish, begin_watch, plan_watch
from tests.runs import fake_model, make_photographs

SETTLE = 4.0
LOCAL = Mount(Path("/"), "ext4")


class FakeClock(Clock):
    """Stands still until `pass_time`."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.epoch = 1_700_000_000.0
        self.asleep = 0.0

    def monotonic(self) -> float:
        return self.now

    def wall(self) -> float:
        return self.epoch + self.now

    def steady(self) -> float:
        return self.now + self.asleep

    def pass_time(self, seconds: float) -> None:
        self.now += seconds


class SilentObservation(Observation):
    """No events come, unless the test puts them into `heard`; it can end and be refused."""

    def __init__(self, folder: Path, *, deep: bool, heard: Heard) -> None:
        super().__init__(folder, deep=deep, heard=heard)
        self.ended = False

    def start(self) -> None:
        return

    def alive(self) -> bool:
        return not self.ended

    def complete(self) -> bool:
        return True

    def stop(self) -> None:
        self.ended = True


@dataclass
class WatchBench:
    """One library, one watched folder `inbox`, results in `out`."""

    home: Path
    mount: Mount = LOCAL
    observation: type[Observation] = SilentObservation
    open_files: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.inbox = self.home / "inbox"
        self.out = self.home / "out"
        self.inbox.mkdir()
        (self.home / "model").mkdir()
        self.model: ModelSpec = fake_model(self.home / "model")
        self.clock = FakeClock()
        self.events: list[Event] = []
        self.woken = 0
        self.database = Database(self.home / "library.db")
        self.queue = JobQueue(self.database)
        self.catalog = Catalog(self.database)
        self.rules = WatchRules(self.database)
        self.registry = ModelRegistry({self.model.id: self.model})
        self.observations: list[Observation] = []
        self.parts = WatchParts(
            rules=self.rules,
            queue=self.queue,
            registry=self.registry,
            pictures=self.home / "Pictures",
            sink=self.events.append,
            wake=self._wake,
            clock=self.clock,
            observation=self._observe,
            mount=lambda _folder: self.mount,
            is_open=lambda path: path in self.open_files,
        )

    def _wake(self) -> None:
        self.woken += 1

    def _observe(self, folder: Path, *, deep: bool, heard: Heard) -> Observation:
        self.observations.append(self.observation(folder, deep=deep, heard=heard))
        return self.observations[-1]

    def recipe(self, strength: float = 0.3, **output: object) -> Recipe:
        edit = EditSettings(model=self.model.id, mode=Mode.REPAINT, strength=strength)
        settings = OutputSettings.model_validate({"folder": self.out, **output})
        return Recipe(name="Test", edit=edit, output=settings)

    def plan(self, recipe: Recipe | None = None, **wish: object) -> WatchPlan:
        values = {"folder": self.inbox, "recipe": recipe or self.recipe(), "settle": SETTLE, **wish}
        wanted = WatchWish(**values)  # type: ignore[arg-type]
        return plan_watch(
            wanted, self.rules, self.registry, self.home / "Pictures", lambda _: self.mount
        )

    def rule(
        self,
        recipe: Recipe | None = None,
        existing: Existing = Existing.NEW_ONLY,
        again: bool = False,
        **wish: object,
    ) -> WatchRule:
        """Store a rule."""
        return begin_watch(self.plan(recipe, **wish), self.rules, existing, again=again)

    def watch(self, rule: WatchRule | None = None, **wish: object) -> FolderWatch:
        """Begin to watch, as a process does that starts; the first look is taken."""
        folder = FolderWatch(rule or self.rule(**wish), self.parts)  # type: ignore[arg-type]
        folder.turn()
        return folder

    def drop(self, *names: str) -> list[Path]:
        """Put whole photographs into the inbox."""
        return make_photographs(self.inbox, names)

    def turns(self, folder: FolderWatch, seconds: float) -> None:
        """Let time pass in steps, with a turn whenever one is due."""
        until = self.clock.now + seconds
        while self.clock.now < until:
            due = folder.turn()
            self.clock.now = min(until, max(due, self.clock.now + 0.01))
        folder.turn()

    def scan_and_settle(self, folder: FolderWatch) -> None:
        """Let the folder be looked through and what is found settle."""
        folder.rescan()
        self.turns(folder, SETTLE + 1)

    def items(self) -> list[JobItem]:
        """Return all items of all batches, oldest batch first."""
        jobs = sorted(self.queue.jobs(), key=lambda job: job.id)
        return [item for job in jobs for item in self.queue.items(job.id)]

    def taken(self) -> list[str]:
        """Return the names of the photographs that wait or were rendered, in order."""
        return [
            str(item.source.relative_to(self.inbox))
            for item in self.items()
            if item.status is not ItemStatus.LEFT_OUT
        ]

    def finish_all(self) -> None:
        """Let everything that waits be done, without a render process."""
        for claim in self.queue.claim("test", 1000):
            self.queue.already_done(claim.item, claim.attempt, claim.planned)

    def render_all(self) -> None:
        """Make a result of everything that waits, of other bytes than its source."""
        for claim in self.queue.claim("test", 1000):
            self.queue.set_numerics(claim.job, Numerics(rows=1, versions="test"))
            claim.planned.parent.mkdir(parents=True, exist_ok=True)
            source = claim.source.read_bytes()
            data = source + claim.source.name.encode()
            claim.planned.write_bytes(data)
            sha256, of_source = (hashlib.sha256(part).hexdigest() for part in (data, source))
            rendered = Rendered(claim.planned, sha256, len(data), sha256, of_source)
            self.queue.stage(claim, rendered, claim.planned, None)
            self.queue.finish(claim.item, claim.attempt, FileStat.of(claim.planned.stat()))

    def marks(self, rule: WatchRule) -> dict[str, Mark]:
        found = Inventory(self.database, rule.id).all()
        return {os.path.relpath(path, self.inbox): mark for path, mark in found.items()}

    def states(self) -> list[WatchStateChanged]:
        return [event for event in self.events if isinstance(event, WatchStateChanged)]

    def queued(self) -> list[JobQueued]:
        return [event for event in self.events if isinstance(event, JobQueued)]

    def close(self) -> None:
        self.database.close()
