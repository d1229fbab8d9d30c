"""Draws the crops of the next steps in other processes while the present step trains."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from core.builtin.crops import load_canvases, make_pool
from core.builtin.noisy_crops import NoisyCrops, draw_noisy_crops

DEPTH = 6
"""Steps drawn ahead: enough that a slow one, full of camera noise, holds nothing up."""

Arrays = tuple[NDArray[np.float32], ...]


@dataclass(frozen=True)
class Drawing:
    """What decides the crops of a step, apart from its number."""

    folder: Path
    canvases: int
    seed: int
    rows: int
    crop: int


def draw_ahead(drawing: Drawing, steps: range, drawers: int = 1) -> Iterator[NoisyCrops]:
    """Yield the crops of each step, in order; the same as `draw_noisy_crops` gives.

    `drawers`: how many processes; one keeps up with two cores, a GPU wants all that there are.
    """
    with make_pool(drawers) as pool:
        pending: deque[Future[Arrays]] = deque()
        for step in steps:
            pending.append(pool.submit(_draw, drawing, step))
            if len(pending) == DEPTH * drawers:
                yield _read(pending.popleft())
        while pending:
            yield _read(pending.popleft())


def draw_in_place(drawing: Drawing, steps: range) -> Iterator[NoisyCrops]:
    """The same without another process, for one thread."""
    canvases = load_canvases(drawing.folder, drawing.canvases)
    for step in steps:
        yield draw_noisy_crops(drawing.seed, step, canvases, drawing.rows, drawing.crop)


# The drawing process reads them once, instead of with every step.
_load = lru_cache(1)(load_canvases)


def _draw(drawing: Drawing, step: int) -> Arrays:
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    canvases = _load(drawing.folder, drawing.canvases)
    crops = draw_noisy_crops(drawing.seed, step, canvases, drawing.rows, drawing.crop)
    return crops.picture.numpy(), crops.noise.numpy(), crops.ratio.numpy()


def _read(future: Future[Arrays]) -> NoisyCrops:
    return NoisyCrops(*(torch.from_numpy(values) for values in future.result()))
