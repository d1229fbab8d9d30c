"""Textures of synthetic photographs: filtered noise, waves and patches, all of unit contrast.

After the "dead leaves" family (Lee, Mumford, Huang 2001; Achddou, Gousseau, Ladjal, SSVM 2021).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Field = npt.NDArray[np.float32]
Random = np.random.Generator


def make_noise_field(
    random: Random, size: int, slope: float, stretch: float = 1.0, angle: float = 0.0
) -> Field:
    """Gaussian noise with spectrum 1 / f**slope, (size, size), mean 0, deviation 1.

    `stretch` above 1 draws the grain out along `angle` (radians), as in wood, hair or water.
    """
    rows = np.fft.fftfreq(size).astype(np.float32)[:, None]
    columns = np.fft.rfftfreq(size).astype(np.float32)[None]
    cosine, sine = np.float32(np.cos(angle)), np.float32(np.sin(angle))
    across = (columns * cosine + rows * sine) * np.float32(stretch)
    along = rows * cosine - columns * sine
    amplitude = (np.sqrt(across**2 + along**2) + np.float32(1e-3)) ** np.float32(-slope)
    waves = random.standard_normal((size, size // 2 + 1, 2), np.float32).view(np.complex64)
    field = np.fft.irfft2(waves[..., 0] * amplitude, s=(size, size)).astype(np.float32)
    field -= field.mean()
    return np.asarray(field / (field.std() + np.float32(1e-8)), np.float32)


def make_grain(random: Random, size: int) -> Field:
    """Rough surfaces: sand, bark, foliage, cloth; sometimes calm in places."""
    stretch = float(random.uniform(1.5, 6)) if random.random() < 1 / 3 else 1.0
    grain = make_noise_field(
        random, size, random.uniform(0.2, 1.6), stretch, random.uniform(0, np.pi)
    )
    if random.random() < 0.4:
        grain = grain * (1 + 0.8 * make_noise_field(random, size, 1.6))
    return grain


def make_waves(random: Random, size: int) -> Field:
    """Bent stripes and weaves: boards, tiles, ripples, knitting."""
    rows, columns = np.mgrid[:size, :size].astype(np.float32)
    angle, period = random.uniform(0, np.pi), 2 ** random.uniform(2, 6)
    bend = make_noise_field(random, size, 1.8) * random.uniform(0, 4)
    along = (columns * np.cos(angle) + rows * np.sin(angle)) / period
    across = (rows * np.cos(angle) - columns * np.sin(angle)) / (period * random.uniform(0.5, 2))
    waves = np.sin(2 * np.pi * along + bend)
    if random.random() < 0.5:
        waves = np.sign(waves) * np.abs(waves) ** random.uniform(0.1, 0.7)
    if random.random() < 0.4:
        waves = waves * np.sin(2 * np.pi * across + bend)
    return np.asarray(waves, np.float32)


def make_patches(random: Random, size: int) -> Field:
    """Two tones with soft or hard borders: lichen, clouds, camouflage."""
    field = make_noise_field(random, size, random.uniform(0.6, 1.6))
    return np.asarray(np.tanh(field * random.uniform(1, 6)), np.float32)


def make_texture(random: Random, size: int) -> Field:
    """One texture of any kind, (size, size), deviation 1."""
    chance = random.random()
    make = make_grain if chance < 0.6 else make_waves if chance < 0.8 else make_patches
    texture = make(random, size)
    return np.asarray(texture / (texture.std() + 1e-6), np.float32)
