"""Steps and schedulers: the default is founded on this table, so it must show what would run."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.builtin import steps
from core.builtin.steps import CHOICES, Pace
from core.builtin.whole_path import CLEAN
from core.recipe import Amount, SchedulerName


def test_a_choice_is_run_as_users_would_ask_for_it() -> None:
    settings = steps.settings_of((4, SchedulerName.EULER), 25.0)
    assert (settings.num_inference_steps, settings.scheduler) == (4, SchedulerName.EULER)
    assert settings.amount == 25
    assert steps.settings_of(None, Amount.AUTO) == CLEAN


def test_what_more_steps_bring_is_said_with_their_price() -> None:
    paces: dict[steps.Choice | None, Pace] = dict.fromkeys(CHOICES, Pace(30.0, 1.0))
    paces |= {None: Pace(31.0, 1.0), CHOICES[-1]: Pace(31.5, 8.0)}
    (said,) = steps.compare_best({"sigma 25": paces})
    assert "0.50 dB" in said
    assert "8.0 times" in said


def test_the_command_prints_every_choice(
    folder: Path, quickly: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    steps.main([str(folder), "--limit", "1", "--crop", "32", "--sigmas", "25", *quickly])
    lines = capsys.readouterr().out.splitlines()
    assert len([line for line in lines if "dpmpp-2m" in line]) == 3
    assert len([line for line in lines if line.strip().startswith("default")]) == 1
    assert any("camera, 24 dB: up to" in line for line in lines)
