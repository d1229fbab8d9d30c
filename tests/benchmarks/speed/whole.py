"""`regrain run` as a user types it, with all that a start costs."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from tests.benchmarks.speed.records import PROMPT, SEED, Work

_COMMAND = (
    sys.executable, "-c", "import sys; from core.cli.main import main; sys.exit(main())",
)  # fmt: skip


def seconds_of_command(work: Work, steps: int, photographs: Sequence[Path], scratch: Path) -> float:
    """Return how long the command takes for these photographs; the model was added before."""
    home = scratch / "home"
    folder = work.model.folder
    if work.pipeline:
        _run(["models", "add", str(folder)], home)
    options = {
        "-o": scratch / "command",
        "--model": folder if work.pipeline else work.model.id,
        "--strength": f"{work.strength:g}",
        "--strength-scale": "native",
        "--steps": steps,
        "--scheduler": work.scheduler.value,
        "--size": "native",
        "--seed": SEED,
        "--seed-mode": "fixed",
        "--format": "png",
        "--device": work.device,
    }
    if work.model.capabilities.prompt:
        options["--prompt"] = PROMPT
    if work.guidance is not None:
        options["--guidance"] = f"{work.guidance:g}"
    words = [str(word) for pair in options.items() for word in pair]
    started = time.perf_counter()
    _run(["run", *map(str, photographs), *words, "--quiet"], home)
    seconds = time.perf_counter() - started
    made = len(list((scratch / "command").glob("*.png")))
    if made != len(photographs):
        raise SystemExit(f"regrain run made {made} results of {len(photographs)} photographs.")
    return seconds


def _run(words: list[str], home: Path) -> None:
    done = subprocess.run(
        [*_COMMAND, *words],
        env=os.environ | {"REGRAIN_HOME": str(home)},
        cwd=home.parent,
        capture_output=True,
        text=True,
    )
    if done.returncode:
        raise SystemExit(f"regrain {words[0]} ended with code {done.returncode}:\n{done.stderr}")
