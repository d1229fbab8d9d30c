"""Which graphics cards are in this computer, whether or not PyTorch can use them."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

NVIDIA, AMD, INTEL = "NVIDIA", "AMD", "Intel"
_VENDORS = {"0x10de": NVIDIA, "0x1002": AMD, "0x8086": INTEL}
_MAKERS = {NVIDIA: "NVIDIA Corporation", AMD: "Advanced Micro Devices", INTEL: "Intel Corporation"}
_DISPLAY_CLASS = "0x03"
_PATIENCE_SECONDS = 5.0

Run = Callable[[Sequence[str]], str]
"""Runs a program and gives what it prints; nothing when it is not there or fails."""


@dataclass(frozen=True, slots=True)
class Card:
    """A graphics card by its maker and its name."""

    vendor: str
    name: str


@dataclass(frozen=True, slots=True)
class Hardware:
    """What the system says about its graphics cards.

    `driver`: the NVIDIA driver runs. `forbidden`: AMD's compute device is there, but this user
    may not open it. `processor`: its name.
    """

    cards: tuple[Card, ...] = ()
    driver: bool = False
    forbidden: bool = False
    processor: str = ""


def run_program(command: Sequence[str]) -> str:
    """Return a program's output; empty when it is missing, fails or takes long."""
    path = shutil.which(command[0])
    if path is None:
        return ""
    try:
        done = subprocess.run(
            [path, *command[1:]], capture_output=True, text=True, timeout=_PATIENCE_SECONDS
        )
    except (OSError, subprocess.SubprocessError, UnicodeDecodeError):
        return ""
    return done.stdout if done.returncode == 0 else ""


def look_around(root: Path = Path("/"), run: Run = run_program) -> Hardware:
    """Look what is there. `root` is the file system that is looked at."""
    names = _nvidia_names(run)
    others = [] if not (pci := _pci_vendors(root)) else _listed(run)
    cards = [Card(NVIDIA, name) for name in names]
    for vendor in pci:
        if vendor == NVIDIA and names:
            continue
        known = [card.name for card in others if card.vendor == vendor]
        cards.append(Card(vendor, known[0] if known else f"{vendor} graphics card"))
    kfd = root / "dev/kfd"
    return Hardware(
        cards=tuple(cards),
        driver=bool(names) or (root / "dev/nvidiactl").exists(),
        forbidden=kfd.exists() and not os.access(kfd, os.R_OK | os.W_OK),
        processor=_processor(root),
    )


def _nvidia_names(run: Run) -> list[str]:
    listed = run(["nvidia-smi", "--query-gpu=name", "--format=csv,noheader"])
    return [_with_maker(line.strip()) for line in listed.splitlines() if line.strip()]


def _with_maker(name: str) -> str:
    return name if name.startswith(NVIDIA) else f"{NVIDIA} {name}"


def _pci_vendors(root: Path) -> list[str]:
    """Return the makers of display cards; graphics inside Intel's processors do not count."""
    found: list[str] = []
    for device in sorted(root.glob("sys/bus/pci/devices/*")):
        kind, number = _read(device / "class"), _read(device / "vendor")
        vendor = _VENDORS.get(number)
        is_inside = vendor == INTEL and device.name.startswith("0000:00:")
        if kind.startswith(_DISPLAY_CLASS) and vendor and not is_inside and vendor not in found:
            found.append(vendor)
    return found


def _listed(run: Run) -> list[Card]:
    """Return what `lspci` calls the cards: the name in brackets is the one on the box."""
    cards = []
    for line in run(["lspci"]).splitlines():
        vendor = next((name for name, maker in _MAKERS.items() if maker in line), None)
        is_display = re.search(r"VGA|3D|Display", line) is not None
        if vendor and is_display:
            bracketed = re.findall(r"\[([^\]]+)\]", line)
            boxed = [name for name in bracketed if not name.startswith("AMD/")]
            cards.append(Card(vendor, f"{vendor} {boxed[-1]}" if boxed else vendor))
    return cards


def _processor(root: Path) -> str:
    found = re.search(r"^model name\s*:\s*(.+)$", _read(root / "proc/cpuinfo"), re.MULTILINE)
    return found.group(1).strip() if found else ""


def processor_flags(root: Path = Path("/")) -> frozenset[str] | None:
    """Return what the processor can do, as Linux names it; None where that is not told."""
    text = _read(root / "proc/cpuinfo")
    found = re.search(r"^(?:flags|Features)\s*:\s*(.+)$", text, re.MULTILINE)
    return frozenset(found.group(1).split()) if found else None


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return ""
