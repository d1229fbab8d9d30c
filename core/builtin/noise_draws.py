"""Pictures whose noise is known, as the noise estimator is fitted to and judged by."""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np
import numpy.typing as npt

from core.builtin.camera import Camera, Levels, draw_camera, take_pair
from core.builtin.looks import give_look
from core.builtin.patterns import make_pattern
from core.builtin.textures import Random, make_noise_field
from core.images.noise_blocks import LUMA

Picture = npt.NDArray[np.uint8]

_WHITE_SHARE, _CLEAN_SHARE, _JPEG_SHARE = 0.35, 0.08, 0.07
_TEXTURE_SHARE, _STRIPES_SHARE, _FILM_SHARE = 0.12, 0.03, 0.07
_LOOK_SHARE, _TEXTURE_LOOK_SHARE = 0.3, 0.6
_HARD_SHARE = 0.3
_LEAST_WHITE, _MOST_WHITE = 1.0, 85.0
_FRAME_SHARE = 0.25
_LEAST_SIDE = 8
_LUMA_LENGTH = float(np.linalg.norm(LUMA))


@dataclass(frozen=True)
class Example:
    """A noisy picture, (height, width, 3) of 0 to 255, and the noise in it, of 255."""

    noisy: Levels
    luminance: float
    chroma: float


def noise_between(noisy: Levels, quiet: Levels) -> tuple[float, float]:
    """Return luminance's and chroma's deviation of a difference of pictures, of 255."""
    difference = (noisy - quiet).reshape(-1, 3).astype(np.float64)
    brightness = difference @ np.array(LUMA)
    colour = ((difference - brightness[:, None]) ** 2) @ np.array(LUMA)
    return float(np.sqrt((brightness**2).mean())), float(np.sqrt(colour.mean()))


def draw_example(random: Random, picture: Picture) -> Example:
    """Return a picture with noise of a kind that is drawn: white, a camera's, JPEG's alone, none.

    Some of the pictures give way to patterns or skies, or are cut, scaled, made grey or framed.
    A fifth is what is hardest to tell apart: texture finer than any canvas has, and film's grain.
    """
    chance = random.random()
    if chance < _TEXTURE_SHARE:
        return _draw_texture(random, picture)
    if chance < _TEXTURE_SHARE + _STRIPES_SHARE:
        return _add_white(random, _make_stripes_beside_sky(random, picture.shape[0]), is_grey=False)
    picture = _draw_base(random, picture)
    if chance < _TEXTURE_SHARE + _STRIPES_SHARE + _FILM_SHARE:
        return _frame(random, _add_film(random, picture))
    return _draw_noise(random, picture)


def _draw_noise(random: Random, picture: Picture) -> Example:
    is_grey = random.random() < 0.08
    if is_grey:
        picture = np.repeat(picture[..., 1:2], 3, axis=2)
    chance = random.random()
    if chance < _WHITE_SHARE:
        return _frame(random, _add_white(random, picture, is_grey=is_grey))
    if chance < _WHITE_SHARE + _CLEAN_SHARE:
        return Example(picture.astype(np.float32), 0.0, 0.0)
    only_jpeg = chance < _WHITE_SHARE + _CLEAN_SHARE + _JPEG_SHARE
    example = _take(random, picture, only_jpeg=only_jpeg)
    return _without_colour(example) if is_grey else example


def _draw_base(random: Random, picture: Picture) -> Picture:
    chance, side = random.random(), picture.shape[0]
    if chance < 0.07:
        picture = _paint(random, make_pattern(random, side)[..., None])
    elif chance < 0.14:
        picture = _make_sky(random, side)
    elif chance < 0.28:
        picture = _enlarge(random, picture)
    elif chance < 0.5:
        picture = _shrink(picture)
    if chance >= 0.14 and random.random() < _LOOK_SHARE:
        picture = give_look(random, picture)
    turned = np.rot90(picture, int(random.integers(4)))
    return np.ascontiguousarray(_cut(random, turned))


def _draw_texture(random: Random, picture: Picture) -> Example:
    """Grass, gravel and cloth from edge to edge, sharp, in colour or without; mostly no noise."""
    picture = _shrink(_shrink(picture) if random.random() < 0.5 else picture)
    if random.random() < _TEXTURE_LOOK_SHARE:
        picture = give_look(random, picture)
    levels = picture.astype(np.float32)
    grey = levels.mean(axis=2, keepdims=True)
    fine = grey - cv2.GaussianBlur(grey, (0, 0), random.uniform(0.7, 3))[..., None]
    sharp = np.clip(np.rint(levels + np.float32(random.uniform(0.5, 4)) * fine), 0, 255)
    is_grey = random.random() < 0.3
    if is_grey:
        sharp = np.repeat(sharp[..., 1:2], 3, axis=2)
    if random.random() < 0.6:
        return Example(np.asarray(sharp, np.float32), 0.0, 0.0)
    return _add_white(random, sharp.astype(np.uint8), is_grey=False, most=30.0)


def _make_stripes_beside_sky(random: Random, side: int) -> Picture:
    """A pattern over a part of the picture, with something even left that shows the noise."""
    picture = _paint(random, make_pattern(random, side)[..., None])
    even = int(side * random.uniform(0.3, 0.9))
    picture[:, even:] = _make_sky(random, side)[:, even:]
    turned = picture.transpose(1, 0, 2) if random.random() < 0.5 else picture
    return np.ascontiguousarray(turned)


