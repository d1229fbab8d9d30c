"""Texture: what passes for kept must be hair and cloth, neither edges nor noise."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from core.builtin import texture
from core.builtin.camera_noise import Taken
from core.builtin.evaluate import Pixels
from core.builtin.sheet import HEADER

SIDE = 97


def make_cloth(contrast: float = 25.0, side: int = SIDE) -> Pixels:
    """Fine weave on the left, nothing on the right but one edge."""
    fine = np.random.default_rng(0).normal(128, contrast, (side, side))
    fine[:, 48:] = 90
    fine[:, 70:] = 160
    return np.repeat(np.clip(fine, 0, 255).astype(np.uint8)[..., None], 3, 2)


def taken_as_is(pixels: Pixels) -> Taken:
    return Taken(pixels, pixels.astype(np.float32))


def test_texture_is_neither_flat_areas_nor_a_lone_edge() -> None:
    found = texture.find_texture(taken_as_is(make_cloth()), 0.0)
    assert found[:, :3].all()
    assert not found[:, 3:].any()


def test_what_noise_hides_does_not_count() -> None:
    assert not texture.find_texture(taken_as_is(make_cloth()), 20.0).any()
    quiet = make_cloth()
    noise = np.random.default_rng(1).normal(0, 20, quiet.shape)
    taken = Taken(np.clip(quiet + noise, 0, 255).astype(np.uint8), quiet.astype(np.float32))
    assert not texture.find_texture(taken, 0.0).any()


def test_smoothing_loses_texture_and_noise_does_not_bring_it_back() -> None:
    cloth = make_cloth()
    taken = taken_as_is(cloth)
    soft = cv2.GaussianBlur(cloth, (0, 0), 0.5)
    noise = np.random.default_rng(2).normal(0, 20, cloth.shape)
    rough = np.clip(soft + noise, 0, 255).astype(np.uint8)
    kept = [texture.measure_kept(taken, result, 0.0) for result in (cloth, soft, rough)]
    assert all(one is not None for one in kept)
    same, smoothed, roughened = (one for one in kept if one is not None)
    assert same.energy == same.along == pytest.approx(1)
    assert smoothed.energy < 0.7
    assert roughened.energy > smoothed.energy + 0.1
    assert roughened.along == pytest.approx(smoothed.along, abs=0.05)


def test_a_photograph_without_texture_is_left_out() -> None:
    grey = np.full((SIDE, SIDE, 3), 128, np.uint8)
    assert texture.measure_kept(taken_as_is(grey), grey, 0.0) is None


def test_the_command_judges_and_draws(
    tmp_path: Path, quickly: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    cloths = tmp_path / "cloths"
    cloths.mkdir()
    Image.fromarray(make_cloth(60.0, 257)).save(cloths / "cloth.png")
    drawn = tmp_path / "crops.png"
    options = ["--limit", "1", "--crops", str(drawn), "--side", "48", *quickly]
    code = texture.main([str(cloths), *options])
    printed = capsys.readouterr().out
    assert "as they are" in printed
    assert "34 dB" in printed
    assert code == int("MISSED" in printed)
    with Image.open(drawn) as made:
        assert made.size == (3 * 48, HEADER + 48)


def test_photographs_without_texture_are_no_success(tmp_path: Path, quickly: list[str]) -> None:
    Image.fromarray(np.full((64, 64, 3), 128, np.uint8)).save(tmp_path / "grey.png")
    assert texture.main([str(tmp_path), *quickly]) == 1
