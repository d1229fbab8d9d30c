"""Changing a result's size: Lanczos, in the photograph's own space, without fringes at alpha."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from core.images.photo import Floats, Pixels


def fitted_size(width: int, height: int, max_side: int | None, scale: float) -> tuple[int, int]:
    """Return the size for a longest side of at most `max_side`, or for a factor."""
    factor = scale
    if max_side is not None:
        factor = min(1.0, max_side / max(width, height))
    return max(1, round(width * factor)), max(1, round(height * factor))


def resized(
    pixels: Pixels, alpha: Pixels | None, size: tuple[int, int]
) -> tuple[Pixels, Pixels | None]:
    """Return (H, W, C) pixels and (H, W) alpha at (width, height)."""
    if (pixels.shape[1], pixels.shape[0]) == size:
        return pixels, alpha
    weight = None
    if alpha is not None and alpha.min() < np.iinfo(alpha.dtype).max:
        weight = (alpha / np.float32(np.iinfo(alpha.dtype).max)).astype(np.float32)
    channels = [_channel(pixels[..., index], weight, size) for index in range(pixels.shape[2])]
    small = None if alpha is None else _rounded(_lanczos(alpha, size), alpha.dtype)
    return np.stack([_rounded(channel, pixels.dtype) for channel in channels], axis=2), small


def in_8_bits(pixels: Pixels) -> Pixels:
    """Return 16-bit samples rounded to 8 bits; 8-bit ones as they are."""
    if pixels.dtype == np.uint8:
        return pixels
    return ((pixels.astype(np.uint32) + 128) // 257).astype(np.uint8)


def reduced(pixels: Pixels, side: int) -> Pixels:
    """Return a small 8-bit copy, longest side at most `side`, never enlarged; quick."""
    height, width = pixels.shape[:2]
    step = max(1, max(height, width) // (3 * side))
    parts = [_pooled(in_8_bits(pixels[..., index]), step) for index in range(pixels.shape[2])]
    small, _ = resized(np.stack(parts, axis=2), None, fitted_size(width, height, side, 1.0))
    return small


def _pooled(channel: Pixels, step: int) -> Pixels:
    image = Image.fromarray(np.ascontiguousarray(channel))
    return np.asarray(image.reduce(step) if step > 1 else image)


def _channel(channel: Pixels, weight: Floats | None, size: tuple[int, int]) -> Floats:
    if weight is None:
        return _lanczos(channel, size)
    # Colours under transparency say nothing and must not bleed into what is seen.
    below = np.maximum(_lanczos(weight, size), np.float32(1e-3))
    return np.asarray(_lanczos(channel * weight, size) / below, dtype=np.float32)


def _lanczos(channel: NDArray[np.generic], size: tuple[int, int]) -> Floats:
    image = Image.fromarray(np.ascontiguousarray(channel, dtype=np.float32))
    return np.asarray(image.resize(size, Image.Resampling.LANCZOS), dtype=np.float32)


def _rounded(values: Floats, dtype: np.dtype[np.unsignedinteger[Any]]) -> Pixels:
    return np.clip(np.rint(values), 0, np.iinfo(dtype).max).astype(dtype)
