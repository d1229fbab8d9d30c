"""Clean stands on this measure: too low leaves noise, too high smears the photograph."""

from __future__ import annotations

import io
from importlib import resources

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from core.images.noise_level import ALREADY_CLEAN, estimate_sigma

Picture = NDArray[np.uint8]

PACKAGED = ("astronaut.png", "chelsea.png", "coffee.png", "rocket.jpg")


def packaged(name: str) -> Picture:
    """Return a photograph that scikit-image carries inside itself."""
    data = resources.files("skimage").joinpath("data", name).read_bytes()
    return np.asarray(Image.open(io.BytesIO(data)).convert("RGB"))


def measured(picture: Picture) -> float:
    height, width = picture.shape[:2]

    def rows(top: int, bottom: int) -> NDArray[np.float32]:
        return picture[top:bottom].astype(np.float32) / np.float32(255)

    return estimate_sigma(rows, height, width)


def with_noise(picture: Picture, sigma: float, seed: int = 0) -> Picture:
    noise = np.random.default_rng(seed).standard_normal(picture.shape)
    return np.clip(np.rint(picture + sigma * noise), 0, 255).astype(np.uint8)


def grey(value: int, side: int = 400) -> Picture:
    return np.full((side, side, 3), value, np.uint8)


@pytest.mark.parametrize("sigma", [2, 5, 10, 25])
def test_pure_noise_is_measured_within_three_percent(sigma: float) -> None:
    assert measured(with_noise(grey(128), sigma)) == pytest.approx(sigma, rel=0.03, abs=0.05)


@pytest.mark.parametrize("name", PACKAGED)
@pytest.mark.parametrize("sigma", [10, 25, 50])
def test_noise_in_photographs_is_measured_within_fifteen_percent(name: str, sigma: float) -> None:
    own = measured(packaged(name))
    expected = (sigma**2 + own**2) ** 0.5
    assert measured(with_noise(packaged(name), sigma)) == pytest.approx(expected, rel=0.15)


@pytest.mark.parametrize("name", PACKAGED)
def test_little_noise_is_told_from_texture(name: str) -> None:
    assert measured(with_noise(packaged(name), 5)) == pytest.approx(5, abs=1.5)


@pytest.mark.parametrize("name", PACKAGED)
def test_clean_photographs_are_nearly_clean(name: str) -> None:
    """A clean photograph measured as noisy would lose its fine texture."""
    assert measured(packaged(name)) < 3


def test_a_picture_without_any_noise_counts_as_clean() -> None:
    """Gradients, rounded to 8 bits, are what sky looks like in a clean photograph."""
    down, across = np.mgrid[:300, :400]
    sky = np.stack([across / 4 + 60, across / 5 + 90, down / 4 + 120], axis=2)
    assert measured(np.rint(sky).astype(np.uint8)) < ALREADY_CLEAN


def test_stripes_are_no_noise_where_there_is_sky_beside_them() -> None:
    picture = grey(120)
    picture[:, :300:2] = 200
    assert measured(with_noise(picture, 2)) == pytest.approx(2, rel=0.1)


def test_grey_photographs_are_measured_like_coloured_ones() -> None:
    noisy = with_noise(grey(128), 10)
    single = np.repeat(noisy[..., :1], 3, axis=2)
    assert measured(single) == pytest.approx(10, rel=0.05)


def test_clipped_parts_do_not_hide_the_noise() -> None:
    """A night photograph is black for the most part; its noise is in the rest."""
    picture = grey(0)
    picture[:80] = 100
    assert measured(with_noise(picture, 12)) == pytest.approx(12, rel=0.1)


def test_a_border_of_one_colour_does_not_hide_the_noise() -> None:
    noisy = with_noise(grey(128), 10)
    noisy[:100] = 90
    assert measured(noisy) == pytest.approx(10, rel=0.05)


@pytest.mark.parametrize("shape", [(1, 1), (7, 300), (300, 7), (8, 8), (9, 17)])
def test_tiny_pictures_are_measured_or_called_clean(shape: tuple[int, int]) -> None:
    value = measured(with_noise(np.full((*shape, 3), 128, np.uint8), 10))
    assert 0 <= value < 30
    assert value > 0 or min(shape) < 8


@pytest.mark.parametrize("value", [0, 128, 255])
def test_one_colour_is_clean(value: int) -> None:
    assert measured(grey(value, 64)) == pytest.approx(0, abs=0.01)


def test_a_large_picture_is_only_sampled() -> None:
    """A measure that reads all of 24 megapixels would cost more than cleaning them."""
    asked = []

    def rows(top: int, bottom: int) -> NDArray[np.float32]:
        asked.append(bottom - top)
        noise = np.random.default_rng(top).standard_normal((bottom - top, 6000, 3))
        return (0.5 + noise * 10 / 255).astype(np.float32)

    assert estimate_sigma(rows, 4000, 6000) == pytest.approx(10, rel=0.03)
    assert sum(asked) < 500
