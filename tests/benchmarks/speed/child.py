"""`python -m tests.benchmarks.speed.child FILE`: one arm; takes orders on stdin until it ends.

A process of its own gives each arm its own memory, allocator and threads; while others are timed
it waits for its next order and does nothing.
"""

from __future__ import annotations

import os
import sys
import time
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import psutil

from tests.benchmarks.speed.records import Count, Order, Outcome, Work

if TYPE_CHECKING:
    from tests.benchmarks.speed.meter import Meter, Span

REGRAIN = "regrain"
"""Arms of this name, or that begin so, are Regrain's."""


class Arm(Protocol):
    """What edits photographs."""

    @property
    def setting(self) -> tuple[str, str]:
        """Return the dtype, and how it computes."""
        ...

    def run(self, order: Order) -> Iterator[float]:
        """Yield when each result was written, as `time.time()` tells it."""
        ...


def main() -> None:
    """Load the model, then carry out one order a line; answer with an Outcome a line."""
    # Whatever libraries print goes to stderr: stdout is for the answers.
    with os.fdopen(os.dup(1), "w", encoding="utf-8") as answers:
        os.dup2(2, 1)
        work = Work.model_validate_json(Path(sys.argv[1]).read_text(encoding="utf-8"))
        if work.arm.startswith(REGRAIN):
            _be_a_render_process()
        else:
            warnings.simplefilter("ignore")
        meter, arm = _made(work)
        first = 0.0
        for line in sys.stdin:
            order = Order.model_validate_json(line)
            seconds, soonest = _carry_out(arm, meter, order)
            meter.finite = False
            first = first or soonest
            outcome = _outcome(meter.spans(), seconds, first, arm)
            print(outcome.model_dump_json(), file=answers, flush=True)


def _be_a_render_process() -> None:
    """Set up what core.engine.process sets up before it loads torch."""
    from core.engine.allocator import keep_pages
    from core.engine.process import NO_NETWORK

    os.environ.update(NO_NETWORK)
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    keep_pages()


def _made(work: Work) -> tuple[Meter, Arm]:
    from core.engine.devices import torch_device
    from tests.benchmarks.speed.hooks import time_networks
    from tests.benchmarks.speed.meter import Meter

    meter = Meter(torch_device(work.device))
    time_networks(meter, work.model)
    if work.arm.startswith(REGRAIN):
        from tests.benchmarks.speed.ours import RegrainArm

        return meter, RegrainArm(work, meter)
    from diffusers.utils import logging
    from transformers.utils import logging as other_logging

    from tests.benchmarks.speed.plain import PipelineArm, PixelArm

    for library in (logging, other_logging):
        library.disable_progress_bar()
        library.set_verbosity_error()
    return meter, (PixelArm if work.model.pixel_space else PipelineArm)(work, meter)


def _carry_out(arm: Arm, meter: Meter, order: Order) -> tuple[float, float]:
    """Return the seconds it took, and those from the start of the process to the first result."""
    meter.begin()
    started, first = time.perf_counter(), 0.0
    for written in arm.run(order):
        first = first or written - psutil.Process().create_time()
    return time.perf_counter() - started, first


def _outcome(spans: list[Span], seconds: float, first: float, arm: Arm) -> Outcome:
    from tests.benchmarks.speed.meter import FILES, NETWORKS, covered

    calls = [span for span in spans if span.phase in NETWORKS]
    files = [span for span in spans if span.phase in FILES]
    if not calls:
        raise SystemExit("No call of the denoiser was seen: it is not called by its class any more")
    whole = max(span.end for span in calls) - min(span.start for span in calls)
    dtype, setting = arm.setting
    phases = {span.phase for span in spans}
    return Outcome(
        seconds=seconds,
        phases={p: sum(s.end - s.start for s in spans if s.phase == p) for p in phases},
        files_only=covered(files + calls) - covered(calls),
        other=max(0.0, seconds - covered(spans)),
        busy=covered(calls) / whole,
        counts={name: _count(spans, name) for name in NETWORKS},
        first_result=first,
        memory=_peak_memory(),
        device_memory=_device_memory(),
        dtype=dtype,
        setting=setting,
    )


def _count(spans: list[Span], phase: str) -> Count:
    seen = [span for span in spans if span.phase == phase]
    return Count(
        calls=len(seen),
        rows=sum(span.rows for span in seen),
        most=max((span.rows for span in seen), default=0),
        cells=sum(span.rows * span.cells for span in seen),
    )


def _peak_memory() -> int:
    """Return the most bytes that this process held; where that is not told, those of now."""
    status = Path("/proc/self/status")
    if status.exists():
        for line in status.read_text(encoding="ascii", errors="replace").splitlines():
            if line.startswith("VmHWM"):
                return int(line.split()[1]) * 1024
    return int(psutil.Process().memory_info().rss)


def _device_memory() -> int:
    import torch

    return int(torch.cuda.max_memory_allocated()) if torch.cuda.is_available() else 0


if __name__ == "__main__":
    main()
