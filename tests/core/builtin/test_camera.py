"""Camera noise: a model trained on what no camera gives would leave real noise in."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest

from core.builtin.camera import Camera, draw_camera, take, take_pair

GREY = np.full((96, 96, 3), 128, np.uint8)
NOISY = Camera(shot=2e-3, read=4e-6)


def noise_of(camera: Camera, picture: np.ndarray = GREY) -> np.ndarray:
    noisy, quiet = take_pair(camera, picture, seed=3)
    return noisy - quiet


def test_the_same_seed_gives_the_same_noise_and_another_another() -> None:
    assert np.array_equal(take(NOISY, GREY, 3), take(NOISY, GREY, 3))
    assert not np.array_equal(take(NOISY, GREY, 3), take(NOISY, GREY, 4))


@pytest.mark.parametrize("tone", [0.0, 0.8])
def test_without_noise_a_camera_of_three_colours_a_pixel_gives_back_the_picture(
    tone: float,
) -> None:
    ramp = np.tile(np.arange(96, dtype=np.uint8)[None, :, None] * 2 + 20, (96, 1, 3))
    shown = take(Camera(0.0, 0.0, tone=tone, demosaic="none"), ramp, 1)
    assert np.abs(shown - ramp).max() < 0.1


@pytest.mark.parametrize("way", ["bilinear", "edges"])
@pytest.mark.parametrize("size", [(96, 96), (95, 97)])
@pytest.mark.parametrize("start", [(0, 0), (0, 1), (1, 0), (1, 1)])
def test_demosaicing_keeps_colours_where_they_are(
    way: str, size: tuple[int, int], start: tuple[int, int]
) -> None:
    """Red and blue swapped, or a pattern off by a pixel, would train on colours of no camera."""
    picture = np.zeros((*size, 3), np.uint8)
    picture[:, : size[1] // 2], picture[:, size[1] // 2 :] = (200, 40, 30), (30, 60, 190)
    shown = take(Camera(0.0, 0.0, demosaic=way, down=start[0], across=start[1]), picture, 1)
    assert shown.shape == picture.shape
    assert np.abs(shown - picture)[4:-4, :40].max() < 2
    assert np.abs(shown - picture)[4:-4, -40:].max() < 2


def test_noise_depends_on_brightness() -> None:
    dark, bright = np.full_like(GREY, 60), np.full_like(GREY, 200)
    assert noise_of(NOISY, dark).std() > 1.3 * noise_of(NOISY, bright).std()


def test_demosaiced_noise_is_coarser_than_a_pixel_and_coarser_in_colour() -> None:
    noise = noise_of(NOISY)
    luma = noise @ np.array([0.299, 0.587, 0.114], np.float32)
    colour = noise[..., 0] - luma

    def neighbours(plane: np.ndarray) -> float:
        return float(np.corrcoef(plane[:, :-1].ravel(), plane[:, 1:].ravel())[0, 1])

    assert neighbours(luma) > 0.3
    assert neighbours(colour) > neighbours(luma) + 0.04


def test_pictures_begin_anywhere_on_the_sensors_pattern() -> None:
    """Makers lay the pattern differently and people crop: trained on one place alone, the network
    left a decibel of noise in all the others."""
    drawn = [draw_camera(np.random.default_rng(seed)) for seed in range(60)]
    assert {(camera.down, camera.across) for camera in drawn} == {(0, 0), (0, 1), (1, 0), (1, 1)}
    noisy = [take(replace(NOISY, down=d, across=a), GREY, 3) for d in (0, 1) for a in (0, 1)]
    quietest = [
        int(np.argmin([noise[top::2, left::2, 0].std() for top in (0, 1) for left in (0, 1)]))
        for noise in noisy
    ]
    assert len(set(quietest)) == 4


def test_film_grain_is_one_for_all_colours() -> None:
    grain = noise_of(Camera(0.0, 0.0, grain=12.0, demosaic="none"))
    assert np.allclose(grain[..., 0], grain[..., 2], atol=1.1)
    assert grain.std() == pytest.approx(12, rel=0.1)


@pytest.mark.parametrize("halved", [False, True])
def test_a_poorer_jpeg_is_farther_from_the_picture(halved: bool) -> None:
    random = np.random.default_rng(0)
    picture = cv2.resize(random.integers(0, 255, (24, 24, 3), np.uint8), (96, 96))
    still = Camera(0.0, 0.0, demosaic="none", halved_colour=halved)
    away = [
        float(np.abs(np.subtract(*take_pair(replace(still, quality=quality), picture, 1))).mean())
        for quality in (95, 70, 40)
    ]
    assert 0 < away[0] < away[1] < away[2]


def test_reduced_pictures_hold_less_noise() -> None:
    noisy, quiet = take_pair(NOISY, GREY, 3, scale=0.5)
    assert noisy.shape == (48, 48, 3)
    assert (noisy - quiet).std() < 0.8 * noise_of(NOISY).std()


def test_drawn_cameras_reach_from_next_to_nothing_to_the_highest_speeds() -> None:
    cameras = [draw_camera(np.random.default_rng((9, seed))) for seed in range(60)]
    levels = [float(noise_of(camera).std()) for camera in cameras]
    assert min(levels) < 2
    assert max(levels) > 20
    assert {camera.demosaic for camera in cameras} == {"bilinear", "edges", "none"}
    assert 15 < sum(camera.quality > 0 for camera in cameras) < 45
    assert all(np.isfinite(take(camera, GREY, 1)).all() for camera in cameras[:8])
