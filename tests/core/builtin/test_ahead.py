"""Crops drawn ahead: drawn otherwise, a stopped training would not go on as if it never had."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import psutil
import pytest
import torch

from core.builtin.ahead import DEPTH, Drawing, draw_ahead, draw_in_place
from core.builtin.photographs import canvas

_DRAWS = """
import sys
from pathlib import Path
from core.builtin.ahead import Drawing, draw_ahead
if __name__ == "__main__":
    crops = draw_ahead(Drawing(Path(sys.argv[1]), 2, 3, 4, 16), range(10**6))
    next(crops)
    print("drawn", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def drawing(tmp_path: Path) -> Drawing:
    for seed in range(2):
        np.save(tmp_path / f"{seed:06d}.npy", canvas(seed, 48))
    return Drawing(tmp_path, canvases=2, seed=3, rows=4, crop=16)


@pytest.mark.parametrize("drawers", [1, 2])
def test_other_processes_draw_every_step_as_this_one_would(drawing: Drawing, drawers: int) -> None:
    steps = range(5, 5 + DEPTH * drawers + 2)
    ahead, here = list(draw_ahead(drawing, steps, drawers)), list(draw_in_place(drawing, steps))
    assert len(ahead) == len(here) == len(steps)
    for one, other in zip(ahead, here, strict=True):
        assert torch.equal(one.picture, other.picture)
        assert torch.equal(one.noise, other.noise)
        assert torch.equal(one.ratio, other.ratio)


def test_what_cannot_be_read_is_said_instead_of_waited_for(drawing: Drawing) -> None:
    (drawing.folder / "000001.npy").unlink()
    with pytest.raises(FileNotFoundError, match=r"000001\.npy"):
        next(draw_ahead(drawing, range(3)))


def test_a_killed_training_leaves_no_process_behind(drawing: Drawing, tmp_path: Path) -> None:
    """It would hold its memory until the computer is started again."""
    script = tmp_path / "draws.py"
    script.write_text(_DRAWS, "utf-8")
    command = [sys.executable, str(script), str(drawing.folder)]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True) as training:
        assert training.stdout is not None
        assert training.stdout.readline() == "drawn\n"
        drawers = psutil.Process(training.pid).children(recursive=True)
        training.kill()
    gone, alive = psutil.wait_procs(drawers, timeout=20)
    assert gone and not alive
