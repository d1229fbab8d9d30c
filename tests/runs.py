"""Batches over a fake render process: photographs, a library, a runner, and manifests."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from PIL import Image

from core.engine.host import HANG_SECONDS, RenderHost
from core.events import Event, EventSink, Totals
from core.library.catalog import Catalog
from core.library.database import Database
from core.library.ids import JobId
from core.library.intake import job_request
from core.library.lock import RenderLock
from core.library.publisher import Publisher
from core.library.queue import JobQueue
from core.library.records import Enqueued
from core.models.spec import Capabilities, ModelRegistry, ModelSpec, builtin_spec
from core.outputs.fsops import FsOps
from core.recipe import Dtype, EditSettings, Mode, OutputSettings, Recipe, SchedulerName
from core.runner import BatchRunner, EngineChoice, RunnerParts, RunOutcome, StopSignal
from core.scan import scan
from tests.fakes import FAKE_RENDER_COMMAND, fake_environment

STEPS = 8


def fake_model(folder: Path) -> ModelSpec:
    """Return the spec of the fake process' model; `folder` must be there for it to load."""
    return ModelSpec(
        id="fake",
        name="Fake",
        family="fake",
        folder=folder,
        capabilities=Capabilities(clean=True),
        native_size=64,
        size_multiple=1,
        schedulers=(SchedulerName.DDIM,),
    )


def make_photographs(folder: Path, names: Iterable[str]) -> list[Path]:
    """Write a small picture of its own under each name; JPEG or PNG by the name's end."""
    paths = []
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        seed = int.from_bytes(hashlib.sha256(name.encode()).digest()[:4])
        pixels = np.random.default_rng(seed).integers(0, 255, (24, 32, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(path)
        paths.append(path)
    return paths


def manifest(folder: Path) -> dict[str, str]:
    """Return the sha256 of every file below `folder`, hidden ones too, by its relative path."""
    files = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in files
    }


def originals(folder: Path) -> dict[str, tuple[str, int, int]]:
    """Return what must never change of the sources: bytes, modification time, mode."""
    found = {}
    for name, digest in manifest(folder).items():
        stat = (folder / name).stat()
        found[name] = (digest, stat.st_mtime_ns, stat.st_mode)
    return found


@dataclass
class Bench:
    """One library with everything that a run needs. Files lie below `home`.

    `fake` are arguments of `fake_environment`; `fs` does the parent's file operations; `real`
    takes the built-in model and the real render process.
    """

    home: Path
    fake: dict[str, object] = field(default_factory=dict)
    fs: FsOps = field(default_factory=FsOps)
    hang_seconds: float = HANG_SECONDS
    sink: EventSink | None = None
    choice: EngineChoice = field(default_factory=EngineChoice)
    real: bool = False
    lock_type: type[RenderLock] = RenderLock

    def __post_init__(self) -> None:
        self.source = self.home / "trip"
        self.output = self.home / "out"
        self.state = self.home / "state"
        for folder in (self.source, self.state, self.home / "model"):
            folder.mkdir(parents=True, exist_ok=True)
        self.events: list[Event] = []
        self.hosts: list[RenderHost] = []
        self.model = builtin_spec() if self.real else fake_model(self.home / "model")
        self.open()

    def open(self) -> None:
        """Open the library, as a new process would."""
        self.database = Database(self.home / "library.sqlite")
        self.queue = JobQueue(self.database, self.fs)
        self.catalog = Catalog(self.database)
        self.publisher = Publisher(self.queue, self.catalog, self.fs)
        self.lock = self.lock_type(self.home / "library.lock")
        parts = RunnerParts(
            queue=self.queue,
            catalog=self.catalog,
            publisher=self.publisher,
            registry=ModelRegistry({self.model.id: self.model}),
            lock=self.lock,
            host=self._host,
        )
        self.runner = BatchRunner(parts, self._hear, self.choice)

    def photographs(self, *names: str) -> list[Path]:
        """Put pictures of these names into the source folder."""
        return make_photographs(self.source, names)

    def enqueue(
        self, *inputs: Path, strength: float = 0.3, again: bool = False, **output: object
    ) -> Enqueued:
        """Store a batch over `inputs` (default: the source folder)."""
        chosen = inputs or (self.source,)
        recipe = Recipe(
            edit=EditSettings(
                model=self.model.id,
                mode=Mode.REPAINT,
                strength=strength,
                num_inference_steps=STEPS,
                dtype=Dtype.FP32,
            ),
            output=OutputSettings.model_validate({"folder": self.output, **output}),
        )
        found = scan(list(chosen), recursive=True)
        request = job_request(found, recipe, self.model, self.catalog, inputs=chosen, again=again)
        return self.queue.enqueue(request)

    def run(self, job: JobId | None = None, stop: StopSignal | None = None) -> RunOutcome:
        """Run to the end."""
        return self.runner.run(stop or StopSignal(), job)

    def edit(self, *inputs: Path, **settings: object) -> Totals:
        """Store a batch and run it; return its counts."""
        job = self.enqueue(*inputs, **settings).job  # type: ignore[arg-type]
        self.run(job)
        totals = self.queue.totals(job)
        assert totals.adds_up()
        return totals

    def touched(self) -> list[str]:
        """Return the names of the photographs that the fake worked on, in order."""
        log = self.state / "touched"
        lines = log.read_text().splitlines() if log.exists() else []
        return [line.split()[1] for line in lines]

    def of(self, kind: type) -> list[Event]:
        """Return the events of a kind."""
        return [event for event in self.events if isinstance(event, kind)]

    def close(self) -> None:
        """End the render process and close the library."""
        self.runner.close()
        self.lock.release()
        self.database.close()

    def _hear(self, event: Event) -> None:
        self.events.append(event)
        if self.sink is not None:
            self.sink(event)

    def _host(self) -> RenderHost:
        if self.real:
            self.hosts.append(RenderHost())
            return self.hosts[-1]
        environment = fake_environment(**{"state": self.state, **self.fake})  # type: ignore[arg-type]
        host = RenderHost(FAKE_RENDER_COMMAND, environment, hang_seconds=self.hang_seconds)
        self.hosts.append(host)
        return host
