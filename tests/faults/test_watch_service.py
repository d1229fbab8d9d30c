"""The service for real: the built-in model, another program that copies, kills in between."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageFilter

from tests.benchmarks.service import cut, serve
from tests.faults.table import Tally


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_the_real_service_makes_one_result_of_each(tmp_path: Path, tally: Tally) -> None:
    """Killed in the middle of its work, started again: nothing lost, nothing twice."""
    pixels = np.random.default_rng(1).integers(0, 256, (400, 500, 3), np.uint8)
    Image.fromarray(pixels).filter(ImageFilter.GaussianBlur(20)).save(tmp_path / "big.png")
    cut([tmp_path / "big.png"], 12, tmp_path / "sources")
    outcome = serve(tmp_path / "sources", tmp_path, 2, lambda _line: None, preset="Smooth")
    tally(1, "the real service is killed while another program copies", 2, len(outcome.faults))
    assert outcome.faults == []
    assert outcome.ended < 60