def _add_film(random: Random, picture: Picture) -> Example:
    """Noise in luminance alone, white or somewhat coarse."""
    sigma = np.float32(np.exp(random.uniform(np.log(2), np.log(40))))
    grain = random.standard_normal((*picture.shape[:2], 1), np.float32) * sigma
    if random.random() < 0.3:
        grain = cv2.GaussianBlur(grain, (0, 0), random.uniform(0.3, 0.9))[..., None]
    noisy = np.clip(np.rint(picture + grain), 0, 255)
    return Example(np.asarray(noisy, np.float32), float(grain.std()), 0.0)


def _paint(random: Random, weight: Levels) -> Picture:
    """Return a pattern of 0 to 1 in two colours."""
    dark, light = random.random((2, 3)) * 255
    return np.asarray(np.rint(dark + (light - dark) * weight), np.uint8)


def _make_sky(random: Random, side: int) -> Picture:
    """Return slow clouds of little contrast, now and then none."""
    clouds = make_noise_field(random, side, 2.2)[..., None] * random.choice([0, 2, 8, 20])
    return np.asarray(np.clip(np.rint(random.random(3) * 255 + clouds), 0, 255), np.uint8)


def _enlarge(random: Random, picture: Picture) -> Picture:
    """Return a part of the picture, soft and with fewer edges, as photographs mostly are."""
    side = picture.shape[0]
    part = int(side / random.uniform(1.2, 3))
    grown = cv2.resize(picture[:part, :part], (side, side), interpolation=cv2.INTER_CUBIC)
    return np.asarray(grown, np.uint8)


def _shrink(picture: Picture) -> Picture:
    """Return the picture at half its size, four times mirrored: texture wherever one looks."""
    half = cv2.resize(picture, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
    row = np.concatenate([half, half[:, ::-1]], axis=1)
    return np.asarray(np.concatenate([row, row[::-1]]), np.uint8)


def _cut(random: Random, picture: Picture) -> Picture:
    """Return a fifth of the pictures smaller, down to 8 pixels; not on a JPEG's grid."""
    if random.random() > 0.2:
        return picture
    sides = np.exp(random.uniform(np.log(_LEAST_SIDE), np.log(picture.shape[0]), 2)).astype(int)
    return picture[: max(_LEAST_SIDE, sides[0]), : max(_LEAST_SIDE, sides[1])]


def _add_white(
    random: Random, picture: Picture, *, is_grey: bool, most: float = _MOST_WHITE
) -> Example:
    sigma = float(np.exp(random.uniform(np.log(_LEAST_WHITE), np.log(most))))
    channels = 1 if is_grey else 3
    noise = random.standard_normal((*picture.shape[:2], channels), np.float32)
    noisy = np.clip(picture + np.float32(sigma) * noise, 0, 255)
    if random.random() < 0.8:
        noisy = np.rint(noisy)
    luminance = sigma if is_grey else sigma * _LUMA_LENGTH
    return Example(
        np.asarray(noisy, np.float32), luminance, float((sigma**2 - luminance**2) ** 0.5)
    )


def _take(random: Random, picture: Picture, *, only_jpeg: bool) -> Example:
    camera, seed = draw_camera(random), int(random.integers(1 << 30))
    if only_jpeg:
        quality = int(random.integers(40, 98))
        camera = replace(camera, shot=0.0, read=0.0, grain=0.0, quality=quality)
    elif random.random() < _HARD_SHARE:
        camera = _harden(random, camera)
    scale = float(random.uniform(0.5, 1)) if random.random() < 0.15 else 1.0
    if min(picture.shape[:2]) * scale < 2 * _LEAST_SIDE:
        scale = 1.0
    noisy, quiet = take_pair(camera, picture, seed, scale)
    example = Example(noisy, *noise_between(noisy, quiet))
    return _shift(random, example)


def _harden(random: Random, camera: Camera) -> Camera:
    """Return what is hardest to measure: coarse grain, or colour at half size in a JPEG."""
    if camera.grain:
        return replace(camera, grain_size=float(random.uniform(0.8, 1.3)), quality=0)
    return replace(camera, quality=int(random.integers(40, 98)), halved_colour=True)


def _shift(random: Random, example: Example) -> Example:
    """Cut some pictures off their JPEG's grid."""
    if random.random() > 0.15 or min(example.noisy.shape[:2]) < 2 * _LEAST_SIDE:
        return example
    top, left = random.integers(0, 8, 2)
    return replace(example, noisy=example.noisy[top:, left:])


def _without_colour(example: Example) -> Example:
    """Return the picture's brightness alone."""
    brightness = example.noisy @ np.array(LUMA, np.float32)
    return Example(np.repeat(brightness[..., None], 3, axis=2), example.luminance, 0.0)


def _frame(random: Random, example: Example) -> Example:
    """Put a border of one colour along one side of some pictures."""
    side = min(example.noisy.shape[:2])
    if random.random() > _FRAME_SHARE or side < 64:
        return example
    noisy = example.noisy.copy()
    noisy[: int(side * random.uniform(0.05, 0.6))] = random.integers(0, 256, 3)
    turned = noisy.transpose(1, 0, 2) if random.random() < 0.5 else noisy
    return replace(example, noisy=np.ascontiguousarray(turned))
