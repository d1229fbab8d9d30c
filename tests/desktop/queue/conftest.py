"""A library with batches in every state, for the queue panel."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from core.errors import Reason
from core.events import Event, WorkerState, WorkState
from core.library.ids import ItemId, JobId
from core.library.intake import job_request
from core.library.records import Claim
from core.models.spec import ModelRegistry
from core.recipe import EditSettings, Mode, OutputSettings, Recipe
from core.runner import EngineChoice, StopSignal
from core.scan import scan
from core.services import RenderProgram, Services, open_services
from desktop.backend import Backend
from desktop.queue.panel import QueuePanel
from tests.fakes import FAKE_RENDER_COMMAND, fake_environment
from tests.runs import fake_model, make_photographs


@dataclass
class Library:
    """Batches of small pictures, in a library of their own."""

    home: Path

    def __post_init__(self) -> None:
        self.model = fake_model(self.home / "model")
        self.model.folder.mkdir()
        self.program = RenderProgram(FAKE_RENDER_COMMAND, os.environ | fake_environment(steps=3))
        self.services = self.open()

    def open(self) -> Services:
        """Open the library; each thread opens its own."""
        services = open_services(self.home / "library.db", self.program)
        return replace(services, registry=ModelRegistry({self.model.id: self.model}))

    def batch(self, name: str, *names: str, strengths: tuple[float, ...] = ()) -> JobId:
        """Store a batch of pictures with these names."""
        folder = self.home / name
        make_photographs(folder, names)
        edit = EditSettings(model="fake", mode=Mode.REPAINT, num_inference_steps=8)
        recipe = Recipe(edit=edit, output=OutputSettings(folder=self.home / f"{name}-out"))
        request = job_request(
            scan([folder], recursive=True),
            recipe,
            self.model,
            self.services.catalog,
            inputs=[folder],
            strengths=strengths,
        )
        return self.services.queue.enqueue(replace(request, name=name)).job

    def claims(self, job: JobId, limit: int = 100) -> list[Claim]:
        """Take waiting photographs as a runner does."""
        return self.services.queue.claim("test", limit, job)

    def fail(self, claim: Claim, message: str, hint: str = "") -> None:
        """Let a claimed photograph fail."""
        queue = self.services.queue
        queue.fail(claim.item, claim.attempt, Reason.TRUNCATED, message, hint)

    def run(self, job: JobId, sink: Callable[[Event], None]) -> None:
        """Render a batch to its end with the test render process."""
        runner = self.services.runner(sink, EngineChoice())
        try:
            runner.run(StopSignal(), job)
        finally:
            runner.close()

    def first_item(self, job: JobId) -> ItemId:
        """Return the number of a batch's first photograph."""
        return self.services.queue.item_ids(job)[0]


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    """A library without batches."""
    made = Library(tmp_path)
    yield made
    made.services.close()


@pytest.fixture
def backend(library: Library, qtbot: QtBot) -> Iterator[Backend]:
    """The library from the main thread's side."""
    backend = Backend(library.open)
    yield backend
    assert backend.close()


@pytest.fixture
def panel(backend: Backend, qtbot: QtBot) -> QueuePanel:
    """The queue panel in the size that a small screen leaves it."""
    panel = QueuePanel(backend)
    qtbot.addWidget(panel)
    panel.resize(760, 170)
    panel.take(WorkerState(WorkState.IDLE))
    panel.show()
    return panel


@pytest.fixture
def settle(backend: Backend, panel: QueuePanel, qtbot: QtBot) -> Callable[[], None]:
    """Return what reads the queue anew and waits until it is shown."""

    def wait() -> None:
        panel.refresh()
        quiet = 0

        def still() -> bool:
            nonlocal quiet
            quiet = quiet + 1 if not backend.waiting else 0
            return quiet > 3

        qtbot.waitUntil(still, timeout=10_000)

    return wait
