"""The weights that ship: cleaning must clean, and must never paint what was not there."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from skimage.metrics import peak_signal_noise_ratio

from core.builtin import evaluate, stress
from core.builtin.calibrate import estimate_noise
from core.builtin.network import BOUND, PhotoDenoiser
from core.builtin.photographs import canvas
from core.builtin.stress_cases import make_cases
from core.builtin.whole_path import WholePath
from core.recipe import EditSettings, Mode

HELD_OUT = 10_000_000
FOLDER = Path(__file__).parents[3] / "resources" / "models" / "builtin"


@pytest.fixture(scope="module")
def model() -> PhotoDenoiser:
    torch.set_num_threads(1)
    return evaluate.load_model(FOLDER)


def test_the_weights_are_small_and_in_safetensors() -> None:
    weights = list(FOLDER.glob("*.safetensors"))
    assert len(weights) == 1
    assert weights[0].stat().st_size < 20_000_000


def test_the_configuration_names_no_folder_of_the_machine_that_made_it() -> None:
    for path in FOLDER.rglob("*.json"):
        assert "_name_or_path" not in path.read_text()


@pytest.mark.parametrize(("sigma", "gain"), [(10.0, 2.0), (25.0, 5.0), (50.0, 7.0)])
def test_cleaning_gains_decibels(model: PhotoDenoiser, sigma: float, gain: float) -> None:
    pixels = canvas(HELD_OUT, 192)
    noisy = evaluate.add_noise(evaluate.to_tensor(pixels), sigma)
    cleaned = evaluate.to_pixels(evaluate.clean(model, noisy, sigma))
    before = peak_signal_noise_ratio(pixels, evaluate.to_pixels(noisy), data_range=255)
    after = peak_signal_noise_ratio(pixels, cleaned, data_range=255)
    assert after > before + gain


def test_little_noise_changes_a_clean_picture_little(model: PhotoDenoiser) -> None:
    picture = evaluate.to_tensor(canvas(HELD_OUT + 1, 128))
    change = (evaluate.clean(model, picture, 2) - picture).abs().mean()
    assert float(change) * 127.5 < 2


@pytest.mark.parametrize("sigma", [5.0, 25.0, 50.0])
def test_no_pattern_breaks(model: PhotoDenoiser, sigma: float) -> None:
    cases = [case for number, case in enumerate(make_cases(quick=True)) if number % 9 == 0]
    worst = stress.measure_cases(model, cases, [sigma])
    assert {"grating", "zone plate", "fence", "stars"} <= set(worst)
    assert max(row[sigma].network.change for row in worst.values()) < stress.LIMIT
    assert not list(stress.find_missed("fp32", worst))


def test_features_stay_bounded_on_what_no_photograph_holds(model: PhotoDenoiser) -> None:
    """Unbounded, the middle blocks amplified fine patterns up to tens of thousands."""
    seen: list[float] = []
    handles = [
        block.register_forward_hook(lambda _m, _i, out: seen.append(float(out.abs().max())))
        for block in model.middle
    ]
    rows, columns = np.mgrid[:64, :64]
    checks = np.repeat((((rows + columns) % 2) * 255).astype(np.uint8)[..., None], 3, 2)
    evaluate.clean(model, 40 * evaluate.to_tensor(checks), 25)
    for handle in handles:
        handle.remove()
    assert seen
    assert max(seen) <= BOUND


@pytest.fixture(scope="module")
def engine() -> WholePath:
    return WholePath(FOLDER, threads=1)


@pytest.mark.parametrize("strength", [0.1, 0.5, 0.9])
def test_repainting_leaves_a_picture_and_no_noise(engine: WholePath, strength: float) -> None:
    pixels = canvas(HELD_OUT + 2, 96)
    result = engine.edit(pixels, EditSettings(mode=Mode.REPAINT, strength=strength)).pixels
    assert not np.array_equal(result, pixels)
    assert float(result.std()) > 0.5 * float(pixels.std())
    assert estimate_noise(result) < estimate_noise(pixels) + 2
