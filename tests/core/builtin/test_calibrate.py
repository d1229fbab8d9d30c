"""The strength dial: it would be no dial if more of it were not more."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from core.builtin import calibrate, sheet
from core.builtin.calibrate import Effect, Row
from core.builtin.evaluate import add_noise, to_pixels


def make_row(strength: float, distance: float, ssim: float = 0.95, noise: float = 1.0) -> Row:
    return Row(strength, Effect(distance, ssim, 2.0, noise, 1.0), noise)


def test_the_noise_estimate_is_about_right_and_blind_to_even_areas() -> None:
    grey = torch.zeros(1, 3, 128, 128)
    noisy = to_pixels(add_noise(grey, 15))
    assert calibrate.estimate_noise(noisy) == pytest.approx(15, rel=0.1)
    assert calibrate.estimate_noise(to_pixels(grey)) < 1


def test_a_dial_that_does_what_it_says_misses_nothing() -> None:
    rows = [make_row(0.1, 3), make_row(0.5, 9, 0.85), make_row(0.9, 20, 0.3)]
    assert not list(calibrate.find_missed(rows))


def test_every_missed_bar_is_named_with_its_strength() -> None:
    rows = [make_row(0.3, 6, 0.89), make_row(0.5, 5.9, 0.81), make_row(0.9, 20, 0.3, 3.2)]
    missed = list(calibrate.find_missed(rows))
    assert len(missed) == 3
    assert any("0.5 is not farther" in bar for bar in missed)
    assert any("0.3: SSIM 0.890, not 0.9" in bar for bar in missed)
    assert any("0.9: noise of 3.2" in bar for bar in missed)


def test_the_command_prints_a_row_a_strength(
    folder: Path, quickly: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    options = ["--strengths", "0.1,0.3", "--limit", "1", *quickly]
    code = calibrate.main([str(folder), *options])
    printed = capsys.readouterr().out
    assert "1 pictures" in printed
    assert all(f" {strength} " in printed for strength in ("0.1", "0.3"))
    assert code == int("MISSED" in printed)


def test_the_sheet_has_a_row_a_photograph_and_a_column_a_strength(
    folder: Path, quickly: list[str], tmp_path: Path
) -> None:
    out = tmp_path / "sheet.png"
    sheet.main([str(folder), str(out), "--crop", "32", "--every", "1", *quickly])
    with Image.open(out) as made:
        assert made.size == (32 * 12, sheet.HEADER + 64)
        assert np.asarray(made.convert("L")).std() > 1
