"""Libraries in memory-backed folders where there are any: the tests wait for no disk."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.library.database import Database
from core.library.ids import ProjectId
from core.library.photos import Photos
from core.library.projects import Projects
from tests.core.library.bench import Bench

_MEMORY = Path("/dev/shm")


@pytest.fixture(scope="session")
def empty_library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A library that was just made; copied for each test, since making one takes longer."""
    path = tmp_path_factory.mktemp("empty") / "library.db"
    Database(path).close()
    return path


@pytest.fixture
def folder(empty_library: Path) -> Iterator[Path]:
    """A folder with an empty library in it."""
    place = _MEMORY if _MEMORY.is_dir() else None
    with tempfile.TemporaryDirectory(dir=place) as name:
        shutil.copy(empty_library, Path(name) / "library.db")
        yield Path(name)


@pytest.fixture
def bench(folder: Path) -> Iterator[Bench]:
    """An open library, with queue, catalog and publisher."""
    made = Bench(folder)
    yield made
    made.close()


@pytest.fixture
def photos(bench: Bench) -> Photos:
    return Photos(bench.database)


@pytest.fixture
def trip(bench: Bench) -> ProjectId:
    return Projects(bench.database).create("Trip").id
