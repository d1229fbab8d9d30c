"""`python -m tests.benchmarks.families [FAMILY ...]`: seconds a photograph and peak memory.

Models of the true sizes with random weights, saved, added and run as a user's own would be, through
the real render process. Time with loading apart; the memory is the render process' own.
"""

from __future__ import annotations

import argparse
import hashlib
import tempfile
import threading
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import psutil
from PIL import Image
from skimage import data

from core.engine.host import Died, RenderHost
from core.engine.messages import (
    EngineFailed,
    ItemTrouble,
    LoadModel,
    ModelLoaded,
    Render,
    Rendered,
    Stepped,
)
from core.models.shelf import ModelShelf
from core.models.spec import ModelSpec
from core.recipe import EditSettings, Mode, OutputSettings
from tests.benchmarks.families.true_sizes import TRUE
from tests.benchmarks.families.weights import save_true

SIDES = {"sd1": 512, "sdxl": 1024, "flux": 1024}
STRENGTH = 0.5


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print, one family after the other."""
    options = _parse(arguments)
    print("family      side  calls  load s  first s  next s   s/call  peak GB")
    for family in options.families or ["sd1", "sdxl"]:
        with tempfile.TemporaryDirectory(dir=options.scratch) as name:
            folder, scratch = Path(name) / family, Path(name)
            numbers = save_true(TRUE[family], folder)
            print(f"# {family}: {numbers / 1e9:.2f} thousand million numbers", flush=True)
            spec = ModelShelf(scratch / "shelf").add(folder)
            side = options.side or SIDES[family]
            _measure(spec, side, scratch, options)


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.families")
    parser.add_argument("families", nargs="*", choices=[*TRUE, []], help="default: sd1 sdxl")
    parser.add_argument("--side", type=int, default=0, help="default: the family's native size")
    parser.add_argument("--steps", type=int, default=4, help="denoiser calls, each with guidance")
    parser.add_argument("--photographs", type=int, default=2)
    parser.add_argument("--device", default="auto")
    parser.add_argument("--dtype", default="auto")
    parser.add_argument("--scratch", type=Path, help="where the model is saved for the time")
    return parser.parse_args(arguments)


def _measure(spec: ModelSpec, side: int, scratch: Path, options: argparse.Namespace) -> None:
    host = RenderHost()
    try:
        started = time.monotonic()
        host.send(LoadModel(model=spec, device=options.device, dtype=options.dtype))
        _until(host, ModelLoaded)
        load = time.monotonic() - started
        watch = _PeakMemory(host)
        seconds, calls = [], 0
        for number in range(options.photographs):
            started = time.monotonic()
            host.send(_render(number, _photograph(scratch, side, number), scratch, options.steps))
            calls = _until(host, Rendered)
            seconds.append(time.monotonic() - started)
        peak = watch.stop()
    finally:
        host.stop()
    last = seconds[-1]
    print(
        f"{spec.family:10} {side:5} {calls:6} {load:7.1f} {seconds[0]:8.1f} {last:7.1f} "
        f"{last / max(1, calls):8.2f} {peak / 1e9:8.1f}",
        flush=True,
    )


def _photograph(scratch: Path, side: int, number: int) -> Path:
    """Return a square photograph of scikit-image's; each a little different."""
    pixels = np.roll(data.astronaut(), 7 * number, axis=1)
    path = scratch / f"{number}.png"
    Image.fromarray(pixels).resize((side, side), Image.Resampling.LANCZOS).save(path)
    return path


def _render(number: int, photograph: Path, scratch: Path, steps: int) -> Render:
    edit = EditSettings(
        mode=Mode.REPAINT,
        strength=STRENGTH,
        num_inference_steps=round(steps / STRENGTH),
        prompt="a photograph",
    )
    return Render(
        item=number,
        attempt=1,
        source=photograph,
        source_sha256=hashlib.sha256(photograph.read_bytes()).hexdigest(),
        target=scratch / f"out-{number}.tmp",
        edit=edit,
        output=OutputSettings(),
    )


def _until(host: RenderHost, kind: type) -> int:
    """Wait for a message; return how many steps were told of meanwhile."""
    steps = 0
    while True:
        heard = host.receive(1.0)
        if isinstance(heard, Stepped):
            steps = heard.step
        if isinstance(heard, kind):
            return steps
        if isinstance(heard, Died | EngineFailed | ItemTrouble):
            raise SystemExit(f"it failed: {heard}")


class _PeakMemory:
    """Looks at the render process' memory ten times a second."""

    def __init__(self, host: RenderHost) -> None:
        child = host._child
        assert child is not None
        self._process = psutil.Process(child.pid)
        self._peak, self._ended = 0, threading.Event()
        self._thread = threading.Thread(target=self._look)
        self._thread.start()

    def stop(self) -> int:
        """Return the most that was seen, in bytes."""
        self._ended.set()
        self._thread.join()
        return self._peak

    def _look(self) -> None:
        while not self._ended.wait(0.1):
            self._peak = max(self._peak, self._process.memory_info().rss)


if __name__ == "__main__":
    main()
