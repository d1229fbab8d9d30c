"""The table of how well noise is found: figures that stand in the model card."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.builtin import noise, noise_fit
from core.builtin.noise_draws import draw_example, noise_between
from core.builtin.photographs import canvas
from core.images.noise_level import estimator_of


@pytest.fixture(scope="module")
def pictures() -> Sequence[noise.Pixels]:
    return [canvas(seed, 192) for seed in (5, 6, 7)]


@pytest.mark.parametrize("sigma", [10.0, 25.0, 50.0])
def test_white_noise_is_found_in_synthetic_photographs(
    pictures: Sequence[noise.Pixels], sigma: float
) -> None:
    row = noise.measure_white(pictures, sigma)
    assert row.mean == pytest.approx(sigma, rel=0.15)
    assert row.least <= row.mean <= row.most


def test_camera_noise_is_found_in_synthetic_photographs(pictures: Sequence[noise.Pixels]) -> None:
    draws = list(noise.draw_cameras(pictures, 3))
    assert len(draws) == 9
    assert all(4 <= draw.true.sigma <= 40 for draw in draws)
    ratios = [draw.found.sigma / draw.true.sigma for draw in draws]
    assert 0.75 < float(np.median(ratios)) < 1.3
    rows = noise.rate_cameras(draws)
    assert rows[0].kind == "all" and rows[0].draws == sum(row.draws for row in rows[1:])


def test_the_table_says_how_many_were_near() -> None:
    near, far = (
        noise.Draw(True, noise.NoiseFound(10, 8, 6), noise.NoiseFound(found, 8, 6))
        for found in (12, 13)
    )
    (row, jpeg) = noise.rate_cameras([near, far])
    assert (row.sigma, row.luminance, row.chroma) == (0.5, 1.0, 1.0)
    assert row.median == pytest.approx(1.25)
    assert (jpeg.kind, jpeg.draws) == ("JPEG", 2)


def test_the_command_prints_its_tables(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Image.fromarray(canvas(5, 128)).save(tmp_path / "a.png")
    noise.main([str(tmp_path), "--cameras", "1"])
    shown = capsys.readouterr().out
    assert "white noise" in shown and "cameras" in shown and "a.png" in shown
    noise.main([str(tmp_path), "--cameras", "1", "--json"])
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [row["sigma"] for row in rows[:6]] == list(noise.SIGMAS)
    assert rows[6]["kind"] == "all"


def test_luminance_and_colour_make_up_the_noise() -> None:
    random = np.random.default_rng(0)
    quiet = np.full((64, 64, 3), 128, np.float32)
    noisy = (quiet + random.standard_normal(quiet.shape) * 10).astype(np.float32)
    parts = noise_between(noisy, quiet)
    assert np.hypot(*parts) == pytest.approx(10, rel=0.03)
    assert parts[0] == pytest.approx(7.5, rel=0.05)


def test_examples_are_the_same_for_the_same_seed_and_of_many_kinds() -> None:
    """Whoever fits anew must get what is shipped."""
    picture = canvas(5, 96)
    drawn = [draw_example(np.random.default_rng(seed), picture) for seed in range(120)]
    again = [draw_example(np.random.default_rng(seed), picture) for seed in range(120)]
    assert all((a.noisy == b.noisy).all() for a, b in zip(drawn, again, strict=True))
    assert any(example.luminance == 0 for example in drawn)
    assert any(example.luminance > 20 for example in drawn)
    assert all(min(example.noisy.shape[:2]) >= 8 for example in drawn)
    assert all(0 <= example.noisy.min() <= example.noisy.max() <= 255 for example in drawn)


def test_fitting_learns_to_tell_noise_and_gives_the_same_numbers_again() -> None:
    features, noises = noise_fit.draw_rows([canvas(5, 96), canvas(6, 96)], 60)
    stored = noise_fit.fit(features, noises, 150)
    assert stored == noise_fit.fit(features, noises, 150)
    estimator = estimator_of(json.loads(json.dumps(stored)))
    found = np.array([np.hypot(*estimator(row)) for row in features])
    true = np.hypot(*noises.T)
    noisy = true > 4
    assert np.median(np.abs(found[noisy] / true[noisy] - 1)) < 0.15
