"""Crops drawn ahead: drawn otherwise, a stopped training would not go on as if it never had."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from core.builtin.ahead import DEPTH, Drawing, draw_ahead, draw_in_place
from core.builtin.photographs import canvas


@pytest.fixture
def drawing(tmp_path: Path) -> Drawing:
    for seed in range(2):
        np.save(tmp_path / f"{seed:06d}.npy", canvas(seed, 48))
    return Drawing(tmp_path, canvases=2, seed=3, rows=4, crop=16)


def test_another_process_draws_every_step_as_this_one_would(drawing: Drawing) -> None:
    steps = range(5, 5 + DEPTH + 2)
    ahead, here = list(draw_ahead(drawing, steps)), list(draw_in_place(drawing, steps))
    assert len(ahead) == len(here) == len(steps)
    for one, other in zip(ahead, here, strict=True):
        assert torch.equal(one.picture, other.picture)
        assert torch.equal(one.noise, other.noise)
        assert torch.equal(one.ratio, other.ratio)


def test_what_cannot_be_read_is_said_instead_of_waited_for(drawing: Drawing) -> None:
    (drawing.folder / "000001.npy").unlink()
    with pytest.raises(FileNotFoundError, match=r"000001\.npy"):
        next(draw_ahead(drawing, range(3)))
