"""What this computer can render with, and why something that is here cannot be used."""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Iterator
from typing import Any

import psutil
import torch

from core.device import DeviceInfo, DeviceKind
from core.engine.hardware import AMD, INTEL, NVIDIA, Card, Hardware, look_around
from core.engine.probe import bf16_is_faster

_ORDER = tuple(DeviceKind)
_KINDS = {NVIDIA: DeviceKind.CUDA, AMD: DeviceKind.ROCM, INTEL: DeviceKind.XPU}
_WHEELS = {NVIDIA: "cu130", AMD: "rocm7.1", INTEL: "xpu"}
_OLD_CARDS_WHEEL = "cu126"


def detect(library: Any = torch, hardware: Hardware | None = None) -> tuple[DeviceInfo, ...]:
    """Return every device, best usable first.

    Args:
        library: torch, or what stands for it.
        hardware: what the computer holds; None looks.
    """
    hardware = hardware or look_around()
    found = [*_cuda(library), *_xpu(library), *_apple(library), _processor(hardware)]
    found += [_unused(library, hardware, card) for card in hardware.cards if _lacks(found, card)]
    return tuple(sorted(found, key=lambda d: (not d.usable, _ORDER.index(d.kind), d.index)))


def torch_device(key: str) -> str:
    """Return torch's own name for a device's key: ROCm builds call theirs cuda."""
    return key.replace("rocm", "cuda")


def physical_cores() -> int:
    """Return how many cores this process may use; hyperthreads only get in each other's way."""
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else None
    cores = psutil.cpu_count(logical=False) or os.cpu_count() or 1
    return max(1, min(cores, allowed or cores))


def _cuda(library: Any) -> Iterator[DeviceInfo]:
    if not library.cuda.is_available():
        return
    is_rocm = getattr(library.version, "hip", None) is not None
    kind = DeviceKind.ROCM if is_rocm else DeviceKind.CUDA
    for index in range(library.cuda.device_count()):
        yield _accelerator(library, library.cuda, kind, index)


def _xpu(library: Any) -> Iterator[DeviceInfo]:
    if hasattr(library, "xpu") and library.xpu.is_available():
        for index in range(library.xpu.device_count()):
            yield _accelerator(library, library.xpu, DeviceKind.XPU, index)


def _accelerator(library: Any, backend: Any, kind: DeviceKind, index: int) -> DeviceInfo:
    """Return a card that PyTorch sees, tried out: a small sum says more than any property."""
    properties = backend.get_device_properties(index)
    info = DeviceInfo(
        kind=kind,
        index=index,
        name=properties.name,
        total_memory=properties.total_memory,
        free_memory=0,
        dtype=_fast_dtype(kind, properties),
    )
    try:
        library.ones(8, device=torch_device(info.key)).sum().item()
        free = backend.mem_get_info(index)[0]
    except RuntimeError as error:
        return info.model_copy(update=_broken(info.name, error))
    return info.model_copy(update={"free_memory": free})


def _fast_dtype(kind: DeviceKind, properties: Any) -> str:
    """Return what `auto` chooses: NVIDIA computes in bf16 from Ampere on, in fp16 from Volta."""
    if kind is not DeviceKind.CUDA or properties.major >= 8:
        return "bf16"
    return "fp16" if properties.major == 7 else "fp32"


def _broken(name: str, error: RuntimeError) -> dict[str, object]:
    first = str(error).strip().splitlines()[0] if str(error).strip() else "it does not answer"
    if "no kernel image" in str(error):
        problem = f"{name} is older than what the installed PyTorch was built for."
        return {"usable": False, "problem": problem, "repair": _pip(_OLD_CARDS_WHEEL)}
    problem = f"{name} is here, but does not work: {first}."
    return {"usable": False, "problem": problem, "repair": "nvidia-smi"}


def _apple(library: Any) -> Iterator[DeviceInfo]:
    if library.backends.mps.is_available():
        yield DeviceInfo(
            kind=DeviceKind.MPS,
            name=f"Apple {platform.processor() or 'graphics'}",
            total_memory=library.mps.recommended_max_memory(),
            free_memory=psutil.virtual_memory().available,
            # Half precision is no faster there, and known for NaN.
            dtype="fp32",
        )


def _processor(hardware: Hardware) -> DeviceInfo:
    memory = psutil.virtual_memory()
    cores = physical_cores()
    name = hardware.processor or platform.processor() or platform.machine() or "Processor"
    return DeviceInfo(
        kind=DeviceKind.CPU,
        name=f"{name}, {cores} core{'s' if cores > 1 else ''}",
        total_memory=memory.total,
        free_memory=memory.available,
        dtype="bf16" if bf16_is_faster() else "fp32",
    )


def _lacks(found: list[DeviceInfo], card: Card) -> bool:
    return all(device.kind is not _KINDS[card.vendor] for device in found)


def _unused(library: Any, hardware: Hardware, card: Card) -> DeviceInfo:
    """Return a card that PyTorch does not see, with the reason and the command that helps."""
    built = {
        NVIDIA: getattr(library.version, "cuda", None),
        AMD: getattr(library.version, "hip", None),
        INTEL: getattr(library.version, "xpu", None),
    }
    if not built[card.vendor]:
        why = "but the installed PyTorch can only use the processor"
        if any(built.values()):
            why = "but the installed PyTorch is built for another maker's cards"
        repair = _pip(_WHEELS[card.vendor])
    elif card.vendor == AMD and hardware.forbidden:
        why, repair = "but this user may not use it", "sudo usermod -aG render,video $USER"
    elif hardware.driver or card.vendor != NVIDIA:
        why = "but its driver does not answer, or is too old for the installed PyTorch"
        repair = {NVIDIA: "nvidia-smi", AMD: "rocminfo", INTEL: "clinfo"}[card.vendor]
    else:
        why, repair = "but its driver is not installed", "sudo apt install nvidia-driver"
    return DeviceInfo(
        kind=_KINDS[card.vendor],
        name=card.name,
        total_memory=0,
        free_memory=0,
        dtype="fp32",
        usable=False,
        problem=f"{card.name} is here, {why}.",
        repair=repair,
    )


def _pip(wheels: str) -> str:
    """Return the command that puts another build of PyTorch into this very environment."""
    index = f"https://download.pytorch.org/whl/{wheels}"
    return f"{sys.executable} -m pip install --force-reinstall torch --index-url {index}"
