"""The library, the pictures and the photographs that tests of the grid and the sidebar share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QObject

from core.services import open_services
from desktop.backend import Backend
from desktop.photos.pictures import PictureLoader
from tests.desktop.photos.desk import PATIENCE, Desk, PlainThumbnails
from tests.runs import make_photographs


@pytest.fixture
def desk(qapp: object) -> Iterator[Desk]:
    backend, owner = Backend(open_services), QObject()
    desk = Desk(backend, owner, [])
    backend.troubled.connect(desk.troubles.append)
    yield desk
    assert backend.close(PATIENCE)


@pytest.fixture
def thumbnails() -> PlainThumbnails:
    return PlainThumbnails()


@pytest.fixture
def pictures(desk: Desk, thumbnails: PlainThumbnails) -> Iterator[PictureLoader]:
    loader = PictureLoader(desk.backend, lambda: thumbnails)
    yield loader
    assert loader.close(PATIENCE)


@pytest.fixture
def trip(tmp_path: Path) -> list[Path]:
    """Thirty photographs in two folders."""
    names = [f"DCIM/IMG_{number}.JPG" for number in range(1, 21)]
    names += [f"evening/night {number}.png" for number in range(1, 11)]
    return make_photographs(tmp_path / "trip", names)
