"""Clean stands on this measure: too low leaves noise, too high smears the photograph."""

from __future__ import annotations

import io
from importlib import resources

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from core.builtin.camera import Camera, take_pair
from core.builtin.noise_draws import noise_between
from core.images.noise_found import ALREADY_CLEAN, NoiseFound
from core.images.noise_level import estimate_sigma, find_noise

Picture = NDArray[np.uint8]

PACKAGED = ("astronaut.png", "chelsea.png", "coffee.png", "rocket.jpg")
TEXTURES = ("brick.png", "grass.png", "gravel.png")


def packaged(name: str) -> Picture:
    """Return a photograph that scikit-image carries inside itself."""
    data = resources.files("skimage").joinpath("data", name).read_bytes()
    return np.asarray(Image.open(io.BytesIO(data)).convert("RGB"))


def found(picture: NDArray[np.number]) -> NoiseFound:
    height, width = picture.shape[:2]

    def rows(top: int, bottom: int) -> NDArray[np.float32]:
        return picture[top:bottom].astype(np.float32) / np.float32(255)

    return find_noise(rows, height, width)


def measured(picture: NDArray[np.number]) -> float:
    return found(picture).sigma


def with_noise(picture: Picture, sigma: float, seed: int = 0) -> Picture:
    noise = np.random.default_rng(seed).standard_normal(picture.shape)
    return np.clip(np.rint(picture + sigma * noise), 0, 255).astype(np.uint8)


def grey(value: int, side: int = 400) -> Picture:
    return np.full((side, side, 3), value, np.uint8)


@pytest.mark.parametrize("sigma", [2, 5, 10, 25])
def test_pure_noise_is_measured_within_ten_percent(sigma: float) -> None:
    assert measured(with_noise(grey(128), sigma)) == pytest.approx(sigma, rel=0.1)


@pytest.mark.parametrize("name", PACKAGED)
@pytest.mark.parametrize("sigma", [10, 25, 50])
def test_noise_in_photographs_is_measured_within_ten_percent(name: str, sigma: float) -> None:
    """Their own grain of up to 2 levels adds to it."""
    assert measured(with_noise(packaged(name), sigma)) == pytest.approx(sigma, rel=0.1)


@pytest.mark.parametrize("name", PACKAGED)
def test_little_noise_is_told_from_texture(name: str) -> None:
    assert measured(with_noise(packaged(name), 5)) == pytest.approx(5, abs=1)


@pytest.mark.parametrize("name", ["astronaut.png", "chelsea.png", "coffee.png"])
def test_clean_photographs_are_nearly_clean(name: str) -> None:
    """A clean photograph measured as noisy would lose its fine texture."""
    assert measured(packaged(name)) < 2


def test_a_night_skys_own_noise_is_found_and_not_overdone() -> None:
    """Flat places of this sky deviate by 2.3 levels, coarse after JPEG, beside fine lattices."""
    assert 1.5 < measured(packaged("rocket.jpg")) < 4.5


@pytest.mark.parametrize("name", TEXTURES)
def test_texture_all_over_a_photograph_is_hardly_taken_for_noise(name: str) -> None:
    """Grass and gravel have no flat place; their fine detail measures 15 levels and more."""
    assert measured(packaged(name)) < 4.5


def test_a_picture_without_any_noise_counts_as_clean() -> None:
    """Gradients, rounded to 8 bits, are what sky looks like in a clean photograph."""
    down, across = np.mgrid[:300, :400]
    sky = np.stack([across / 4 + 60, across / 5 + 90, down / 4 + 120], axis=2)
    assert measured(np.rint(sky).astype(np.uint8)) < ALREADY_CLEAN


def test_stripes_are_no_noise_where_there_is_sky_beside_them() -> None:
    picture = grey(120)
    picture[:, :300:2] = 200
    assert measured(with_noise(picture, 5)) == pytest.approx(5, abs=1)


@pytest.mark.parametrize(
    "camera",
    [
        Camera(shot=4e-3, read=1e-4),
        Camera(shot=8e-3, read=3e-4, demosaic="edges", tone=0.5, quality=85, halved_colour=True),
        Camera(shot=8e-3, read=3e-4, sharpen=0.5, quality=60, halved_colour=True),
    ],
)
@pytest.mark.parametrize("name", ["chelsea.png", "coffee.png"])
def test_a_cameras_noise_is_found_though_it_is_coarse_and_went_through_jpeg(
    camera: Camera, name: str
) -> None:
    """Flat blocks of a JPEG hold nothing: measured there alone, noise of 14 looked like 9."""
    noisy, quiet = take_pair(camera, packaged(name)[:288, :288], seed=3)
    luminance, chroma = noise_between(noisy, quiet)
    measure = found(noisy)
    assert measure.sigma == pytest.approx(np.hypot(luminance, chroma), rel=0.3)
    assert measure.luminance == pytest.approx(luminance, rel=0.35)
    assert measure.chroma == pytest.approx(chroma, rel=0.4)


