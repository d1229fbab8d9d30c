"""The lanes of a runner: one render process each, one a device; the first also makes previews."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace

from core.device import DeviceInfo, DeviceKind
from core.engine.host import Heard, RenderHost
from core.engine.messages import Numerics
from core.engine.named_device import named_device
from core.errors import StopReason
from core.library.ids import JobId
from core.runner.engine import Engine
from core.runner.parts import EngineChoice

AUTO = "auto"
OF_A_DEVICE = frozenset({StopReason.GPU_LOST, StopReason.DEVICE_MEMORY})
"""Why a batch cannot go on with one device, but may with another."""

_ALONE = frozenset({DeviceKind.CPU, DeviceKind.MPS})
"""Kinds of which a computer has one."""


@dataclass(eq=False)
class Lane:
    """A render process on a device of its own.

    `device` is the key that it is held to, empty as long as it is the only lane. `hired`: takes
    part in the batch in work. `lost`: its device failed; no photograph is handed to it in this run.
    """

    engine: Engine
    number: int = 0
    device: str = ""
    hired: bool = False
    lost: bool = False


class Crew:
    """All lanes. They are driven by one thread, which waits for what any of them says.

    Of `auto` only the first lane is there from the start. What else the computer has is told with
    the first model; then there is a lane for each device that was asked for. One that nobody hires
    starts no process.

    Args:
        host: makes the parent's side of a render process.
        choice: the devices that were asked for.
    """

    def __init__(self, host: Callable[[], RenderHost], choice: EngineChoice) -> None:
        self._host_of = host
        self._bell = threading.Event()
        self._stored: dict[JobId, Numerics] = {}
        self._is_auto = choice.devices == (AUTO,)
        self._knows_devices = False
        self.choice = choice
        self.lanes = [self._lane(name, number) for number, name in enumerate(choice.devices)]
        self.first = self.lanes[0]

    def _lane(self, name: str, number: int) -> Lane:
        choice = replace(self.choice, device=name)
        return Lane(Engine(self._host, choice, self._stored), number)

    def _host(self) -> RenderHost:
        host = self._host_of()
        host.bell = self._bell.set
        return host

    # who works

    @property
    def at_work(self) -> list[Lane]:
        """The lanes that take part in the batch in work."""
        return [lane for lane in self.lanes if lane.hired and not lane.lost]

    @property
    def left(self) -> list[Lane]:
        """The lanes whose device did not fail."""
        return [lane for lane in self.lanes if not lane.lost]

    @property
    def spare(self) -> Lane | None:
        """The next lane that could be hired, if any."""
        return next((lane for lane in self.left if not lane.hired), None)

    @property
    def capacity(self) -> int:
        """How many photographs to have in hand: about two passes for each lane at work.

        Also for one whose process died: it is started again for what the others have no room for.
        """
        return sum(lane.engine.capacity for lane in self.at_work)

    @property
    def running(self) -> bool:
        """Whether there is any process."""
        return any(lane.engine.running for lane in self.lanes)

    def begin_run(self) -> None:
        """Believe in every device again."""
        for lane in self.lanes:
            lane.lost = False

    def begin_batch(self) -> None:
        """Let one lane begin; the others are hired when they are worth it."""
        for lane in self.lanes:
            lane.hired = False
        for lane in self.left[:1]:
            lane.hired = True

    def lose(self, lane: Lane) -> None:
        """Go on without a lane; there must be others left."""
        lane.lost, lane.hired = True, False
        lane.engine.end(grace=0.0)
        if not self.at_work:
            self.left[0].hired = True

    # which devices there are

    def found(self, lane: Lane, devices: tuple[DeviceInfo, ...]) -> None:
        """Make a lane for each other device that was asked for, now that one knows them.

        Args:
            lane: the lane that has a model now, or could not have it.
            devices: all that its process sees.

        Raises:
            SettingsError: one that was asked for is not there, or cannot be used.
        """
        if self._knows_devices or not devices:
            return
        if self._is_auto:
            keys = _sharing(lane.engine, devices)
            self.lanes += [self._lane(AUTO, number) for number in range(1, len(keys))]
            self._assign(keys, devices)
        elif len(self.lanes) > 1:
            self._assign([named_device(name, devices).key for name in self.choice.devices], devices)
        self._knows_devices = True

    def _assign(self, keys: list[str], devices: tuple[DeviceInfo, ...]) -> None:
        """Hold each lane to its device, where there are several."""
        pairs = list(zip(self.lanes, keys, strict=True))
        self.lanes = [lane for lane, key in pairs if key not in keys[: lane.number]]
        if len(self.lanes) < 2:
            return
        best = next(device.key for device in devices if device.usable)
        for lane, key in pairs:
            lane.device = key
            lane.engine.pin(key, is_best=key == best)

    # their processes

    def listen(self, timeout: float) -> Iterator[tuple[Lane, Heard]]:
        """Yield what the processes say, after up to `timeout` seconds of silence at most."""
        running = [lane for lane in self.lanes if lane.engine.running]
        if len(running) == 1:
            yield from _heard(running, timeout)
            return
        # Cleared before it is looked: what comes in between rings again.
        self._bell.clear()
        silent = True
        for heard in _heard(running, 0.0):
            silent = False
            yield heard
        if silent and timeout > 0 and self._bell.wait(timeout):
            yield from _heard(running, 0.0)

    def poke(self) -> None:
        """Let `listen` come back at once; from any thread."""
        for lane in tuple(self.lanes):
            lane.engine.poke()
        self._bell.set()

    def end(self, grace: float = 2.0) -> None:
        """End all processes."""
        for lane in self.lanes:
            lane.engine.end(grace)

    def end_if_idle(self, seconds: float) -> bool:
        """End processes that had no work for `seconds`; return whether any was ended."""
        ended = [lane for lane in self.lanes if lane.engine.end_if_idle(seconds)]
        return bool(ended)


def _heard(lanes: Iterable[Lane], timeout: float) -> Iterator[tuple[Lane, Heard]]:
    for lane in lanes:
        message = lane.engine.receive(timeout)
        while message is not None:
            yield lane, message
            message = lane.engine.receive(0.0)


def _sharing(engine: Engine, devices: tuple[DeviceInfo, ...]) -> list[str]:
    """Return the keys of the usable devices of one kind, the engine's own first."""
    usable = {device.key: device.kind for device in devices if device.usable}
    best = next(iter(usable))
    own = engine.device or (engine.tried if engine.tried in usable else best)
    kind = usable.get(own, DeviceKind.CPU)
    same = [] if kind in _ALONE else [key for key in usable if usable[key] is kind]
    return list(dict.fromkeys([own, *same]))
