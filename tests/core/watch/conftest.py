"""A watched folder for each test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.core.watch.bench import WatchBench


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[WatchBench]:
    made = WatchBench(tmp_path)
    yield made
    made.close()
