"""Stop now, with the real render process amid large photographs, until all stands still."""

from __future__ import annotations

import time
from pathlib import Path

from core.events import ItemStarted, StepProgress, WorkerState, WorkState
from tests.benchmarks.window import driven
from tests.benchmarks.window.figures import tell
from tests.benchmarks.window.pictures import LARGE, draw

_ROUNDS = 3
_STILL = (WorkState.IDLE, WorkState.HELD)


def measure(_photographs: Path | None, scratch: Path) -> None:
    """Start the batch, stop it amid its steps, go on; several times."""
    paths = [draw(scratch / "large" / f"{number}.jpg", LARGE, number) for number in range(3)]
    window = driven.open_window()
    events: list[object] = []
    assert window.parts.bridge is not None
    window.parts.bridge.happened.connect(events.append)
    driven.show(window, driven.add(window, paths, "Stopped"), len(paths))
    window.parts.recipe.run_wanted.emit()
    seconds = []
    for number in range(_ROUNDS):
        driven.wait(lambda: any(isinstance(e, ItemStarted | StepProgress) for e in events), 120)
        driven.live(1.0 + 1.5 * number)
        events.clear()
        begun = time.perf_counter()
        window.actions_["stop_now"].trigger()
        driven.wait(lambda: any(isinstance(e, WorkerState) and e.state in _STILL for e in events))
        seconds.append(time.perf_counter() - begun)
        events.clear()
        window.actions_["resume"].trigger()
    tell(f"Stop now to standstill, the longest of {_ROUNDS}", max(seconds), "s", 2.0)
    tell("  the shortest", min(seconds), "s")
    driven.leave(window)
