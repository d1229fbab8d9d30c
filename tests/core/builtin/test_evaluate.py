"""Measuring: figures that users can check must come from the files they name."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from core.builtin import evaluate
from core.builtin.network import PhotoDenoiser
from core.builtin.photographs import canvas


def test_json_prints_one_line_a_noise_level(
    folder: Path, untrained: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["--json", "--model", str(untrained), "--threads", "1", "--sigmas", "15,25"]
    evaluate.main([str(folder), *arguments])
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line["sigma"] for line in lines] == [15, 25]
    assert all(set(line) == {"sigma", "psnr", "ssim"} for line in lines)
    assert all(10 < line["psnr"] < 40 and 0 < line["ssim"] < 1 for line in lines)
    evaluate.main([str(folder), *arguments])
    assert [json.loads(line) for line in capsys.readouterr().out.splitlines()] == lines


def test_without_json_our_figures_stand_beside_the_published_ones(
    folder: Path, untrained: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options = ["--model", str(untrained), "--threads", "1", "--sigmas", "25", "--limit", "1"]
    evaluate.main([str(folder), *options, "--crop", "48", "--set", "kodak24"])
    printed = capsys.readouterr().out
    assert "1 pictures" in printed
    assert [line for line in printed.splitlines() if "Kodak24" in line and "Regrain" in line]


def test_a_picture_that_did_not_change_has_a_finite_psnr() -> None:
    pixels = canvas(0, 64)
    assert evaluate.compare(pixels, pixels) == (evaluate.BEST_PSNR, 1.0)


def test_a_crop_is_the_middle() -> None:
    pixels = np.zeros((64, 80, 3), np.uint8)
    pixels[16:48, 24:56] = 255
    assert evaluate.cut_middle(pixels, 36).shape == (32, 32, 3)
    assert evaluate.cut_middle(pixels, 36).min() == 255


def test_an_empty_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="no pictures"):
        evaluate.list_pictures(tmp_path)


def test_pictures_are_cut_to_multiples_of_8_and_keep_their_levels(folder: Path) -> None:
    pixels = evaluate.read_picture(folder / "0.png")
    assert pixels.shape == (64, 64, 3)
    assert np.array_equal(evaluate.to_pixels(evaluate.to_tensor(pixels)), pixels)


def test_noise_has_the_deviation_asked_for() -> None:
    noisy = evaluate.add_noise(torch.zeros(1, 3, 64, 64), 25)
    assert float(noisy.std()) * 127.5 == pytest.approx(25, rel=0.03)


def test_a_perfect_prediction_takes_away_exactly_the_noise() -> None:
    picture = evaluate.to_tensor(canvas(0, 64))

    class Perfect(PhotoDenoiser):
        def forward(self, sample, timestep, return_dict=True):  # type: ignore[no-untyped-def]
            ratio = 25 / 127.5
            signal = 1 / (1 + ratio * ratio) ** 0.5
            noise = (sample / signal - picture) / ratio
            return evaluate_output(signal * (noise - ratio * picture))

    def evaluate_output(predicted: torch.Tensor) -> object:
        return type("Output", (), {"sample": predicted})()

    cleaned = evaluate.clean(Perfect(), evaluate.add_noise(picture, 25), 25)
    assert torch.allclose(cleaned, picture, atol=1e-5)
