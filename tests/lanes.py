"""A fake render process that sees several devices: `python -P -m tests.lanes`, as in tests.fakes.

The environment says what there is and what goes wrong:

    REGRAIN_FAKE_DEVICES   what it sees, best first: cuda:0,cuda:1,cpu
    REGRAIN_FAKE_BROKEN    what devices do: cuda:1=abort,... (dies in each photograph), =lost
                           (reports gpu_lost in each), =memory (the model does not fit), =gone
                           (not there when a model is loaded on it, though it was found)
    REGRAIN_FAKE_GATE      a FIFO: before its first step it waits until somebody opened it to write

In the state folder, `where` has a line for each photograph: device, item, name; `held` has its
device before the parent hears of it.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from pydantic import BaseModel

from core.channel import Channel
from core.device import DeviceInfo, DeviceKind
from core.engine.messages import (
    TO_RENDER,
    Announced,
    EngineFailed,
    LoadModel,
    ModelLoaded,
    Render,
    ToRender,
)
from core.errors import StopReason
from tests.fakes import FakeRender

LANES_COMMAND = (sys.executable, "-P", "-m", "tests.lanes")


def fake_devices(keys: str) -> tuple[DeviceInfo, ...]:
    """Return devices of these keys; one that ends in ! is there and cannot be used."""
    return tuple(_device(key) for key in keys.split(","))


def _device(key: str) -> DeviceInfo:
    kind, _, index = key.rstrip("!").partition(":")
    broken = {"usable": False, "problem": f"{key} is too old.", "repair": "buy another"}
    return DeviceInfo(
        kind=DeviceKind(kind),
        index=int(index or 0),
        name=f"fake {key}",
        total_memory=1 << 30,
        free_memory=1 << 30,
        dtype="fp32",
        **(broken if key.endswith("!") else {}),  # type: ignore[arg-type]
    )


class Telling:
    """A channel on which ModelLoaded says which devices there are, and Announced is noted first."""

    def __init__(self, channel: Channel[ToRender], lane: FakeLane) -> None:
        self.receive = channel.receive
        self._channel = channel
        self._lane = lane

    def send(self, message: BaseModel, tail: bytes = b"") -> None:
        if isinstance(message, ModelLoaded):
            message = message.model_copy(update={"devices": self._lane.devices})
        elif isinstance(message, Announced):
            self._lane.log("held", self._lane.device)
        self._channel.send(message, tail)


class FakeLane(FakeRender):
    """The fake on one of several devices."""

    def __init__(self, channel: Channel[ToRender], raw: int) -> None:
        self.devices = fake_devices(os.environ["REGRAIN_FAKE_DEVICES"])
        super().__init__(Telling(channel, self), raw)  # type: ignore[arg-type]
        pairs = os.environ.get("REGRAIN_FAKE_BROKEN", "").split(",")
        self.broken = dict(pair.split("=") for pair in pairs if pair)
        self.gate = os.environ.get("REGRAIN_FAKE_GATE")
        self.device = ""

    def load(self, message: LoadModel) -> None:
        usable = [device.key for device in self.devices if device.usable]
        there = [key for key in usable if self.broken.get(key) != "gone"]
        stored = message.numerics.device if message.numerics else ""
        wanted = [key for key in (stored, message.device) if key in there]
        wanted += [key for key in there if key.startswith(f"{message.device}:")]
        if not wanted and message.device != "auto" and not message.numerics:
            words = f"This computer has no device {message.device}."
            self.refuse(message, StopReason.SETTINGS_REFUSED, words)
            return
        self.device = (wanted or there)[0]
        if self.broken.get(self.device) == "memory":
            self.refuse(message, StopReason.DEVICE_MEMORY, "Fake does not fit.")
            return
        os.environ["REGRAIN_FAKE_DEVICE"] = self.device
        super().load(message)

    def refuse(self, message: LoadModel, reason: StopReason, words: str) -> None:
        failed = EngineFailed(
            reason=reason, message=words, loading=message.number, devices=self.devices
        )
        self.channel.send(failed)

    def misbehave(self, render: Render) -> None:
        if self.broken.get(self.device) == "abort":
            os.abort()
        if self.gate is not None:
            # Blocks until the other end is opened, and never again after that.
            os.close(os.open(self.gate, os.O_RDONLY))
            self.gate = None
        super().misbehave(render)

    def finish(self, render: Render, seconds: float) -> None:
        if self.broken.get(self.device) != "lost":
            super().finish(render, seconds)
            return
        words = "The GPU stopped answering."
        failed = EngineFailed(reason=StopReason.GPU_LOST, message=words, item=render.item)
        self.channel.send(failed)

    def log(self, name: str, line: str) -> None:
        super().log(name, line)
        if name in ("touched", "shown"):
            super().log("where", f"{self.device} {line}")


class Gate:
    """Holds every process of a test at its first photograph until it is opened."""

    def __init__(self, path: Path) -> None:
        os.mkfifo(path)
        self.path = path
        self._writer: int | None = None

    def open(self) -> None:
        """Let all go on, now and later."""
        if self._writer is None:
            self._writer = os.open(self.path, os.O_RDWR)

    def close(self) -> None:
        if self._writer is not None:
            os.close(self._writer)


def main() -> None:
    raw = os.dup(1)
    FakeLane(Channel.from_stdio(TO_RENDER), raw).run()


if __name__ == "__main__":
    main()
