"""Photographs as a camera would have taken them, at a noise that is set in decibels."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from skimage.metrics import peak_signal_noise_ratio

from core.builtin.camera import Camera, draw_camera, take
from core.builtin.evaluate import Pixels

SEED = 77_001
"""Apart from training's, whose seeds begin with 0, 1, 2 ..."""

_JPEGS = ((80, True), (90, True), (95, True), (95, False), (100, False))
"""Quality and halved colour of the files, the smallest first."""

_APART = 3.0
"""Decibels by which the JPEG alone must do less harm than all is to do."""

_QUIETEST, _LOUDEST = math.log(1e-7), math.log(1.0)
_HALVINGS = 14


@dataclass(frozen=True)
class Taken:
    """`noisy`: the file's pixels; `quiet`: what there was to see; both (height, width, 3)."""

    noisy: Pixels
    quiet: npt.NDArray[np.generic]

    @property
    def psnr(self) -> float:
        """How near the noisy picture is to the quiet one, in dB."""
        return float(peak_signal_noise_ratio(self.quiet, self.noisy, data_range=255))


def take_at(pixels: Pixels, decibels: float, number: int, *, jpeg: bool) -> Taken:
    """Take photograph `number` with so much sensor noise that its PSNR is `decibels`.

    The camera is drawn, no film; it writes every level, or the smallest JPEG that leaves room for
    noise. The shot noise is bisected; read noise follows it as in `draw_camera`.
    """
    camera = draw_camera(np.random.default_rng((SEED, number)))
    scene = _Scene(replace(camera, grain=0.0, quality=0), pixels, SEED + number)
    if jpeg:
        scene = _with_jpeg(scene, decibels + _APART)
    low, high = _QUIETEST, _LOUDEST
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        taken = scene.take(middle)
        low, high = (middle, high) if taken.psnr > decibels else (low, middle)
    return taken


class _Scene:
    """A photograph before a camera that holds still while its sensor's noise is set."""

    def __init__(self, camera: Camera, pixels: Pixels, seed: int) -> None:
        self.camera, self._pixels, self._seed = camera, pixels, seed
        self._quiet = take(camera.quiet(), pixels, seed)

    def take(self, log_shot: float) -> Taken:
        """Take it with shot noise of exp(log_shot), and the read noise that goes with it."""
        shot, read = math.exp(log_shot), math.exp(2.18 * log_shot + 1.2)
        noisy = take(replace(self.camera, shot=shot, read=read), self._pixels, self._seed)
        return Taken(np.asarray(np.rint(noisy), np.uint8), self._quiet)

    def stored(self, quality: int, halved_colour: bool) -> _Scene:
        """Return the same with files of this kind."""
        camera = replace(self.camera, quality=quality, halved_colour=halved_colour)
        return _Scene(camera, self._pixels, self._seed)


def _with_jpeg(scene: _Scene, decibels: float) -> _Scene:
    """Store in the smallest files that do no more harm than `decibels`."""
    for quality, halved in _JPEGS:
        stored = scene.stored(quality, halved)
        if stored.take(_QUIETEST).psnr >= decibels:
            break
    return stored
