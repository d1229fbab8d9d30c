"""One folder through the whole path, in a process of its own, with the start apart."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from core.engine.host import RenderHost
from core.events import Event, ItemDone, ModelReady
from core.library.intake import job_request
from core.presets import DEFAULT_PRESET, find_preset, load_presets
from core.recipe import EditSettings, Mode, Recipe
from core.runner import BatchRunner, EngineChoice, StopSignal
from core.scan import scan
from core.services import RenderProgram, Services, open_services
from tests.benchmarks.growth.counts import Cost, Statements, growth, processor_seconds
from tests.benchmarks.growth.photographs import make_folder
from tests.fakes import FAKE_RENDER_COMMAND, fake_environment


@dataclass(frozen=True)
class KeptProgram(RenderProgram):
    """A render program that remembers its hosts, whose processes are measured."""

    hosts: list[RenderHost] = field(default_factory=list)

    def host(self, *, ahead: bool = False) -> RenderHost:
        """Return a host, and remember it."""
        self.hosts.append(super().host(ahead=ahead))
        return self.hosts[-1]


@dataclass
class Memory:
    """Memory of both processes after each photograph; an event sink."""

    program: KeptProgram
    ready: bool = False
    parent: list[int] = field(default_factory=list)
    child: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._own = psutil.Process()
        self._other: psutil.Process | None = None

    @property
    def other(self) -> psutil.Process:
        """The render process."""
        if self._other is None:
            (pid,) = [host.pid for host in self.program.hosts if host.pid]
            self._other = psutil.Process(pid)
        return self._other

    def __call__(self, event: Event) -> None:
        """Note what there is to note."""
        if isinstance(event, ModelReady):
            self.ready = True
        elif isinstance(event, ItemDone) and not event.already:
            self.parent.append(self._own.memory_info().rss)
            self.child.append(self.other.memory_info().rss)


def measure(home: Path, count: int, *, builtin: bool) -> Cost:
    """Edit a folder of `count` photographs, by the built-in model or the process without torch."""
    folder = make_folder(home / "photographs", count)
    program = KeptProgram() if builtin else KeptProgram(FAKE_RENDER_COMMAND, fake_environment())
    statements = Statements()
    with open_services(home / "library.db", program) as services:
        memory = Memory(program)
        runner = services.runner(memory, EngineChoice(device="cpu"))
        try:
            _edit(services, runner, make_folder(home / "first", 8), home / "first-out", builtin)
            statements.counted.clear()
            memory.parent.clear()
            memory.child.clear()
            return _timed(
                lambda: _edit(services, runner, folder, home / "out", builtin),
                count,
                memory,
                statements,
            )
        finally:
            runner.close()


def _timed(act: Callable[[], None], count: int, memory: Memory, statements: Statements) -> Cost:
    own, other = psutil.Process(), memory.other
    before, begun = (processor_seconds(own), processor_seconds(other)), time.monotonic()
    act()
    wall = time.monotonic() - begun
    assert len(memory.parent) == count, f"{len(memory.parent)} of {count} were rendered"
    return Cost(
        photographs=count,
        parent=processor_seconds(own) - before[0],
        child=processor_seconds(other) - before[1],
        wall=wall,
        statements=statements.counted["statements"],
        commits=statements.counted["commits"],
        parent_growth=growth(memory.parent),
        child_growth=growth(memory.child),
    )


def _edit(services: Services, runner: BatchRunner, folder: Path, out: Path, builtin: bool) -> None:
    """Scan, plan, store and render: everything that grows with a folder."""
    recipe = _recipe(out, builtin)
    request = job_request(
        scan([folder]),
        recipe,
        services.registry.get(recipe.edit.model),
        services.catalog,
        inputs=[folder],
    )
    runner.run(StopSignal(), services.queue.enqueue(request).job)


def _recipe(out: Path, builtin: bool) -> Recipe:
    preset = find_preset(DEFAULT_PRESET, load_presets())
    # Two calls of the network a photograph: as few as its own cost may be.
    edit = EditSettings(mode=Mode.REPAINT, strength=0.1, num_inference_steps=20)
    output = preset.output.model_copy(update={"folder": out})
    values = {"output": output} | ({"edit": edit} if builtin else {})
    return preset.model_copy(update=values)
