"""Thumbnails of photographs of 24 megapixels: how many a second on one core."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from core.images.codec import Codec
from core.images.preview import coded, look_at

SIZE = (6000, 4000)
SIDES = (160, 320, 640)


def print_rate(home: Path, count: int) -> None:
    """Print thumbnails a second of processor time, in a codec process and without one."""
    path = _photograph(home / "large.jpg")
    size = path.stat().st_size / 1e6
    print(f"thumbnails of 24 megapixels, {size:.1f} MB, a second and core")
    with Codec() as codec:
        for side in SIDES:
            codec.preview(path, side)
            seconds = [_seconds(partial(codec.preview, path, side)) for _ in range(count)]
            used = [_own(path, side) for _ in range(count)]
            print(
                f"  side {side}: {1 / statistics.median(seconds):6.1f} by the clock, "
                f"{1 / statistics.median(used):6.1f} of processor time",
                flush=True,
            )


def _seconds(act: Callable[[], object]) -> float:
    begun = time.perf_counter()
    act()
    return time.perf_counter() - begun


def _own(path: Path, side: int) -> float:
    begun = time.process_time()
    coded(look_at(path, side).pixels)
    return time.process_time() - begun


def _photograph(path: Path) -> Path:
    """Write a picture that compresses as a photograph does: about 8 megabytes."""
    noise = np.random.default_rng(0).standard_normal((SIZE[1], SIZE[0], 3), dtype=np.float32)
    soft = cv2.GaussianBlur(noise, (0, 0), 12) * 900 + cv2.GaussianBlur(noise, (0, 0), 1.1) * 18
    pixels = np.clip(soft + 120, 0, 255).astype(np.uint8)
    Image.fromarray(pixels).save(path, quality=92)
    return path
