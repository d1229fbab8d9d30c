"""Comparison with others: it must favour them, or winning it says nothing."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from core.builtin import rivals
from core.builtin.camera_noise import Taken
from core.builtin.evaluate import add_noise, to_pixels, to_tensor
from core.builtin.rival_methods import make_methods
from core.builtin.rivals import OURS, Condition, Score


@pytest.mark.parametrize("peak", [0, 3, 7, 11])
def test_climbing_finds_the_highest_place_wherever_it_lies(peak: int) -> None:
    assert rivals.climb(lambda place: -abs(place - peak), 12) == peak


@pytest.mark.parametrize("method", make_methods(), ids=lambda method: method.name)
def test_every_rival_cleans_and_gets_its_best_strength(method: rivals.Method) -> None:
    ramp = np.linspace(60, 190, 64, dtype=np.float32)
    quiet = np.broadcast_to(ramp[:, None, None], (64, 64, 3))
    levels = np.asarray(quiet, np.uint8)
    taken = Taken(to_pixels(add_noise(to_tensor(levels), 20)), quiet)
    score = rivals.clean_theirs(method, taken)
    assert score.gain > 4
    assert score.strength in method.strengths
    place = method.strengths.index(score.strength)
    for other in method.strengths[max(0, place - 1) : place + 2]:
        assert rivals._score(method, taken, other).after <= score.after


def make_scores(ours: float, best: float) -> dict[str, Score]:
    return {
        name: Score(before=24, after=after, ssim=0.8, seconds=1, strength=10)
        for name, after in ((OURS, ours), ("A", 24.5), ("B", best))
    }


def test_too_little_gain_and_a_better_rival_are_missed_bars() -> None:
    condition = Condition(24.0, jpeg=False)
    assert not list(rivals.find_missed(condition, make_scores(28.5, 28.0)))
    little, better = rivals.find_missed(condition, make_scores(27.5, 28.0))
    assert "3.50 dB, not 4" in little
    assert "B is 0.50 dB better" in better


def test_the_command_prints_every_method(
    folder: Path, quickly: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    options = ["--limit", "1", "--crop", "32", "--decibels", "24", *quickly]
    code = rivals.main([str(folder), *options])
    printed = capsys.readouterr().out
    assert "24 dB, no JPEG" in printed
    assert "24 dB, JPEG" in printed
    assert all(name in printed for name in (OURS, "OpenCV NLM", "scikit-image TV"))
    assert code == int("MISSED" in printed)
