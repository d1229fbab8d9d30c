"""A panel over a real library, and a model that takes prompts."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from core.events import Box
from core.models.spec import Capabilities, ModelDefaults, ModelSpec, Zone, builtin_spec
from core.recipe import SchedulerName
from core.services import open_services
from desktop.backend import Backend
from desktop.recipe.noise_picture import NoiseLoader
from desktop.recipe.panel import RecipePanel


@pytest.fixture(autouse=True)
def collect_here() -> Iterator[None]:
    """Have Python clear away widgets on the main thread only: Qt allows it nowhere else."""
    gc.disable()
    yield
    gc.collect()
    gc.enable()


@pytest.fixture
def painter_model() -> ModelSpec:
    """Return a model of the Stable Diffusion kind: it takes prompts and cannot clean."""
    return ModelSpec(
        id="painter",
        name="Painter",
        family="sd",
        folder=Path("painter"),
        capabilities=Capabilities(prompt=True, negative_prompt=True, guidance=True),
        native_size=512,
        size_multiple=8,
        schedulers=(SchedulerName.DPMPP_2M, SchedulerName.DDIM, SchedulerName.UNIPC),
        defaults=ModelDefaults(
            strength=0.4,
            num_inference_steps=30,
            scheduler=SchedulerName.DPMPP_2M,
            guidance_scale=6.0,
        ),
        zones=(Zone(word="Refine", until=0.4), Zone(word="Reinvent", until=1.0)),
    )


@pytest.fixture
def backend(qtbot: QtBot) -> Iterator[Backend]:
    """Answer from a library of the test's own."""
    backend = Backend(open_services)
    yield backend
    assert backend.close()


class NoPictures:
    """Takes the place of the codec where no picture is looked at."""

    jpeg = b""
    pid: int | None = None

    def noisy(self, path: Path, box: Box, max_side: int, ratio: float, seed: int = 0) -> NoPictures:
        return self

    def close(self) -> None:
        pass


@pytest.fixture
def panel(qtbot: QtBot, backend: Backend, painter_model: ModelSpec) -> Iterator[RecipePanel]:
    """Show the panel with two models and the shipped presets."""
    # The offscreen platform warns of windows that have a least size; a plain one round it has none.
    window = QWidget()
    qtbot.addWidget(window)
    panel = RecipePanel(backend, window, NoiseLoader(NoPictures))
    panel.set_model_registry([builtin_spec(), painter_model])
    panel.resize(316, 700)
    window.resize(400, 800)
    window.show()
    qtbot.waitUntil(lambda: backend.waiting == 0)
    yield panel
    panel.close_loader()
