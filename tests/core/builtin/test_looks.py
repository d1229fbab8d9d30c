"""Looks of training crops: with colours that no photograph has, the network would clean worse."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from core.builtin.looks import HALVED_SHARE, LUMA, Pixels, give_look

DRAWS = 60


def looks(piece: Pixels) -> list[Pixels]:
    return [give_look(np.random.default_rng(seed), piece) for seed in range(DRAWS)]


def fine_colour(pixels: Pixels) -> float:
    """Energy of colour's finest detail over that of grey."""
    levels = pixels.astype(np.float32)
    grey = (levels @ LUMA)[..., None]
    fine = [part - cv2.GaussianBlur(part, (0, 0), 1.0).reshape(part.shape) for part in
            (levels - grey, grey)]  # fmt: skip
    return float((fine[0] ** 2).mean() / (fine[1] ** 2).mean())


@pytest.fixture(scope="module")
def confetti() -> Pixels:
    """Every pixel of another colour, as no photograph is."""
    return np.random.default_rng(1).integers(60, 190, (64, 64, 3)).astype(np.uint8)


def test_a_look_is_drawn_anew_but_never_by_chance(confetti: Pixels) -> None:
    first, again = looks(confetti), looks(confetti)
    assert all(map(np.array_equal, first, again))
    assert len({look.tobytes() for look in first}) == DRAWS
    assert {(look.shape, look.dtype) for look in first} == {((64, 64, 3), np.dtype(np.uint8))}


def test_fine_detail_is_nearly_grey_in_most(confetti: Pixels) -> None:
    """Otherwise coloured noise is taken for detail, and stays in the photograph."""
    calm = [fine_colour(look) < 0.1 * fine_colour(confetti) for look in looks(confetti)]
    assert np.mean(calm) > HALVED_SHARE - 0.1


def test_a_texture_keeps_the_hue_of_its_surface() -> None:
    """A red door's grain is lighter and darker red: colour follows light."""
    grain = np.random.default_rng(2).normal(0, 14, (64, 64))
    grain = cv2.GaussianBlur(grain, (0, 0), 1.5) * 3
    door = np.clip(np.array([150.0, 50, 40]) * (1 + grain[..., None] / 100), 0, 255)
    follows = []
    for look in looks(door.astype(np.uint8)):
        levels = look.astype(np.float32)
        grey = levels @ LUMA
        follows.append(np.corrcoef(grey.ravel(), (levels[..., 0] - grey).ravel())[0, 1])
    assert np.median(follows) > 0.5


def test_grey_stays_grey_but_for_a_cast() -> None:
    ramp = np.repeat(np.linspace(20, 230, 64).astype(np.uint8)[None, :, None], 64, 0)
    for look in looks(np.repeat(ramp, 3, 2)):
        warm = look[..., 0].astype(float) - look[..., 2]
        assert np.abs(warm).max() < 110
        assert (warm >= -2).all() or (warm <= 2).all(), "one cast over all of a crop"
