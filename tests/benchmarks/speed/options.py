"""The command's words, and the device they mean."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from core.device import DeviceInfo, DeviceKind
from core.engine.devices import detect
from tests.benchmarks.speed.arms import ALL, EXPLAINED
from tests.benchmarks.speed.subjects import SUBJECTS

_ON_GPU = 8
"""Times as many photographs there, and rows."""


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Return what was asked for."""
    arms = "\n".join(f"  {name:13} {text}" for name, text in EXPLAINED.items())
    models = "\n".join(f"  {name:13} {subject.title}" for name, subject in SUBJECTS.items())
    parser = argparse.ArgumentParser(
        prog="python -m tests.benchmarks",
        description="Regrain against plain diffusers: the same photographs, the same work.",
        epilog=f"models:\n{models}\n\narms:\n{arms}\n\nTo try it out:\n"
        "  python -m tests.benchmarks --models builtin --photographs 2 --rounds 1 --calls 1",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("folder", type=Path, nargs="?", help="photographs (JPEG, PNG); default: drawn ones")
    add("--models", nargs="+", choices=SUBJECTS, default=["builtin", "sd15-256"], metavar="MODEL")
    add("--arms", nargs="+", choices=ALL, metavar="ARM", help="default: what suits the device")
    add("--photographs", type=_count, default=0, metavar="N", help="default: by model")
    add("--rounds", type=_count, default=3, metavar="R", help="how often each arm runs [3]")
    add("--calls", type=_count, default=0, metavar="N", help="denoiser calls [4, LCM 2]")
    add("--strength", type=_share, metavar="S", help="[0.3 for the built-in model, else 0.5]")
    add("--device", default="auto", help="auto, cpu, cuda:0 ... [auto]")
    add("--batch", type=_count, default=0, metavar="N", help="of the arm batched [2, GPU 16]")
    add("--warm", type=int, default=1, metavar="N", help="calls of an untimed photograph [1]")
    add("--scratch", type=Path, metavar="DIR", help="keeps the drawn models; default: not kept")
    add(
        "--apart",
        action=argparse.BooleanOptionalAction,
        default=None,
        help="arms one after another, one model in memory at a time [large models]",
    )
    add("--no-command", action="store_true", help="leave out the whole `regrain run`")
    add("--markdown", type=Path, metavar="FILE", help="write the table there")
    return parser.parse_args(arguments)


def _count(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("1 or more")
    return number


def _share(text: str) -> float:
    number = float(text)
    if not 0 < number <= 1:
        raise argparse.ArgumentTypeError("more than 0, at most 1")
    return number


def chosen_device(wanted: str) -> DeviceInfo:
    """Return the device that is meant; SystemExit when it is not here."""
    usable = [device for device in detect() if device.usable]
    for device in usable:
        if wanted in ("auto", device.key, device.kind.value):
            return device
    known = ", ".join(device.key for device in usable)
    raise SystemExit(f"This computer has no device {wanted}. It has: {known}.")


def on_gpu(device: DeviceInfo, number: int) -> int:
    """Return a number of photographs as it suits the device."""
    return number if device.kind is DeviceKind.CPU else _ON_GPU * number
