"""A render process that hangs, dawdles or takes the last memory is ended; one that works is not."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest

from core.engine.host import Died, Ending
from core.engine.memory import MemoryGauge
from core.engine.messages import Alive, Announced, Rendered, Stepped
from tests.core.engine.hosting import Clock, Started, hear, render


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
