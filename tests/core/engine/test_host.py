"""The parent's side of the render process: every end of it is noticed and said rightly."""

from __future__ import annotations

import hashlib
import io
import os
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from core.engine.host import Died, Ending, Pictured, RenderHost
from core.engine.memory import MemoryGauge
from core.engine.messages import (
    Alive,
    Announced,
    Detect,
    DevicesFound,
    FromRender,
    Hello,
    ItemCanceled,
    LoadModel,
    MakePreview,
    ModelLoaded,
    Numerics,
    Render,
    Rendered,
    Stepped,
)
from core.models.spec import ModelSpec
from core.recipe import EditSettings, OutputSettings, SchedulerName
from tests.fakes import FAKE_RENDER_COMMAND, expected_pixels, fake_environment

Started = Callable[..., RenderHost]
Heard = list[FromRender | Pictured | Died]


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


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
    def make(name: str) -> Path:
        path = tmp_path / name
        pixels = np.random.default_rng(1).integers(0, 255, (24, 32, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(path)
        return path

    return make


def model(folder: Path) -> ModelSpec:
    return ModelSpec(
        id="fake",
        name="Fake",
        family="fake",
        folder=folder,
        native_size=64,
        size_multiple=1,
        schedulers=(SchedulerName.DDIM,),
    )


def render(source: Path, item: int = 1) -> Render:
    return Render(
        item=item,
        attempt=1,
        source=source,
        source_sha256=hashlib.sha256(source.read_bytes()).hexdigest(),
        target=source.parent / f".regrain-test-{item}-1.tmp",
        edit=EditSettings(),
        output=OutputSettings(),
    )


def hear(host: RenderHost, until: type | tuple[type, ...]) -> Heard:
    """Return what is said up to the first message of the kind."""
    heard: Heard = []
    for _ in range(600):
        message = host.receive(0.1)
        if message is not None:
            heard.append(message)
            if isinstance(message, until):
                return heard
    raise AssertionError(f"never came; heard {heard}")


def test_it_starts_when_it_is_needed_and_not_before(host_with: Started) -> None:
    """A window that only lists photographs must not pay for a render process."""
    host = host_with()
    assert not host.running
    assert host.receive(0) is None
    host.send(Detect())
    kinds = [type(message) for message in hear(host, DevicesFound)]
    assert kinds == [Hello, DevicesFound]


def preview(source: Path, request: int = 1) -> MakePreview:
    return MakePreview(request=request, model="fake", source=source, edit=EditSettings())


def test_a_preview_comes_with_its_bytes(host_with: Started, photo: Callable[[str], Path]) -> None:
    host = host_with()
    host.send(preview(photo("a.png")))
    *_, first, second = (hear(host, Pictured), hear(host, Pictured))
    for heard in (first, second):
        picture = heard[-1]
        assert isinstance(picture, Pictured)
        with Image.open(io.BytesIO(picture.jpeg)) as image:
            assert image.size == (picture.message.width, picture.message.height) == (32, 24)


def test_a_death_in_a_preview_says_so(host_with: Started, photo: Callable[[str], Path]) -> None:
    """Or the photographs of the batch would be blamed for it."""
    host = host_with()
    host.send(preview(photo("peekabort.png"), 7))
    died = hear(host, Died)[-1]
    assert isinstance(died, Died)
    assert died.preview == 7


def test_a_preview_is_work_until_it_is_there(
    host_with: Started, photo: Callable[[str], Path]
) -> None:
    """An idle process is ended to free its memory; one that makes a preview is not idle."""
    host = host_with()
    host.send(preview(photo("a.png")))
    assert not host.end_if_idle(0)
    hear(host, Pictured)
    assert not host.end_if_idle(0), "that was the draft"
    hear(host, Pictured)
    assert host.end_if_idle(0)


def test_a_poke_ends_the_waiting(host_with: Started) -> None:
    """Stop and a new preview must not wait for the next message of a slow model."""
    host = host_with()
    host.start()
    hear(host, Hello)
    host.poke()
    begun = time.monotonic()
    assert host.receive(60) is None
    assert time.monotonic() - begun < 30


def test_a_photograph_goes_through(host_with: Started, photo: Callable[[str], Path]) -> None:
    source = photo("a.png")
    host = host_with()
    host.send(LoadModel(model=model(source.parent), numerics=Numerics(rows=1, tile=512)))
    loaded = hear(host, ModelLoaded)[-1]
    assert isinstance(loaded, ModelLoaded)
    assert loaded.numerics.tile == 512
    host.send(render(source))
    heard = hear(host, Rendered)
    assert [type(message) for message in heard] == [Announced, Stepped, Stepped, Rendered]
    target = render(source).target
    done = heard[-1]
    assert isinstance(done, Rendered)
    assert done.sha256 == hashlib.sha256(target.read_bytes()).hexdigest()
    with Image.open(target) as image:
        expected = expected_pixels(source, EditSettings().model_dump_json())
        assert np.array_equal(np.asarray(image), expected)


def test_a_crash_names_the_photographs_that_were_in_work(
    host_with: Started, photo: Callable[[str], Path]
) -> None:
    """A death counts for announced photographs only; the ones that wait are innocent."""
    host = host_with()
    host.send(render(photo("one-abort.png"), 1))
    host.send(render(photo("two.png"), 2))
    died = hear(host, Died)[-1]
    assert isinstance(died, Died)
    assert died.death.native
    assert died.announced == (1,)
    assert died.sent == (1, 2)
    assert not host.running
    host.send(render(photo("three.png"), 3))
    assert isinstance(hear(host, Rendered)[-1], Rendered)


def test_a_kill_from_outside_is_no_crash(host_with: Started, photo: Callable[[str], Path]) -> None:
    host = host_with()
    host.send(render(photo("hang.png")))
    hear(host, Announced)
    assert host.pid is not None
    os.kill(host.pid, signal.SIGKILL)
    died = hear(host, Died)[-1]
    assert isinstance(died, Died)
    assert not died.death.native
    assert not died.hung
    assert died.announced == (1,)


def test_one_that_says_nothing_for_too_long_is_ended(
    host_with: Started, photo: Callable[[str], Path]
) -> None:
    """One photograph that hangs a decoder must not hold up the night's batch for ever."""
    clock = Clock()
    host = host_with(clock=clock)
    host.send(render(photo("hang.png")))
    hear(host, Announced)
    for _ in range(23):
        clock.now += 5
        assert host.receive(0) is None
    assert host.running
    clock.now += 5
    host.receive(0)
    clock.now += 5
    died = hear(host, Died)[-1]
    assert isinstance(died, Died)
    assert died.hung
    assert died.announced == (1,)


def test_a_computer_that_slept_is_no_hang(host_with: Started, photo: Callable[[str], Path]) -> None:
    """Closing the lid for the night must not fail the photograph that was in work."""
    clock = Clock()
    host = host_with(clock=clock)
    host.send(render(photo("hang.png")))
    hear(host, Announced)
    clock.now += 8 * 3600
    assert host.receive(0) is None
    assert host.receive(0.2) is None
    assert host.running


def test_slow_photographs_get_ten_times_their_usual_time(
    host_with: Started, photo: Callable[[str], Path]
) -> None:
    clock = Clock()
    host = host_with(clock=clock, hang_seconds=1, delay=0.15)
    for item in range(3):
        host.send(render(photo(f"{item}.png"), item))
        hear(host, Rendered)
    host.send(render(photo("hang.png"), 9))
    hear(host, Announced)
    clock.now += 2  # twice hang_seconds, but less than ten times 0.3 s
    host.receive(0)
    assert host.receive(0.2) is None
    assert host.running


def test_a_process_that_says_it_goes_on_is_left_alone(
    host_with: Started, photo: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """One call of a large network takes minutes on a processor: it would never have ended."""
    clock = Clock()
    host = host_with(clock=clock)
    host.send(render(photo("hang.png")))
    hear(host, Announced)
    child = host._child
    assert child is not None
    heard, real = SimpleNamespace(message=Alive(), tail=b""), child.receive
    for look in range(120):
        clock.now += 5
        word = (lambda _timeout: heard) if look % 10 == 0 else real
        monkeypatch.setattr(child, "receive", word)
        assert host.receive(0) is None
    assert host.running


def test_large_files_may_take_longer(host_with: Started, photo: Callable[[str], Path]) -> None:
    """A panorama of gigabytes is written in one go, with nothing to say meanwhile."""
    clock = Clock()
    host = host_with(clock=clock, hang_seconds=1)
    message = render(photo("hang.png"))
    with message.source.open("r+b") as file:
        file.truncate(100 << 20)
    host.send(message)
    hear(host, Announced)
    for _ in range(200):
        clock.now += 5
        assert host.receive(0) is None
    assert host.running
    clock.now += 100
    for _ in range(20):
        clock.now += 5
        host.receive(0)
    assert isinstance(hear(host, Died)[-1], Died)


def test_what_is_canceled_is_dropped_and_leaves_no_file(
    host_with: Started, photo: Callable[[str], Path]
) -> None:
    host = host_with(delay=0.05, steps=1000)
    message = render(photo("a.png"))
    host.send(message)
    hear(host, Stepped)
    host.cancel([1])
    assert isinstance(hear(host, ItemCanceled)[-1], ItemCanceled)
    assert not message.target.exists()


def test_an_idle_process_is_ended_and_a_busy_one_is_not(
    host_with: Started, photo: Callable[[str], Path]
) -> None:
    """The model's memory belongs to other programs while nothing is to be done."""
    clock = Clock()
    host = host_with(clock=clock)
    host.send(render(photo("hang.png")))
    hear(host, Announced)
    clock.now += 3600
    assert not host.end_if_idle(600)
    host.stop(grace=0)
    host.send(Detect())
    hear(host, DevicesFound)
    assert not host.end_if_idle(600)
    clock.now += 601
    assert host.end_if_idle(600)
    assert not host.running


def test_nonsense_from_the_process_is_a_crash(
    host_with: Started, photo: Callable[[str], Path]
) -> None:
    host = host_with()
    host.send(render(photo("garbage.png")))
    died = hear(host, Died)[-1]
    assert isinstance(died, Died)
    assert died.death.native


@pytest.mark.parametrize(("ours", "ended"), [(900, True), (100, False)])
def test_one_that_takes_the_last_memory_is_ended(
    host_with: Started, photo: Callable[[str], Path], ours: int, ended: bool
) -> None:
    """Before the desktop is swapped out; where others took it, that would help nobody."""

    class Full(MemoryGauge):
        def total(self) -> int:
            return 8 << 30

        def free(self) -> int:
            return 100 << 20

        def held(self, pid: int | None = None) -> int:
            return ours << 20

    clock = Clock()
    host = host_with(clock=clock, gauge=Full())
    host.send(render(photo("hang.png")))
    hear(host, Announced)
    clock.now += 3
    host.receive(0)
    assert host.receive(0) is None, "looked once in two seconds, and acts at the second look"
    clock.now += 3
    host.receive(0)
    if not ended:
        assert host.receive(0.2) is None
        return
    died = hear(host, Died)[-1]
    assert isinstance(died, Died)
    assert died.ending is Ending.MEMORY
    assert died.starved
    assert not died.death.native


def test_one_that_works_at_a_photograph_for_ever_is_ended(
    host_with: Started, photo: Callable[[str], Path]
) -> None:
    """Progress that never comes to an end holds up the night as well as silence does."""
    host = host_with()
    host.send(render(photo("crawl.png"), 1))
    hear(host, Stepped)
    assert host.receive(0.2) is None, "nothing is known yet of how long they take"
    host.stop(grace=0)
    for item in range(3):
        host.send(render(photo(f"{item}-pace.png"), item))
        hear(host, Rendered)
    host.send(render(photo("crawl.png"), 9))
    died = hear(host, Died)[-1]
    assert isinstance(died, Died)
    assert died.ending is Ending.SLOW
    assert died.hung
    assert died.announced == (9,)
