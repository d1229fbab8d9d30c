"""What tests of measuring share: a folder of small pictures, and a tiny model, untrained."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from PIL import Image

from core.builtin.evaluate import Pixels
from core.builtin.export import write_model
from core.builtin.network import PhotoDenoiser
from core.builtin.photographs import canvas


@pytest.fixture(autouse=True)
def _one_thread() -> None:
    torch.set_num_threads(1)


@pytest.fixture(scope="session")
def pictures() -> list[Pixels]:
    return [canvas(seed, 67) for seed in range(2)]


@pytest.fixture
def folder(tmp_path: Path, pictures: list[Pixels]) -> Path:
    made = tmp_path / "pictures"
    made.mkdir()
    for number, pixels in enumerate(pictures):
        Image.fromarray(pixels).save(made / f"{number}.png")
    (made / "notes.txt").write_text("no picture")
    return made


@pytest.fixture(scope="session")
def untrained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    torch.manual_seed(0)
    made = tmp_path_factory.mktemp("untrained") / "model"
    write_model(PhotoDenoiser(widths=(8, 8, 8), blocks=(1, 1, 1), embedding=8), made)
    return made


@pytest.fixture
def quickly(untrained: Path) -> list[str]:
    """Options with which a command takes no time: the tiny model, and no race between kernels."""
    return ["--model", str(untrained), "--dtype", "fp32", "--threads", "1"]
