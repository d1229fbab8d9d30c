"""A batch of 5,000 photographs by a render process that takes no time: who keeps the window away.

The heaviest load of events that the window can see: hundreds of photographs end in a second.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

from core.preferences import user_paths
from tests.benchmarks.window import driven
from tests.benchmarks.window.figures import at_percentile, tell
from tests.benchmarks.window.frames import Heartbeat
from tests.benchmarks.window.pictures import spread
from tests.fakes import FAKE_RENDER_COMMAND, fake_environment

_ROWS = 5000
_BAR_MS = 50.0


def measure(_photographs: Path | None, scratch: Path) -> None:
    """Run the batch to its end with a heartbeat."""
    paths = spread(scratch, _ROWS, (96, 64))
    program = driven.RenderProgram(FAKE_RENDER_COMMAND, fake_environment(rows=8))
    assert user_paths().library.is_relative_to(scratch)
    window = driven.open_window(program)
    project = driven.add(window, paths, "Batch")
    driven.show(window, project, _ROWS)
    driven.live(3)
    beat, begun = Heartbeat(_BAR_MS / 1000), time.perf_counter()
    window.parts.recipe.run_wanted.emit()
    driven.wait(lambda: _ended(window), 1200)
    seconds = time.perf_counter() - begun
    driven.live(1)
    beat.stop()
    _tell(beat, seconds)
    driven.tell_modules("after a batch")
    driven.leave(window)


def _ended(window: driven.MainWindow) -> bool:
    batches = window.parts.queue.batches.batches
    return bool(batches) and all(batch.totals.done == _ROWS for batch in batches)


def _tell(beat: Heartbeat, seconds: float) -> None:
    gaps = [1000 * gap for gap in beat.gaps]
    over = sum(gap > _BAR_MS for gap in gaps)
    tell("longest block of the main thread in a batch of 5,000", max(gaps), "ms", _BAR_MS)
    tell("  the most processor time that it took itself in one turn", 1000 * max(beat.busy), "ms")
    tell("  blocks over 50 ms", over, "")
    tell("  99.9th percentile of all turns", at_percentile(gaps, 99.9), "ms")
    tell("  photographs a second", _ROWS / seconds, "")
    for late, where in sorted(beat.stacks, reverse=True)[:8]:
        sys.stderr.write(f"    away for {1000 * late:.0f} ms or more in {where}\n")
