"""Training data: a folder of synthetic photographs and the crops drawn from it, step by step."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context, parent_process
from pathlib import Path

import cv2
import numpy as np

from core.builtin.looks import LUMA, Pixels, give_look
from core.builtin.patterns import make_pattern_crop
from core.builtin.photographs import canvas
from core.builtin.textures import Random

PATTERN_SHARE = 0.13
SHRINKS, SHRINK_SHARES = (1, 2, 3, 4), (0.12, 0.3, 0.3, 0.28)
"""How many pixels of a canvas make one of a crop, a side; photographs are finer than canvases."""

EVEN, SECOND_DRAW = 4.0, 0.6
"""Fine detail (deviation in levels) below which a piece is even, and how often another is drawn:
canvases have more even places than photographs."""


def _name(folder: Path, seed: int) -> Path:
    return folder / f"{seed:06d}.npy"


def _write_canvas(folder: Path, seed: int, size: int) -> None:
    cv2.setNumThreads(1)
    partial = _name(folder, seed).with_suffix(".partial")
    with partial.open("wb") as file:
        np.save(file, canvas(seed, size))
    partial.replace(_name(folder, seed))


def make_pool(workers: int) -> ProcessPoolExecutor:
    """A pool of fresh processes that end with this one, however it ends."""
    return ProcessPoolExecutor(
        workers, mp_context=get_context("spawn"), initializer=_end_with_parent
    )


def _end_with_parent() -> None:
    """Left alone, a worker would wait for its next task for good."""
    parent = parent_process()
    assert parent is not None

    def wait() -> None:
        parent.join()
        os._exit(1)

    threading.Thread(target=wait, daemon=True).start()


def make_missing_canvases(folder: Path, count: int, size: int, workers: int) -> Iterator[int]:
    """Write canvases 0 to count - 1 that are not there yet; yields each seed as it is done."""
    folder.mkdir(parents=True, exist_ok=True)
    missing = [seed for seed in range(count) if not _name(folder, seed).exists()]
    if not missing:
        return
    with make_pool(workers) as pool:
        jobs = {seed: pool.submit(_write_canvas, folder, seed, size) for seed in missing}
        for seed, job in jobs.items():
            job.result()
            yield seed


def load_canvases(folder: Path, count: int) -> Pixels:
    """The first `count` canvases, (count, size, size, 3) uint8."""
    return np.stack([np.load(_name(folder, seed)) for seed in range(count)])


def _cut(random: Random, canvases: Pixels, size: int) -> Pixels:
    side = canvases.shape[1] - size
    number = int(random.integers(len(canvases)))
    top, left = (int(place) for place in random.integers(0, side + 1, 2))
    return canvases[number, top : top + size, left : left + size]


def _draw_crop(random: Random, canvases: Pixels, size: int) -> Pixels:
    """One crop: a pattern, or a piece of a canvas, made smaller and given a look."""
    if random.random() < PATTERN_SHARE:
        return make_pattern_crop(random, size)
    piece = _draw_piece(random, canvases, size)
    if _is_even(piece) and random.random() < SECOND_DRAW:
        piece = _draw_piece(random, canvases, size)
    return give_look(random, piece)


def _draw_piece(random: Random, canvases: Pixels, size: int) -> Pixels:
    shrink = int(random.choice(SHRINKS, p=SHRINK_SHARES))
    shrink = min(shrink, canvases.shape[1] // size)
    piece = _cut(random, canvases, shrink * size)
    if shrink > 1:
        piece = np.asarray(cv2.resize(piece, (size, size), interpolation=cv2.INTER_AREA), np.uint8)
    return piece


def _is_even(piece: Pixels) -> bool:
    grey = piece.astype(np.float32) @ LUMA
    return float((grey - cv2.GaussianBlur(grey, (0, 0), 1)).std()) < EVEN


def draw_crops(seed: int, step: int, canvases: Pixels, rows: int, size: int) -> Pixels:
    """The crops of one training step, (rows, 3, size, size) uint8; a pure function.

    Not drawn from a stream, so that a resumed run sees what an uninterrupted one sees.
    """
    random = np.random.default_rng((seed, step))
    batch = np.empty((rows, 3, size, size), np.uint8)
    for row in range(rows):
        crop = _draw_crop(random, canvases, size)
        flip, turn = random.integers(0, 2, 2)
        crop = crop[:, ::-1] if flip else crop
        batch[row] = crop.transpose(2, 1, 0) if turn else crop.transpose(2, 0, 1)
    return batch
