"""Devices as the render process finds them, said in lines."""

from __future__ import annotations

import time

from core.cli.console import Console
from core.cli.exits import ExitCode
from core.device import DeviceInfo
from core.engine.host import Died, RenderHost
from core.engine.messages import Detect, DevicesFound, EngineFailed
from core.errors import CoreError

_PATIENCE_SECONDS = 180.0
_GIB = 1 << 30


def show_devices(console: Console, host: RenderHost | None = None) -> ExitCode:
    """Ask a render process for the devices and write a line for each.

    Raises:
        CoreError: the process ended or said nothing.
    """
    host = host or RenderHost()
    try:
        found = find_devices(host)
    finally:
        host.stop()
    for device in found:
        for line in describe(device):
            console.result(line)
        console.json(device.model_dump(mode="json") | {"key": device.key})
    return ExitCode.OK


def find_devices(host: RenderHost) -> tuple[DeviceInfo, ...]:
    """Return the devices, best usable first; errors as in `show_devices`."""
    host.send(Detect())
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while time.monotonic() < deadline:
        answer = host.receive(1.0)
        if isinstance(answer, DevicesFound):
            return answer.devices
        if isinstance(answer, EngineFailed):
            raise CoreError(answer.message, hint=answer.hint)
        if isinstance(answer, Died):
            raise CoreError(
                f"Looking for devices failed: {answer.death.describe()}.",
                hint="Try again with --verbose; if it stays, install torch again.",
            )
    raise CoreError("The render process does not answer.", hint="Try again.")


def describe(device: DeviceInfo) -> list[str]:
    """Return the device's line, and a second one when it cannot be used."""
    memory = f"{_gib(device.free_memory)} of {_gib(device.total_memory)} GB free"
    if device.usable:
        return [f"{device.key:8} {device.name}, {memory}, {device.dtype}"]
    repair = f" To use it: {device.repair}" if device.repair else ""
    return [f"{device.key:8} {device.name}: not used", f"         {device.problem}{repair}"]


def _gib(size: int) -> str:
    return f"{size / _GIB:.1f}"
