"""Stress: if a broken picture passed as sound, users would find the debris in their photographs."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from core.builtin import stress
from core.builtin.evaluate import add_noise
from core.builtin.stress_cases import RANDOM_SIGMAS, make_cases, make_random

GREY = torch.zeros(1, 3, 32, 32)


def test_what_the_source_or_its_neighbours_have_is_no_foreign_colour() -> None:
    source = GREY.clone()
    source[..., 16:] = 1
    noisy = add_noise(source, 25)
    # The other side's colour, two pixels from the border, and the noise itself.
    moved = torch.roll(source, 2, 3)
    inner = slice(4, -4)
    assert float(stress.measure_colour(source, noisy, moved)[..., inner].max()) == 0
    assert float(stress.measure_colour(source, noisy, noisy).max()) == 0


def test_a_colour_that_nothing_around_has_is_found_with_its_distance() -> None:
    result = GREY.clone()
    result[0, 1, 5, 7] = 40 / 127.5
    outside = stress.measure_colour(GREY, GREY, result)
    assert float(outside[0, 5, 7]) == pytest.approx(40, rel=1e-3)
    assert int((outside > 0).sum()) == 1


def test_a_foreign_chroma_is_found_though_every_channel_has_such_a_value() -> None:
    """Red on one side, green on the other: every channel of yellow is there, but no yellow."""
    source = -torch.ones(1, 3, 32, 32)
    source[:, 0, :, :16] = 1
    source[:, 1, :, 16:] = 1
    result = source.clone()
    result[0, :, 8, 16] = torch.tensor([1.0, 1.0, -1.0])
    assert float(stress.measure_colour(source, source, result)[0, 8, 16]) > 30


def test_the_guard_holds_what_the_network_overdoes() -> None:
    grey = torch.zeros(1, 3, 128, 128)
    noisy = add_noise(grey, 5)
    broken = noisy.clone()
    broken[0, :, 60:64, 60:64] += 1
    network, users = (
        stress.judge(grey, noisy, result, 5) for result in (broken, stress.hold(noisy, broken, 5))
    )
    assert network.change > stress.LIMIT >= users.change
    assert network.pixels == 16
    assert users.pixels == 0


def test_what_is_no_number_counts_as_broken() -> None:
    broken = torch.full((1, 3, 16, 16), float("nan"))
    damage = stress.judge(broken, broken, broken, 5)
    assert damage.change == float("inf")
    assert damage.pixels == 256
    verdict = stress.Verdict(stress.Damage(), damage)
    assert len(list(stress.find_missed("fp32", {"flat": {5.0: verdict}}))) == 2


def test_random_pictures_are_the_same_each_time_and_of_all_noise_levels() -> None:
    first, again = list(make_random(20)), list(make_random(20))
    assert [len(batch) for _, batch in first] == [16, 4]
    assert [sigma for sigma, _ in first] == [sigma for sigma, _ in again]
    assert all((one == other).all() for (_, one), (_, other) in zip(first, again, strict=True))
    assert all(RANDOM_SIGMAS[0] <= sigma <= RANDOM_SIGMAS[1] for sigma, _ in first)


def test_a_limit_leaves_some_of_every_kind() -> None:
    kinds = [kind for kind, _ in make_cases(quick=True, limit=1)]
    assert len(kinds) == len(set(kinds)) >= 10


def test_the_command_judges_by_what_users_get(
    untrained: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options = ["--quick", "--limit", "1", "--synthetic", "3", "--dtypes", "fp32"]
    options += ["--sigmas", "5,50"]
    code = stress.main([*options, "--model", str(untrained), "--threads", "1"])
    printed = capsys.readouterr().out
    assert "as users get it" in printed
    assert stress.RANDOM in printed
    assert "limit 6" in printed
    assert code == int("MISSED" in printed)
