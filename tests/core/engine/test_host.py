"""The parent's side of the render process: every end of it is noticed and said rightly."""

from __future__ import annotations

import hashlib
import io
import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image

from core.engine.host import Died, Pictured
from core.engine.messages import (
    Announced,
    Detect,
    DevicesFound,
    Hello,
    ItemCanceled,
    LoadModel,
    ModelLoaded,
    Numerics,
    Rendered,
    Stepped,
)
from core.recipe import EditSettings
from tests.core.engine.hosting import Clock, Started, hear, model, preview, render
from tests.fake_results import expected_pixels


def test_it_starts_when_it_is_needed_and_not_before(host_with: Started) -> None:
    """A window that only lists photographs must not pay for a render process."""
    host = host_with()
    assert not host.running
    assert host.receive(0) is None
    host.send(Detect())
    kinds = [type(message) for message in hear(host, DevicesFound)]
    assert kinds == [Hello, DevicesFound]


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
