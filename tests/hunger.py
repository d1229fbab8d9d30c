"""What a process does that wants too much memory."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path


def die() -> None:
    """Die as by the kernel's out-of-memory killer, which counts it."""
    counter = Path(os.environ["REGRAIN_FAKE_OOM_COUNTER"])
    counter.write_text(f"oom_kill {int(counter.read_text().split()[1]) + 1}\n")
    os.kill(os.getpid(), signal.SIGKILL)


def swell() -> None:
    """Take 300 MiB and keep them until somebody does something about it."""
    kept = bytearray(os.urandom(1 << 20)) * 300
    while kept:
        time.sleep(60)


def take_all() -> None:
    """Take more and more."""
    kept = []
    while True:
        kept.append(bytearray(os.urandom(1 << 20)) * 16)
