"""Photographs with camera noise: if it were another amount, or training's, figures would lie."""

from __future__ import annotations

import numpy as np
import pytest

from core.builtin.camera_noise import take_at
from core.builtin.evaluate import Pixels, compare


@pytest.mark.parametrize("jpeg", [False, True])
def test_the_noise_is_what_was_asked_for(pictures: list[Pixels], jpeg: bool) -> None:
    taken = take_at(pictures[0], 24.0, 0, jpeg=jpeg)
    assert taken.psnr == pytest.approx(24, abs=0.1)
    assert taken.psnr == pytest.approx(compare(taken.quiet, taken.noisy)[0])


def test_a_photograph_is_always_taken_alike_and_others_otherwise(pictures: list[Pixels]) -> None:
    first, again, other = (take_at(pictures[0], 28.0, n, jpeg=False).noisy for n in (0, 0, 1))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)
