"""Training: who stops it must be able to go on, and the same command must make the same weights."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from core.builtin.crops import load_canvases, make_missing_canvases
from core.builtin.export import export_checkpoint, read_model
from core.builtin.network import PhotoDenoiser
from core.builtin.noisy_crops import draw_noisy_crops
from core.builtin.photographs import canvas
from core.builtin.train import (
    Plan,
    Training,
    TrainingSettings,
    hash_file,
    learning_rate_factor,
    main,
    weigh_ratio,
)

SETTINGS = TrainingSettings(canvases=2, canvas_size=48, rows=2, crop=16, threads=1)
CANVASES = np.stack([canvas(seed, 48) for seed in range(2)])


@pytest.fixture(autouse=True)
def _one_thread() -> None:
    torch.set_num_threads(1)


def make_training(settings: TrainingSettings = SETTINGS) -> Training:
    torch.manual_seed(5)
    return Training(settings, PhotoDenoiser(widths=(8, 8, 8), blocks=(1, 1, 1), embedding=8))


def advance(training: Training, until: int, steps: int = 8) -> list[float]:
    return [advance_once(training, Plan(steps)) for _ in range(until - training.step)]


def advance_once(training: Training, plan: Plan) -> float:
    settings = training.settings
    drawn = (settings.seed, training.step, CANVASES, settings.rows, settings.crop)
    return training.advance(draw_noisy_crops(*drawn), plan)


def same_weights(one: torch.nn.Module, other: torch.nn.Module) -> bool:
    pairs = zip(one.state_dict().values(), other.state_dict().values(), strict=True)
    return all(torch.equal(left, right) for left, right in pairs)


def test_the_same_settings_make_the_same_weights() -> None:
    one, other = make_training(), make_training()
    assert advance(one, 3) == advance(other, 3)
    assert same_weights(one.average, other.average)


def test_another_seed_makes_other_weights() -> None:
    one, other = make_training(), make_training(TrainingSettings(2, 48, 1, 2, 16, threads=1))
    advance(one, 2), advance(other, 2)
    assert not same_weights(one.model, other.model)


def test_a_stopped_run_goes_on_as_if_it_had_never_stopped(tmp_path: Path) -> None:
    whole, first, second = make_training(), make_training(), make_training()
    advance(whole, 6)
    advance(first, 3)
    first.save(tmp_path / "checkpoint.pt")
    second.restore(tmp_path / "checkpoint.pt")
    advance(second, 6)
    assert same_weights(whole.model, second.model)
    assert same_weights(whole.average, second.average)
    assert [path.name for path in tmp_path.iterdir()] == ["checkpoint.pt"]


def test_a_checkpoint_of_other_settings_is_refused(tmp_path: Path) -> None:
    make_training().save(tmp_path / "checkpoint.pt")
    other = make_training(TrainingSettings(2, 48, 1, 2, 16, threads=1))
    with pytest.raises(ValueError, match="other settings"):
        other.restore(tmp_path / "checkpoint.pt")


def test_training_learns() -> None:
    training = make_training()
    crops = [draw_noisy_crops(9, step, CANVASES, 8, 16) for step in range(8)]

    def loss() -> float:
        with torch.no_grad():
            return sum(float(training.measure_loss(each)) for each in crops)

    before = loss()
    advance(training, 60, 60)
    assert loss() < before


def test_the_learning_rate_rises_stays_and_falls() -> None:
    plan = Plan(1000)
    factors = [learning_rate_factor(step, plan) for step in range(1000)]
    assert factors[0] == pytest.approx(1 / 200)
    assert factors[199:751] == [1.0] * 552
    assert 0 < factors[999] < 0.005


def test_a_longer_plan_begins_like_a_shorter_one() -> None:
    short = [learning_rate_factor(step, Plan(1000)) for step in range(750)]
    assert short == [learning_rate_factor(step, Plan(10**6)) for step in range(750)]


def test_no_noise_level_is_forgotten_or_rules() -> None:
    weights = weigh_ratio(torch.tensor([0.008, 0.2, 12.0]))
    assert weights.tolist() == pytest.approx([0.2, 1.0, 2.0])


def test_only_missing_canvases_are_made(tmp_path: Path) -> None:
    np.save(tmp_path / "000000.npy", CANVASES[1])
    assert list(make_missing_canvases(tmp_path, 2, 48, 1)) == [1]
    assert np.array_equal(load_canvases(tmp_path, 2), CANVASES[[1, 1]])
    assert not list(make_missing_canvases(tmp_path, 2, 48, 1))


def test_a_checkpoint_is_exported_as_its_average(tmp_path: Path) -> None:
    training = Training(SETTINGS)
    advance(training, 1)
    training.save(tmp_path / "checkpoint.pt")
    assert export_checkpoint(tmp_path / "checkpoint.pt", tmp_path / "model") == 1
    assert same_weights(training.average, read_model(tmp_path / "model"))


def train_by_command(out: Path, steps: int) -> str:
    arguments = f"--steps {steps} --canvases 2 --canvas-size 48 --crop 16 --rows 2 --threads 1"
    for seed in range(2):
        (out / "canvases").mkdir(parents=True, exist_ok=True)
        np.save(out / "canvases" / f"{seed:06d}.npy", CANVASES[seed])
    main([*arguments.split(), "--dtype", "fp32", "--out", str(out)])
    return hash_file(out / "model" / "diffusion_pytorch_model.safetensors")


def test_the_command_prints_a_hash_that_is_the_same_again(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    digest = train_by_command(tmp_path / "one", 2)
    assert digest in capsys.readouterr().out.replace("\n", "")
    assert train_by_command(tmp_path / "two", 2) == digest


def test_a_device_that_is_not_there_is_said_before_anything_is_made(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--steps", "1", "--out", str(tmp_path / "work"), "--device", "cuda:77"])
    assert ended.value.code == 2
    assert "cuda:77 cannot be used" in capsys.readouterr().err
    assert not (tmp_path / "work").exists()


@pytest.mark.slow
def test_two_hundred_steps_twice_make_the_same_weights(tmp_path: Path) -> None:
    assert train_by_command(tmp_path / "one", 200) == train_by_command(tmp_path / "two", 200)
