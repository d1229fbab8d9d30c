"""The rendering thread of the window: folder in, results out, whatever happens in between."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import QObject, QThread, Slot
from pytestqt.qtbot import QtBot

from core.errors import LibraryError
from core.events import (
    DeviceLost,
    DevicesDetected,
    Event,
    ItemDone,
    ItemStarted,
    JobFinished,
    ModelReady,
    PreviewKind,
    PreviewPart,
    StepProgress,
    WorkerState,
    WorkState,
)
from core.library.ids import JobId
from core.library.intake import job_request
from core.recipe import EditSettings, Mode, OutputSettings, Recipe
from core.runner import EngineChoice
from core.runner.previews import PreviewRequest
from core.scan import scan
from core.services import RenderProgram, Services, open_services
from desktop.worker import DenoisingThread, EventBridge
from tests.fakes import FAKE_RENDER_COMMAND, fake_environment

SECONDS = 120_000


class Listener(QObject):
    """Takes events on the main thread, as the window does."""

    def __init__(self, bridge: EventBridge) -> None:
        super().__init__()
        self.events: list[Event] = []
        self.threads: set[QThread] = set()
        bridge.happened.connect(self.take)

    @Slot(object)
    def take(self, event: Event) -> None:
        self.threads.add(QThread.currentThread())
        self.events.append(event)

    def of(self, kind: type) -> list[Event]:
        return [event for event in self.events if isinstance(event, kind)]

    @property
    def state(self) -> WorkerState | None:
        states = [event for event in self.events if isinstance(event, WorkerState)]
        return states[-1] if states else None


class Window:
    """A thread and its listener over the user's library of this test."""

    def __init__(self, qtbot: QtBot, program: RenderProgram | None, **options: bool) -> None:
        self.qtbot = qtbot
        self.bridge = EventBridge()
        self.listener = Listener(self.bridge)
        self.thread = DenoisingThread(
            lambda: open_services(program=program),
            EngineChoice(device="cpu"),
            self.bridge,
            **options,
        )
        self.thread.start()

    def until(self, met: Callable[[], object]) -> None:
        self.qtbot.waitUntil(lambda: bool(met()), timeout=SECONDS)

    def until_state(self, state: WorkState) -> None:
        self.until(lambda: self.listener.state and self.listener.state.state is state)

    def close(self) -> None:
        self.thread.finish(now=True)
        assert self.thread.wait(30_000)


@pytest.fixture
def window(qtbot: QtBot) -> Iterator[Callable[..., Window]]:
    made: list[Window] = []

    def make(program: RenderProgram | None = None, **options: bool) -> Window:
        made.append(Window(qtbot, program, **options))
        return made[-1]

    yield make
    for one in made:
        one.close()


def fake(tmp_path: Path, **options: float) -> RenderProgram:
    environment = fake_environment(state=tmp_path, **options)  # type: ignore[arg-type]
    return RenderProgram(FAKE_RENDER_COMMAND, environment)


def pictures(folder: Path, names: str, side: int = 48) -> Path:
    folder.mkdir()
    down, across = np.mgrid[:side, : side + 8]
    for number, name in enumerate(names):
        shapes = 128 + 60 * np.sin(down / 9 + number)[..., None] * np.cos(across / 7)[..., None]
        noise = np.random.default_rng(number).normal(0, 10, (*shapes.shape[:2], 3))
        pixels = np.clip(shapes + noise, 0, 255).astype(np.uint8)
        Image.fromarray(pixels).save(folder / f"{name}.png")
    return folder


def enqueue(folder: Path, output: Path, *strengths: float) -> JobId:
    edit = EditSettings(mode=Mode.REPAINT, strength=0.2, num_inference_steps=8)
    recipe = Recipe(edit=edit, output=OutputSettings(folder=output))
    with open_services() as services:
        request = job_request(
            scan([folder]),
            recipe,
            services.registry.get("builtin"),
            services.catalog,
            inputs=[folder],
            strengths=strengths,
        )
        return services.queue.enqueue(request).job


def library(look: Callable[[Services], object]) -> object:
    with open_services() as services:
        return look(services)


def test_a_folder_becomes_results_at_two_strengths_with_the_built_in_model(
    window: Callable[..., Window], tmp_path: Path
) -> None:
    """Folder -> QThread -> detection -> results, for real, and a preview while it is up."""
    folder, output = pictures(tmp_path / "trip", "ab"), tmp_path / "out"
    one = window()
    one.thread.warm_up()
    one.until(lambda: one.listener.of(ModelReady))
    (found,) = one.listener.of(DevicesDetected)
    assert isinstance(found, DevicesDetected)
    assert any(device.key == "cpu" and device.usable for device in found.devices)
    job = enqueue(folder, output, 0.1, 0.4)
    one.thread.wake()
    one.until(lambda: one.listener.of(JobFinished))
    names = sorted(path.name for path in output.iterdir())
    assert names == ["a_0.1.png", "a_0.4.png", "b_0.1.png", "b_0.4.png"]
    changes = []
    for path in sorted(output.iterdir()):
        with Image.open(path) as result, Image.open(folder / f"{path.name[0]}.png") as source:
            changes.append(np.abs(np.asarray(result, int) - np.asarray(source, int)).mean())
    weak, strong = changes[0::2], changes[1::2]
    assert all(a < b for a, b in zip(weak, strong, strict=True)), "more strength, more change"
    assert library(lambda services: services.queue.totals(job).done) == 4
    edit = EditSettings(amount=10)
    one.thread.preview(PreviewRequest(1, folder / "a.png", edit, box=(8, 8, 24, 24)))
    one.until(lambda: any(e.kind is PreviewKind.FULL for e in one.listener.of(PreviewPart)))  # type: ignore[attr-defined]
    assert one.listener.threads == {QThread.currentThread()}, "events come on the main thread"


