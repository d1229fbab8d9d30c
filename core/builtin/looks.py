"""What a camera and its owner make of a scene: contrast, exposure, colour, sharpness.

Drawn anew for each training crop. The shares follow what photographs have: colour of surfaces is
carried by light (a texture is brighter and darker, hardly ever of another hue), and cameras and
JPEG keep colour at half the resolution. Without this a network takes coloured noise for detail.
"""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from core.builtin.textures import Random

Pixels = npt.NDArray[np.uint8]
Levels = npt.NDArray[np.float32]
"""(height, width, 3) or, for grey, (height, width, 1); about 0 to 255."""

LUMA = np.array([0.299, 0.587, 0.114], np.float32)
HALVED_SHARE = 0.85
"""Share of the crops whose colour has half the resolution."""

_WARM = np.array([1, 0, -1], np.float32) / np.float32(2**0.5)
_GREEN = np.array([1, -2, 1], np.float32) / np.float32(6**0.5)


def give_look(random: Random, piece: Pixels) -> Pixels:
    """One look for a crop, (side, side, 3) uint8; the side is even."""
    levels = _expose(random, piece.astype(np.float32))
    grey = (levels @ LUMA)[..., None]
    colour = _soften_colour(random, _light_colour(random, levels, grey))
    grey = _focus(random, grey)
    levels = grey + colour - (colour @ LUMA)[..., None]
    if random.random() < 0.3:
        levels = levels * np.float32(random.uniform(0.3, 1.3))
    return np.asarray(np.clip(levels + 0.5, 0, 255), np.uint8)


def _blur(levels: Levels, radius: float) -> Levels:
    return np.asarray(cv2.GaussianBlur(levels, (0, 0), radius), np.float32).reshape(levels.shape)


def _log_uniform(random: Random, low: float, high: float) -> np.float32:
    return np.float32(np.exp(random.uniform(np.log(low), np.log(high))))


def _expose(random: Random, levels: Levels) -> Levels:
    """Contrast, and often a tone curve that darkens."""
    if random.random() < 0.7:
        middle = levels.mean((0, 1))
        levels = middle + (levels - middle) * _log_uniform(random, 0.45, 1.3)
    if random.random() < 0.5:
        curve = np.float32(random.uniform(1, 1.8))
        levels = np.asarray(255 * (np.clip(levels, 0, 255) / 255) ** curve, np.float32)
    return np.asarray(levels, np.float32)


def _light_colour(random: Random, levels: Levels, grey: Levels) -> Levels:
    """Colour without grey: slow colour stays, and fine light and dark take its hue."""
    reach = float(_log_uniform(random, 0.8, 6))
    own = (levels - grey) * _log_uniform(random, 0.6, 2.6)
    slow, slow_grey = _blur(own, reach), _blur(grey, reach)
    cast = _WARM * np.float32(random.normal(0, 0.085))
    cast = np.asarray(cast - cast @ LUMA, np.float32)
    own, slow = own + cast * grey, slow + cast * slow_grey
    carried = np.float32(random.uniform(0.5, 1.1) if random.random() < 0.85 else 0)
    calm = np.float32(random.uniform(0.05, 0.6))
    hue = slow / (slow_grey + 6)
    return np.asarray(slow + (own - slow) * calm + hue * (grey - slow_grey) * carried)


def _soften_colour(random: Random, colour: Levels) -> Levels:
    """Half the resolution for most; greens and purples are drawn apart from warm and cold."""
    warm, green = colour @ _WARM, (colour @ _GREEN) * np.float32(random.uniform(0.7, 1.6))
    colour = warm[..., None] * _WARM + green[..., None] * _GREEN
    if random.random() >= HALVED_SHARE:
        return _blur(colour, random.uniform(0.3, 1)) if random.random() < 0.5 else colour
    side = colour.shape[1], colour.shape[0]
    half = cv2.resize(colour, (side[0] // 2, side[1] // 2), interpolation=cv2.INTER_AREA)
    if random.random() < 0.5:
        half = cv2.GaussianBlur(half, (0, 0), random.uniform(0.4, 0.75))
    way = cv2.INTER_CUBIC if random.random() < 0.5 else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(half, side, interpolation=way), np.float32)


def _focus(random: Random, grey: Levels) -> Levels:
    """Sharpening, and the lens: hardly any photograph has detail at its very finest."""
    if random.random() < 0.5:
        fine = grey - _blur(grey, random.uniform(0.6, 1.4))
        grey = grey + np.float32(random.uniform(0.1, 1.4)) * fine
    return _blur(grey, random.uniform(0.28, 0.52)) if random.random() < 0.85 else grey
