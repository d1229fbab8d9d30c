"""Measuring: figures that users can check must come from the files they name."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from core.builtin import calibrate, evaluate, sheet
from core.builtin.export import write_model
from core.builtin.network import PhotoDenoiser
from core.builtin.photographs import canvas
from core.builtin.repaint import plan_ratios, repaint
from core.builtin.schedule import ratio_of_strength


@pytest.fixture(autouse=True)
def _one_thread() -> None:
    torch.set_num_threads(1)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    pictures = tmp_path / "pictures"
    pictures.mkdir()
    for seed in range(2):
        Image.fromarray(canvas(seed, 67)).save(pictures / f"{seed}.png")
    (pictures / "notes.txt").write_text("no picture")
    return pictures


@pytest.fixture
def untrained(tmp_path: Path) -> Path:
    torch.manual_seed(0)
    model = PhotoDenoiser(widths=(8, 8, 8), blocks=(1, 1, 1), embedding=8)
    write_model(model, tmp_path / "model")
    return tmp_path / "model"


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


def test_without_json_a_table_is_printed(
    folder: Path, untrained: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    evaluate.main([str(folder), "--model", str(untrained), "--threads", "1", "--sigmas", "25"])
    assert "PSNR (dB)" in capsys.readouterr().out


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


def test_the_noise_estimate_is_about_right_and_blind_to_even_areas() -> None:
    grey = torch.zeros(1, 3, 128, 128)
    noisy = evaluate.to_pixels(evaluate.add_noise(grey, 15))
    assert calibrate.estimate_noise(noisy) == pytest.approx(15, rel=0.05)
    assert calibrate.estimate_noise(evaluate.to_pixels(grey)) == 0


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

    cleaned = evaluate.clean_once(Perfect(), evaluate.add_noise(picture, 25), 25)
    assert torch.allclose(cleaned, picture, atol=1e-5)


def test_the_last_ratio_is_zero_and_the_first_the_strengths() -> None:
    ratios = plan_ratios(0.3)
    assert ratios[0] == pytest.approx(ratio_of_strength(0.3))
    assert ratios[-1] == 0
    assert ratios == sorted(ratios, reverse=True)
    assert len(ratios) == 7


def test_strength_zero_changes_nothing() -> None:
    picture = evaluate.to_tensor(canvas(0, 64))
    assert torch.equal(repaint(PhotoDenoiser(), picture, 0.0), picture)


def test_calibration_prints_a_row_a_strength(
    folder: Path, untrained: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options = ["--model", str(untrained), "--strengths", "0.1,0.3", "--threads", "1"]
    calibrate.main([str(folder), *options, "--limit", "1"])
    assert "1 pictures" in capsys.readouterr().out


def test_the_sheet_has_a_row_a_photograph_and_a_column_a_strength(
    folder: Path, untrained: Path, tmp_path: Path
) -> None:
    out = tmp_path / "sheet.png"
    options = ["--model", str(untrained), "--side", "32", "--every", "1", "--threads", "1"]
    sheet.main([str(folder), str(out), *options])
    with Image.open(out) as made:
        assert made.size == (32 * 9, sheet.HEADER + 64)
