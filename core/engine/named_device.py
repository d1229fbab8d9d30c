"""Finds the device that a user named among those that are here; without torch, for both sides."""

from __future__ import annotations

from collections.abc import Iterable

from core.device import DeviceInfo
from core.errors import SettingsError


def named_device(name: str, devices: Iterable[DeviceInfo]) -> DeviceInfo:
    """Return the device that is called so; `cuda` alone is the first one.

    Raises:
        SettingsError: there is none, or it cannot be used; with what would help.
    """
    found = tuple(devices)
    called = [device for device in found if name in (device.key, device.kind.value)]
    if called and called[0].usable:
        return called[0]
    if called:
        raise SettingsError(called[0].problem, hint=f"To use it: {called[0].repair}")
    known = ", ".join(device.key for device in found if device.usable)
    raise SettingsError(f"This computer has no device {name}.", hint=f"It has: {known}.")
