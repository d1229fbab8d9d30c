"""A result must not depend on which photographs happened to share its network pass."""

from __future__ import annotations

import pytest
import torch

from core.engine.bands import Bands, Descent
from core.engine.img2img import Denoising, NotFinite, denoise
from core.engine.loader import load_denoiser
from core.engine.noise import NoiseCurve, noise_ratios
from core.engine.passes import Group, Predict
from core.errors import ItemError
from core.models.spec import ModelSpec
from core.recipe import SchedulerName, SigmaSchedule
from tests.core.engine.samples import photograph

NAMES = "abcdefg"


@pytest.fixture(scope="module")
def predict(spec: ModelSpec) -> Predict:
    return load_denoiser(spec, "cpu", "fp32").predict


def led(name: str, curve: NoiseCurve, tile: int = 0) -> Denoising:
    """Return a photograph's way down; each has its own picture, seed, level and steps."""
    number = NAMES.index(name)
    source = torch.from_numpy(photograph(72, 104, seed=number)).permute(2, 0, 1) / 127.5 - 1
    first, steps = 0.1 + 0.05 * number, 1 + number % 4
    ratios = noise_ratios(first, steps, SigmaSchedule.NORMAL, curve)
    scheduler = (SchedulerName.DDIM, SchedulerName.EULER_A)[number % 2]
    descent = Descent(scheduler, ratios, seed=number, add_noise=True)
    return denoise(Bands(72, 104, lambda a, b: source[:, a:b], descent), ratios, curve, tile)


def run(
    names: str, rows: int, curve: NoiseCurve, predict: Predict, tile: int = 0
) -> dict[str, torch.Tensor]:
    group: Group[str] = Group(predict, rows)
    for name in names:
        group.add(name, led(name, curve, tile))
    while group.keys:
        group.run_pass()
    results = {}
    for ended in group.take_ended():
        assert isinstance(ended.outcome, Bands)
        results[ended.key] = ended.outcome.rows(0, 72)
    return results


@pytest.mark.parametrize("rows", [2, 3])
@pytest.mark.parametrize("tile", [0, 96])
def test_neighbours_do_not_matter_to_the_last_bit(
    rows: int, tile: int, curve: NoiseCurve, predict: Predict
) -> None:
    """Killed, resumed, reordered: the same photograph must give the same bytes."""
    alone = {name: run(name, rows, curve, predict, tile)[name] for name in NAMES}
    for together in ("abcdefg", "gfedcba", "cab", "eg"):
        for name, result in run(together, rows, curve, predict, tile).items():
            assert torch.equal(result, alone[name]), (together, name)


@pytest.mark.parametrize("rows", [1, 2, 3, 5])
def test_every_pass_has_exactly_its_rows(rows: int, curve: NoiseCurve, predict: Predict) -> None:
    shapes = set()

    def noting(samples: torch.Tensor, timesteps: torch.Tensor) -> torch.Tensor:
        shapes.add((samples.shape[0], timesteps.shape[0]))
        return predict(samples, timesteps)

    group: Group[str] = Group(noting, rows)
    for name in "abcd":
        group.add(name, led(name, curve))
    while group.keys:
        assert 1 <= group.run_pass().total() <= rows
    assert shapes == {(rows, rows)}


def test_a_dropped_photograph_leaves_the_others_alone(curve: NoiseCurve, predict: Predict) -> None:
    expected = run("d", 2, curve, predict)["d"]
    group: Group[str] = Group(predict, 2)
    for name in "cd":
        group.add(name, led(name, curve))
    group.run_pass()
    group.drop("c")
    group.drop("c")
    while group.keys:
        group.run_pass()
    ended = group.take_ended()
    assert [e.key for e in ended] == ["d"]
    assert isinstance(ended[0].outcome, Bands)
    assert torch.equal(ended[0].outcome.rows(0, 72), expected)


def test_one_photographs_nan_is_its_own(curve: NoiseCurve, predict: Predict) -> None:
    def broken(samples: torch.Tensor, timesteps: torch.Tensor) -> torch.Tensor:
        v = predict(samples, timesteps).clone()
        # c starts at a level of its own.
        v[timesteps == timesteps.max()] = float("nan")
        return v

    group: Group[str] = Group(broken, 2)
    for name in "ac":
        group.add(name, led(name, curve))
    while group.keys:
        group.run_pass()
    outcomes = {ended.key: ended.outcome for ended in group.take_ended()}
    assert isinstance(outcomes["c"], NotFinite)
    assert isinstance(outcomes["c"], ItemError)


def test_each_ends_as_soon_as_it_can(curve: NoiseCurve, predict: Predict) -> None:
    """A photograph of one step must not wait for one of four: it is reported at once."""
    group: Group[str] = Group(predict, 2)
    for name in "ad":
        group.add(name, led(name, curve))
    group.run_pass()
    assert [ended.key for ended in group.take_ended()] == ["a"]
    assert group.keys == ("d",)
