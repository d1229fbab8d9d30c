"""What a camera does to a clean picture: sensor noise in linear raw, demosaicing, tone, JPEG.

The picture is taken back to raw and developed again (T. Brooks and others, "Unprocessing Images
for Learned Raw Denoising", CVPR 2019), so that noise comes out as it does from real cameras:
stronger in shadows, coarser than a pixel, and coarser in colour than in brightness.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np
import numpy.typing as npt

from core.builtin.textures import Random

Pixels = npt.NDArray[np.uint8]
Levels = npt.NDArray[np.float32]
"""(height, width, 3), RGB, 0 to 255."""

_RAW_BLACK = 4096
_RAW_RANGE = 52_000
"""Raw values are held in 16 bits with room below black and above white: sensors clip neither the
noise below black nor, after white balance, all channels at once."""

_GAMMA_KNEE, _GAMMA_SLOPE = 0.0031308, 12.92
_MARGIN = 8
_FINEST_SHOT, _COARSEST_SHOT = 3e-5, 1.6e-2
_TO_CAMERA = np.array(
    [[0.62, 0.31, 0.07], [0.10, 0.76, 0.14], [0.03, 0.22, 0.75]], dtype=np.float64
)
"""A middling camera's answer to linear sRGB: neighbouring colours leak into each other."""

_DEMOSAIC = {
    "bilinear": (cv2.COLOR_BayerBG2RGB, cv2.COLOR_BayerGB2RGB),
    "edges": (cv2.COLOR_BayerBG2RGB_EA, cv2.COLOR_BayerGB2RGB_EA),
}


@dataclass(frozen=True)
class Camera:
    """One camera's settings for one picture.

    shot: variance a unit of linear light (0 to 1); read: variance in the dark.
    red, blue: white balance gains. leak: 0 to 1, how far colours mix on the sensor.
    tone: 0 to 1, how far a contrast curve is applied. sharpen: amount of an unsharp mask.
    demosaic: "bilinear", "edges", or "none" (a sensor of three colours a pixel, or film).
    down, across: 0 or 1, where on the sensor's pattern of 2 by 2 colours the picture begins.
    grain: deviation of film grain, of 255; grain_size: its blur in pixels.
    quality: of the JPEG, 0 for none; halved_colour: stored at half size (4:2:0).
    """

    shot: float
    read: float
    red: float = 1.9
    blue: float = 1.6
    leak: float = 1.0
    tone: float = 0.0
    sharpen: float = 0.0
    demosaic: str = "bilinear"
    down: int = 0
    across: int = 0
    grain: float = 0.0
    grain_size: float = 0.7
    quality: int = 0
    halved_colour: bool = False

    def quiet(self) -> Camera:
        """Return the same camera without noise and without JPEG: what there was to see."""
        return replace(self, shot=0.0, read=0.0, grain=0.0, quality=0)


def draw_camera(random: Random) -> Camera:
    """Draw a camera: sensor noise from very little to the highest ISO; some film; half of it JPEG.

    Read noise follows shot noise as Brooks and others measured it.
    """
    shot = float(np.exp(random.uniform(np.log(_FINEST_SHOT), np.log(_COARSEST_SHOT))))
    read = float(np.exp(2.18 * np.log(shot) + 1.2 + random.normal(0, 0.26)))
    film = random.random() < 0.1
    grain = float(np.exp(random.uniform(np.log(2), np.log(25)))) if film else 0.0
    return Camera(
        shot=0.0 if film else shot,
        read=0.0 if film else read,
        red=float(random.uniform(1.2, 2.4)),
        blue=float(random.uniform(1.2, 2.4)),
        leak=float(random.uniform(0, 1)),
        tone=float(random.uniform(0, 1)) if random.random() < 0.5 else 0.0,
        sharpen=float(random.uniform(0, 0.8)) if random.random() < 0.4 else 0.0,
        demosaic=str(random.choice(["bilinear", "edges", "none"], p=[0.4, 0.4, 0.2])),
        grain=grain,
        grain_size=float(random.uniform(0.3, 1.2)),
        quality=int(random.integers(40, 96)) if random.random() < 0.5 else 0,
        halved_colour=bool(random.random() < 0.5),
        down=int(random.integers(2)),
        across=int(random.integers(2)),
    )


def take(camera: Camera, picture: Pixels, seed: int, scale: float = 1.0) -> Levels:
    """Return the picture as the camera gives it, (height, width, 3) of 0 to 255, clipped.

    picture: (height, width, 3) uint8 sRGB. scale: the result's size (area average when below 1),
    as software or the camera makes it smaller. The same seed gives the same noise.
    """
    random = np.random.default_rng(seed)
    height, width = picture.shape[:2]
    top, left = _MARGIN + camera.down, _MARGIN + camera.across
    margins = (top, _MARGIN + (top + height) % 2, left, _MARGIN + (left + width) % 2)
    padded = cv2.copyMakeBorder(picture, *margins, cv2.BORDER_REFLECT_101)
    mix = np.eye(3) * (1 - camera.leak) + _TO_CAMERA * camera.leak
    light = _to_light(camera, padded, mix)
    sensed = _expose(camera, light, random)
    developed = _develop(camera, sensed, mix)
    shown = developed[top : top + height, left : left + width]
    if scale != 1.0:
        size = (round(width * scale), round(height * scale))
        shown = cv2.resize(shown, size, interpolation=cv2.INTER_AREA)
    return _store(camera, _finish(camera, shown, random))


