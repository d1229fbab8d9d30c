"""What the render side's tests share: one thread, a small model, no network, no download."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import torch

from core.builtin.export import write_model
from core.builtin.schedule import make_betas
from core.engine.host import RenderHost
from core.engine.memory import MemoryGauge
from core.engine.noise import NoiseCurve, curve_of_betas
from core.models.spec import ModelSpec
from tests.core.engine.hosting import Clock, Started
from tests.core.engine.rig import Rig
from tests.core.engine.samples import photograph, save, small_network, write_spec
from tests.core.engine.screen import Screen
from tests.fakes import FAKE_RENDER_COMMAND, fake_environment


@pytest.fixture(autouse=True, scope="session")
def one_thread() -> None:
    torch.set_num_threads(1)


@pytest.fixture(scope="session")
def curve() -> NoiseCurve:
    """The built-in model's noise curve."""
    return curve_of_betas(make_betas())


@pytest.fixture(scope="session")
def spec(tmp_path_factory: pytest.TempPathFactory) -> ModelSpec:
    """A small random model in a folder like the built-in one's."""
    folder = tmp_path_factory.mktemp("model")
    write_model(small_network(), folder)
    return write_spec(folder)


@pytest.fixture
def rig(spec: ModelSpec, tmp_path: Path) -> Rig:
    return Rig(spec, tmp_path)


@pytest.fixture
def screen(spec: ModelSpec, tmp_path: Path) -> Screen:
    return Screen(spec, tmp_path)


@pytest.fixture
def source(tmp_path: Path) -> Path:
    return save(tmp_path, "photo.png", photograph(160, 200))


@pytest.fixture
def host_with() -> Iterator[Started]:
    hosts: list[RenderHost] = []

    def make(
        *,
        clock: Clock | None = None,
        hang_seconds: float = 120,
        gauge: MemoryGauge | None = None,
        **fake: object,
    ) -> RenderHost:
        environment = fake_environment(**fake)  # type: ignore[arg-type]
        options = {"clock": clock} if clock else {}
        options |= {"gauge": gauge} if gauge else {}
        host = RenderHost(FAKE_RENDER_COMMAND, environment, hang_seconds=hang_seconds, **options)
        hosts.append(host)
        return host

    yield make
    for host in hosts:
        host.stop(grace=0)


@pytest.fixture
def photo(tmp_path: Path) -> Callable[[str], Path]:
    """Return what saves a small photograph of noise under a name."""
    return lambda name: save(tmp_path, name, photograph(24, 32))
