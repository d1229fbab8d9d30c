"""Models between two others: what ships was made so, and could not be made again otherwise."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from core.builtin.export import read_model, write_model
from core.builtin.mix import main, mix
from core.builtin.network import PhotoDenoiser


def network(value: float) -> PhotoDenoiser:
    model = PhotoDenoiser(widths=(8, 8, 8), blocks=(1, 1, 1), embedding=8)
    for weight in model.parameters():
        torch.nn.init.constant_(weight, value)
    return model


def test_every_weight_lies_between(tmp_path: Path) -> None:
    for name, value in (("old", 1.0), ("new", 2.0)):
        write_model(network(value), tmp_path / name)
    main([str(tmp_path / "old"), str(tmp_path / "new"), "0.25", str(tmp_path / "out")])
    for weight in read_model(tmp_path / "out").parameters():
        assert torch.equal(weight, torch.full_like(weight, 1.25))


@pytest.mark.parametrize("share", [-0.1, 1.5])
def test_what_does_not_lie_between_is_refused(share: float) -> None:
    with pytest.raises(ValueError, match="between 0 and 1"):
        mix(network(1), network(2), share)
