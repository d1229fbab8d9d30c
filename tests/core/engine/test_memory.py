"""24 megapixels are what cameras make: the render process must leave room for everything else."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from core.models.spec import builtin_spec
from core.recipe import EditSettings
from tests.benchmarks.builtin import large_picture, peak_memory


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize(
    "words",
    [
        {"mode": "clean", "amount": 10},
        {"mode": "repaint", "strength": 0.1, "num_inference_steps": 20, "scheduler": "unipc"},
    ],
)
def test_24_megapixels_take_less_than_two_and_a_half_gigabytes(
    tmp_path: Path, words: dict[str, Any]
) -> None:
    """UniPC keeps the most of all schedulers."""
    source = tmp_path / "large.jpg"
    Image.fromarray(large_picture()).save(source, quality=92)
    settings = EditSettings.model_validate(words)
    peak, _ = peak_memory(builtin_spec(), source, tmp_path / "large.tmp", settings)
    assert peak < 2.5e9
