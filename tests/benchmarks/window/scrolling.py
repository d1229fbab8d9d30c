"""Scrolling 5,000 photographs under an X server while the real render process edits them."""

from __future__ import annotations

from pathlib import Path

import psutil

from core.library.records import ItemStatus
from tests.benchmarks.window import driven
from tests.benchmarks.window.figures import at_percentile, tell
from tests.benchmarks.window.frames import Frames, Painting
from tests.benchmarks.window.pictures import spread

_ROWS = 5000
_SIZE = (1500, 1000)
_SECONDS = 20
_STEP = 90
"""Pixels a frame: a line of photographs in two frames, as a quick turn of the wheel goes."""


def measure(_photographs: Path | None, scratch: Path) -> None:
    """Run the batch, scroll, and tell frames and memory."""
    paths = spread(scratch, _ROWS, _SIZE)
    painting = Painting()
    window = driven.open_window()
    project = driven.add(window, paths, "Scrolled")
    driven.show(window, project, _ROWS)
    window.parts.recipe.run_wanted.emit()
    driven.wait(lambda: _running(window))
    driven.live(3)
    view = window.parts.grid.view
    frames = Frames(painting, view, _STEP)
    process = psutil.Process()
    before = _seconds(process)
    frames.start()
    driven.live(_SECONDS)
    frames.stop()
    used = (_seconds(process) - before) / _SECONDS
    _tell(frames)
    tell("memory of the window's process then", process.memory_info().rss / 2**20, "MiB", 350)
    tell("  processors that its render process and codecs had meanwhile", used, "")
    tell("  photographs done meanwhile", _done(window), "")
    driven.tell_modules("while a batch runs")
    driven.leave(window)


def _tell(frames: Frames) -> None:
    milliseconds = [1000 * seconds for seconds in frames.walls]
    processor = [1000 * seconds for seconds in frames.processors]
    tell("paint and data of a frame, 95th percentile", at_percentile(milliseconds, 95), "ms", 16.7)
    tell("  median", at_percentile(milliseconds, 50), "ms")
    tell("  processor time of a frame, 95th percentile", at_percentile(processor, 95), "ms")
    tell("  frames measured", len(milliseconds), "")


def _seconds(process: psutil.Process) -> float:
    """Return the processor time of the processes below this one."""
    times = [child.cpu_times() for child in process.children(recursive=True)]
    return sum(each.user + each.system for each in times)


def _running(window: driven.MainWindow) -> bool:
    return any(batch.totals.done > 0 for batch in window.parts.queue.batches.batches)


def _done(window: driven.MainWindow) -> int:
    def count(services: driven.Services) -> int:
        (job,) = services.queue.jobs()
        return len(services.queue.item_ids(job.id, (ItemStatus.DONE,)))

    done = driven.asked(window, count)
    assert isinstance(done, int)
    return done