def take_pair(
    camera: Camera, picture: Pixels, seed: int, scale: float = 1.0
) -> tuple[Levels, Levels]:
    """Return the picture as the camera gives it and as it would be without noise and JPEG."""
    return take(camera, picture, seed, scale), take(camera.quiet(), picture, seed, scale)


def _to_light(camera: Camera, picture: Pixels, mix: npt.NDArray[np.float64]) -> Levels:
    """Undo what development will do: tone curve, gamma, colour matrix, white balance."""
    shown = picture.astype(np.float32) / np.float32(255)
    linear = _from_gamma(_untone(camera.tone, shown))
    gains = np.array([camera.red, 1.0, camera.blue])
    return np.asarray(linear @ (mix / gains[:, None]).T.astype(np.float32), np.float32)


def _expose(camera: Camera, light: Levels, random: Random) -> Levels:
    """Add the sensor's noise. Shot noise is Gaussian of the light's variance, as is usual."""
    if not camera.shot and not camera.read:
        return light
    deviation = np.sqrt(camera.shot * np.maximum(light, 0) + camera.read)
    noise = random.standard_normal(light.shape, np.float32)
    return np.asarray(light + deviation * noise, np.float32)


def _develop(camera: Camera, sensed: Levels, mix: npt.NDArray[np.float64]) -> Levels:
    """Return the sensor's values as a picture, 0 to 1."""
    if camera.demosaic != "none":
        sensed = _demosaic(camera.demosaic, sensed)
    gains = np.array([camera.red, 1.0, camera.blue])
    back = (np.linalg.inv(mix) * gains[None]).T.astype(np.float32)
    return _tone(camera.tone, _to_gamma(np.clip(sensed @ back, 0, 1)))


def _demosaic(way: str, sensed: Levels) -> Levels:
    """Keep one colour a pixel (RGGB) and guess the others from the neighbours."""
    mosaic = sensed[..., 1].copy()
    mosaic[::2, ::2] = sensed[::2, ::2, 0]
    mosaic[1::2, 1::2] = sensed[1::2, 1::2, 2]
    values = np.clip(mosaic * _RAW_RANGE + _RAW_BLACK + 0.5, 0, 65535).astype(np.uint16)
    colours = cv2.demosaicing(values, _DEMOSAIC[way][0])
    return np.asarray((colours.astype(np.float32) - _RAW_BLACK) / _RAW_RANGE, np.float32)


def _finish(camera: Camera, shown: Levels, random: Random) -> Levels:
    """Sharpen and add film grain; 0 to 255."""
    if camera.sharpen:
        soft = cv2.GaussianBlur(shown, (0, 0), 1.0)
        shown = np.clip(shown + camera.sharpen * (shown - soft), 0, 1)
    levels = shown * np.float32(255)
    if camera.grain:
        grain = random.standard_normal((*levels.shape[:2], 1), np.float32)
        blurred = cv2.GaussianBlur(grain, (0, 0), camera.grain_size)[..., None]
        levels = levels + blurred * np.float32(camera.grain / (blurred.std() + 1e-6))
    return np.asarray(np.clip(levels, 0, 255), np.float32)


def _store(camera: Camera, levels: Levels) -> Levels:
    """Round to 8 bits and, where the camera writes one, go through a JPEG."""
    if not camera.quality:
        return levels if not (camera.shot or camera.read or camera.grain) else np.rint(levels)
    sampling = (
        cv2.IMWRITE_JPEG_SAMPLING_FACTOR_420
        if camera.halved_colour
        else cv2.IMWRITE_JPEG_SAMPLING_FACTOR_444
    )
    settings = [cv2.IMWRITE_JPEG_QUALITY, camera.quality]
    settings += [cv2.IMWRITE_JPEG_SAMPLING_FACTOR, sampling]
    _, file = cv2.imencode(".jpg", np.rint(levels).astype(np.uint8)[..., ::-1], settings)
    opened = np.asarray(cv2.imdecode(file, cv2.IMREAD_COLOR), np.float32)
    return opened[..., ::-1]


def _to_gamma(linear: Levels) -> Levels:
    bright = 1.055 * np.power(np.maximum(linear, _GAMMA_KNEE), np.float32(1 / 2.4)) - 0.055
    return np.where(linear <= _GAMMA_KNEE, linear * _GAMMA_SLOPE, bright)


def _from_gamma(shown: Levels) -> Levels:
    bright = np.power((np.maximum(shown, 0.04045) + 0.055) / 1.055, np.float32(2.4))
    return np.where(shown <= 0.04045, shown / _GAMMA_SLOPE, bright)


def _tone(amount: float, shown: Levels) -> Levels:
    """Blend towards the curve 3x^2 - 2x^3, which deepens shadows and lifts lights."""
    if not amount:
        return shown
    return np.asarray(shown + amount * (shown * shown * (3 - 2 * shown) - shown), np.float32)


def _untone(amount: float, shown: Levels) -> Levels:
    """Undo `_tone` by a table: the blended curve has no short inverse."""
    if not amount:
        return shown
    steps = np.linspace(0, 1, 1025, dtype=np.float32)
    return np.asarray(np.interp(shown, _tone(amount, steps), steps), np.float32)