def test_luminance_and_colour_are_told_apart() -> None:
    """Film grain has no colour; taking it for colour noise would grey out the photograph."""
    picture, random = packaged("coffee.png"), np.random.default_rng(1)
    grain = random.standard_normal((*picture.shape[:2], 1)) * 12
    colours = random.standard_normal(picture.shape) * 12
    luminance = colours @ np.array([0.2126, 0.7152, 0.0722])
    grainy, spotty = picture + grain, picture + colours - luminance[..., None]
    of_grain, of_spots = (found(np.clip(np.rint(noisy), 0, 255)) for noisy in (grainy, spotty))
    assert of_grain.chroma < 0.4 * of_grain.luminance
    assert of_spots.luminance < 0.5 * of_spots.chroma


def test_the_parts_make_up_the_whole() -> None:
    noise = found(with_noise(packaged("coffee.png"), 15))
    assert np.hypot(noise.luminance, noise.chroma) == pytest.approx(noise.sigma)
    assert noise.luminance == pytest.approx(0.75 * 15, rel=0.15)
    assert noise.chroma == pytest.approx(0.66 * 15, rel=0.15)


def test_grey_photographs_have_no_colour_noise() -> None:
    noise = np.random.default_rng(0).standard_normal((400, 400, 1)) * 10
    single = np.repeat(np.rint(grey(128)[..., :1] + noise), 3, axis=2)
    assert found(single).sigma == pytest.approx(10, rel=0.12)
    assert found(single).chroma < 0.01


def test_clipped_parts_do_not_hide_the_noise() -> None:
    """A night photograph is black for the most part; its noise is in the rest."""
    picture = grey(0)
    picture[:80] = 100
    assert measured(with_noise(picture, 12)) == pytest.approx(12, rel=0.15)


def test_a_border_of_one_colour_does_not_hide_the_noise() -> None:
    noisy = with_noise(packaged("coffee.png"), 10)
    noisy[:100] = 90
    assert measured(noisy) == pytest.approx(10, rel=0.1)


@pytest.mark.parametrize("shape", [(1, 1), (7, 300), (300, 7), (8, 8), (9, 17), (16, 8), (8, 40)])
def test_tiny_pictures_are_measured_or_called_clean(shape: tuple[int, int]) -> None:
    value = measured(with_noise(np.full((*shape, 3), 128, np.uint8), 10))
    assert 0 <= value < 30
    assert value > 0 or min(shape) < 8


@pytest.mark.parametrize("value", [0, 128, 255])
def test_one_colour_is_clean(value: int) -> None:
    assert measured(grey(value, 64)) == pytest.approx(0, abs=0.01)


def test_sixteen_bits_measure_like_eight() -> None:
    noise = np.random.default_rng(2).standard_normal((512, 512, 3)) * 10
    exact = np.clip(packaged("astronaut.png") + noise, 0, 255)
    assert measured(exact) == pytest.approx(measured(np.rint(exact)), rel=0.03)


def test_the_same_picture_gives_the_same_measure() -> None:
    noisy = with_noise(packaged("rocket.jpg"), 8)
    assert found(noisy) == found(noisy.copy())


def test_a_large_picture_is_only_sampled() -> None:
    """A measure that reads all of 24 megapixels would cost more than cleaning them."""
    asked = []

    def rows(top: int, bottom: int) -> NDArray[np.float32]:
        asked.append(bottom - top)
        noise = np.random.default_rng(top).standard_normal((bottom - top, 6000, 3))
        return (0.5 + noise * 10 / 255).astype(np.float32)

    assert estimate_sigma(rows, 4000, 6000) == pytest.approx(10, rel=0.1)
    assert sum(asked) < 500
    assert max(asked) <= 64


def test_notes_say_how_much_of_the_noise_is_in_colour() -> None:
    assert NoiseFound(11.2, 8.4, 7.6).words == "11 of 255 (colour 8)"
    assert NoiseFound(10.0, 10.0, 0.0).words == "10 of 255"
    assert NoiseFound(11.234, 8.4, 7.6).facts["noise"] == 11.23