def test_the_render_process_killed_in_the_middle(
    window: Callable[..., Window], tmp_path: Path
) -> None:
    """The window lives, and the photograph in work is done again."""
    folder, output = pictures(tmp_path / "trip", "abcd"), tmp_path / "out"
    one = window(fake(tmp_path, delay=0.05, steps=8), hold=False)
    job = enqueue(folder, output)
    one.thread.wake()
    one.until(lambda: len(one.listener.of(ItemDone)) >= 1 and len(one.listener.of(ItemStarted)) > 1)
    (child,) = [int(p.name) for p in Path("/proc").iterdir() if _is_child_render(p)]
    os.kill(child, signal.SIGKILL)
    one.until(lambda: one.listener.of(JobFinished))
    assert one.listener.of(DeviceLost)
    assert library(lambda services: services.queue.totals(job).done) == 4
    assert len(list(output.glob("*.png"))) == 4
    done = [event.item for event in one.listener.of(ItemDone)]  # type: ignore[attr-defined]
    assert len(done) == len(set(done)) == 4


def _is_child_render(process: Path) -> bool:
    try:
        line = (process / "cmdline").read_bytes()
        parent = (process / "stat").read_text().rpartition(")")[2].split()[1]
    except (OSError, ValueError):
        return False
    return b"tests.fakes" in line and int(parent) == os.getpid()


def test_stop_now_resume_and_the_next_session(
    window: Callable[..., Window], tmp_path: Path
) -> None:
    folder, output = pictures(tmp_path / "trip", "abcdef"), tmp_path / "out"
    program = fake(tmp_path, delay=0.05, steps=8)
    one = window(program, hold=False)
    job = enqueue(folder, output)
    one.thread.wake()
    one.until(lambda: one.listener.of(ItemDone))
    one.thread.stop_now()
    one.until_state(WorkState.HELD)
    pending = library(lambda services: services.queue.totals(job).pending)
    assert isinstance(pending, int)
    assert 0 < pending < 6
    assert not list(output.glob(".regrain-*"))
    one.close()
    two = window(program)
    two.until_state(WorkState.HELD)
    state = two.listener.state
    assert state is not None
    assert state.held == (job,)
    two.thread.resume(job)
    two.until(lambda: two.listener.of(JobFinished))
    assert library(lambda services: services.queue.totals(job).done) == 6


def test_what_is_asked_before_the_library_is_open_is_not_lost(qtbot: QtBot, tmp_path: Path) -> None:
    """The window asks as soon as it is painted."""
    folder = pictures(tmp_path / "trip", "a")
    job = enqueue(folder, tmp_path / "out")
    bridge = EventBridge()
    listener = Listener(bridge)
    program = fake(tmp_path)
    thread = DenoisingThread(lambda: open_services(program=program), EngineChoice(), bridge)
    thread.resume(job)
    thread.start()
    qtbot.waitUntil(lambda: bool(listener.of(JobFinished)), timeout=SECONDS)
    thread.finish(now=False)
    assert thread.wait(30_000)
    assert (tmp_path / "out" / "a.png").exists()


def test_progress_is_thinned_and_results_are_not(
    window: Callable[..., Window], tmp_path: Path
) -> None:
    folder = pictures(tmp_path / "trip", "abc")
    one = window(fake(tmp_path, steps=400), hold=False)
    enqueue(folder, tmp_path / "out")
    one.thread.wake()
    one.until(lambda: one.listener.of(JobFinished))
    assert len(one.listener.of(ItemDone)) == 3
    assert len(one.listener.of(StepProgress)) < 300


def test_a_library_that_does_not_open_is_said(qtbot: QtBot) -> None:
    def fail() -> Services:
        raise LibraryError("It was written by a newer Regrain.", hint="Update Regrain.")

    bridge = EventBridge()
    listener = Listener(bridge)
    thread = DenoisingThread(fail, EngineChoice(), bridge)
    thread.start()
    qtbot.waitUntil(lambda: listener.state is not None, timeout=SECONDS)
    assert thread.wait(30_000)
    assert listener.state == WorkerState(
        WorkState.FAILED, "It was written by a newer Regrain.", "Update Regrain."
    )
    thread.finish(now=True)
