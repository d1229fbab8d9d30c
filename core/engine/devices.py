"""What this computer can render with, and why something that is here cannot be used."""

from __future__ import annotations

import os
import platform
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import psutil
import torch

from core.engine.hardware import AMD, INTEL, NVIDIA, Card, Hardware, look_around
from core.engine.messages import DeviceInfo, DeviceKind
from core.engine.probe import bf16_is_faster

_ORDER = tuple(DeviceKind)
_PIP = f"{Path(sys.executable).name} -m pip install --upgrade --force-reinstall torch"
_INDEX = "https://download.pytorch.org/whl"
_WHEELS = {NVIDIA: f"{_INDEX}/cu130", AMD: f"{_INDEX}/rocm7.1", INTEL: f"{_INDEX}/xpu"}
_OLD_CARDS_WHEEL = f"{_INDEX}/cu126"
_KINDS = {NVIDIA: DeviceKind.CUDA, AMD: DeviceKind.ROCM, INTEL: DeviceKind.XPU}


def detect(library: ModuleType | Any = torch, hardware: Hardware | None = None) -> tuple[DeviceInfo, ...]:
    """Return every device, best usable first.

    Args:
        library: torch, or what stands for it.
        hardware: what the computer holds; None looks.
    """
    hardware = hardware or look_around()
    found = [*_accelerators(library), *_apple(library), _processor(library)]
    found += _unused(library, hardware, found)
    return tuple(sorted(found, key=lambda d: (not d.usable, _ORDER.index(d.kind), d.index)))
