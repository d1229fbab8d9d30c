"""Cleaning must not tint a fence, a cloth or a screen that was black and white."""

from __future__ import annotations

import torch

from core.engine.colours_around import PLANES, allowed_levels, hold_colours

SIGMA = 5.0
LEVEL = 1 / 255


def checkerboard(side: int = 64) -> torch.Tensor:
    """Return black and white fields of a pixel, (3, side, side), 0 to 1."""
    rows, columns = torch.meshgrid(torch.arange(side), torch.arange(side), indexing="ij")
    return ((rows + columns) % 2).float().expand(3, -1, -1).clone()


def noisy(picture: torch.Tensor, seed: int = 0) -> torch.Tensor:
    random = torch.Generator().manual_seed(seed)
    return picture + SIGMA * LEVEL * torch.randn(picture.shape, generator=random)


def test_a_tint_on_black_and_white_is_taken_back() -> None:
    picture = checkerboard()
    before = noisy(picture)
    made = picture.clone()
    made[0, 20:30, 20:30] += 24 * LEVEL
    made[2, 20:30, 20:30] -= 24 * LEVEL
    held = before + hold_colours(before, made - before, SIGMA)
    chroma = torch.einsum("pc,chw->phw", PLANES[3:], held).abs().amax(0) * 255
    tinted = torch.einsum("pc,chw->phw", PLANES[3:], made).abs().amax(0) * 255
    assert float(tinted.max()) > 14
    assert float(chroma[20:30, 20:30].max()) < 9


def test_what_noise_explains_is_cleaned_as_the_model_says() -> None:
    picture = checkerboard()
    before = noisy(picture)
    change = picture - before
    held = hold_colours(before, change, SIGMA)
    assert float((held - change).abs().max()) * 255 < 1


def test_a_lone_star_keeps_its_own_colour_and_may_be_dimmed() -> None:
    """Only its own value lies so high: it is no reason to change what the model left of it."""
    before = torch.full((3, 32, 32), 0.1)
    before[:, 16, 16] = torch.tensor([0.9, 0.8, 0.3])
    change = torch.zeros_like(before)
    change[:, 16, 16] = -0.1
    assert torch.allclose(hold_colours(before, change, SIGMA), change, atol=1e-6)


def test_a_result_darker_than_all_around_comes_back_among_them() -> None:
    before = noisy(torch.full((3, 32, 32), 0.5))
    change = torch.zeros_like(before)
    change[:, 0, 31] = -0.4
    held = hold_colours(before, change, SIGMA)
    around = before[:, :3, 29:].flatten(1)
    assert bool((before + held)[:, 0, 31].ge(around.amin(1) - 1e-6).all())
    held[:, 0, 31] = change[:, 0, 31]
    assert torch.equal(held, change)


def test_strips_are_looked_at_as_the_whole_picture_is() -> None:
    before = noisy(checkerboard(300))
    change = torch.zeros_like(before)
    change[1, 120:140] = 40 * LEVEL
    whole = hold_colours(before, change, SIGMA)
    part = hold_colours(before[:, 90:], change[:, 90:], SIGMA)
    assert torch.allclose(whole[:, 100:], part[:, 10:], atol=1e-6)
    assert not torch.equal(whole, change)


def test_allowed_grows_with_noise_but_neither_below_what_is_seen_nor_to_any_colour() -> None:
    assert [allowed_levels(sigma) for sigma in (1, 10, 75)] == [10, 30, 90]
