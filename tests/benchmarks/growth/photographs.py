"""A folder of small photographs, each with bytes of its own."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
from PIL import Image

SIZE = (64, 64)


def make_folder(folder: Path, count: int) -> Path:
    """Write `count` JPEGs of 64 by 64 pixels: 16 pictures of noise, each with a number inside."""
    folder.mkdir(parents=True)
    pictures = [_picture(seed) for seed in range(16)]
    for number in range(count):
        # A comment after the start marker: other bytes, the same work for every decoder.
        note = b"\xff\xfe\x00\x0a%08d" % number
        start, rest = pictures[number % 16][:2], pictures[number % 16][2:]
        (folder / f"IMG_{number:05}.jpg").write_bytes(start + note + rest)
    return folder


def _picture(seed: int) -> bytes:
    pixels = np.random.default_rng(seed).integers(0, 256, (SIZE[1], SIZE[0], 3), np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "JPEG", quality=90)
    return buffer.getvalue()
