"""How noisy a photograph is, in luminance and in colour, told from its pixels. NumPy only."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources

import numpy as np

from core.images.noise_blocks import BLOCK, LUMA, Blocks, ReadRows, Values, measure_blocks
from core.images.noise_features import Features, features_of
from core.images.noise_found import NoiseFound

REACH = 4.0
"""Features count up to this many deviations from their mean in training: there it never went."""

OFFSET = 0.5
"""Levels of 255 added before logarithms are taken: less noise than that is all the same."""

_MOST_LUMINANCE, _MOST_CHROMA = 1.25, 4.0
"""Noise is not more than this times what is in the blocks: their planes and clipping hide some of
it, and a JPEG whose colour is halved took away more than it left."""


@dataclass(frozen=True)
class Layer:
    """One layer of the estimator: (outputs, inputs) weights and (outputs,) offsets."""

    weights: Values
    offsets: Values

    def __call__(self, values: Values) -> Values:
        """Return (outputs,) of (inputs,)."""
        return np.asarray(self.weights @ values + self.offsets)


@dataclass(frozen=True)
class Estimator:
    """A small network that was fitted to synthetic photographs (core.builtin.noise_fit).

    means, spreads: of the features in training. layers: bent in between by x / (1 + exp(-x)).
    straight: a linear layer beside them. Both give logarithms of luminance's and chroma's noise.
    """

    means: Values
    spreads: Values
    layers: tuple[Layer, ...]
    straight: Layer

    def __call__(self, features: Features) -> tuple[float, float]:
        """Return luminance's and chroma's deviation, of 255; at least 0."""
        values = np.clip((features - self.means) / self.spreads, -REACH, REACH)
        bent = self.layers[0](values)
        for layer in self.layers[1:]:
            bent = layer(bent / (1 + np.exp(-bent)))
        luminance, chroma = np.maximum(np.exp(bent + self.straight(values)) - OFFSET, 0)
        return float(luminance), float(chroma)


def find_noise(read: ReadRows, height: int, width: int) -> NoiseFound:
    """Return the noise of a picture of `height` rows; none where it is smaller than 8x8.

    White noise of sigma 10 to 50 is found within 10 % in photographs; noise from cameras, which
    depends on brightness, is coarse and went through JPEG, mostly within 25 %.
    """
    if min(height, width) < BLOCK:
        return NoiseFound(0.0, 0.0, 0.0)
    blocks = measure_blocks(read, height, width)
    luminance, chroma = read_estimator()(features_of(blocks))
    most_luminance, most_chroma = _bounds(blocks)
    luminance, chroma = min(luminance, most_luminance), min(chroma, most_chroma)
    return NoiseFound(float(np.hypot(luminance, chroma)), luminance, chroma)


def estimate_sigma(read: ReadRows, height: int, width: int) -> float:
    """Return the deviation of the noise in levels of 255; see `find_noise`."""
    return find_noise(read, height, width).sigma


@lru_cache(maxsize=1)
def read_estimator() -> Estimator:
    """Read the estimator from the package's resources: 3,200 numbers."""
    file = resources.files("resources") / "noise_level.json"
    return estimator_of(json.loads(file.read_text("utf-8")))


def estimator_of(stored: dict[str, list[object]]) -> Estimator:
    """Return the estimator that `core.builtin.noise_fit` stored."""

    def layer(name: str) -> Layer:
        return Layer(np.array(stored[f"{name}.weights"]), np.array(stored[f"{name}.offsets"]))

    return Estimator(
        means=np.array(stored["means"]),
        spreads=np.array(stored["spreads"]),
        layers=tuple(layer(f"layer{k}") for k in range(3)),
        straight=layer("straight"),
    )


def _bounds(blocks: Blocks) -> tuple[float, float]:
    """Return the most that luminance's and chroma's noise can be: all that the blocks hold."""
    luma, chroma = float(blocks.luma.mean()) ** 0.5, float(blocks.chroma.mean()) ** 0.5
    return _MOST_LUMINANCE * float(np.linalg.norm(LUMA)) * luma, _MOST_CHROMA * chroma
