"""Photographs far larger than the model: resized and soft, or too large for the memory."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from core.engine.memory import BASE_BYTES, BYTES_PER_PIXEL
from tests.families import large

KEPT, LOST = 0.5, 0.15
"""Shares of the source's fine detail: what a result must have of it, and what no detail is."""


@pytest.fixture(scope="module")
def folder(family_folder: Callable[..., Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a Stable Diffusion 1.5 whose VAE works in tiles of 512, as the true one does."""
    copied = tmp_path_factory.mktemp("large") / "sd1"
    shutil.copytree(family_folder("sd1"), copied)
    config = copied / "vae" / "config.json"
    values = json.loads(config.read_text(encoding="utf-8")) | {"sample_size": 512}
    config.write_text(json.dumps(values), encoding="utf-8")
    return copied


def in_its_own_process(folder: Path, strength: float, tmp_path: Path) -> dict[str, Any]:
    command = [sys.executable, large.__file__, str(folder), str(strength), "4000", "6000"]
    ran = subprocess.run(
        command, cwd=tmp_path, capture_output=True, text=True, check=True, timeout=3000
    )
    said: dict[str, Any] = json.loads(ran.stdout.splitlines()[-1])
    print(strength, said)  # noqa: T201
    return said


def test_a_stronger_edit_of_a_large_photograph_keeps_its_detail(folder: Path) -> None:
    said = large.edited(folder, 0.6, 1600, 2400)
    assert said["words"] == "worked on at 624 x 416, brought back to 2400 x 1600"
    assert said["size"] == [1600, 2400, 3]
    assert said["detail"] > KEPT
    assert said["plain"] < LOST, "a plain way down and up must fail this"
    assert said["changed"] > 10


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("strength", [0.3, 0.6])
def test_24_megapixels_stay_within_the_memory_that_is_promised(
    folder: Path, tmp_path: Path, strength: float
) -> None:
    said = in_its_own_process(folder, strength, tmp_path)
    assert said["size"] == [4000, 6000, 3]
    assert said["peak"] <= BASE_BYTES + BYTES_PER_PIXEL * 24_000_000
    assert said["changed"] > 10
    if strength > 0.4:
        assert said["words"] == "worked on at 624 x 416, brought back to 6000 x 4000"
        assert said["detail"] > KEPT
        assert said["plain"] < LOST, "a plain way down and up must fail this"
    else:
        assert said["words"] == "6000 x 4000 in tiles of 512"
        assert said["given"] > 0.99, "the model sees every pixel; its picture is the result"
