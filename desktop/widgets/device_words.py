"""Devices in words: names without ornament, memory as people read it."""

from __future__ import annotations

import re
from collections.abc import Sequence

from PySide6.QtCore import QCoreApplication

from core.device import DeviceInfo

_GIB = 1 << 30
_ORNAMENT = re.compile(r"\((?:R|TM|C)\)|\b(?:GeForce|Graphics|CPU|Processor)\b|@.*$", re.IGNORECASE)


def _tr(text: str) -> str:
    return QCoreApplication.translate("Devices", text)


def short_name(device: DeviceInfo) -> str:
    """Return `NVIDIA RTX 4070` for `NVIDIA GeForce RTX 4070 Graphics`."""
    name = " ".join(_ORNAMENT.sub("", device.name.split(",")[0]).split())
    return name or device.name


def computing(usable: Sequence[DeviceInfo], chosen: str) -> list[DeviceInfo]:
    """Return the devices that share the work: those that are named, else all of the best kind.

    Args:
        usable: those that can compute, best first; not empty.
        chosen: `auto`, or keys with commas between them.
    """
    named = [one for one in usable if one.key in [key.strip() for key in chosen.split(",")]]
    best = usable[0].kind
    return named or [one for one in usable if one.kind is best]


def memory_words(size: int) -> str:
    """Return a number of bytes as `11.8 GB`, in the gibibytes that cards are sold by."""
    gibibytes = size / _GIB
    return f"{gibibytes:.0f} GB" if gibibytes >= 100 else f"{gibibytes:.1f} GB"


def free_words(device: DeviceInfo) -> str:
    """Return `9.4 GB free`."""
    return _tr("{} free").format(memory_words(device.free_memory))


def memory_sentence(device: DeviceInfo) -> str:
    """Return `9.4 of 11.8 GB free`."""
    free = memory_words(device.free_memory).removesuffix(" GB")
    return _tr("{} of {} free").format(free, memory_words(device.total_memory))
